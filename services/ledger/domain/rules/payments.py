"""Bank accounts, and what the treasury answers: acknowledgements and payments."""

from datetime import date
from typing import Any, Final

from msgspec.structs import replace

from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState
from services.ledger.domain.model.grants import bank_account_of
from services.ledger.domain.model.moves import PAY, Move
from services.ledger.domain.model.orders import (
    CLOSED,
    GIVEN_BACK,
    OrderChange,
    OrderState,
    PaymentOrder,
)
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.schedules import has_ended
from services.ledger.domain.model.verdicts import Accepted, Refused
from services.ledger.domain.order_issuing import conventions_paid_to, issue_orders, situation
from services.ledger.domain.rules.terminations import return_to_commitment


def change_account(book: Book, event: BankAccountChanged, at: Context) -> Accepted:
    """New bank details set off what waited for them, in order of signature (rules, 12 and 21)."""
    account = bank_account_of(event.bank_account)
    ruling = Accepted()
    for convention in conventions_paid_to(book, event.beneficiary.siret):
        case = situation(book, convention, at.on, account=account, reissues=True)
        issue_orders(book, case, ruling)
    return ruling


def acknowledge(book: Book, event: PaymentOrderAcknowledged, at: Context) -> Accepted | Refused:
    """The accountant's answer; a rejection gives the unpaid part back to the commitment.

    The accountant (comptable public) suspends an order and reports; the authorising officer mends
    it or requisitions in writing (GBCP, décret 2012-1246, article 38), which is excluded where
    funds or credit fall short, no service was done, the payment would not discharge, or an act is
    not enforceable (CGCT L1617-3). The event gives the result of it, taken in charge or rejected.

    Where the convention ended, its award fell, or the year was closed, it goes on to available
    credit, and the order is not issued again (rules, 17 and 31).
    """
    order = book.orders.get(event.payment_order)
    if order is None:
        return _unknown(event.payment_order)
    if order.state in CLOSED:
        return _closed(order)
    state = OrderState(event.state)
    ruling = Accepted(orders=[OrderChange(replace(order, state=state))])
    returned_cents = 0
    if state is OrderState.REJECTED:
        convention, _ = book.place_of(order)
        ruling.moves = return_to_commitment(book, order, and_released=has_ended(book, convention))
        returned_cents = order.amount_cents - order.paid_cents
    return _issue_due(book, order, at.on, ruling, returned_cents)


def pay(book: Book, event: PaymentExecuted, at: Context) -> Accepted | Refused:
    """Money left the treasury: lines fill in their order, a partial payment leaves the state."""
    order = book.orders.get(event.payment_order)
    if order is None:
        return _unknown(event.payment_order)
    if order.state in GIVEN_BACK:  # A paid order refuses more as an overpayment.
        return _closed(order)
    paid_cents = order.paid_cents + event.amount_cents
    if paid_cents > order.amount_cents:
        facts = {
            "payment_order": order.payment_order,
            "amount_cents": order.amount_cents,
            "paid_cents": order.paid_cents,
            "asked_cents": event.amount_cents,
        }
        return Refused(Refusal.OVERPAYMENT, facts)
    state = OrderState.PAID if paid_cents == order.amount_cents else order.state
    paid = replace(order, paid_cents=paid_cents, state=state)
    convention, instalment = book.place_of(order)
    moves = [
        Move(line, convention.convention, instalment, PAY, cents)
        for line, cents in order.paid_between(order.paid_cents, paid_cents)
    ]
    return _issue_due(book, order, at.on, Accepted(moves, [OrderChange(paid)]))


def _issue_due(
    book: Book, order: PaymentOrder, on: date, ruling: Accepted, returned_cents: int = 0
) -> Accepted:
    """The ruling, with the orders of the convention that the event made due (rules, 18)."""
    convention, _ = book.place_of(order)
    case = situation(book, convention, on, returned_cents=returned_cents)
    return issue_orders(book, case, ruling)


def _unknown(payment_order: str) -> Refused:
    return Refused(Refusal.UNKNOWN_PAYMENT_ORDER, {"payment_order": payment_order})


def _closed(order: PaymentOrder) -> Refused:
    facts = {"payment_order": order.payment_order, "state": order.state.value}
    return Refused(Refusal.PAYMENT_ORDER_CLOSED, facts)


def _account_changed(state: BudgetState, _record: JournalRecord, event: BankAccountChanged) -> None:
    state.book.accounts[event.beneficiary.siret] = bank_account_of(event.bank_account)
    state.touched["account"].add(event.beneficiary.siret)


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(event=BankAccountChanged, decide=change_account, apply=_account_changed, reissues=True),
    Handler(
        event=PaymentOrderAcknowledged,
        decide=acknowledge,
        payment_order=lambda event: event.payment_order,
    ),
    Handler(event=PaymentExecuted, decide=pay, payment_order=lambda event: event.payment_order),
)
