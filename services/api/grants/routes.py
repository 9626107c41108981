"""Grants: the list, and one of them with all that is known of it."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints, TypeAdapter

from services.api.grants import listing
from services.api.grants import query as grants
from services.api.grants.table import GRANT_TABLE
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Filters,
    KeyText,
    ListFilters,
    Name,
    Question,
    Siret,
)
from services.api.http.question_route import QuestionRoute
from services.api.problems import problems
from services.api.statements.list_file import list_file

router = APIRouter(
    tags=["grants"], responses=problems(CURSOR_UNKNOWN) | UNCHANGED, route_class=QuestionRoute
)

State = Literal["announced", "awarded", "paid", "lapsed", "withdrawn", "carried", "carried_over"]
Sort = Annotated[str, StringConstraints(pattern=listing.SORT)]


class GrantFilters(ListFilters):
    """Filters of grants."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    state: State | None = Field(
        None,
        description="Paid: something is paid, and nothing is left to order or to pay. Lapsed: its "
        "year is closed, nothing is paid, and nothing goes on. Carried: from the year before; "
        "carried over: into the next one.",
    )
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    search: Name | None = Field(
        None,
        description="Each part begins one of the reference, the title, the beneficiary's name or "
        "its SIRET; case, accents and spaces do not count.",
    )
    sort: Sort = Field(
        listing.BY_REFERENCE,
        description="`newest`: by fiscal year, the newest first. A minus before it is the reverse.",
    )


GRANT: Final = TypeAdapter(grants.WholeGrant)


list_route(
    router,
    "/grants",
    grants.listed,
    GrantFilters,
    {"budget": KeyText, "grant": KeyText},
    summary="Grants",
    description="Grants (subventions), by budget and reference or sorted as asked, with what their "
    "conventions have.",
)
list_file(
    router,
    "/grants",
    grants.listed,
    GrantFilters,
    GRANT_TABLE,
    name="grants",
    summary="Grants as a file",
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
    question.check_authorized(budget)

    return await whole(
        question, GRANT, lambda: grants.one(question.connection, question.entities, budget, grant)
    )
