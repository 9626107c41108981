"""decide(state, event): what the ledger answers. It changes nothing and reads no clock."""

from events.budgets import BudgetVoted, CreditsTransferred
from events.codec import Received
from events.commitments import CommitmentReduced
from events.conventions import (
    ConventionAmended,
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
)
from events.deadlines import DeadlinePassed
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.book import Book, BudgetState
from services.ledger.domain.closed_years import is_refused
from services.ledger.domain.identity import shortened
from services.ledger.domain.refusals import Refusal
from services.ledger.domain.rules import (
    amendments,
    budgets,
    conventions,
    deadlines,
    deliberations,
    fiscal_years,
    payments,
    recoveries,
    reports,
    terminations,
)
from services.ledger.domain.verdicts import Accepted, Duplicate, Refused, Verdict, Waits

PARKED_MAX = 1000
"""How many events of a budget may wait at once (rules, 28)."""


def decide(state: BudgetState, received: Received) -> Verdict:
    """The verdict on an event that arrives: who it is first, then what it asks.

    Of a closed year it is not even asked who the event is (rules, 31).
    """
    memory, envelope = state.memory, received.envelope
    if is_refused(state.book, envelope.data):
        return _closed(state.book)
    known = memory.remembered.get(shortened(received.identity))
    if known is not None:
        if known == shortened(received.digest):
            return Duplicate()
        return Refused(Refusal.EVENT_ID_REUSED, {"event_id": envelope.id})
    verdict = rule(state.book, received, memory.sequence + 1)
    if isinstance(verdict, Waits) and len(memory.parked) >= PARKED_MAX:
        facts = {"budget": state.book.budget, "limit": PARKED_MAX}
        return Refused(Refusal.TOO_MANY_PARKED, facts)
    return verdict


def decide_again(state: BudgetState, received: Received) -> Accepted | Refused:
    """The verdict on a parked event, now that what it waited for is there, or never will be.

    Rules 28 and 30. What still waited when its year was closed is refused whatever it is: that a
    closed year takes recoveries helps none that came before their convention.
    """
    if state.book.closed:
        return _closed(state.book)
    verdict = rule(state.book, received, state.memory.sequence + 1)
    assert not isinstance(verdict, Waits), "a resumed event waits for nothing more"
    return verdict


def _closed(book: Book) -> Refused:
    return Refused(Refusal.FISCAL_YEAR_CLOSED, {"budget": book.budget})


def rule(book: Book, received: Received, sequence: int) -> Accepted | Refused | Waits:
    """What the rules say; `sequence` is that of the record to be written."""
    event = received.envelope.data
    on = received.envelope.time.date()
    match event:
        case PaymentExecuted():
            return payments.pay(book, event, on)
        case ReportReceived():
            return reports.receive(book, event, on, sequence)
        case PaymentOrderAcknowledged():
            return payments.acknowledge(book, event, on)
        case BudgetVoted():
            return budgets.vote(book, event)
        case CreditsTransferred():
            return budgets.transfer(book, event)
        case DeliberationAdopted():
            return deliberations.adopt(book, event, on, sequence)
        case ConventionSigned():
            return conventions.sign(book, event, on, sequence)
        case ConventionNotified():
            return conventions.notify(book, event, on)
        case ConventionAmended():
            return amendments.amend(book, event, on)
        case ConventionSuspended():
            return conventions.suspend(book, event)
        case ConventionResumed():
            return conventions.resume(book, event, on)
        case ConventionTerminated():
            return terminations.terminate(book, event)
        case DeliberationWithdrawn():
            return terminations.withdraw(book, event)
        case ReportRejected():
            return reports.reject(book, event, on)
        case CommitmentReduced():
            return amendments.reduce(book, event, on)
        case RecoveryOrdered():
            return recoveries.order(book, event, on)
        case RecoveryCollected():
            return recoveries.collect(book, event, on)
        case DeadlinePassed():
            return deadlines.look(book, event)
        case BankAccountChanged():
            return payments.change_account(book, event, on)
        case FiscalYearClosed():
            return fiscal_years.close(book, event)
        case FiscalYearOpened():  # pragma: no branch # mypy shows that no event is left
            return fiscal_years.open_next(book, event, on, sequence)
