"""Recoveries (reversements): what was paid is asked back, and comes back (rules, 27)."""

from collections.abc import Callable, Iterable
from sys import intern
from typing import Any, Final

from events.recoveries import RecoveryCollected, RecoveryOrdered
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import YEAR_DIGITS, Book, BudgetState, Want
from services.ledger.domain.model.conventions import Convention, RecoveredLine, Recovery
from services.ledger.domain.model.flags import Flag, FlagCode
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import RECOVER, Move
from services.ledger.domain.model.refusals import Missing, Refusal
from services.ledger.domain.model.schedules import amounts_by_line, collected_by_line
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, unknown
from services.ledger.domain.order_issuing import issue_orders, situation
from services.ledger.domain.parking import recovery_id


def order(book: Book, event: RecoveryOrdered, at: Context) -> Accepted | Refused | Waits:
    """Money is asked back: at most what was paid and nobody asked back yet; nothing moves."""
    convention = book.recoverable_convention(event.convention)
    if convention is None:
        return unknown(book, event.convention)
    headroom_cents = convention.recoverable_cents()
    refused = _exceeds(event, convention, headroom_cents, convention.recoverable_by_line)
    if refused is not None:
        return refused
    return _issue_due(book, convention, at, Accepted())


def collect(book: Book, event: RecoveryCollected, at: Context) -> Accepted | Refused | Waits:
    """Money has come back: in the budget's year it reopens credit, later it is revenue.

    A closed year has no credit to reopen: what comes then is revenue too (account 773; rules, 31).
    """
    convention = book.recoverable_convention(event.convention)
    recovery = None if convention is None else convention.recoveries.get(event.recovery)
    if book.closed and convention is None:
        return unknown(book, event.convention)
    if book.closed and recovery is None:
        recovery = Recovery()  # Nothing was asked back under that number, and nothing is awaited.
    if convention is None or recovery is None:
        # Nobody can ask it back before the convention is there: one wait stands for both.
        return Waits(Want(Missing.RECOVERY, recovery_id(event.convention, event.recovery)))
    refused = _exceeds(event, convention, recovery.outstanding_cents, convention.paid_by_line)
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
            for line, cents in collected_by_line(event, convention).items()
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


def _touched(state: BudgetState, event: RecoveryOrdered | RecoveryCollected) -> Convention:
    """The convention that the event names, by its grant too (rules, 13), to be changed in place."""
    convention = state.book.recoverable_convention(event.convention)
    assert convention is not None, "a recovery that was accepted is of a convention"
    return state.touch_convention(convention.convention)


def _ordered(state: BudgetState, _record: JournalRecord, event: RecoveryOrdered) -> None:
    convention = _touched(state, event)
    before = convention.recoveries.get(event.recovery, Recovery())
    lines = dict(before.lines)
    for line, cents in amounts_by_line(event.lines or ()).items():
        named = before.on(line)
        lines[line] = named._replace(ordered_cents=named.ordered_cents + cents)
    asked = before._replace(ordered_cents=before.ordered_cents + event.total_cents, lines=lines)
    convention.recoveries = {**convention.recoveries, intern(event.recovery): asked}


def _collected(state: BudgetState, record: JournalRecord, event: RecoveryCollected) -> None:
    """The sum that came back, on the lines on which it moved; else it is revenue (rules, 27)."""
    moved = {each.line: each.amount_cents for each in record.moves if each.kind is RECOVER}
    convention = _touched(state, event)
    before = convention.recoveries[event.recovery]
    lines = dict(before.lines)
    for line, cents in (moved or collected_by_line(event, convention)).items():
        ordered, collected, revenue = before.on(line)
        lines[line] = RecoveredLine(ordered, collected + cents, revenue + (0 if moved else cents))
    after = Recovery(
        before.ordered_cents,
        before.collected_cents + event.total_cents,
        before.revenue_cents + (0 if moved else event.total_cents),
        lines,
    )
    convention.recoveries = {**convention.recoveries, event.recovery: after}


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=RecoveryOrdered,
        decide=order,
        apply=_ordered,
        arrivals=lambda event, _moves: (
            Want(Missing.RECOVERY, recovery_id(event.convention, event.recovery)),
        ),
        outlives_closing=True,
    ),
    Handler(event=RecoveryCollected, decide=collect, apply=_collected, outlives_closing=True),
)
