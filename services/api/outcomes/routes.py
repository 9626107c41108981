"""GET /outcomes/stream: outcomes as server-sent events, resumable at every one of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field, StringConstraints
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response, StreamingResponse

from events.texts import _
from services.api.access.authorization import IsInForce, check_authorized
from services.api.access.caller import Scope
from services.api.http.components import TOO_MANY_AT_ONCE, Components
from services.api.http.dependencies import Given, Reader, stream_slot
from services.api.http.question import BudgetId, Filters
from services.api.outcomes.feed import CHARACTERS_MAX, PATTERN, POLL_EVERY_S, Feed, Position
from services.api.problems import Kind, Problem, problems
from services.api.queries.rows import Entities

PATH: Final = "/outcomes/stream"

LISTEN_S: Final = 600
"""Time after which a listener must ask again, and show that it still may."""

AGAIN_MS: Final = 3_000
"""Time that a listener which was cut off waits before it asks again."""

HEARTBEAT_POLLS: Final = 10
"""Polls after which a listener who was sent nothing gets a heartbeat, with its position."""

EVENT_STREAM: Final = "text/event-stream"

NOT_A_POSITION: Final = Kind(
    "position_unknown",
    400,
    _("Unknown position"),
    _("The header Last-Event-ID holds no position of this stream."),
    _("Take the `id` of the last outcome as it is; or leave the header out, and say `after`."),
)

Spelled = Annotated[str, StringConstraints(pattern=PATTERN, max_length=CHARACTERS_MAX)]

router = APIRouter(tags=["outcomes"], responses=problems(NOT_A_POSITION, TOO_MANY_AT_ONCE))


class StreamFilters(Filters):
    """Filters of the stream."""

    budget: BudgetId | None = Field(None, description="Of this budget only.")
    after: Literal["start"] | Spelled | None = Field(
        None,
        description="The `id` of the last outcome that was taken; `start` for all from the first "
        "record on; else those that are still to come. The header `Last-Event-ID` goes before it.",
    )
    for_s: int = Field(
        LISTEN_S,
        ge=0,
        le=LISTEN_S,
        description="Seconds to listen, and on until all that there is has been sent.",
    )


listener_slot = stream_slot(lambda components: components.listener_slots)


@router.get(
    PATH,
    summary="Outcomes as server-sent events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Outcomes, each a message with its `id`, until the time is over.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        }
    },
)
async def stream(
    request: Request,
    caller: Reader,
    is_in_force: Annotated[IsInForce, Depends(listener_slot)],
    components: Given,
    filters: Annotated[StreamFilters, Query()],
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Every record of the journal that the caller may see, in the order of each budget.

    `data` is a record as `GET /budgets/{budget}/journal/{sequence}` answers it. Who comes back with
    the last `id` that was taken gets what follows it: nothing is lost, nothing comes twice.
    """
    if filters.budget is not None:
        check_authorized(caller, filters.budget)
    feed: Feed = request.app.state.feed
    entities = caller.entities(Scope.READ).sirets
    listener = _Listener(components, feed, is_in_force, entities, filters)
    after = _position(last_event_id, filters.after)
    # nginx would else keep messages back until it has a buffer full of them.
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(listener.messages(after), media_type=EVENT_STREAM, headers=headers)


class _Listener:
    """Somebody who listens."""

    def __init__(
        self,
        components: Components,
        feed: Feed,
        is_in_force: IsInForce,
        entities: Entities,
        filters: StreamFilters,
    ) -> None:
        self._leaving = components.leaving
        self._feed = feed
        self._is_in_force = is_in_force
        self._entities = entities
        self._budget = filters.budget
        self._for_s = filters.for_s

    async def messages(self, after: Position | None) -> AsyncGenerator[str]:
        """The messages behind a position; without one, those that are still to come."""
        yield f"retry: {AGAIN_MS}\n\n"
        clock = asyncio.get_running_loop().time
        began_s, quiet_polls = clock(), 0
        while await self._is_in_force():
            is_behind = False
            try:
                end = await self._feed.end()
                if after is None:
                    after = end
                page = await self._feed.page(self._entities, self._budget, after, end)
            except (SQLAlchemyError, OSError, TimeoutError):
                pass  # Away for now: the listener waits, and misses nothing.
            else:
                for each in page.outcomes:
                    yield f"id: {each.position}\ndata: {each.content.decode()}\n\n"
                    quiet_polls = 1
                after, is_behind = page.position, bool(page.position.list_unread(end))
            if quiet_polls % HEARTBEAT_POLLS == 0:
                yield _heartbeat(after)
            quiet_polls += 1
            listened_s = clock() - began_s
            if listened_s >= LISTEN_S or (listened_s >= self._for_s and not is_behind):
                return
            if self._leaving.is_set() or (not is_behind and await self._wait_for_poll()):
                return

    async def _wait_for_poll(self) -> bool:
        """Wait for the next poll; True where the process ends meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), POLL_EVERY_S)
            return True
        return False


def _heartbeat(position: Position | None) -> str:
    """A message without data: it moves a listener's `Last-Event-ID` on, and is shown to nobody."""
    place = "" if position is None else f"id: {position}\n"
    return f": heartbeat\n{place}\n"


def _position(header: str | None, after: str | None) -> Position | None:
    """The position that a listener comes back with; None of who wants what is still to come.

    Raises:
        Problem: the header holds none.
    """
    if header:
        try:
            return Position.read(header)
        except ValueError as error:
            raise Problem(NOT_A_POSITION) from error
    if after == "start":
        return Position()
    return None if after is None else Position.read(after)
