"""The orders that a slip may take: which stand on none, and what keeps each from one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.conventions import ConventionSuspended, ConventionTerminated
from events.outbound import PaymentOrderIssued
from events.texts import Euros, Translatable, _
from services.projector.database_errors import raising_unreachable
from services.projector.engine import engine_address
from services.projector.tables import bank_accounts, conventions, journal, payment_orders
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.slips import (
    BudgetName,
    Change,
    ChangeKind,
    Confirmation,
    Original,
    SlipState,
    SlipType,
    Waiting,
    unpaid_by_line,
    unpaid_cents,
)
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.writer import faults
from services.treasury.store.database import split_in_parts
from services.treasury.store.findings import NO_ANSWERS, AccountantAnswers, read_answers
from services.treasury.store.tables import confirmations, findings, orders, pieces, slips


async def note_confirmed(
    connection: AsyncConnection, budget: str, payment_order: str, confirmation: Confirmation
) -> None:
    """Keep what a person has confirmed, beside what was confirmed before."""
    row = {
        "budget": budget,
        "payment_order": payment_order,
        "record": confirmation.record,
        "confirmed_at": confirmation.at,
        "confirmed_by": confirmation.by,
    }
    await connection.execute(insert(confirmations), [row])


async def latest_confirmations(
    connection: AsyncConnection, budget: str, payment_orders: Sequence[str]
) -> dict[str, Confirmation]:
    """The confirmation of each of these orders that knew most; none of most orders."""
    of = confirmations.c
    latest: dict[str, Confirmation] = {}
    for some in split_in_parts(payment_orders):
        asked = select(of.payment_order, of.record, of.confirmed_at, of.confirmed_by)
        its = asked.where(of.budget == budget, of.payment_order.in_(some)).order_by(of.record)
        for name, *members in await connection.execute(its):
            latest[name] = Confirmation(*members)
    return latest


STOPPED: Final = {
    "suspended": ChangeKind.CONVENTION_SUSPENDED,
    "terminated": ChangeKind.CONVENTION_TERMINATED,
}
"""States of a convention that issues no order: one that was issued is older."""

_Changes = dict[str, list[Change]]
"""Changes by order; or by the convention that orders name."""


async def with_changes(
    connection: AsyncConnection, read_model: AsyncEngine, orders: Iterable[Waiting]
) -> list[Waiting]:
    """The same orders with what happened since they were issued.

    What nobody has confirmed of it is a reason that keeps an order from a slip.
    """
    found: list[Waiting] = []
    async with raising_unreachable(engine_address(read_model)), read_model.connect() as ledger:
        for budget, group in groupby(
            sorted(orders, key=lambda each: each.order.budget), key=lambda each: each.order.budget
        ):
            its = list(group)
            changes = await _changes(ledger, budget, [each.payment_order for each in its])
            confirmed = await latest_confirmations(connection, budget, list(changes))
            for each in its:
                name = each.payment_order
                judged = replace(
                    each, changes=tuple(changes.get(name, ())), confirmation=confirmed.get(name)
                )
                if judged.to_confirm is not None:
                    texts = tuple(change.text(name) for change in judged.changes)
                    judged = replace(judged, reasons=(*texts, *each.reasons))
                found.append(judged)
    return found


async def _changes(ledger: AsyncConnection, budget: str, names: Sequence[str]) -> _Changes:
    of, account = payment_orders.c, bank_accounts.c
    its_account = and_(account.budget == of.budget, account.siret == of.siret)
    asked = (
        select(of.payment_order, of.convention, of.iban, account.iban, account.sequence)
        .outerjoin(bank_accounts, its_account)
        .where(of.budget == budget)
    )
    stopped = await _list_stopped(ledger, budget)
    found: _Changes = {}
    for some in split_in_parts(names):
        rows = await ledger.execute(asked.where(of.payment_order.in_(some)))
        for name, convention, iban, in_force, record in rows:
            changes = list(stopped.get(convention, ()))
            if in_force not in {None, iban}:
                changes.insert(0, Change.replace_account(record, iban, in_force))
            if changes:
                found[name] = changes
    return found


async def _list_stopped(ledger: AsyncConnection, budget: str) -> _Changes:
    """Conventions that are suspended or terminated, by each name under which orders know them.

    An order keeps the name of its grant where a convention was signed for it later.
    """
    of = conventions.c
    types = (ConventionSuspended.TYPE, ConventionTerminated.TYPE)
    turned = select(func.max(journal.c.sequence)).where(
        journal.c.budget == of.budget,
        journal.c.convention.in_((of.convention, of.continues)),
        journal.c.event_type.in_(types),
        journal.c.outcome == "accepted",
    )
    asked = select(
        of.convention,
        of.continues,
        of.state,
        of.effective_on,
        func.coalesce(turned.scalar_subquery(), of.sequence),
    ).where(of.budget == budget, of.state.in_(STOPPED))
    found: _Changes = {}
    for name, former, state, day, record in await ledger.execute(asked):
        change = Change(kind=STOPPED[state], record=record, convention=name, on=day)
        found[name] = [change]
        if former is not None:
            found[former] = [change]
    return found


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


class _OrderState(NamedTuple):
    """An order as the read model has it."""

    state: str
    paid_cents: int


_UNTOUCHED: Final = _OrderState("issued", 0)
"""An order that nobody has cancelled or answered."""


def is_candidate(slip_type: SlipType) -> ColumnElement[bool]:
    """Condition: the order may go on a slip of this type, and is on none."""
    in_question = _is_in_question(slip_type)
    if slip_type is SlipType.PAYMENT:
        return and_(orders.c.slip_id.is_(None), in_question)
    return and_(orders.c.slip_id.is_not(None), orders.c.cancelling_slip_id.is_(None), in_question)


def is_on_unsent() -> ColumnElement[bool]:
    """Condition: the order stands on a slip that pays and was never exported."""
    unsent = select(slips.c.slip_id).where(slips.c.exported_at.is_(None))
    return orders.c.slip_id.in_(unsent)


def _is_in_question(slip_type: SlipType) -> ColumnElement[bool]:
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
    rows = (await connection.execute(_select_orders(slip_type, which))).all()
    read = [(_read_order(row.message), row) for row in rows]
    # Before the ledger's: a payment that comes in between is held for a moment, not taken back.
    is_asked = slip_type is SlipType.CANCELLATION
    answers = await read_answers(connection, which & _is_in_question(slip_type)) if is_asked else {}
    asks = await _list_rejected(connection) if is_asked else set()
    known = await _read_known(
        read_model, [(order.budget, order.payment_order) for order, _row in read]
    )
    found = []
    for order, row in read:
        name = (order.budget, order.payment_order)
        state = known.get(name)
        if slip_type is SlipType.PAYMENT:
            waiting = _to_pay(order, row.slip_id, state, config)
        else:
            waiting = _to_take_back(order, row, state, answers.get(name, NO_ANSWERS), config)
            if waiting is not None and name in asks:
                reason = REJECTED_BEFORE.render({"order": order.payment_order})
                waiting = replace(waiting, reasons=(reason, *waiting.reasons))
        if waiting is not None:
            found.append(waiting)
    if slip_type is SlipType.PAYMENT:
        found = await with_changes(connection, read_model, found)
    return sorted(found, key=lambda each: (each.order.issued_on, each.order.payment_order))


def _select_orders(
    slip_type: SlipType, which: ColumnElement[bool]
) -> Select[tuple[bytes, str | None]]:
    if slip_type is SlipType.PAYMENT:
        return select(orders.c.message, orders.c.slip_id).where(which, _is_in_question(slip_type))
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
            _is_in_question(slip_type),
            slips.c.state.in_((SlipState.ISSUED, SlipState.ACCEPTED)),
        )
    )


async def _list_rejected(connection: AsyncConnection) -> set[tuple[str, str]]:
    """The orders whose cancelling piece the accountant rejected, in a finding that is open."""
    of = findings.c
    asked = select(of.budget, of.payment_order).where(
        of.kind == FindingKind.CANCELLATION_REJECTED, of.closed_at.is_(None)
    )
    return {(row.budget, row.payment_order) for row in await connection.execute(asked)}


async def list_answered_or_cancelled(
    connection: AsyncConnection, read_model: AsyncEngine, slip_id: str
) -> list[str]:
    """The orders of a slip that pays which were cancelled or answered since it was issued."""
    its = and_(orders.c.budget == pieces.c.budget, orders.c.payment_order == pieces.c.payment_order)
    asked = select(orders.c.budget, orders.c.payment_order, orders.c.cancelled).join(pieces, its)
    rows = (await connection.execute(asked.where(pieces.c.slip_id == slip_id))).all()
    known = await _read_known(read_model, [(row.budget, row.payment_order) for row in rows])
    return sorted(
        row.payment_order
        for row in rows
        if row.cancelled or known.get((row.budget, row.payment_order), _UNTOUCHED) != _UNTOUCHED
    )


async def list_changed(
    connection: AsyncConnection, read_model: AsyncEngine, slip_id: str
) -> list[str]:
    """The orders of a cancelling slip whose amounts differ from what is left to take back now.

    An order about which returns and ledger disagree is among them.
    """
    its = and_(orders.c.budget == pieces.c.budget, orders.c.payment_order == pieces.c.payment_order)
    asked = select(orders.c.message, pieces.c.line_cents).join(pieces, its)
    rows = (await connection.execute(asked.where(pieces.c.slip_id == slip_id))).all()
    read = [(_read_order(row.message), tuple(row.line_cents)) for row in rows]
    answers = await read_answers(connection, orders.c.cancelling_slip_id == slip_id)
    known = await _read_known(
        read_model, [(order.budget, order.payment_order) for order, _cents in read]
    )
    changed = []
    for order, line_cents in read:
        name = (order.budget, order.payment_order)
        state, order_answers = known.get(name), answers.get(name, NO_ANSWERS)
        if (
            state is None
            or order_answers.is_rejected
            or line_cents != _unpaid_part(order, state, order_answers)
        ):
            changed.append(order.payment_order)
    return sorted(changed)


async def _read_known(
    read_model: AsyncEngine, order_names: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], _OrderState]:
    of = payment_orders.c
    found: dict[tuple[str, str], _OrderState] = {}
    async with raising_unreachable(engine_address(read_model)), read_model.connect() as connection:
        for budget, names in _group_by_budget(order_names):
            for some_names in split_in_parts(names):
                asked = select(of.payment_order, of.state, of.paid_cents).where(
                    of.budget == budget, of.payment_order.in_(some_names)
                )
                for name, state, paid_cents in await connection.execute(asked):
                    found[budget, name] = _OrderState(state, paid_cents)
    return found


def _group_by_budget(order_names: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    return [
        (budget, [name for _budget, name in some_names])
        for budget, some_names in groupby(sorted(order_names), key=lambda each: each[0])
    ]


def _to_pay(
    order: PaymentOrderIssued,
    slip_id: str | None,
    known: _OrderState | None,
    config: TreasuryConfig,
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
    known: _OrderState | None,
    answers: AccountantAnswers,
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
    line_cents = _unpaid_part(order, state, answers)
    if answers.is_rejected or line_cents == (0,) * len(order.lines):
        return None
    if line_cents is None:
        line_cents = unpaid_cents((each.amount_cents for each in order.lines), state.paid_cents)
        reasons.append(_differ(order, answers, state.paid_cents))
    year = BudgetName.parse(order.budget).year
    original = Original(row.slip_number, row.piece_number, year)
    return Waiting(order, SlipType.CANCELLATION, line_cents, original, tuple(reasons))


def _unpaid_part(
    order: PaymentOrderIssued, known: _OrderState, answers: AccountantAnswers
) -> tuple[int, ...] | None:
    """The unpaid part of each line; None where returns and ledger differ about its payments."""
    return unpaid_by_line(
        [each.amount_cents for each in order.lines],
        known.paid_cents,
        answers.by_line,
        answers.refused_cents,
    )


def _differ(order: PaymentOrderIssued, answers: AccountantAnswers, paid_cents: int) -> Translatable:
    """The reason for which an order waits: returns and ledger differ about its payments."""
    text, returned_cents = ON_OTHER_LINES, sum(answers.by_line.values())
    if returned_cents < paid_cents:
        text = IN_NO_RETURN
    elif returned_cents > paid_cents + answers.refused_cents:
        text = NOT_IN_LEDGER
    amounts = {"returned": Euros(returned_cents), "paid": Euros(paid_cents)}
    return text.render({"order": order.payment_order, **amounts})
