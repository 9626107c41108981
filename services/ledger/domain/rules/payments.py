"""Payment orders acknowledged and paid, bank accounts, recoveries."""

from collections.abc import Callable, Iterable
from sys import intern
from typing import Any, Final

from msgspec.structs import replace

from events.payments import (
    BankAccountChanged,
    PaymentExecuted,
    PaymentOrderAcknowledged,
    RecoveryCollected,
    RecoveryOrdered,
)
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.answers import Flag, FlagCode, Missing, Refusal
from services.ledger.domain.model.book import YEAR_DIGITS, Book, BudgetState, Want, recovery_id
from services.ledger.domain.model.conventions import Convention, RecoveredLine, Recovery
from services.ledger.domain.model.grants import bank_account_of
from services.ledger.domain.model.life_cycle import enter
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import PAY, RECOVER, Move
from services.ledger.domain.model.orders import (
    CLOSED,
    GIVEN_BACK,
    TRANSITIONS,
    OrderChange,
    OrderState,
    PaymentOrder,
)
from services.ledger.domain.model.schedules import amounts_by_line, collect_by_line, has_ended
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, refuse_or_wait
from services.ledger.domain.order_issuing import conventions_paid_to, issue_orders, situation
from services.ledger.domain.rules.amendments import return_to_commitment


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
        return _refuse_closed(order)
    state = enter(TRANSITIONS, order.state, event.TYPE, OrderState(event.state))
    ruling = Accepted(orders=[OrderChange(replace(order, state=state))])
    convention, _ = book.place_of(order)
    returned_cents = 0
    if state is OrderState.REJECTED:
        ruling.moves = return_to_commitment(book, order, and_released=has_ended(book, convention))
        returned_cents = order.amount_cents - order.paid_cents
    return _issue_due(book, convention, at, ruling, returned_cents)


def pay(book: Book, event: PaymentExecuted, at: Context) -> Accepted | Refused:
    """Money left the treasury: lines fill in their order, a partial payment leaves the state."""
    order = book.orders.get(event.payment_order)
    if order is None:
        return _unknown(event.payment_order)
    if order.state in GIVEN_BACK:  # A paid order refuses more as an overpayment.
        return _refuse_closed(order)
    paid_cents = order.paid_cents + event.amount_cents
    if paid_cents > order.amount_cents:
        facts = {
            "payment_order": order.payment_order,
            "amount_cents": order.amount_cents,
            "paid_cents": order.paid_cents,
            "asked_cents": event.amount_cents,
        }
        return Refused(Refusal.OVERPAYMENT, facts)
    state = order.state
    if paid_cents == order.amount_cents:
        state = enter(TRANSITIONS, state, event.TYPE, OrderState.PAID)
    paid = replace(order, paid_cents=paid_cents, state=state)
    convention, instalment = book.place_of(order)
    moves = [
        Move(line, convention.convention, instalment, PAY, cents)
        for line, cents in order.split_payment(order.paid_cents, paid_cents)
    ]
    return _issue_due(book, convention, at, Accepted(moves, [OrderChange(paid)]))


def _unknown(payment_order: str) -> Refused:
    return Refused(Refusal.UNKNOWN_PAYMENT_ORDER, {"payment_order": payment_order})


def _refuse_closed(order: PaymentOrder) -> Refused:
    facts = {"payment_order": order.payment_order, "state": order.state.value}
    return Refused(Refusal.PAYMENT_ORDER_CLOSED, facts)


def _account_changed(state: BudgetState, _record: JournalRecord, event: BankAccountChanged) -> None:
    state.book.accounts[event.beneficiary.siret] = bank_account_of(event.bank_account)
    state.touched["account"].add(event.beneficiary.siret)


def order_recovery(book: Book, event: RecoveryOrdered, at: Context) -> Accepted | Refused | Waits:
    """Money is asked back: at most what was paid and nobody asked back yet; nothing moves."""
    convention = book.recoverable_convention(event.convention)
    if convention is None:
        return refuse_or_wait(book, event.convention)
    headroom_cents = convention.recoverable_cents
    refused = _exceeds(event, convention, headroom_cents, convention.sum_recoverable_by_line)
    if refused is not None:
        return refused
    return _issue_due(book, convention, at, Accepted())


def collect_recovery(
    book: Book, event: RecoveryCollected, at: Context
) -> Accepted | Refused | Waits:
    """Money has come back: in the budget's year it reopens credit, later it is revenue.

    A closed year has no credit to reopen: what comes then is revenue too (account 773; rules, 31).
    """
    convention = book.recoverable_convention(event.convention)
    recovery = None if convention is None else convention.recoveries.get(event.recovery)
    if book.closed and convention is None:
        return refuse_or_wait(book, event.convention)
    if book.closed and recovery is None:
        recovery = Recovery()  # Nothing was asked back under that number, and nothing is awaited.
    if convention is None or recovery is None:
        # Nobody can ask it back before the convention is there: one wait stands for both.
        return Waits(Want(Missing.RECOVERY, recovery_id(event.convention, event.recovery)))
    refused = _exceeds(event, convention, recovery.outstanding_cents, convention.sum_paid_by_line)
    if refused is not None:
        return refused
    ruling = Accepted()
    if book.closed or event.on.year > int(book.budget[-YEAR_DIGITS:]):
        facts = {
            "convention": convention.convention,
            "recovery": event.recovery,
            "amount_cents": event.total_cents,
        }
        ruling.flags.append(Flag(FlagCode.RECOVERY_IS_REVENUE, facts))
    else:
        ruling.moves = [
            Move(line, convention.convention, None, RECOVER, cents)
            for line, cents in collect_by_line(event, convention).items()
        ]
    return _issue_due(book, convention, at, ruling, event.total_cents)


def _issue_due(
    book: Book, convention: Convention, at: Context, ruling: Accepted, returned_cents: int = 0
) -> Accepted:
    """The ruling, with the orders that the event made due (rules, 18); a closed year has none."""
    if book.closed:
        return ruling
    case = situation(book, convention, at.on, returned_cents=returned_cents)
    return issue_orders(book, case, ruling)


def _exceeds(
    event: RecoveryOrdered | RecoveryCollected,
    convention: Convention,
    headroom_cents: int,
    headroom_by_line: Callable[[Iterable[Line]], dict[Line, int]],
) -> Refused | None:
    """The refusal of more than may be asked back, or was: in all, then on each line named."""
    asked = amounts_by_line(event.lines or ())
    headrooms = [(headroom_cents, event.total_cents)]
    headrooms += [(headroom, asked[line]) for line, headroom in headroom_by_line(asked).items()]
    for headroom, asked_cents in headrooms:
        if asked_cents > headroom:
            facts = {
                "convention": convention.convention,
                "room_cents": headroom,
                "asked_cents": asked_cents,
            }
            return Refused(Refusal.RECOVERY_EXCEEDS, facts)
    return None


def _touch_convention(state: BudgetState, event: RecoveryOrdered | RecoveryCollected) -> Convention:
    """The convention that the event names, by its grant too (rules, 13), to be changed in place."""
    convention = state.book.recoverable_convention(event.convention)
    assert convention is not None, "a recovery that was accepted is of a convention"
    return state.touch_convention(convention.convention)


def _apply_order(state: BudgetState, _record: JournalRecord, event: RecoveryOrdered) -> None:
    convention = _touch_convention(state, event)
    before = convention.recoveries.get(event.recovery, Recovery())
    lines = dict(before.lines)
    for line, cents in amounts_by_line(event.lines or ()).items():
        named = before.get_line(line)
        lines[line] = named._replace(ordered_cents=named.ordered_cents + cents)
    asked = before._replace(ordered_cents=before.ordered_cents + event.total_cents, lines=lines)
    convention.recoveries = {**convention.recoveries, intern(event.recovery): asked}


def _apply_collection(state: BudgetState, record: JournalRecord, event: RecoveryCollected) -> None:
    """The sum that came back, on the lines on which it moved; else it is revenue (rules, 27)."""
    moved = {each.line: each.amount_cents for each in record.moves if each.kind is RECOVER}
    convention = _touch_convention(state, event)
    before = convention.recoveries[event.recovery]
    lines = dict(before.lines)
    for line, cents in (moved or collect_by_line(event, convention)).items():
        ordered, collected, revenue = before.get_line(line)
        lines[line] = RecoveredLine(ordered, collected + cents, revenue + (0 if moved else cents))
    after = Recovery(
        before.ordered_cents,
        before.collected_cents + event.total_cents,
        before.revenue_cents + (0 if moved else event.total_cents),
        lines,
    )
    convention.recoveries = {**convention.recoveries, event.recovery: after}


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(event=BankAccountChanged, decide=change_account, apply=_account_changed, reissues=True),
    Handler(
        event=PaymentOrderAcknowledged,
        decide=acknowledge,
        payment_order=lambda event: event.payment_order,
    ),
    Handler(event=PaymentExecuted, decide=pay, payment_order=lambda event: event.payment_order),
    Handler(
        event=RecoveryOrdered,
        decide=order_recovery,
        apply=_apply_order,
        arrivals=lambda event, _moves: (
            Want(Missing.RECOVERY, recovery_id(event.convention, event.recovery)),
        ),
        outlives_closing=True,
    ),
    Handler(
        event=RecoveryCollected,
        decide=collect_recovery,
        apply=_apply_collection,
        outlives_closing=True,
    ),
)
