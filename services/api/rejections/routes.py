"""Refused and parked events, dead letters and review flags."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from events.unreadable import Reason
from services.api.files.list_file import list_file
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Filters,
    KeyText,
    KeyTime,
    ListFilters,
    Name,
    QueryContext,
    Question,
    Sequence,
)
from services.api.problems import problems
from services.api.queries import rejections as unsettled
from services.api.queries.explanation import ExplainedDeadLetter, with_explanations
from services.api.rejections.tables import FLAGGED, PARKED, REFUSED, UNREADABLE
from services.ledger.domain.model.answers import FlagCode, Refusal

router = APIRouter(tags=["what did not go through"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED)

WaitKind = Literal["budget", "grant", "convention", "recovery"]


ToDo = Annotated[
    bool | None,
    Field(
        description="`false`: what is still to do. `true`: what a later record settled, or a "
        "person has marked as reviewed. Without it: both."
    ),
]


class RefusalFilters(ListFilters):
    """Filters of refused events."""

    budget: BudgetId | None = None
    code: Refusal | None = None
    event_type: Name | None = None
    settled: ToDo = None


class ParkedFilters(ListFilters):
    """Filters of parked events."""

    budget: BudgetId | None = None
    kind: WaitKind | None = None
    ended: bool = False


class DeadLetterFilters(ListFilters):
    """Filters of dead letters."""

    code: Reason | None = None
    settled: ToDo = None


class FlagFilters(ListFilters):
    """Filters of review flags."""

    code: FlagCode | None = None
    settled: ToDo = None


class CountFilters(Filters):
    """Filters of numbers by reason."""

    settled: ToDo = None


NEWEST: Final = {"event_time": KeyTime, "budget": KeyText, "sequence": Sequence}


async def _complete_explanations(
    question: QueryContext, rows: list[unsettled.DeadLetter]
) -> list[ExplainedDeadLetter]:
    # The source may take its time: nobody waits for it with a connection of the database.
    await question.connection.close()
    return await with_explanations(question.request.app.state.explanations, rows)


Counts = list[unsettled.ByReason]
COUNTS: Final = TypeAdapter(Counts)


list_route(
    router,
    "/refusals",
    unsettled.list_refused,
    RefusalFilters,
    NEWEST,
    name="refused",
    summary="Refused events",
    description="Refused events, the newest first, each with its code, its facts and what to do.",
)


@router.get("/refusals/counts", response_model=Counts, summary="Refused events by code")
async def refusal_counts(question: Question, filters: Annotated[CountFilters, Query()]) -> Response:
    """Number of refused events by code, the most frequent first."""
    return await _counts(question, "refused", filters.settled)


list_route(
    router,
    "/parked",
    unsettled.list_waiting,
    ParkedFilters,
    NEWEST,
    name="parked",
    summary="Parked events",
    description="Events that wait for another, the newest first; with `ended` those that wait no "
    "more.",
)


@router.get(
    "/parked/counts",
    response_model=Counts,
    summary="Parked events by what they wait for",
    operation_id="parked_counts_parked_counts_get",
)
async def count_parked(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """Number of parked events by what they wait for, the most frequent first."""
    return await _counts(question, "parked")


list_route(
    router,
    "/dead-letters",
    unsettled.list_unreadable,
    DeadLetterFilters,
    {"chain": KeyText, "sequence": Sequence},
    name="dead_letters",
    summary="Dead letters",
    description="Records that could not be read, the newest first. They name no entity: only who "
    "reads all sees any. "
    "`explanation` is the sentence of `POST /events`, and with the id, the sender and the time "
    "null where the record itself cannot be read any more, or not in time.",
    complete=_complete_explanations,
)


@router.get("/dead-letters/counts", response_model=Counts, summary="Dead letters by code")
async def dead_letter_counts(
    question: Question, filters: Annotated[CountFilters, Query()]
) -> Response:
    """Number of dead letters by code, the most frequent first."""
    return await _counts(question, "unreadable", filters.settled)


list_route(
    router,
    "/review-flags",
    unsettled.list_flagged,
    FlagFilters,
    {"budget": KeyText, "sequence": Sequence, "item": Sequence},
    name="flagged",
    summary="Review flags",
    description="What a person should look at; it never stops the money.",
)


for path, query, filters, table, summary in (
    ("/refusals", unsettled.list_refused, RefusalFilters, REFUSED, "Refused events as a file"),
    ("/parked", unsettled.list_waiting, ParkedFilters, PARKED, "Parked events as a file"),
    (
        "/dead-letters",
        unsettled.list_unreadable,
        DeadLetterFilters,
        UNREADABLE,
        "Dead letters as a file",
    ),
    ("/review-flags", unsettled.list_flagged, FlagFilters, FLAGGED, "Review flags as a file"),
):
    list_file(router, path, query, filters, table, name=path.strip("/"), summary=summary)


async def _counts(question: QueryContext, kind: str, settled: bool | None = None) -> Response:
    async def fetch() -> Counts:
        return await unsettled.count_by_reason(
            question.connection, question.entities, kind, settled=settled
        )

    return await whole(question, COUNTS, fetch)
