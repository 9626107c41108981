"""Recoveries: what was asked back, what has come, what is still awaited, and who asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select

from events.texts import Translatable, _, pgettext
from services.api.console.texts import RECOVERY_STATES
from services.api.files.list_file import ListColumn, names_beside_budget
from services.api.files.sheet import Kind
from services.api.http.question import Day, KeyText
from services.api.lists.declaration import ListDeclaration
from services.api.lists.filters import DeclaredFilters
from services.api.lists.query import Query, Rows, sort_by
from services.api.queries import rows
from services.api.queries.lists import order_by_name
from services.api.queries.rows import Beneficiary, FreeText, is_between, total
from services.projector.tables import budgets, conventions, grants, recoveries


def _sum(step: str) -> ColumnElement[int]:
    return total(case((recoveries.c.step == step, recoveries.c.amount_cents), else_=0))


def _day(step: str, which: ColumnElement[date]) -> ColumnElement[date | None]:
    return case((recoveries.c.step == step, which))


# Several orders with one number add up, and so do collections (rules, 27).
EACH: Final = (
    select(
        recoveries.c.budget,
        recoveries.c.convention,
        recoveries.c.recovery,
        func.min(_day("ordered", recoveries.c.done_on)).label("ordered_on"),
        func.max(_day("collected", recoveries.c.done_on)).label("collected_on"),
        _sum("ordered").label("ordered_cents"),
        _sum("collected").label("collected_cents"),
        func.max(case((recoveries.c.step == "ordered", recoveries.c.reason))).label("reason"),
        func.max(recoveries.c.sequence).label("sequence"),
    )
    .group_by(recoveries.c.budget, recoveries.c.convention, recoveries.c.recovery)
    .subquery("each")
)
TABLE: Final = EACH.outerjoin(
    conventions,
    and_(
        conventions.c.budget == EACH.c.budget,
        # A recovery may name the grant in whose place a convention came (rules, 13).
        or_(
            conventions.c.convention == EACH.c.convention,
            conventions.c.continues == EACH.c.convention,
        ),
    ),
).outerjoin(
    grants,
    and_(grants.c.budget == conventions.c.budget, grants.c.grant_ref == conventions.c.grant_ref),
)
IDENTITY: Final = (EACH.c.budget, EACH.c.convention, EACH.c.recovery)
OPEN_CENTS: Final = EACH.c.ordered_cents - EACH.c.collected_cents
IS_CLOSED: Final = exists().where(
    budgets.c.budget == EACH.c.budget, budgets.c.closed_on.is_not(None)
)
STATE: Final = case(
    (OPEN_CENTS <= 0, literal("collected")),
    (EACH.c.collected_cents > 0, literal("partly_collected")),
    else_=literal("ordered"),
)
SORTED_BY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "ordered_on": (func.coalesce(EACH.c.ordered_on, date.min),),
    "beneficiary": order_by_name(func.coalesce(conventions.c.beneficiary, "")),
    "ordered": (EACH.c.ordered_cents,),
    "open": (OPEN_CENTS,),
}
"""By name, the columns that sort the list; a minus before it is the reverse."""

NEWEST: Final = "-ordered_on"
State = Literal["ordered", "partly_collected", "collected"]
ISSUED_AS: Final[Mapping[bool, Translatable]] = {
    False: _("in the year: a cancelling payment order"),
    True: _("after the year: a revenue order by the finance department"),
}
"""By whether the year of what was paid is closed, who issues what asks the money back."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Money that a beneficiary pays back: ordered, collected and still awaited, in cents."""

    budget: str
    convention: rows.Name
    recovery: rows.Name
    """Its number, the convention's own."""
    grant: rows.Name | None
    title: FreeText | None
    beneficiary: Beneficiary | None
    state: str
    ordered_on: date | None
    collected_on: date | None
    """The day on which something came back last."""
    ordered_cents: int
    collected_cents: int
    open_cents: int
    reason: FreeText | None
    year_is_closed: bool
    """True if the year of what was paid is closed: what comes back is revenue of a later one."""
    sequence: int


class RecoveryFilters(DeclaredFilters):
    """Filters of recoveries."""

    state: State | None = None
    ordered_from: Day | None = Field(None, description="First ordered on this day or later.")
    ordered_until: Day | None = Field(None, description="First ordered on this day or before.")
    sort: Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(SORTED_BY)})$")] = Field(
        NEWEST, description="A minus before it is the reverse."
    )


def _select(filters: RecoveryFilters, today: date) -> Rows:
    del today
    query = (
        select(
            *EACH.c,
            conventions.c.grant_ref.label("grant"),
            grants.c.title,
            *(conventions.c.beneficiary, conventions.c.siret, conventions.c.representative),
            STATE.label("state"),
            OPEN_CENTS.label("open_cents"),
            IS_CLOSED.label("year_is_closed"),
        )
        .select_from(TABLE)
        .where(
            *filters.conditions(
                EACH.c.budget, conventions.c.siret, conventions.c.folded, grants.c.folded
            )
        )
        .where(*is_between(EACH.c.ordered_on, filters.ordered_from, filters.ordered_until))
    )
    if filters.state is not None:
        query = query.where(STATE.in_((filters.state,)))
    return Rows(query, TABLE, IDENTITY, sort_by(SORTED_BY, filters.sort))


NUMBER: Final = ListColumn(_("recovery"), "recovery")
BENEFICIARY: Final = ListColumn(_("beneficiary"), "beneficiary.name")
CONVENTION: Final = ListColumn(_("convention"), "convention")
STATE_NAME: Final = ListColumn(_("state"), lambda each: RECOVERY_STATES[each.state])
ORDERED_ON: Final = ListColumn(pgettext("recovery", "ordered on"), "ordered_on", Kind.DAY)
ORDERED_CENTS: Final = ListColumn(
    pgettext("recovery", "ordered"), "ordered_cents", Kind.CENTS, summed=True
)
COLLECTED_CENTS: Final = ListColumn(_("collected"), "collected_cents", Kind.CENTS, summed=True)
STILL_OPEN_CENTS: Final = ListColumn(_("still to come"), "open_cents", Kind.CENTS, summed=True)
ISSUER: Final = ListColumn(_("asked back by"), lambda each: ISSUED_AS[each.year_is_closed])
REASON: Final = ListColumn(_("reason"), "reason")

RECOVERIES: Final = ListDeclaration(
    name="recoveries",
    title=_("Recoveries"),
    summary="Recoveries",
    description="Recoveries (reversements), the last ordered first or sorted as asked. Several "
    "orders with one number add up.",
    rows=Query(Recovery, _select),
    filters=RecoveryFilters,
    key={"budget": KeyText, "convention": KeyText, "recovery": KeyText},
    columns=(
        NUMBER,
        BENEFICIARY,
        ListColumn(_("SIRET"), "beneficiary.siret"),
        CONVENTION,
        ListColumn(_("grant"), "grant"),
        ListColumn(_("purpose"), "title"),
        STATE_NAME,
        ORDERED_ON,
        ListColumn(_("last collected on"), "collected_on", Kind.DAY),
        ORDERED_CENTS,
        COLLECTED_CENTS,
        STILL_OPEN_CENTS,
        ISSUER,
        REASON,
        ListColumn(_("budget"), "budget"),
        ListColumn(_("record no."), "sequence", Kind.NUMBER),
        *names_beside_budget(),
    ),
    values={"state": RECOVERY_STATES},
    filter_names={
        "ordered_from": _("ordered from"),
        "ordered_until": _("ordered until"),
    },
)
