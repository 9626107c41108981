"""Acts by day and number: votes, transfers, awards, concurring acts, amendments, withdrawals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, case, func, select

from events.texts import _
from services.api.console.texts import ROLES
from services.api.files.list_file import ListColumn, names_beside_budget
from services.api.files.sheet import Kind
from services.api.http.question import Day, KeyText, Name
from services.api.http.question import Sequence as RecordNumber
from services.api.lists.declaration import ListDeclaration
from services.api.lists.filters import DeclaredFilters
from services.api.lists.query import Query, Rows, sort_by
from services.api.queries import rows
from services.api.queries.rows import Beneficiary, FreeText, is_between, same, total
from services.projector.tables import acts, conventions, grants, moves

IDENTITY: Final = (acts.c.budget, acts.c.sequence, acts.c.item)
GRANT: Final = func.coalesce(acts.c.grant_ref, conventions.c.grant_ref)
"""The grant that an act is about; an amendment is about that of its convention."""

TABLE: Final = acts.outerjoin(
    conventions,
    and_(conventions.c.budget == acts.c.budget, conventions.c.convention == acts.c.convention),
).outerjoin(grants, and_(grants.c.budget == acts.c.budget, grants.c.grant_ref == GRANT))
OPENED: Final = case(
    (moves.c.from_stage.is_(None), moves.c.amount_cents),
    # A transfer takes from one line what it gives to another: what it gives is what it moved.
    (and_(moves.c.to_stage.is_(None), acts.c.role == "vote"), -moves.c.amount_cents),
    else_=0,
)
USED: Final = case(
    (moves.c.from_stage == "available", moves.c.amount_cents),
    (moves.c.to_stage == "available", -moves.c.amount_cents),
    else_=0,
)
AMOUNT_CENTS: Final = case(
    (
        and_(acts.c.item == 1, acts.c.role.not_in(("carried", "concurring"))),
        select(total(case((acts.c.role.in_(("vote", "transfer")), OPENED), else_=USED)))
        .where(moves.c.budget == acts.c.budget, moves.c.sequence == acts.c.sequence)
        .correlate(acts)
        .scalar_subquery(),
    )
)
"""Credits that an act opened or moved, or took from what is available; null of one that moves none.

Below zero of one that gave credits back.
"""

SORTED_BY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "act_on": (acts.c.act_on,),
    "number": (func.coalesce(acts.c.folded, ""),),
    "amount": (func.coalesce(AMOUNT_CENTS, 0),),
}
"""By name, the columns that sort the list; a minus before it is the reverse."""

NEWEST: Final = "-act_on"
Role = Literal["vote", "transfer", "award", "concurring", "withdrawal", "amendment", "carried"]


@dataclass(frozen=True, slots=True)
class ListedAct:
    """An act, and what it is about."""

    budget: str
    role: str
    act: rows.Act
    title: FreeText | None
    grant: rows.Name | None
    convention: rows.Name | None
    beneficiary: Beneficiary | None
    amount_cents: int | None
    """Credits that it opened or moved, or took from what is available; below zero: gave back."""
    sequence: int
    item: int
    """Its place among the acts of its record."""


class ActFilters(DeclaredFilters):
    """Filters of acts."""

    role: Role | None = None
    body: Name | None = Field(None, description="Adopted by this body.")
    act_from: Day | None = Field(None, description="Of this day or later.")
    act_until: Day | None = Field(None, description="Of this day or before.")
    sort: Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(SORTED_BY)})$")] = Field(
        NEWEST, description="A minus before it is the reverse."
    )


def _select(filters: ActFilters, today: date) -> Rows:
    del today
    table = acts.c
    query = (
        select(
            *(table.budget, table.sequence, table.item, table.role, table.convention),
            *(table.body.label("act_body"), table.number.label("act_number"), table.act_on),
            GRANT.label("grant"),
            func.coalesce(table.title, grants.c.title).label("title"),
            *(grants.c.beneficiary, grants.c.siret, grants.c.representative),
            AMOUNT_CENTS.label("amount_cents"),
        )
        .select_from(TABLE)
        .where(*filters.conditions(table.budget, grants.c.siret, table.folded, grants.c.folded))
        .where(*same(acts, role=filters.role, body=filters.body))
        .where(*is_between(table.act_on, filters.act_from, filters.act_until))
    )
    return Rows(query, TABLE, IDENTITY, sort_by(SORTED_BY, filters.sort))


ADOPTED_ON: Final = ListColumn(_("act of"), "act.date", Kind.DAY)
NUMBER: Final = ListColumn(_("act no."), "act.number")
BODY: Final = ListColumn(_("adopted by"), "act.body")
ROLE: Final = ListColumn(_("kind of act"), lambda each: ROLES[each.role])
TITLE: Final = ListColumn(_("purpose"), "title")
BENEFICIARY: Final = ListColumn(_("beneficiary"), "beneficiary.name")
AMOUNT: Final = ListColumn(_("amount"), "amount_cents", Kind.CENTS)

ACTS: Final = ListDeclaration(
    name="acts",
    title=_("Acts"),
    summary="Acts",
    description="Acts of assemblies (délibérations): votes, transfers, awards, concurring acts, "
    "amendments and withdrawals, the last adopted first or sorted as asked. An act that came with "
    "what a year carried over (`carried`) is in the year before too.",
    rows=Query(ListedAct, _select),
    filters=ActFilters,
    key={"budget": KeyText, "sequence": RecordNumber, "item": RecordNumber},
    columns=(
        ADOPTED_ON,
        NUMBER,
        BODY,
        ROLE,
        TITLE,
        BENEFICIARY,
        ListColumn(_("SIRET"), "beneficiary.siret"),
        AMOUNT,
        ListColumn(_("grant"), "grant"),
        ListColumn(_("convention"), "convention"),
        ListColumn(_("budget"), "budget"),
        ListColumn(_("record no."), "sequence", Kind.NUMBER),
        *names_beside_budget(),
    ),
    values={"role": ROLES},
    filter_names={
        "role": _("kind of act"),
        "body": _("adopted by"),
        "act_from": _("from day"),
        "act_until": _("until day"),
    },
)
