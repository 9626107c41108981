"""Payment orders (mandats): which there are, one with its lines and payments, those that wait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.queries.lists import Sorting, order_by_name, select_sorted_page
from services.api.queries.reissue import REJECTED, STATUS, TO_REISSUE
from services.api.queries.rows import (
    Beneficiary,
    BudgetLine,
    Entities,
    FreeText,
    MaskedAccount,
    Name,
    Service,
    first_row,
    is_between,
    is_of_entity,
    make_each,
    row_as,
    same,
    total,
    visible,
)
from services.ledger.domain.model.orders import CLOSED, OrderState
from services.projector.tables import payment_order_lines, payment_orders, payments

WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
NEXT_DAYS: Final = timedelta(days=60)
"""Days for which payments are announced: the time to pay a grant (loi 2021-875)."""

UNANSWERED: Final = OrderState.ISSUED.value
"""The state of an order to which the accountant has not answered (rules, 20)."""

DAYS_MAX: Final = 36_500
"""The oldest age that is asked for."""

OPEN_STATES: Final = tuple(each.value for each in OrderState if each not in CLOSED)
"""States in which an order waits for the treasury (rules, 20)."""


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """A payment order as it stands."""

    budget: str
    payment_order: Name
    convention: Name
    instalment: Name
    amount_cents: int
    paid_cents: int
    state: str
    state_on: date
    """The day of what set the state."""
    acknowledged_on: date | None
    """The day of the accountant's last answer."""
    due_on: date
    issued_on: date
    title: FreeText | None
    beneficiary: Beneficiary | None
    bank_account: MaskedAccount
    previous: Name | None
    reason_code: FreeText | None
    reason_label: FreeText | None
    sequence: int
    state_sequence: int

    @property
    def left_cents(self) -> int:
        """Cents still to be paid, while it is open."""
        return self.amount_cents - self.paid_cents

    @property
    def is_open(self) -> bool:
        """True if it waits for the treasury."""
        return self.state in OPEN_STATES

    def is_late(self, today: date) -> bool:
        """True if it is open and its due date has passed."""
        return self.is_open and self.due_on < today


@dataclass(frozen=True, slots=True)
class OrderLine:
    """The amount of an order on one line."""

    line: BudgetLine
    amount_cents: int
    services: tuple[Service, ...] | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of an order by the treasury, and its record."""

    sequence: int
    amount_cents: int
    executed_on: date
    bank_reference: FreeText | None


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with its lines and payments."""

    order: PaymentOrder
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...]


WholeAccount = tuple[str, str | None, str]
"""IBAN, BIC, holder."""


class OrderFilter(NamedTuple):
    """Filters of orders; None stands for all."""

    budget: str | None = None
    entity: str | None = None
    convention: str | None = None
    siret: str | None = None
    states: Sequence[str] | None = None
    status: Sequence[str] | None = None
    """States, of which `rejected` leaves out what is to be issued again: that is `to_reissue`."""
    due_from: date | None = None
    due_until: date | None = None
    issued_until: date | None = None
    """Those issued on that day or before: an age, once the day is known."""


ALL: Final = OrderFilter()


@dataclass(frozen=True, slots=True)
class Counted:
    """Number of orders, and what is still to be paid of them."""

    count: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class InState:
    """Number of orders in a state, their sum, and what is still to be paid of them."""

    count: int
    amount_cents: int
    left_cents: int


NONE: Final = InState(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The orders that wait for the treasury."""

    all: Counted
    due_soon: Counted
    """Due from today on, within 60 days."""
    due_in_7_days: Counted
    """Due from today on, within 7 days."""
    due_in_30_days: Counted
    """Due from today on, within 30 days, those of the first 7 among them."""
    overdue: Counted
    by_state: dict[str, Counted]
    oldest: PaymentOrder | None
    """The one that was issued first."""


IDENTITY: Final = (payment_orders.c.budget, payment_orders.c.payment_order)
SORTED_BY: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "due_on": (payment_orders.c.due_on,),
    "issued_on": (payment_orders.c.issued_on,),
    "amount": (payment_orders.c.amount_cents,),
    "state": (payment_orders.c.state, payment_orders.c.due_on),
    "beneficiary": order_by_name(func.coalesce(payment_orders.c.beneficiary, "")),
    "payment_order": (payment_orders.c.payment_order,),
}
"""By name, what a list of orders may be sorted by; a minus before it is the reverse."""

FIRST_DUE: Final = "due_on"
SORT: Final = rf"^-?({'|'.join(SORTED_BY)})$"
"""The names by which a list may be asked for."""


async def list_orders(
    conn: AsyncConnection,
    entities: Entities,
    filters: OrderFilter = ALL,
    *,
    sort: str = FIRST_DUE,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[PaymentOrder]:
    """Payment orders, the first due first, or as `sort` says; then by budget and reference.

    `after` is the order behind which the page begins; with `backwards` before which it ends.
    """
    query = _select_page(sort, backwards)
    rows = await query.rows(conn, entities=entities, filters=filters, after=after, limit=limit)
    found = await make_each(rows, partial(row_as, PaymentOrder))
    return found[::-1] if backwards else found


async def one(
    conn: AsyncConnection, entities: Entities, budget: str, payment_order: str
) -> WholeOrder | None:
    """One order with its lines and payments; None where the caller can see none."""
    named = {"budget": budget, "payment_order": payment_order}
    row = await _order.first(conn, entities=entities, **named)
    if row is None:
        return None
    found = await _lines.rows(conn, **named)
    done = await _payments.rows(conn, **named)
    return WholeOrder(
        row_as(PaymentOrder, row),
        tuple(row_as(OrderLine, each) for each in found),
        tuple(row_as(Payment, each) for each in done),
    )


@cache
def _select_page(sort: str, backwards: bool) -> PreparedQuery:
    sorting = Sorting(SORTED_BY[sort.removeprefix("-")], sort.startswith("-"))

    def build(
        entities: Parameters | None,
        filters: OrderFilter,
        after: tuple[Parameter, ...] | None,
        limit: Parameter | None,
    ) -> Select[Any]:
        query = select(payment_orders)
        query = query.where(visible(payment_orders.c.budget, entities), *conditions(filters))
        return select_sorted_page(
            query,
            sorting,
            IDENTITY,
            payment_orders,
            entities=entities,
            after=after,
            limit=limit,
            backwards=backwards,
        )

    return PreparedQuery(build)


@PreparedQuery
def _order(entities: Parameters | None, budget: Parameter, payment_order: Parameter) -> Select[Any]:
    return select(payment_orders).where(
        visible(payment_orders.c.budget, entities),
        payment_orders.c.budget == budget,
        payment_orders.c.payment_order == payment_order,
    )


@PreparedQuery
def _lines(budget: Parameter, payment_order: Parameter) -> Select[Any]:
    table = payment_order_lines.c
    query = select(payment_order_lines).where(table.budget == budget)
    return query.where(table.payment_order == payment_order).order_by(table.position)


@PreparedQuery
def _payments(budget: Parameter, payment_order: Parameter) -> Select[Any]:
    table = payments.c
    query = select(payments).where(table.budget == budget, table.payment_order == payment_order)
    return query.order_by(table.sequence)


async def account_of(
    conn: AsyncConnection, entities: Entities, budget: str, payment_order: str
) -> WholeAccount | None:
    """The whole account of an order. To be shown to operators only, on record.

    Every other answer has it shortened.
    """
    columns = (payment_orders.c.iban, payment_orders.c.bic, payment_orders.c.holder)
    query = select(*columns).where(
        visible(payment_orders.c.budget, entities),
        payment_orders.c.budget == budget,
        payment_orders.c.payment_order == payment_order,
    )
    row = (await conn.execute(query)).first()
    return None if row is None else (row.iban, row.bic, row.holder)


async def waiting(
    conn: AsyncConnection, entities: Entities, today: date, filters: OrderFilter = ALL
) -> Waiting:
    """The orders that wait for the treasury, as of a day: what is due soon, what is late.

    Of these orders; in whichever open state.
    """
    table = payment_orders.c
    left = table.amount_cents - table.paid_cents
    is_open = and_(
        visible(table.budget, entities), table.state.in_(OPEN_STATES), *conditions(filters)
    )
    ends = (today - timedelta(days=1), today + WEEK, today + MONTH, today + NEXT_DAYS)
    when = case(*((table.due_on <= end, at) for at, end in enumerate(ends)), else_=len(ends))
    grouped = (
        select(table.state, when.label("due"), left.label("left"))
        .where(is_open)
        .subquery("waiting")
    )
    query = select(
        grouped.c.state, grouped.c.due, func.count().label("count"), total(grouped.c.left)
    ).group_by(grouped.c.state, grouped.c.due)
    rows = [tuple(row) for row in await conn.execute(query)]
    oldest = (
        select(payment_orders)
        .where(is_open)
        .order_by(table.issued_on, table.due_on, *IDENTITY)
        .limit(1)
    )
    first = await first_row(conn, oldest)
    return Waiting(
        all=_count_orders(rows),
        due_soon=_count_orders(row for row in rows if row[1] in {1, 2, 3}),
        due_in_7_days=_count_orders(row for row in rows if row[1] == 1),
        due_in_30_days=_count_orders(row for row in rows if row[1] in {1, 2}),
        overdue=_count_orders(row for row in rows if row[1] == 0),
        by_state={
            state: _count_orders(row for row in rows if row[0] == state) for state in OPEN_STATES
        },
        oldest=None if first is None else row_as(PaymentOrder, first),
    )


async def count_by_state(
    conn: AsyncConnection, entities: Entities, filters: OrderFilter
) -> dict[str, InState]:
    """Number of these orders by status; one without any is left out."""
    table = payment_orders.c
    found = (
        select(STATUS.label("state"), table.amount_cents, table.paid_cents)
        .where(visible(table.budget, entities), *conditions(filters))
        .subquery("asked")
    )
    query = select(
        found.c.state, func.count(), total(found.c.amount_cents), total(found.c.paid_cents)
    ).group_by(found.c.state)
    rows = await conn.execute(query)
    return {state: InState(count, amount, amount - paid) for state, count, amount, paid in rows}


async def count_to_reissue(conn: AsyncConnection, entities: Entities) -> int:
    """Number of rejected orders in whose place another is to come."""
    rejected = OrderFilter(states=(REJECTED,))
    return (await count_by_state(conn, entities, rejected)).get(TO_REISSUE, NONE).count


def conditions(filters: OrderFilter) -> Iterable[ColumnElement[bool]]:
    """The filters that were asked for."""
    table = payment_orders.c
    yield from same(
        payment_orders, budget=filters.budget, convention=filters.convention, siret=filters.siret
    )
    if filters.entity is not None:
        yield is_of_entity(table.budget, filters.entity)
    if filters.states is not None:
        yield table.state.in_(filters.states)
    if filters.status is not None:
        yield STATUS.in_(filters.status)
    yield from is_between(table.due_on, filters.due_from, filters.due_until)
    yield from is_between(table.issued_on, None, filters.issued_until)


def _count_orders(rows: Iterable[Any]) -> Counted:
    found = list(rows)
    return Counted(sum(row[2] for row in found), sum(row[3] for row in found))
