"""Who is behind, for programs: the watch's own answer, judged by the clock of the API."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from events.lag import Board
from events.masking import masked, masked_name
from services.api.http.dependencies import Given, ReaderOfAll
from services.api.http.question import Filters
from services.lag.client.merge import Answer, Lag

router = APIRouter(tags=["lag"])

JSON: Final = "application/json"


class AskedWatch(BaseModel):
    """One watch that was asked."""

    address: str
    error: Literal["no_answer", "unreadable"] | None = Field(
        description="What is wrong with it; null where it answers."
    )
    at: datetime | None = Field(description="The time of the last board that it gave.")


class LagNow(BaseModel):
    """Who is behind, as far as anybody knows."""

    asks: Literal["watch", "nobody", "one_process"] = Field(
        description="`nobody`: no watch is set (ECLUSE_WATCH_URL); `one_process`: Écluse runs "
        "without Kafka, and nothing waits between its parts."
    )
    well: bool | None = Field(
        description="Whether nothing asks for a person; null where there is no watch to ask."
    )
    old_since: datetime | None = Field(
        description="The time of the board, where it says nothing of now."
    )
    board: Board | None = Field(
        description="The last that is known; of several watches put together. Null is unknown."
    )
    watches: list[AskedWatch]


@router.get("/lag", response_model=LagNow, summary="Who is behind, as the watch says it")
async def lag(_caller: ReaderOfAll, components: Given, _: Annotated[Filters, Query()]) -> Response:
    """How far each stage is, and what waits: the watch's answer, of all entities.

    What the watch does not know is null, and never 0. `old_since` says since when its figures are
    old, by the clock of the API: a watch that froze cannot say so itself.
    """
    found = await components.lag()
    text = masked(_spelled(found, components.clock()), masked_name)
    return Response(msgspec.json.encode(text), media_type=JSON)


def _spelled(lag: Lag, now: datetime) -> dict[str, Any]:
    return {
        "asks": lag.asks,
        "well": lag.is_well(now) if lag.asks == "watch" else None,
        "old_since": lag.old_since,
        "board": msgspec.to_builtins(lag.board),
        "watches": [_watch(each) for each in lag.answers],
    }


def _watch(answer: Answer) -> dict[str, Any]:
    at = None if answer.board is None else answer.board.at
    return {"address": answer.address, "error": answer.error, "at": at}
