"""Tells an open page when the accounts have moved on: server-sent events, nothing but a word.

The pages Processing and Today have streams of their own: time alone makes them other pages, and
each look at the watch.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response, StreamingResponse

from services.api.access.authorization import IsInForce
from services.api.console.page_context import position_token
from services.api.console.pages import LAG_LIVE_PATH, LIVE_PATH, TODAY_LIVE_PATH
from services.api.http.components import Components
from services.api.http.dependencies import Given, ReaderOfAll, stream_slot
from services.api.lag.view import lag_token
from services.api.today.page import today_token

router = APIRouter()

POLL_EVERY_S = 1.0
"""Time between two polls of the position of the accounts."""

AGAIN_MS = 3_000
"""Time that a page which was cut off waits before it asks again."""

TICK_EVERY: Final = 10
"""Polls after which a page gets a `tick`: it shows the age of the accounts."""

LAG_TICK_EVERY: Final = 5
"""The same of these two pages: what a watch saw is never shown five seconds later."""

POLLS_MAX: Final = 600
"""After how many looks the browser must ask again, and show that it still may."""


LiveSlot = Annotated[IsInForce, Depends(stream_slot(lambda components: components.live_slots))]

Token = Callable[[], Awaitable[str | None]]
"""Gives a short digest of what a page shows: another one, another page; None where it is away."""


@router.get(LIVE_PATH)
async def live(is_in_force: LiveSlot, components: Given) -> Response:
    """A stream of words: `position` whenever the accounts have moved, `tick` as time passes."""
    token = partial(_position, components, position_token)
    return _stream(components, is_in_force, token, TICK_EVERY)


@router.get(TODAY_LIVE_PATH)
async def live_today(is_in_force: LiveSlot, components: Given) -> Response:
    """The same of the page Today: `position` also when a state of those who work is another."""

    async def token() -> str | None:
        lag = await components.lag()
        return await _position(components, lambda connection: today_token(connection, lag))

    return _stream(components, is_in_force, token, LAG_TICK_EVERY)


@router.get(LAG_LIVE_PATH)
async def live_lag(_caller: ReaderOfAll, is_in_force: LiveSlot, components: Given) -> Response:
    """The same of the page Processing: `position` when a state is another, `tick` every 5 s."""

    async def token() -> str | None:
        return lag_token(await components.lag())

    return _stream(components, is_in_force, token, LAG_TICK_EVERY)


def _stream(
    components: Components, is_in_force: IsInForce, token: Token, tick_every: int
) -> Response:
    stream = _events(components.leaving, is_in_force, token, tick_every)
    return StreamingResponse(stream, media_type="text/event-stream")


async def _events(
    leaving: asyncio.Event, is_in_force: IsInForce, token: Token, tick_every: int
) -> AsyncGenerator[str]:
    yield f"retry: {AGAIN_MS}\n\n"
    known = ""
    for poll in range(POLLS_MAX):
        if not await is_in_force():
            return
        found = await token()
        if found is not None and found != known:
            known = found
            yield f"event: position\ndata: {found}\n\n"
        elif poll % tick_every == tick_every - 1:
            yield "event: tick\ndata: \n\n"
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), POLL_EVERY_S)
            return  # A process that ends waits for its answers, and this one would go on.


async def _position(
    components: Components, token: Callable[[AsyncConnection], Awaitable[str]]
) -> str | None:
    """Position of the accounts; None while the database is away."""
    try:
        async with components.engine.connect() as connection:
            return await token(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        return None
