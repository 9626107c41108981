"""What a journal record names: events, conventions, grants, acts, orders. Pure."""

from typing import NamedTuple

from events.budgets import BudgetVoted, CreditsTransferred
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
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.journal import JournalRecord

NONE: frozenset[str] = frozenset()


class Names(NamedTuple):
    """What an event names."""

    conventions: frozenset[str] = NONE
    grants: frozenset[str] = NONE
    orders: frozenset[str] = NONE
    acts: frozenset[str] = NONE
    """By their numbers: an act without one cannot be asked for."""
    sirets: frozenset[str] = NONE


class OrderParts(NamedTuple):
    """Which instalment of which convention a payment order pays; neither has a slash in it."""

    convention: str
    instalment: str


def order_parts(payment_order: str) -> OrderParts:
    """What the id of an order says: `<convention>/<instalment>`, `/2` behind it or not."""
    convention, _, behind = payment_order.partition("/")
    return OrderParts(convention, behind.partition("/")[0])


def names_of(event: Event) -> Names:
    """What an event names itself; what it moves besides, its record says."""
    match event:
        case BudgetVoted():
            return Names(acts=_some(event.act.number))
        case CreditsTransferred():
            return Names(acts=NONE if event.act is None else _some(event.act.number))
        case DeliberationAdopted():
            # Without a convention the award stands for one (rules, 13).
            alone = event.role == "award" and not event.requires_convention
            grant = _some(event.grant)
            return Names(grant if alone else NONE, grant, acts=_some(event.act.number))
        case DeliberationWithdrawn():
            return Names(grants=_some(event.grant), acts=_some(event.act.number))
        case ConventionSigned():
            return Names(
                _some(event.convention),
                _some(event.grant),
                acts=_some(*(act.number for act in event.acts)),
                sirets=_some(event.beneficiary.siret),
            )
        case ConventionAmended():
            acts = NONE if event.act is None else _some(event.act.number)
            return Names(_some(event.convention), acts=acts)
        case (
            ConventionNotified()
            | ConventionSuspended()
            | ConventionResumed()
            | ConventionTerminated()
            | ReportReceived()
            | ReportRejected()
            | CommitmentReduced()
            | RecoveryOrdered()
            | RecoveryCollected()
        ):
            return Names(_some(event.convention))
        case BankAccountChanged():
            return Names(sirets=_some(event.beneficiary.siret))
        case PaymentOrderAcknowledged() | PaymentExecuted():
            return Names(orders=_some(event.payment_order))
        case DeadlinePassed():
            return Names(_some(event.convention), orders=_some(event.payment_order))
        case FiscalYearClosed():
            if isinstance(event.carry_over, str):
                return Names()
            return Names(_some(*(each.convention for each in event.carry_over)))
        case FiscalYearOpened():
            return Names(
                _some(event.convention),
                _some(event.grant),
                acts=_some(*(act.number for act in event.acts)),
                sirets=_some(event.beneficiary.siret),
            )


def opened_as(record: JournalRecord, event: FiscalYearOpened) -> str:
    """The name under which a convention goes on: its moves bear it (rules, 32)."""
    return next((each.convention for each in record.moves if each.convention), event.convention)


def touched(record: JournalRecord) -> frozenset[str]:
    """The conventions whose money or orders a record changed."""
    moved = {move.convention for move in record.moves if move.convention is not None}
    return frozenset(moved | {change.order.convention for change in record.payment_orders})


def _some(*names: str | None) -> frozenset[str]:
    return frozenset(name for name in names if name is not None)
