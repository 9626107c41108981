"""Commitment entries."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from services.api.http.answering import UNCHANGED
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Day,
    KeyText,
    ListFilters,
    Name,
    Sequence,
)
from services.api.journal import entries
from services.api.problems import problems

router = APIRouter(tags=["commitment entries"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED)

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
    router,
    "/commitment-entries",
    entries.listed,
    EntryFilters,
    {"budget": KeyText, "sequence": Sequence, "item": Sequence},
    summary="Commitment entries",
    description="Commitment entries (écritures d'engagement), by budget, in the order of its "
    "journal.",
)
