"""Awaited items: all that is still to come of a grant or a convention, and what each waits for.

It asks the conditions of `issue` and decides nothing.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from services.ledger.domain.limits import check_held_back
from services.ledger.domain.model.book import Book, Want, recovery_id
from services.ledger.domain.model.conventions import Convention, ConventionState, Instalment
from services.ledger.domain.model.orders import OPEN, OrderState, PaymentOrder
from services.ledger.domain.model.schedules import (
    due_again_on,
    has_ended,
    is_live,
    order_of,
    trigger_met_on,
)
from services.ledger.domain.order_issuing import PAYMENT_DELAY, Situation, due_from, situation

TREASURY = {
    OrderState.ISSUED: "acknowledgement",
    OrderState.TAKEN_IN_CHARGE: "payment",
    OrderState.ON_HOLD: "release",
}
"""The event that an open order waits for, by its state (rules, 20)."""


class AwaitedItem(NamedTuple):
    """Something that is still to come, and what it waits for."""

    subject: str
    """Its kind: grant, instalment, payment_order, recovery, obligation, event."""
    id: str
    convention: str | None
    amount_cents: int | None
    """The amount that is still to be paid, ordered or collected."""
    due_on: date | None
    waits_for: tuple[Want, ...]


def list_awaited_of_grant(book: Book, name: str) -> Iterator[AwaitedItem]:
    """A grant that waits for its award, or for a first convention to be signed."""
    grant = book.grants.get(name)
    if grant is None or grant.withdrawn or book.closed:
        return
    if grant.award is None:
        yield AwaitedItem("grant", name, None, None, None, (Want("award", name),))
    elif not any(each.grant == name for each in book.conventions.values()):
        reserved_cents = sum(grant.reserved_cents.values())
        yield AwaitedItem("grant", name, None, reserved_cents, None, (Want("signature", name),))


def list_awaited(book: Book, convention: Convention) -> Iterator[AwaitedItem]:
    """All that is still to come of a convention, in schedule order; then what it owes."""
    case = situation(book, convention, convention.signed_on)
    for instalment in convention.schedule:
        if is_live(book, instalment):
            yield from _await_order(book, instalment)
        elif not has_ended(book, convention) and instalment.amount_cents:
            yield _await_instalment(book, case, instalment)
    for name, recovery in convention.recoveries.items():
        if recovery.outstanding_cents:
            asked = recovery_id(convention.convention, name)
            cents, wants = recovery.outstanding_cents, (Want("collection", asked),)
            yield AwaitedItem("recovery", asked, convention.convention, cents, None, wants)
    ended = convention.state is ConventionState.TERMINATED
    if not convention.is_carried_over and (not ended or convention.had_cents):
        yield from _await_obligations(convention)


def _await_order(book: Book, instalment: Instalment) -> Iterator[AwaitedItem]:
    """The order that holds an instalment; one of an earlier year is awaited there."""
    order = order_of(book, instalment)
    if order is not None and order.state in OPEN:
        yield _await_answer(order)


def _await_answer(order: PaymentOrder) -> AwaitedItem:
    return AwaitedItem(
        "payment_order",
        order.payment_order,
        order.convention,
        order.amount_cents - order.paid_cents,
        order.due_on,
        (Want(TREASURY[order.state], order.payment_order),),
    )


def _await_instalment(book: Book, case: Situation, instalment: Instalment) -> AwaitedItem:
    """An instalment without a live order: everything that keeps one from being issued."""
    name = case.convention.convention
    again_on, met_on = due_again_on(book, instalment), due_from(book, case, instalment)
    wants = list(_trigger(case, instalment))
    if case.account is None:
        wants.append(Want("bank_account", case.convention.beneficiary.siret))
    if case.convention.state is ConventionState.SUSPENDED:
        wants.append(Want("resumption", name))
    if check_held_back(book, case.convention) is not None:
        wants.append(Want("signed_convention", case.convention.grant))
    if not wants:
        # All is there, and an order is issued by an event alone: by any that touches the convention
        # (rules, 14), or by one of those that issue a rejected order again (rules, 21).
        rejected = case.convention.latest_order(instalment)
        wants.append(Want("reissue", rejected) if met_on is None else Want("next_event", name))
    due_on = again_on or (None if met_on is None else met_on + PAYMENT_DELAY)
    cents = instalment.amount_cents
    return AwaitedItem("instalment", instalment.instalment, name, cents, due_on, tuple(wants))


def _trigger(case: Situation, instalment: Instalment) -> Iterator[Want]:
    """The missing conditions of an instalment's trigger (rules, 19)."""
    convention = case.convention
    met = trigger_met_on(instalment, convention.signed_on, case.notified_on, case.documents)
    if met is not None:
        return
    if instalment.trigger == "notification":
        yield Want("notification", convention.convention)
    for key in instalment.documents:
        if key not in case.documents:
            yield Want("document", f"{key.kind}/{key.year}")


def _await_obligations(convention: Convention) -> Iterator[AwaitedItem]:
    """The documents that are owed by a day and have not arrived, whether or not money waits."""
    for (kind, year), due_on in convention.obligations:
        if (kind, year) not in convention.documents:
            name = f"{kind}/{year}"
            wants = (Want("document", name),)
            yield AwaitedItem("obligation", name, convention.convention, None, due_on, wants)
