"""The orders that a slip may take: which stand on none, and what keeps each from one."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.outbound import PaymentOrderIssued
from events.texts import Euros, Translatable, _
from services.projector.database import engine_address
from services.projector.database_errors import raising_unreachable
from services.projector.tables import payment_orders
from services.treasury.application.order_changes import with_changes
from services.treasury.config.accountant import TreasuryConfig
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.slips import (
    BudgetName,
    Original,
    SlipState,
    SlipType,
    Waiting,
    unpaid_by_line,
    unpaid_cents,
)
from services.treasury.pes.writer import faults
from services.treasury.store.database import in_parts
from services.treasury.store.returned import NOTHING, Returned, returned_of
from services.treasury.store.tables import findings, orders, pieces, slips

NOT_KNOWN = _(
    "Order {order} is still being processed, and is offered as soon as that is done. Where it "
    "takes longer than a few minutes, ask the operator."
)
CANCELLED_UNKNOWN = _(
    "Order {order} was cancelled, which is still being processed: it is taken back as soon as that "
    "is done. Where it takes longer than a few minutes, ask the operator."
)
NOT_SENT = _(
    "Order {order} was cancelled, and slip {slip} on which it stands was never exported: cancel "
    "that slip. Where one that was issued after it has left it stays, so export it: then the order "
    "is taken back."
)
IN_NO_RETURN = _(
    "Order {order} was cancelled; the ledger has {paid} of it as paid, and the accountant's newest "
    "returns only {returned}. Ask the accountant for a return that names the payment that was sent "
    "by hand, or why one is named no more: what is left is taken back once both agree; see `ecluse "
    "reconcile`."
)
NOT_IN_LEDGER = _(
    "Order {order} was cancelled; the accountant's returns pay {returned} of it, and the ledger "
    "has only {paid} as paid. The rest is on its way to it, or was withheld or refused, as a "
    "finding says, open or closed: what is left is taken back once it is known; see `ecluse "
    "reconcile`."
)
ON_OTHER_LINES = _(
    "Order {order} was cancelled; returns and ledger have {paid} of it as paid, but the returns "
    "pay more on a line than the order has there. Have the accountant correct the return: what is "
    "left is taken back once it does not."
)

REJECTED_BEFORE = _(
    "Order {order} was cancelled, and the accountant rejected the piece that takes it back: ask "
    "why. It goes on another slip once the finding about it is closed."
)

_read_order = msgspec.json.Decoder(PaymentOrderIssued).decode


class _Known(NamedTuple):
    """An order as the read model has it."""

    state: str
    paid_cents: int


_UNTOUCHED: Final = _Known("issued", 0)
"""An order that nobody has cancelled or answered."""


def is_candidate(slip_type: SlipType) -> ColumnElement[bool]:
    """Condition: the order may go on a slip of this type, and is on none."""
    in_question = _in_question(slip_type)
    if slip_type is SlipType.PAYMENT:
        return and_(orders.c.slip_id.is_(None), in_question)
    return and_(orders.c.slip_id.is_not(None), orders.c.cancelling_slip_id.is_(None), in_question)


def is_on_unsent() -> ColumnElement[bool]:
    """Condition: the order stands on a slip that pays and was never exported."""
    unsent = select(slips.c.slip_id).where(slips.c.exported_at.is_(None))
    return orders.c.slip_id.in_(unsent)


def _in_question(slip_type: SlipType) -> ColumnElement[bool]:
    return orders.c.cancelled == 0 if slip_type is SlipType.PAYMENT else orders.c.cancelled != 0


async def candidates(
    connection: AsyncConnection,
    read_model: AsyncEngine,
    config: TreasuryConfig,
    which: ColumnElement[bool],
) -> list[Waiting]:
    """Of these orders those that stand on no slip of a type that may take them."""
    found: list[Waiting] = []
    for slip_type in SlipType:
        on_none = which & is_candidate(slip_type)
        found += await waiting_orders(connection, read_model, config, slip_type, on_none)
    return found


async def waiting_orders(
    connection: AsyncConnection,
    read_model: AsyncEngine,
    config: TreasuryConfig,
    slip_type: SlipType,
    which: ColumnElement[bool],
) -> list[Waiting]:
    """Of these orders those that a slip of this type may take, now or later; the oldest first.

    What was cancelled before it was sent is left out, and so is what the accountant has answered.
    """
    rows = (await connection.execute(_stored(slip_type, which))).all()
    read = [(_read_order(row.message), row) for row in rows]
    # Before the ledger's: a payment that comes in between is held for a moment, not taken back.
    is_asked = slip_type is SlipType.CANCELLATION
    returned = await returned_of(connection, which & _in_question(slip_type)) if is_asked else {}
    asks = await _rejected_before(connection) if is_asked else set()
    known = await _known(read_model, [(order.budget, order.payment_order) for order, _row in read])
    found = []
    for order, row in read:
        name = (order.budget, order.payment_order)
        state = known.get(name)
        if slip_type is SlipType.PAYMENT:
            waiting = _to_pay(order, row.slip_id, state, config)
        else:
            waiting = _to_take_back(order, row, state, returned.get(name, NOTHING), config)
            if waiting is not None and name in asks:
                reason = REJECTED_BEFORE.render({"order": order.payment_order})
                waiting = replace(waiting, reasons=(reason, *waiting.reasons))
        if waiting is not None:
            found.append(waiting)
    if slip_type is SlipType.PAYMENT:
        found = await with_changes(connection, read_model, found)
    return sorted(found, key=lambda each: (each.order.issued_on, each.order.payment_order))


def _stored(slip_type: SlipType, which: ColumnElement[bool]) -> Select[tuple[bytes, str | None]]:
    if slip_type is SlipType.PAYMENT:
        return select(orders.c.message, orders.c.slip_id).where(which, _in_question(slip_type))
    its_piece = and_(
        pieces.c.slip_id == orders.c.slip_id,
        pieces.c.budget == orders.c.budget,
        pieces.c.payment_order == orders.c.payment_order,
    )
    return (
        select(
            orders.c.message,
            slips.c.slip_id,
            slips.c.number.label("slip_number"),
            pieces.c.number.label("piece_number"),
            slips.c.exported_at,
        )
        .join(slips, slips.c.slip_id == orders.c.slip_id)
        .join(pieces, its_piece)
        .where(
            which,
            _in_question(slip_type),
            slips.c.state.in_((SlipState.ISSUED, SlipState.ACCEPTED)),
        )
    )


async def _rejected_before(connection: AsyncConnection) -> set[tuple[str, str]]:
    """The orders whose cancelling piece the accountant rejected, in a finding that is open."""
    of = findings.c
    asked = select(of.budget, of.payment_order).where(
        of.kind == FindingKind.CANCELLATION_REJECTED, of.closed_at.is_(None)
    )
    return {(row.budget, row.payment_order) for row in await connection.execute(asked)}


async def answered_or_cancelled_since(
    connection: AsyncConnection, read_model: AsyncEngine, slip_id: str
) -> list[str]:
    """The orders of a slip that pays which were cancelled or answered since it was issued."""
    its = and_(orders.c.budget == pieces.c.budget, orders.c.payment_order == pieces.c.payment_order)
    asked = select(orders.c.budget, orders.c.payment_order, orders.c.cancelled).join(pieces, its)
    rows = (await connection.execute(asked.where(pieces.c.slip_id == slip_id))).all()
    known = await _known(read_model, [(row.budget, row.payment_order) for row in rows])
    return sorted(
        row.payment_order
        for row in rows
        if row.cancelled or known.get((row.budget, row.payment_order), _UNTOUCHED) != _UNTOUCHED
    )


async def changed_since(
    connection: AsyncConnection, read_model: AsyncEngine, slip_id: str
) -> list[str]:
    """The orders of a cancelling slip whose amounts differ from what is left to take back now.

    An order about which returns and ledger disagree is among them.
    """
    its = and_(orders.c.budget == pieces.c.budget, orders.c.payment_order == pieces.c.payment_order)
    asked = select(orders.c.message, pieces.c.line_cents).join(pieces, its)
    rows = (await connection.execute(asked.where(pieces.c.slip_id == slip_id))).all()
    read = [(_read_order(row.message), tuple(row.line_cents)) for row in rows]
    returned = await returned_of(connection, orders.c.cancelling_slip_id == slip_id)
    known = await _known(
        read_model, [(order.budget, order.payment_order) for order, _cents in read]
    )
    changed = []
    for order, line_cents in read:
        name = (order.budget, order.payment_order)
        state, answers = known.get(name), returned.get(name, NOTHING)
        if state is None or answers.is_rejected or line_cents != _left(order, state, answers):
            changed.append(order.payment_order)
    return sorted(changed)


async def _known(
    read_model: AsyncEngine, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], _Known]:
    of = payment_orders.c
    found: dict[tuple[str, str], _Known] = {}
    async with raising_unreachable(engine_address(read_model)), read_model.connect() as connection:
        for budget, names in _by_budget(wanted):
            for named in in_parts(names):
                asked = select(of.payment_order, of.state, of.paid_cents).where(
                    of.budget == budget, of.payment_order.in_(named)
                )
                for name, state, paid_cents in await connection.execute(asked):
                    found[budget, name] = _Known(state, paid_cents)
    return found


def _by_budget(wanted: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    return [
        (budget, [name for _budget, name in named])
        for budget, named in groupby(sorted(wanted), key=lambda each: each[0])
    ]


def _to_pay(
    order: PaymentOrderIssued, slip_id: str | None, known: _Known | None, config: TreasuryConfig
) -> Waiting | None:
    """None where the order was cancelled, or answered by the accountant on another way."""
    if known is not None and known != _UNTOUCHED:
        return None
    unknown = () if known else (NOT_KNOWN.render({"order": order.payment_order}),)
    line_cents = tuple(each.amount_cents for each in order.lines)
    reasons = (*unknown, *faults(order, config))
    return Waiting(order, SlipType.PAYMENT, line_cents, None, reasons, slip_id=slip_id)


def _to_take_back(
    order: PaymentOrderIssued,
    row: Row[tuple[bytes, str | None]],
    known: _Known | None,
    returned: Returned,
    config: TreasuryConfig,
) -> Waiting | None:
    """None where nothing is left: the accountant has paid all of it, or rejected it."""
    reasons = list(faults(order, config))
    if known is None or known.state != "cancelled":
        reasons.insert(0, CANCELLED_UNKNOWN.render({"order": order.payment_order}))
    if row.exported_at is None:
        facts = {"order": order.payment_order, "slip": row.slip_id}
        reasons.insert(0, NOT_SENT.render(facts))
    state = known or _UNTOUCHED
    line_cents = _left(order, state, returned)
    if returned.is_rejected or line_cents == (0,) * len(order.lines):
        return None
    if line_cents is None:
        line_cents = unpaid_cents((each.amount_cents for each in order.lines), state.paid_cents)
        reasons.append(_differ(order, returned, state.paid_cents))
    year = BudgetName.of(order.budget).year
    original = Original(row.slip_number, row.piece_number, year)
    return Waiting(order, SlipType.CANCELLATION, line_cents, original, tuple(reasons))


def _left(order: PaymentOrderIssued, known: _Known, returned: Returned) -> tuple[int, ...] | None:
    """The unpaid part of each line; None where returns and ledger differ about its payments."""
    return unpaid_by_line(
        [each.amount_cents for each in order.lines],
        known.paid_cents,
        returned.by_line,
        returned.refused_cents,
    )


def _differ(order: PaymentOrderIssued, returned: Returned, paid_cents: int) -> Translatable:
    """The reason for which an order waits: returns and ledger differ about its payments."""
    text, returned_cents = ON_OTHER_LINES, sum(returned.by_line.values())
    if returned_cents < paid_cents:
        text = IN_NO_RETURN
    elif returned_cents > paid_cents + returned.refused_cents:
        text = NOT_IN_LEDGER
    amounts = {"returned": Euros(returned_cents), "paid": Euros(paid_cents)}
    return text.render({"order": order.payment_order, **amounts})
