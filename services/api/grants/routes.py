"""Grants: the list, also as a file, and one of them with all that is known of it."""

from operator import attrgetter
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints, TypeAdapter

from events.texts import _
from services.api.files.list_file import ListColumn, ListTable, list_file, names_beside_budget
from services.api.files.sheet import Kind
from services.api.grants import listing
from services.api.grants import query as grants
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Filters,
    KeyText,
    ListFilters,
    Name,
    Question,
    QuestionRoute,
    Siret,
)
from services.api.problems import problems
from services.ledger.explain.sentences import GRANT_STATES

GRANT_TABLE: Final = ListTable(
    _("Grants"),
    (
        ListColumn(_("grant"), "grant"),
        ListColumn(_("beneficiary"), "beneficiary.name"),
        ListColumn(_("SIRET"), "beneficiary.siret"),
        ListColumn(_("purpose"), "title"),
        ListColumn(_("state"), lambda each: GRANT_STATES[each.state]),
        ListColumn(_("act no."), "act.number"),
        ListColumn(_("act of"), "act.date", Kind.DAY),
        *(
            ListColumn(text, name, Kind.CENTS, summed=True, left_out=attrgetter("is_withdrawn"))
            for text, name in (
                (_("awarded amount"), "awarded_cents"),
                (_("carried in"), "carried_in_cents"),
            )
        ),
        ListColumn(_("granted"), "granted_cents", Kind.CENTS, summed=True),
        ListColumn(_("committed, not ordered"), "remaining_cents", Kind.CENTS, summed=True),
        ListColumn(_("ordered, not paid"), "ordered_cents", Kind.CENTS, summed=True),
        ListColumn(_("paid"), "paid_cents", Kind.CENTS, summed=True),
        ListColumn(_("released"), "released_cents", Kind.CENTS, summed=True),
        ListColumn(_("carried over"), "carried_over_cents", Kind.CENTS, summed=True),
        ListColumn(_("to review"), "flags", Kind.NUMBER),
        ListColumn(_("budget"), "budget"),
        *names_beside_budget(),
    ),
    {"state": GRANT_STATES},
)


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
    grants.list_grants,
    GrantFilters,
    {"budget": KeyText, "grant": KeyText},
    summary="Grants",
    description="Grants (subventions), by budget and reference or sorted as asked, with what their "
    "conventions have.",
)
list_file(
    router,
    "/grants",
    grants.list_grants,
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
