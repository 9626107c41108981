"""The answer of the watch: a document for programs, judged by the API's clock, and a page."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from events.lag import Board, as_json
from events.masking import mask, mask_name
from events.texts import _
from services.api.console.pages import LAG_LIVE_PATH, answer, locale_of
from services.api.http.dependencies import Given, ReaderOfAll
from services.api.http.question import Filters
from services.api.lag.view import lag_token, lag_view
from services.api.problems import ALL_ENTITIES, problems
from services.lag.document import Answer, Lag

router = APIRouter(tags=["lag"], responses=problems(ALL_ENTITIES))
page_router = APIRouter()
"""Of the page Processing, which does not need the read model."""

JSON: Final = "application/json"


class AskedWatch(BaseModel):
    """One watch that was asked."""

    address: str
    error: Literal["no_answer", "unreadable"] | None = Field(
        description="The error; null where it answers."
    )
    at: datetime | None = Field(description="The time of the last board that it gave.")


class LagNow(BaseModel):
    """The lag, as far as it is known."""

    asks: Literal["watch", "nobody", "one_process"] = Field(
        description="`nobody`: no watch is set (ECLUSE_WATCH_URL); `one_process`: Écluse runs "
        "without Kafka, and nothing waits between its parts."
    )
    well: bool | None = Field(
        description="Whether nothing needs a person; null where there is no watch to ask."
    )
    old_since: datetime | None = Field(
        description="The time of the board, where it says nothing of now."
    )
    board: Board | None = Field(
        description="The last that is known; of several watches put together. Null is unknown."
    )
    watches: list[AskedWatch]


@router.get("/lag", response_model=LagNow, summary="Who is behind, as the watch says it")
async def lag(
    _caller: ReaderOfAll, components: Given, _filters: Annotated[Filters, Query()]
) -> Response:
    """Progress of each stage, and waiting items: the watch's answer, of all entities.

    What the watch does not know is null, and never 0. `old_since` is the time of figures that are
    old by the clock of the API: a frozen watch cannot report that itself.
    """
    found = await components.lag()
    body = mask(_document_of(found, components.clock()), mask_name)
    return Response(msgspec.json.encode(body), media_type=JSON)


def _document_of(lag: Lag, now: datetime) -> dict[str, Any]:
    return {
        "asks": lag.asks,
        "well": lag.is_well(now) if lag.asks == "watch" else None,
        "old_since": lag.old_since,
        "board": None if lag.board is None else as_json(lag.board),
        "watches": [_watch(each) for each in lag.answers],
    }


def _watch(answer: Answer) -> dict[str, Any]:
    at = None if answer.board is None else answer.board.at
    return {"address": answer.address, "error": answer.error, "at": at}


@page_router.get("/console/lag")
async def lag_page(request: Request, _caller: ReaderOfAll, components: Given) -> Response:
    """The page of now."""
    # Both at once: where no watch answers, each waits for it.
    found, hour = await asyncio.gather(components.lag(), components.lag.hour())
    locale, now = locale_of(request), components.clock()
    content = {"title": locale.say(_("Processing")), "lag": lag_view(found, hour, now, locale)}
    return answer(
        request,
        locale,
        "lag.html",
        content,
        instant=locale.instant(now),
        live_token=lag_token(found),
        live_href=LAG_LIVE_PATH,
    )
