"""Conventions with their schedules: what each instalment planned, what became of it, what is owed.

What an instalment waits for is read from what its schedule names and what has not come; whether
an order would be issued then, only the ledger decides (`trace` asks its own conditions).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, Table, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery, Row
from services.api.queries.figures import NOW, convention_columns, select_known_moves
from services.api.queries.orders import OrderLine, Payment, PaymentOrder
from services.api.queries.rows import Beneficiary, FreeText, Name, row_as, total
from services.due.owed_documents import report_due_on
from services.ledger.domain.fiscal_year import next_year
from services.ledger.domain.model.book import YEAR_DIGITS
from services.projector.tables import (
    bank_accounts,
    budgets,
    convention_lines,
    conventions,
    documents,
    instalments,
    obligations,
    payment_orders,
    payments,
    recoveries,
)

BY_NOTIFICATION = "notification"
NO_MONEY = dict.fromkeys(("ordered_cents", "paid_cents", "released_cents"), 0)
"""The figures of an instalment of which nothing has moved."""

COLLECTED: Final = "collected"
SUSPENDED, TERMINATED, WITHDRAWN = "suspended", "terminated", "withdrawn"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is owed or was received."""

    kind: str
    year: int
    due_on: date | None
    received_on: date | None
    eligible_cost_cents: int | None
    rejected_for: FreeText | None
    sequence: int | None
    """The record that brought or rejected it."""

    @property
    def is_there(self) -> bool:
        """True if it counts as received: one that was rejected does not (rules, 24)."""
        return self.received_on is not None and self.rejected_for is None


@dataclass(frozen=True, slots=True)
class Want:
    """Something that is waited for: `document`, `notification`, `bank_account`, `resumption`."""

    kind: str
    id: Name


@dataclass(frozen=True, slots=True)
class PlannedLine(OrderLine):
    """The plan of an instalment on one line."""


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order of an instalment, with its payments."""

    order: PaymentOrder
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class Instalment:
    """An instalment (versement): planned, and what became of it, in cents."""

    instalment: Name
    position: int
    trigger: str
    ceiling: bool
    documents: tuple[Document, ...]
    """Those that it waits for, or waited for."""
    planned_cents: int
    ordered_cents: int
    """Ordered and not paid yet."""
    paid_cents: int
    released_cents: int
    lines: tuple[PlannedLine, ...]
    orders: tuple[PaidOrder, ...]
    waits_for: tuple[Want, ...]
    """Empty where nothing is missing, or nothing is to be paid any more."""
    amendment: Name | None
    """The amendment that planned it; None where the convention did."""
    left_out_by: Name | None
    """The amendment that gave it up; none has what an order held, which goes on."""
    sequence: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """A step of a recovery: ordered or collected."""

    recovery: Name
    step: str
    amount_cents: int
    done_on: date
    reason: FreeText | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Convention:
    """A convention, or a grant that stands without one, with all that belongs to it."""

    budget: str
    convention: Name
    grant: Name
    stands_alone: bool
    state: str
    beneficiary: Beneficiary | None
    signatory: FreeText | None
    signed_on: date | None
    starts_on: date | None
    ends_on: date | None
    notified_on: date | None
    effective_on: date | None
    reason: FreeText | None
    carried_from: str | None
    continues: Name | None
    """The grant in whose place it came: what was decided before bears that name."""
    is_closed: bool
    """True if its year is closed: nothing more is ordered of it in this budget."""
    goes_on_in: str | None
    """The budget into which it was carried over: what it still owes is owed there."""
    paid_cents: int
    """Paid and not come back, in this budget."""
    has_bank_account: bool
    instalments: tuple[Instalment, ...]
    obligations: tuple[Document, ...]
    documents: tuple[Document, ...]
    """All that were received."""
    recoveries: tuple[Recovery, ...]
    sequence: int

    @property
    def names(self) -> tuple[str, ...]:
        """All names that its money had."""
        return (self.convention,) if self.continues is None else (self.convention, self.continues)


Documents = dict[tuple[str, int], Document]
"""By kind and year."""


async def conventions_of(conn: AsyncConnection, budget: str, grant: str) -> tuple[Convention, ...]:
    """The conventions of a grant that the caller was found to see, in order of signature."""
    rows = await _select_conventions.rows(conn, budget=budget, grant=grant)
    return tuple([await _convention(conn, row) for row in rows])


CLOSED: Final = exists().where(
    budgets.c.budget == conventions.c.budget, budgets.c.closed_on.is_not(None)
)


@PreparedQuery
def _select_conventions(budget: Parameter, grant: Parameter) -> Select[Any]:
    of_it = (
        convention_lines.c.budget == conventions.c.budget,
        convention_lines.c.convention == conventions.c.convention,
    )
    sums = (
        select(total(convention_lines.c[name])).where(*of_it).scalar_subquery().label(name)
        for name in ("paid_cents", "carried_over_cents")
    )
    return (
        select(conventions, bank_accounts.c.iban, CLOSED.label("is_closed"), *sums)
        .outerjoin(
            bank_accounts,
            and_(
                bank_accounts.c.budget == conventions.c.budget,
                bank_accounts.c.siret == conventions.c.siret,
            ),
        )
        .where(conventions.c.budget == budget, conventions.c.grant_ref == grant)
        .order_by(conventions.c.sequence, conventions.c.convention)
    )


def _prepare_about(table: Table, *order: str) -> PreparedQuery:
    """The rows of a table about a convention."""
    return PreparedQuery(
        lambda budget, convention: (
            select(table)
            .where(table.c.budget == budget, table.c.convention == convention)
            .order_by(*(table.c[name] for name in order))
        )
    )


INSTALMENTS: Final = _prepare_about(instalments, "position", "instalment")
OBLIGATIONS: Final = _prepare_about(obligations, "due_on", "kind")
DOCUMENTS: Final = _prepare_about(documents, "kind", "year")


@PreparedQuery
def _recoveries(budget: Parameter, names: Parameters) -> Select[Any]:
    """By the name that each event gives: the grant's too, in place of which a convention came."""
    table = recoveries.c
    return (
        select(recoveries)
        .where(table.budget == budget, table.convention.in_(names))
        .order_by(table.sequence)
    )


async def _convention(conn: AsyncConnection, row: Row) -> Convention:
    """One of them, with all that belongs to it."""
    key = {"budget": row["budget"], "convention": row["convention"]}
    planned = await INSTALMENTS.rows(conn, **key)
    due = {
        (each["kind"], each["year"]): each["due_on"] for each in await OBLIGATIONS.rows(conn, **key)
    }
    received: Documents = {}
    for each in await DOCUMENTS.rows(conn, **key):
        document = (each["kind"], each["year"])
        received[document] = row_as(Document, each, due_on=due.get(document))
    # Orders of a grant for which a convention was signed since bear the grant's name (rules, 13).
    of_grants = {grant for each in planned for grant in each["instalment"].split("/")[:-1]}
    names = sorted({row["convention"], *of_grants, row["continues"] or row["convention"]})
    orders = await _orders(conn, row["budget"], names)
    sums = {each["instalment"]: each for each in await _money.rows(conn, **key)}
    money = {name: {each: sums[name][each] for each in NO_MONEY} for name in sums}
    found = []
    for each in sorted(planned, key=lambda each: "/" not in each["instalment"]):
        own = tuple(paid for paid in orders if _is_of(paid.order, each))
        if each["left_out_by"] is None or own:
            keys = [(one["kind"], one["year"]) for one in each["documents"] or ()]
            owed = tuple(_make_scheduled(key, received, due) for key in keys)
            figures = money.get(each["instalment"], NO_MONEY)
            found.append(_instalment(row, {**each, **figures}, owed, own))
    rows = await _recoveries.rows(conn, budget=row["budget"], names=names)
    recovered = tuple(row_as(Recovery, each) for each in rows)
    year = int(row["budget"][-YEAR_DIGITS:])
    # What comes back in a later year is revenue there, and makes no move here (rules, 27).
    revenue_cents = sum(
        each.amount_cents
        for each in recovered
        if each.step == COLLECTED and each.done_on.year > year
    )
    return row_as(
        Convention,
        row,
        grant=row["grant_ref"],
        goes_on_in=next_year(row["budget"]) if row["carried_over_cents"] else None,
        paid_cents=row["paid_cents"] - revenue_cents,
        has_bank_account=row["iban"] is not None,
        instalments=tuple(found),
        obligations=tuple(received.get(key, _make_awaited(*key, day)) for key, day in due.items()),
        documents=tuple(received.values()),
        recoveries=recovered,
    )


def _make_scheduled(
    key: tuple[str, int], received: Documents, due: Mapping[tuple[str, int], date]
) -> Document:
    """A document that an instalment waits for: owed by its day, where the text names any days.

    Else six months after the end of its year.
    """
    due_on = due.get(key) if due else report_due_on(key[1])
    found = received.get(key)
    return _make_awaited(*key, due_on) if found is None else replace(found, due_on=due_on)


def _instalment(
    convention: Row,
    row: Mapping[Any, Any],
    owed: tuple[Document, ...],
    orders: tuple[PaidOrder, ...],
) -> Instalment:
    wants = _wants(convention, row, owed) if _is_awaited(convention, row, orders) else ()
    given_up = row["left_out_by"] != convention["convention"]
    return row_as(
        Instalment,
        row,
        left_out_by=row["left_out_by"] if given_up else None,
        documents=owed,
        lines=tuple(row_as(PlannedLine, {**each["line"], **each}) for each in row["lines"]),
        orders=orders,
        waits_for=tuple(wants),
    )


def _is_of(order: PaymentOrder, row: Row) -> bool:
    """True if it was issued for an instalment, under whichever name."""
    name, before = row["instalment"], f"{order.convention}/{order.instalment}"
    return before == name or (order.convention, order.instalment) == (row["convention"], name)


def _is_awaited(convention: Row, row: Mapping[Any, Any], orders: Sequence[PaidOrder]) -> bool:
    """True if an order is still to come: none holds it, and neither convention nor year ended."""
    if convention["is_closed"] or convention["state"] in {TERMINATED, WITHDRAWN}:
        return False
    if any(each.order.state != "rejected" for each in orders):
        return False
    if row["left_out_by"] != convention["convention"]:
        return row["left_out_by"] is None
    # Of a grant that stood alone, what was rejected before is the convention's own to plan.
    return any(each.order.state_sequence > convention["sequence"] for each in orders)


def _wants(convention: Row, row: Mapping[Any, Any], owed: Sequence[Document]) -> Iterable[Want]:
    """Items of the schedule and the convention that have not come."""
    if row["trigger"] == BY_NOTIFICATION and convention["notified_on"] is None:
        yield Want("notification", convention["convention"])
    for each in owed:
        if not each.is_there:
            yield Want("document", f"{each.kind}/{each.year}")
    if convention["iban"] is None:
        yield Want("bank_account", convention["siret"] or "")
    if convention["state"] == SUSPENDED:
        yield Want("resumption", convention["convention"])


async def _orders(
    conn: AsyncConnection, budget: str, names: Sequence[str]
) -> tuple[PaidOrder, ...]:
    """The orders of some conventions in order of issue, with their payments."""
    found = await _select_orders.rows(conn, budget=budget, names=names)
    orders = [row_as(PaymentOrder, row) for row in found]
    issued = [each.payment_order for each in orders]
    rows = await _select_payments.rows(conn, budget=budget, orders=issued)
    of_order = {
        order.payment_order: tuple(
            row_as(Payment, row) for row in rows if row["payment_order"] == order.payment_order
        )
        for order in orders
    }
    return tuple(PaidOrder(each, of_order[each.payment_order]) for each in orders)


@PreparedQuery
def _select_orders(budget: Parameter, names: Parameters) -> Select[Any]:
    return (
        select(payment_orders)
        .where(payment_orders.c.budget == budget, payment_orders.c.convention.in_(names))
        .order_by(payment_orders.c.sequence, payment_orders.c.item)
    )


@PreparedQuery
def _select_payments(budget: Parameter, orders: Parameters) -> Select[Any]:
    return (
        select(payments)
        .where(payments.c.budget == budget, payments.c.payment_order.in_(orders))
        .order_by(payments.c.sequence)
    )


@PreparedQuery
def _money(budget: Parameter, convention: Parameter) -> Select[Any]:
    """By instalment, the sums of the moves that name it."""
    table = select_known_moves(NOW)
    return (
        select(table.c.instalment, *convention_columns(table))
        .where(table.c.budget == budget, table.c.convention == convention)
        .where(table.c.instalment.is_not(None))
        .group_by(table.c.instalment)
    )


def _make_awaited(kind: str, year: int, due_on: date | None) -> Document:
    return Document(kind, year, due_on, None, None, None, None)
