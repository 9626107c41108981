"""Conventions: who signed what, when, for how much, and what became of the money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, func, select

from events.texts import _
from services.api.console.texts import CONVENTION_STATES
from services.api.files.list_file import ListColumn, names_beside_budget
from services.api.files.sheet import Kind
from services.api.http.question import Day, KeyText
from services.api.lists.declaration import ListDeclaration
from services.api.lists.filters import DeclaredFilters
from services.api.lists.query import Query, Rows, sort_by
from services.api.queries import rows
from services.api.queries.figures import GRANTED
from services.api.queries.lists import order_by_name
from services.api.queries.rows import Beneficiary, FreeText, is_between, same, total
from services.projector.tables import convention_lines, conventions, grants

IDENTITY: Final = (conventions.c.budget, conventions.c.convention)

MONEY: Final = (
    select(
        convention_lines.c.budget,
        convention_lines.c.convention,
        *(total(convention_lines.c[name]).label(name) for name in GRANTED),
    )
    .group_by(convention_lines.c.budget, convention_lines.c.convention)
    .subquery("money")
)
TABLE: Final = conventions.outerjoin(
    MONEY,
    and_(MONEY.c.budget == conventions.c.budget, MONEY.c.convention == conventions.c.convention),
).outerjoin(
    grants,
    and_(grants.c.budget == conventions.c.budget, grants.c.grant_ref == conventions.c.grant_ref),
)
CENTS: Final = {name: func.coalesce(MONEY.c[name], 0) for name in GRANTED}
"""The money of a convention; of one without a line, none."""

SORTED_BY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "signed_on": (func.coalesce(conventions.c.signed_on, date.min),),
    "convention": (conventions.c.convention,),
    "beneficiary": order_by_name(func.coalesce(conventions.c.beneficiary, "")),
    "granted": (CENTS["granted_cents"],),
    "paid": (CENTS["paid_cents"],),
}
"""By name, the columns that sort the list; a minus before it is the reverse."""

NEWEST: Final = "-signed_on"

State = Literal["in_force", "suspended", "terminated", "withdrawn"]
Cents = Annotated[int, Field(ge=-(2**53), le=2**53)]


@dataclass(frozen=True, slots=True)
class ListedConvention:
    """A convention with its amounts by stage, in cents; granted is the sum of the others."""

    budget: str
    convention: rows.Name
    grant: rows.Name
    title: FreeText | None
    beneficiary: Beneficiary | None
    signatory: FreeText | None
    state: str
    signed_on: date | None
    notified_on: date | None
    starts_on: date | None
    ends_on: date | None
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int
    carried_from: str | None
    """The budget of the year before, from which it was carried over."""
    sequence: int


class ConventionFilters(DeclaredFilters):
    """Filters of conventions."""

    state: State | None = None
    signed_from: Day | None = Field(None, description="Signed on this day or later.")
    signed_until: Day | None = Field(None, description="Signed on this day or before.")
    granted_from_cents: Cents | None = Field(None, description="Granted at least so much.")
    granted_until_cents: Cents | None = Field(None, description="Granted at most so much.")
    sort: Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(SORTED_BY)})$")] = Field(
        NEWEST, description="A minus before it is the reverse."
    )


def _select(filters: ConventionFilters, today: date) -> Rows:
    del today
    table = conventions.c
    columns = (each for each in table if each.name not in {"grant_ref", "folded"})
    query = (
        select(
            *columns,
            table.grant_ref.label("grant"),
            grants.c.title,
            *(cents.label(name) for name, cents in CENTS.items()),
        )
        .select_from(TABLE)
        # A grant that stands without a convention has a row of its own.
        .where(table.stands_alone.is_(False))
        .where(*filters.conditions(table.budget, table.siret, table.folded, grants.c.folded))
        .where(*same(conventions, state=filters.state))
        .where(*is_between(table.signed_on, filters.signed_from, filters.signed_until))
        .where(
            *is_between(
                CENTS["granted_cents"], filters.granted_from_cents, filters.granted_until_cents
            )
        )
    )
    return Rows(query, TABLE, IDENTITY, sort_by(SORTED_BY, filters.sort))


NUMBER: Final = ListColumn(_("convention"), "convention")
BENEFICIARY: Final = ListColumn(_("beneficiary"), "beneficiary.name")
PURPOSE: Final = ListColumn(_("purpose"), "title")
SIGNED_ON: Final = ListColumn(_("signed on"), "signed_on", Kind.DAY)
SIGNATORY: Final = ListColumn(_("signed by"), "signatory")
STATE: Final = ListColumn(_("state"), lambda each: CONVENTION_STATES[each.state])
GRANTED_CENTS: Final = ListColumn(_("granted"), "granted_cents", Kind.CENTS, summed=True)
ORDERED_CENTS: Final = ListColumn(_("ordered, not paid"), "ordered_cents", Kind.CENTS, summed=True)
PAID_CENTS: Final = ListColumn(_("paid"), "paid_cents", Kind.CENTS, summed=True)
REMAINING_CENTS: Final = ListColumn(
    _("committed, not ordered"), "remaining_cents", Kind.CENTS, summed=True
)

CONVENTIONS: Final = ListDeclaration(
    name="conventions",
    title=_("Conventions"),
    summary="Conventions",
    description="Conventions, the last signed first or sorted as asked, with their amounts by "
    "stage. A grant that stands without a convention is in the list of grants alone.",
    rows=Query(ListedConvention, _select),
    filters=ConventionFilters,
    key={"budget": KeyText, "convention": KeyText},
    columns=(
        NUMBER,
        BENEFICIARY,
        ListColumn(_("SIRET"), "beneficiary.siret"),
        PURPOSE,
        ListColumn(_("grant"), "grant"),
        SIGNED_ON,
        SIGNATORY,
        STATE,
        ListColumn(_("notified on"), "notified_on", Kind.DAY),
        ListColumn(_("starts on"), "starts_on", Kind.DAY),
        ListColumn(_("ends on"), "ends_on", Kind.DAY),
        GRANTED_CENTS,
        REMAINING_CENTS,
        ORDERED_CENTS,
        PAID_CENTS,
        ListColumn(_("released"), "released_cents", Kind.CENTS, summed=True),
        ListColumn(_("carried over"), "carried_over_cents", Kind.CENTS, summed=True),
        ListColumn(_("budget"), "budget"),
        ListColumn(_("record no."), "sequence", Kind.NUMBER),
        *names_beside_budget(),
    ),
    values={"state": CONVENTION_STATES},
    filter_names={
        "signed_from": _("signed from"),
        "signed_until": _("signed until"),
        "granted_from_cents": _("granted at least (€)"),
        "granted_until_cents": _("granted at most (€)"),
    },
)
