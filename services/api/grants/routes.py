"""Grants: the list, and one of them with all that is known of it."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter

from services.api.grants import query as grants
from services.api.http.answering import UNCHANGED, Page, paged, whole
from services.api.http.question import (
    BudgetId,
    Filters,
    KeyText,
    Name,
    PageFilters,
    Question,
    Siret,
)
from services.api.problems import NOT_FOUND, Problem, problems

router = APIRouter(tags=["grants"], responses=problems(400) | UNCHANGED)

State = Literal["announced", "awarded", "withdrawn", "carried"]


class GrantFilters(PageFilters):
    """Which grants."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    state: State | None = None
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    search: Name | None = Field(
        None, description="Stands in the reference, the title, the beneficiary's name or SIRET."
    )


GRANTS: Final = TypeAdapter(Page[grants.Grant])
GRANT: Final = TypeAdapter(grants.WholeGrant)
KEY: Final = TypeAdapter(tuple[KeyText, KeyText])


@router.get("/grants", response_model=Page[grants.Grant], summary="Grants")
async def listed(question: Question, filters: Annotated[GrantFilters, Query()]) -> Response:
    """Grants (subventions), by budget and reference, with what their conventions have."""
    budget, entity = question.of(filters.budget), question.of(filters.entity)

    async def fetch(after: Any, limit: int) -> list[grants.Grant]:
        return await grants.listed(
            question.connection,
            question.entities,
            budget=budget,
            entity=entity,
            state=filters.state,
            siret=filters.siret,
            search=filters.search,
            after=after,
            limit=limit,
        )

    return await paged(
        question, filters, GRANTS, KEY, fetch, lambda each: (each.budget, each.grant)
    )


@router.get(
    "/budgets/{budget}/grants/{grant:path}", response_model=grants.WholeGrant, summary="A grant"
)
async def one(
    question: Question,
    budget: BudgetId,
    grant: Annotated[Name, Path(description="Its reference.")],
    _: Annotated[Filters, Query()],
) -> Response:
    """A grant: acts, conventions, instalments and what they wait for, money, flags, records."""
    question.of(budget)

    async def build() -> grants.WholeGrant:
        found = await grants.one(question.connection, question.entities, budget, grant)
        if found is None:
            raise Problem(NOT_FOUND)
        return found

    return await whole(question, GRANT, build)
