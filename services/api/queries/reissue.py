"""Rejected orders: which of them are to be issued again, and where those went on (rules, 21)."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.queries.rows import total
from services.ledger.domain.model.lines import Stage
from services.ledger.domain.model.orders import OrderState
from services.projector.tables import budgets, conventions, instalments, moves, payment_orders

REJECTED: Final = OrderState.REJECTED.value
GOES_ON: Final = ("in_force", "suspended")
"""States of a convention that has not ended."""

TO_REISSUE: Final = "to_reissue"
"""Status of an order that was rejected, and in whose place another is to come."""


def _is_to_reissue() -> ColumnElement[bool]:
    """True of a rejected order, the latest of an instalment that has money to be ordered.

    The year is open, the convention has not ended, and no amendment gave the instalment up.
    """
    order, later = payment_orders.c, payment_orders.alias("later").c
    own, planned = conventions.alias("own"), instalments.alias("planned")
    as_before = order.convention + "/" + order.instalment
    replaced = exists().where(later.budget == order.budget, later.previous == order.payment_order)
    # Not one condition with OR: no index would serve it.
    is_awaited = or_(
        _is_awaited(own, planned, own.c.convention, order.instalment),
        _is_awaited(own, planned, own.c.continues, as_before),
    )
    return and_(~replaced, is_awaited)


def _is_awaited(
    own: FromClause, planned: FromClause, name: ColumnElement[str], instalment: ColumnElement[str]
) -> ColumnElement[bool]:
    """True of an order whose convention has this name, and goes on with this instalment."""
    order, plan = payment_orders.c, planned.c
    # Of a grant that stood alone, what was rejected before is the convention's own to plan.
    goes_on = or_(
        plan.left_out_by.is_(None),
        and_(plan.left_out_by == own.c.convention, order.state_sequence > own.c.sequence),
    )
    of_instalment = or_(
        and_(moves.c.convention == order.convention, moves.c.instalment == order.instalment),
        and_(moves.c.convention == own.c.convention, moves.c.instalment == plan.instalment),
    )
    committed, cents = Stage.COMMITTED, moves.c.amount_cents
    gone = case((moves.c.from_stage == committed, cents), (moves.c.to_stage == committed, -cents))
    # A difference, that SQLite takes the index of conventions and not the key (budget, sequence).
    since = moves.c.sequence - plan.sequence >= 0
    gone_cents = (
        select(total(gone))
        .where(moves.c.budget == order.budget, since)
        .where(moves.c.convention.in_([order.convention, own.c.convention]), of_instalment)
        .correlate(payment_orders, own, planned)
        .scalar_subquery()
    )
    return (
        exists()
        .where(budgets.c.budget == order.budget, budgets.c.closed_on.is_(None))
        .where(own.c.budget == order.budget, name == order.convention)
        .where(own.c.state.in_(GOES_ON))
        .where(plan.budget == order.budget, plan.convention == own.c.convention)
        .where(plan.instalment == instalment, goes_on, plan.planned_cents > gone_cents)
    )


STATUS: Final = case(
    (payment_orders.c.state != REJECTED, payment_orders.c.state),
    (_is_to_reissue(), literal(TO_REISSUE)),
    else_=payment_orders.c.state,
)
"""The state of an order; of one that was rejected, and is to be issued again, `TO_REISSUE`."""


async def is_to_reissue(conn: AsyncConnection, budget: str, payment_order: str) -> bool:
    """True of an order in whose place another is to come."""
    row = await _status.first(conn, budget=budget, payment_order=payment_order)
    return row is not None and row["status"] == TO_REISSUE


async def goes_on_as(
    conn: AsyncConnection, budget: str, payment_order: str
) -> tuple[str, str | None] | None:
    """Budget and name of the order in place of a rejected one; no name until it is issued.

    A closing carries an instalment over to the next year, maybe under another number (rules, 32):
    None where it did not, or where it is in the same budget and not issued yet.
    """
    row = await _later.first(conn, budget=budget, payment_order=payment_order)
    if row is None:
        convention, _slash, rest = payment_order.partition("/")
        instalment = rest.partition("/")[0]
        names = [convention, f"{convention}@{budget.rpartition('-')[2]}"]
        row = await _select_carried_over.first(
            conn,
            budget=budget,
            names=names,
            planned_names=[instalment, *(f"{each}/{instalment}" for each in names)],
            orders=[f"{each}/{rest}" for each in names],
        )
    return None if row is None else (row["budget"], row["payment_order"])


@PreparedQuery
def _status(budget: Parameter, payment_order: Parameter) -> Select[Any]:
    table = payment_orders.c
    return select(STATUS.label("status")).where(
        table.budget == budget, table.payment_order == payment_order
    )


@PreparedQuery
def _later(budget: Parameter, payment_order: Parameter) -> Select[Any]:
    table = payment_orders.c
    return select(table.budget, table.payment_order).where(
        table.budget == budget, table.previous == payment_order
    )


@PreparedQuery
def _select_carried_over(
    budget: Parameter, names: Parameters, planned_names: Parameters, orders: Parameters
) -> Select[Any]:
    own, planned, later = conventions.c, instalments.c, payment_orders.c
    of_it = and_(planned.budget == own.budget, planned.convention == own.convention)
    issued = and_(
        later.budget == own.budget,
        later.convention.in_([own.convention, own.continues]),
        later.previous.in_(orders),
    )
    return (
        select(own.budget, later.payment_order)
        .join_from(conventions, instalments, of_it)
        .outerjoin(payment_orders, issued)
        .where(own.carried_from == budget, or_(own.convention.in_(names), own.continues.in_(names)))
        .where(planned.instalment.in_(planned_names))
        .limit(1)
    )
