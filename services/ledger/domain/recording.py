"""From a verdict to the journal record that keeps it."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from events.codec import Received
from events.conventions import (
    ConventionAmended,
    ConventionResumed,
    ConventionSigned,
    ConventionTerminated,
)
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.reports import ReportReceived
from services.ledger.domain.book import Book, BudgetState
from services.ledger.domain.carry_over import carried_grant, opened_name
from services.ledger.domain.closed_years import reserved_in_order
from services.ledger.domain.grants import Act, Grant, act_of
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.moves import Entry, EntryKind, entries_of
from services.ledger.domain.verdicts import Accepted, Duplicate, Refused, Verdict, Waits


def record_of(
    state: BudgetState,
    received: Received,
    verdict: Verdict,
    source: Source,
    resumes: int | None = None,
) -> JournalRecord:
    """The next record of a budget; `resumes` names the record that had parked the event."""
    envelope = received.envelope
    record = JournalRecord(
        budget=state.book.budget,
        sequence=state.memory.sequence + 1,
        previous_hash=state.memory.head,
        source=source,
        outcome=Outcome.ACCEPTED,
        event=received.raw,
        event_sha256=sha256(received.raw).hexdigest(),
        event_id=envelope.id,
        event_source=envelope.source,
        digest=received.digest.hex(),
        resumes=resumes,
    )
    match verdict:
        case Accepted():
            record.moves = verdict.moves
            record.payment_orders = verdict.orders
            if verdict.flags:
                record.review_flags = [flag.row() for flag in verdict.flags]
            record.commitment_entries = _entry_rows(state.book, received, record)
        case Refused():
            record.outcome = Outcome.REFUSED
            record.refusal = {"code": verdict.code, "facts": verdict.facts}
        case Waits():
            record.outcome = Outcome.PARKED
            record.waits_for = verdict.want._asdict()
        case Duplicate():  # pragma: no branch # mypy shows that no verdict is left
            record.outcome = Outcome.DUPLICATE
    return record


def _entry_rows(book: Book, received: Received, record: JournalRecord) -> list[dict[str, Any]]:
    """The record's commitment entries, numbered, with the act that they rest on."""
    event = received.envelope.data
    entries = list(_entries(book, event, record))
    if not entries:
        return []
    effective_on = _effective_on(event, received.envelope.time.date()).isoformat()
    return [
        {
            "entry_id": f"{record.budget}/{record.sequence}/{index}",
            "kind": entry.kind,
            "line": entry.line.row(),
            "amount_cents": entry.amount_cents,
            "act": act.row(),
            "convention": entry.convention,
            "effective_on": effective_on,
        }
        for index, (entry, act) in enumerate(entries, start=1)
    ]


def _entries(book: Book, event: Event, record: JournalRecord) -> Iterator[tuple[Entry, Act]]:
    """The entries of a record's moves, each with the act on which it rests."""
    moves = record.moves
    if isinstance(event, FiscalYearClosed):
        moves = [move for move in moves if move.convention is not None]
    for entry in entries_of(moves):
        yield entry, _act_behind(book, event, entry)
    if isinstance(event, FiscalYearClosed):
        # What was only reserved is no convention's: its entries are told apart by their acts.
        for grant, line, cents in reserved_in_order(book):
            yield Entry(EntryKind.DECOMMITMENT, line, cents, None), _award_of(book, grant)


def _effective_on(event: Event, on: date) -> date:
    """The day on which the commitment took effect: the act's own day where it has one."""
    match event:
        case DeliberationAdopted():
            return event.act.date
        case ConventionSigned() | ConventionAmended():
            return event.signed_on
        case ConventionResumed() | ConventionTerminated():
            return event.effective_on
        case ReportReceived():
            return event.received_on
        case FiscalYearClosed():
            return event.closed_on
        case _:
            return on


def _act_behind(book: Book, event: Event, entry: Entry) -> Act:
    """The act on which an entry rests: the award, or what raised it."""
    if isinstance(event, DeliberationAdopted):
        return act_of(event.act)
    if isinstance(event, ConventionAmended) and event.act is not None:
        return act_of(event.act)
    if isinstance(event, FiscalYearOpened) and entry.convention == opened_name(book, event):
        return _act_of(carried_grant(event, book.grants.get(event.grant)))
    return _award_of(book, _grant_behind(book, event, entry))


def _award_of(book: Book, grant: str) -> Act:
    return _act_of(book.grants[grant])


def _act_of(grant: Grant) -> Act:
    assert grant.award is not None, "a commitment stands on an award"
    return grant.award.act


def _grant_behind(book: Book, event: Event, entry: Entry) -> str:
    """The grant of which an entry counts the money."""
    match event:
        case DeliberationWithdrawn():
            return event.grant
        case ConventionSigned() if entry.convention == event.convention:
            return event.grant
        case ConventionTerminated():
            return book.conventions[event.convention].grant
        case _:
            assert entry.convention is not None, "what is reserved belongs to a grant"
            return book.conventions[entry.convention].grant
