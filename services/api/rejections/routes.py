"""What did not go through, and what a person should look at."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from events.unreadable import Reason
from services.api.http.answering import UNCHANGED, Page, paged, whole
from services.api.http.question import (
    BudgetId,
    Filters,
    KeyText,
    KeyTime,
    Name,
    PageFilters,
    Question,
    Sequence,
)
from services.api.problems import problems
from services.api.rejections import flags
from services.api.rejections import query as unsettled
from services.ledger.domain.flags import FlagCode
from services.ledger.domain.refusals import Refusal

router = APIRouter(tags=["what did not go through"], responses=problems(400) | UNCHANGED)

WaitKind = Literal["budget", "grant", "convention", "recovery"]


class RefusalFilters(PageFilters):
    """Which refused events."""

    budget: BudgetId | None = None
    code: Refusal | None = None
    event_type: Name | None = None


class ParkedFilters(PageFilters):
    """Which parked events."""

    budget: BudgetId | None = None
    kind: WaitKind | None = None
    ended: bool = False


class DeadLetterFilters(PageFilters):
    """Which dead letters."""

    code: Reason | None = None


class FlagFilters(PageFilters):
    """Which review flags."""

    code: FlagCode | None = None


REFUSED: Final = TypeAdapter(Page[unsettled.RefusedEvent])
PARKED: Final = TypeAdapter(Page[unsettled.ParkedEvent])
DEAD_LETTERS: Final = TypeAdapter(Page[unsettled.DeadLetter])
FLAGGED: Final = TypeAdapter(Page[flags.Flagged])
COUNTS: Final = TypeAdapter(list[unsettled.ByReason])
NEWEST: Final = TypeAdapter(tuple[KeyTime, KeyText, Sequence])
CHAINED: Final = TypeAdapter(tuple[KeyText, Sequence])
FLAG_KEY: Final = TypeAdapter(tuple[KeyText, Sequence, Sequence])

Counts = list[unsettled.ByReason]


@router.get("/refusals", response_model=Page[unsettled.RefusedEvent], summary="Refused events")
async def refused(question: Question, filters: Annotated[RefusalFilters, Query()]) -> Response:
    """Refused events, the newest first, each with its code, its facts and what to do."""
    budget = question.of(filters.budget)

    async def fetch(after: Any, limit: int) -> list[unsettled.RefusedEvent]:
        return await unsettled.refused(
            question.connection,
            question.entities,
            budget=budget,
            code=filters.code,
            event_type=filters.event_type,
            after=after,
            limit=limit,
        )

    return await paged(
        question,
        filters,
        REFUSED,
        NEWEST,
        fetch,
        lambda each: (each.event_time, each.budget, each.sequence),
    )


@router.get("/refusals/counts", response_model=Counts, summary="Refused events by code")
async def refusal_counts(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """How many events were refused, by code, the most frequent first."""

    async def build() -> Counts:
        return await unsettled.refusals_by_code(question.connection, question.entities)

    return await whole(question, COUNTS, build)


@router.get("/parked", response_model=Page[unsettled.ParkedEvent], summary="Parked events")
async def parked(question: Question, filters: Annotated[ParkedFilters, Query()]) -> Response:
    """Events that wait for another, the newest first; with `ended` those that wait no more."""
    budget = question.of(filters.budget)

    async def fetch(after: Any, limit: int) -> list[unsettled.ParkedEvent]:
        return await unsettled.waiting_events(
            question.connection,
            question.entities,
            budget=budget,
            kind=filters.kind,
            ended=filters.ended,
            after=after,
            limit=limit,
        )

    return await paged(
        question,
        filters,
        PARKED,
        NEWEST,
        fetch,
        lambda each: (each.event_time, each.budget, each.sequence),
    )


@router.get("/parked/counts", response_model=Counts, summary="Parked events by what they wait for")
async def parked_counts(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """How many events wait, by what for, the most frequent first."""

    async def build() -> Counts:
        return await unsettled.parked_by_kind(question.connection, question.entities)

    return await whole(question, COUNTS, build)


@router.get("/dead-letters", response_model=Page[unsettled.DeadLetter], summary="Dead letters")
async def dead_letters(
    question: Question, filters: Annotated[DeadLetterFilters, Query()]
) -> Response:
    """Records that could not be read. They name no entity: only who reads all sees any."""

    async def fetch(after: Any, limit: int) -> list[unsettled.DeadLetter]:
        return await unsettled.unreadable(
            question.connection, question.entities, code=filters.code, after=after, limit=limit
        )

    return await paged(
        question, filters, DEAD_LETTERS, CHAINED, fetch, lambda each: (each.chain, each.sequence)
    )


@router.get("/dead-letters/counts", response_model=Counts, summary="Dead letters by code")
async def dead_letter_counts(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """How many records could not be read, by code, the most frequent first."""

    async def build() -> Counts:
        return await unsettled.dead_letters_by_code(question.connection, question.entities)

    return await whole(question, COUNTS, build)


@router.get("/review-flags", response_model=Page[flags.Flagged], summary="Review flags")
async def flagged(question: Question, filters: Annotated[FlagFilters, Query()]) -> Response:
    """What a person should look at; it never stops the money."""

    async def fetch(after: Any, limit: int) -> list[flags.Flagged]:
        return await flags.flagged(
            question.connection, question.entities, code=filters.code, after=after, limit=limit
        )

    return await paged(
        question,
        filters,
        FLAGGED,
        FLAG_KEY,
        fetch,
        lambda each: (each.budget, each.sequence, each.item),
    )
