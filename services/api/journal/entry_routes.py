"""Commitment entries."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.http.answering import UNCHANGED, Page, paged
from services.api.http.question import (
    BudgetId,
    Day,
    KeyText,
    Name,
    PageFilters,
    Question,
    Sequence,
)
from services.api.journal import entries
from services.api.journal.entries import CommitmentEntry
from services.api.problems import problems

router = APIRouter(tags=["commitment entries"], responses=problems(400) | UNCHANGED)

EntryKind = Literal[
    "accounting_commitment",
    "legal_commitment",
    "supplementary_commitment",
    "decommitment",
    "carry_over",
]


class EntryFilters(PageFilters):
    """Which commitment entries."""

    budget: BudgetId | None = None
    kind: EntryKind | None = None
    convention: Name | None = None
    from_day: Day | None = Field(None, description="Effective on this day or later.")
    until_day: Day | None = Field(None, description="Effective on this day or before.")


ENTRIES: Final = TypeAdapter(Page[CommitmentEntry])
KEY: Final = TypeAdapter(tuple[KeyText, Sequence, Sequence])


@router.get(
    "/commitment-entries", response_model=Page[CommitmentEntry], summary="Commitment entries"
)
async def listed(question: Question, filters: Annotated[EntryFilters, Query()]) -> Response:
    """Commitment entries (écritures d'engagement), by budget, in the order of its journal."""
    budget = question.of(filters.budget)

    async def fetch(after: Any, limit: int) -> list[CommitmentEntry]:
        return await entries.listed(
            question.connection,
            question.entities,
            budget=budget,
            kind=filters.kind,
            convention=filters.convention,
            from_day=filters.from_day,
            until_day=filters.until_day,
            after=after,
            limit=limit,
        )

    return await paged(
        question, filters, ENTRIES, KEY, fetch, lambda each: (each.budget, each.sequence, each.item)
    )
