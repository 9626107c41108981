"""Lists of grants: what they may be sorted by, what they come to, and their states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.grants.awards import Which, sum_all_raises
from services.api.queries.figures import convention_columns
from services.api.queries.lists import matches_all, order_by_name, patterns_of
from services.api.queries.rows import Entities, is_of_entity, same, total, visible
from services.projector.tables import budgets, convention_lines, conventions, grants

PAID: Final = "paid"
"""State of a grant of which something is paid, and nothing is left to commit, to order or to pay.

What was not paid was released. The read model keeps the ledger's state: this one is derived, and
so are the next two.
"""

CARRIED_OVER: Final = "carried_over"
"""State of a grant that goes on in the next year: the closing of its own carried it over."""

LAPSED: Final = "lapsed"
"""State of a grant whose year is closed, and of which nothing is paid and nothing goes on."""

PAYABLE: Final = ("awarded", "carried")
"""The ledger's states in which a grant may be paid."""

WITHDRAWN: Final = "withdrawn"
"""The state of a grant whose award was withdrawn: no total of awards includes it."""

BY_MONEY: Final = frozenset({PAID, CARRIED_OVER, LAPSED, *PAYABLE})
"""The states that depend on money."""

BY_REFERENCE: Final = "grant"
NEWEST: Final = "newest"
"""The newest fiscal years first, each by budget and reference."""


def figures(which: Which) -> Select[Any]:
    """The figures of the conventions of each of these grants."""
    of_convention = and_(
        convention_lines.c.budget == conventions.c.budget,
        convention_lines.c.convention == conventions.c.convention,
    )
    key = (conventions.c.budget, conventions.c.grant_ref)
    return (
        select(*key, *convention_columns(convention_lines, summed=True))
        .join_from(conventions, convention_lines, of_convention)
        .where(which(key))
        .group_by(*key)
    )


def _with(rows: FromClause, more: FromClause) -> FromClause:
    """Grants with these figures; nothing where they have none."""
    same_grant = and_(more.c.budget == grants.c.budget, more.c.grant_ref == grants.c.grant_ref)
    return rows.outerjoin(more, same_grant)


def _figure(name: str) -> ColumnElement[int]:
    return func.coalesce(OF_ALL.c[name], 0)


OF_ALL: Final = figures(lambda _: true()).subquery("money")
ADDED: Final = sum_all_raises().subquery("added")
AWARDED_CENTS: Final = grants.c.awarded_cents + func.coalesce(ADDED.c.added_cents, 0)
"""The sum awarded: by the act of the award, and by amendments."""

CARRIED_IN_CENTS: Final = func.coalesce(ADDED.c.carried_in_cents, 0)
"""The sum that the year before awarded and carried over."""

WITH_AWARDS: Final = _with(grants, ADDED)
WITH_MONEY: Final = _with(WITH_AWARDS, OF_ALL)
IS_CLOSED: Final = exists().where(
    budgets.c.budget == grants.c.budget, budgets.c.closed_on.is_not(None)
)
NOTHING_LEFT: Final = and_(
    *(_figure(f"{name}_cents") == 0 for name in ("remaining", "ordered", "carried_over")),
    or_(
        IS_CLOSED,
        _figure("paid_cents") + _figure("released_cents") >= AWARDED_CENTS + CARRIED_IN_CENTS,
    ),
)
STATE: Final = case(
    (grants.c.state.not_in(PAYABLE), grants.c.state),
    (_figure("carried_over_cents") > 0, literal(CARRIED_OVER)),
    (and_(NOTHING_LEFT, _figure("paid_cents") > 0), literal(PAID)),
    (and_(NOTHING_LEFT, IS_CLOSED), literal(LAPSED)),
    else_=grants.c.state,
)
"""The state of a grant with its figures, as `state_of` has it."""

IDENTITY: Final = (grants.c.budget, grants.c.grant_ref)
SORTED_BY_MONEY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "awarded": (AWARDED_CENTS,),
    "paid": (_figure("paid_cents"),),
}
SORTED_BY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    BY_REFERENCE: (),
    NEWEST: (-cast(func.substr(grants.c.budget, func.length(grants.c.budget) - 3), Integer),),
    "beneficiary": order_by_name(func.coalesce(grants.c.beneficiary, grants.c.grant_ref)),
    **SORTED_BY_MONEY,
}
"""By name, what a list of grants may be sorted by; a minus before it is the reverse."""

SORT: Final = rf"^-?({'|'.join(SORTED_BY)})$"
"""The names by which a list may be asked for."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of a list of grants, in cents."""

    count: int
    withdrawn: int
    """The number of withdrawn grants, whose awards the total leaves out."""
    awarded_cents: int
    carried_in_cents: int
    paid_cents: int


async def totals(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    entity: str | None = None,
    state: str | None = None,
    siret: str | None = None,
    search: str | None = None,
) -> Totals:
    """Number and sums of these grants."""
    fell = grants.c.state == WITHDRAWN
    sums = (
        func.count(),
        func.count(case((fell, 1))),
        total(case((fell, 0), else_=AWARDED_CENTS)),
        total(case((fell, 0), else_=CARRIED_IN_CENTS)),
        total(_figure("paid_cents")),
    )
    query = select(*sums).select_from(WITH_MONEY).where(visible(grants.c.budget, entities))
    row = (await conn.execute(query.where(*conditions(budget, entity, state, siret, search)))).one()
    return Totals(*row)


def conditions(
    budget: str | None, entity: str | None, state: str | None, siret: str | None, search: str | None
) -> Iterable[ColumnElement[bool]]:
    """The filters that were asked for."""
    yield from same(grants, budget=budget, siret=siret)
    if entity is not None:
        yield is_of_entity(grants.c.budget, entity)
    if state is not None:
        yield STATE.in_((state,)) if state in BY_MONEY else grants.c.state == state
    if search:
        patterns = patterns_of(search)
        yield from matches_all(grants.c.folded, patterns) if patterns else [false()]


def select_closed(which: Which) -> Select[Any]:
    """Those of these grants that are of a closed year."""
    key = (grants.c.budget, grants.c.grant_ref)
    return select(*key, literal(True).label("is_closed")).where(which(key), IS_CLOSED)


def state_of(had: Mapping[Any, Any]) -> str:
    """State of a grant by its row with its figures: the ledger's, or one that money gives it."""
    if had["state"] not in PAYABLE:
        return str(had["state"])
    if had["carried_over_cents"] > 0:
        return CARRIED_OVER
    left_cents = had["remaining_cents"] + had["ordered_cents"]
    done_cents = had["paid_cents"] + had["released_cents"]
    is_done = had["is_closed"] or done_cents >= had["awarded_cents"] + had["carried_in_cents"]
    if left_cents == 0 and is_done:
        if had["paid_cents"] > 0:
            return PAID
        if had["is_closed"]:
            return LAPSED
    return str(had["state"])
