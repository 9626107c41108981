"""Outcome of an event; trace of a reference; a record of the journal; commitment entries."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter

from events.texts import _
from services.api.http.answering import UNCHANGED, whole
from services.api.http.components import TOO_MANY_AT_ONCE
from services.api.http.dependencies import TraceSlot
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Day,
    Filters,
    KeyText,
    ListFilters,
    Name,
    Question,
    QuestionRoute,
    Sequence,
)
from services.api.journal import entries, records, traces
from services.api.problems import NOT_FOUND, Kind, Problem, problems

router = APIRouter(tags=["journal"], responses=UNCHANGED, route_class=QuestionRoute)
entry_router = APIRouter(
    tags=["commitment entries"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED
)

EVENT_UNKNOWN: Final = NOT_FOUND._replace(
    code="event_unknown",
    detail=_("No event of that id is in the journal, or none that this access may see."),
    advice=_("If it was sent just now, ask again in a moment; else check the id."),
)
TRACE_TOO_LONG: Final = Kind(
    "trace_too_long",
    413,
    _("Trace too long"),
    _("This trace takes {records} records; a request reads at most {limit}."),
    _("Name a budget (`budget`), or use the command `ecluse trace`."),
)


class BudgetFilter(Filters):
    """Filter by budget."""

    budget: BudgetId | None = Field(None, description="In this budget only.")


class EventFilter(BudgetFilter):
    """Filters of the events that have this id."""

    source: Name | None = Field(None, description="The one from this `source` only.")


OUTCOMES: Final = TypeAdapter(tuple[records.Identity, ...])
RECORD: Final = TypeAdapter(records.RecordDetail)
TRACE: Final = TypeAdapter(traces.Trace)


@router.get(
    "/events/{event_id:path}",
    response_model=list[records.Identity],
    summary="What became of an event",
    responses=problems(EVENT_UNKNOWN),
)
async def outcome(
    question: Question,
    event_id: Annotated[Name, Path(description="The event's `id`.")],
    filters: Annotated[EventFilter, Query()],
) -> Response:
    """Every event of that id that the caller may see: one for each budget and source.

    With its code and a sentence in both languages, its moves, entries and payment orders.
    404 while the read model does not know it yet.
    """
    budget = filters.budget
    question.check_authorized(budget)

    async def build() -> tuple[records.Identity, ...] | None:
        found = await records.outcomes(
            question.connection, question.entities, event_id, budget=budget, source=filters.source
        )
        return found or None

    return await whole(question, OUTCOMES, build, not_found=EVENT_UNKNOWN)


@router.get(
    "/trace/{ref:path}",
    response_model=traces.Trace,
    summary="The trace of a reference",
    responses=problems(TRACE_TOO_LONG, TOO_MANY_AT_ONCE),
)
async def trace(
    _slot: TraceSlot,
    question: Question,
    ref: Annotated[
        Name, Path(description="An event's id, a convention, a grant, an act, a payment order.")
    ],
    filters: Annotated[BudgetFilter, Query()],
) -> Response:
    """Records, decisions with reasons, and what is awaited, through the years of a convention."""
    budget = filters.budget
    question.check_authorized(budget)

    async def build() -> traces.Trace | None:
        try:
            return await traces.find_trace(
                question.connection, question.entities, ref, budget=budget
            )
        except traces.TooLong as error:
            facts = {"records": error.records, "limit": traces.RECORDS_MAX}
            raise Problem(TRACE_TOO_LONG, facts) from error

    return await whole(question, TRACE, build)


@router.get(
    "/budgets/{budget}/journal/{sequence}",
    response_model=records.RecordDetail,
    summary="A record of the journal",
)
async def record(
    question: Question, budget: BudgetId, sequence: Sequence, _: Annotated[Filters, Query()]
) -> Response:
    """A record of a budget's journal, without its event's own words."""
    question.check_authorized(budget)

    async def build() -> records.RecordDetail | None:
        found = await records.one(question.connection, question.entities, budget, sequence)
        return None if found is None else found[0]

    return await whole(question, RECORD, build)


EntryKind = Literal[
    "accounting_commitment",
    "legal_commitment",
    "supplementary_commitment",
    "decommitment",
    "carry_over",
]


class EntryFilters(ListFilters):
    """Filters of commitment entries."""

    budget: BudgetId | None = None
    kind: EntryKind | None = None
    convention: Name | None = None
    from_day: Day | None = Field(None, description="Effective on this day or later.")
    until_day: Day | None = Field(None, description="Effective on this day or before.")


list_route(
    entry_router,
    "/commitment-entries",
    entries.list_commitment_entries,
    EntryFilters,
    {"budget": KeyText, "sequence": Sequence, "item": Sequence},
    summary="Commitment entries",
    description="Commitment entries (écritures d'engagement), by budget, in the order of its "
    "journal.",
)
