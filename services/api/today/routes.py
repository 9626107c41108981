"""The status of the accounts at this moment, for programs; `page` has it for people."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from events.lag import State
from services.api.http.answering import UNCHANGED
from services.api.http.dependencies import Ends, Now, Watched
from services.api.http.question import Filters, Question
from services.api.today.read_model_status import ReadModelStatus, read_model_status
from services.lag.present.headline import BacklogSource, Verdict, count_arrived, headline

router = APIRouter(tags=["budgets"], responses=UNCHANGED)


@dataclass(frozen=True, slots=True)
class StatusNow(ReadModelStatus):
    """The accounts at this moment: the read model, and what waits before the ledger."""

    verdict: Verdict
    """Verdict of the page Today."""
    knows: BacklogSource
    """Source of what waits before the ledger, or why nobody knows it."""
    stage: str | None
    """The stage that is not well, of those that lead to the accounts."""
    stage_state: State | None
    seen_at: datetime
    """Time of that state: of a watch, its last sample."""
    received: int | None
    """All records that came in; None where nobody knows what waits before the ledger."""
    in_flight: int | None
    """Number of them that are not in the read model, with what waits before the ledger."""


STATUS: Final = TypeAdapter(StatusNow)


@router.get("/status", response_model=StatusNow, summary="How far the accounts are")
async def components(
    lag: Watched, ends: Ends, now: Now, question: Question, _: Annotated[Filters, Query()]
) -> Response:
    """Status of the accounts, with the verdict of the page Today and the outcomes of decisions.

    `received` and `in_flight` come from the watch, and are null where it does not know; `unread` is
    null where nobody knows where the journal ends. A caller of some entities gets those of their
    budgets: dead letters, what is in flight or unread and places in the journal are null.
    """
    found = await read_model_status(question.connection, question.entities, ends)
    reading = found.reading(sees_all=question.entities is None)
    first, (received, in_flight) = headline(lag, reading, now), count_arrived(lag, reading)
    text = StatusNow(
        **{each.name: getattr(found, each.name) for each in fields(found)},
        verdict=first.verdict,
        knows=first.knows,
        stage=None if first.stage is None else first.stage.stage,
        stage_state=None if first.stage is None else first.stage.state,
        seen_at=first.seen_at,
        received=received,
        in_flight=in_flight,
    )
    return Response(STATUS.dump_json(text), media_type="application/json")
