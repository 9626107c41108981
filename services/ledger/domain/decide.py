"""decide(state, event): the answer of the ledger, and its record. It changes nothing."""

from hashlib import sha256
from typing import Any

from events.codec import ReceivedEvent
from services.ledger.domain.handler import Context, entries_on_awards
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.book import PARKED_MAX, Book, BudgetState, shorten
from services.ledger.domain.model.verdicts import Accepted, Duplicate, Refused, Verdict, Waits
from services.ledger.domain.rules.table import handler_of, refuse_late


def record_of(
    state: BudgetState,
    received: ReceivedEvent,
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


def _entry_rows(book: Book, received: ReceivedEvent, record: JournalRecord) -> list[dict[str, Any]]:
    """The record's commitment entries, numbered, with the act on which they rest."""
    event = received.envelope.data
    handler = handler_of(event)
    if handler.entries is not None:
        entries = list(handler.entries(book, event, record.moves))
    elif record.moves:
        grant = None if handler.grant is None else book.grants.get(handler.grant(book, event))
        entries = list(entries_on_awards(book, record.moves, grant))
    else:
        entries = []
    if not entries:
        return []
    day = handler.effective_on
    effective_on = received.envelope.time.date() if day is None else day(event)
    return [
        {
            "entry_id": f"{record.budget}/{record.sequence}/{index}",
            "kind": entry.kind,
            "line": entry.line.row(),
            "amount_cents": entry.amount_cents,
            "act": act.row(),
            "convention": entry.convention,
            "effective_on": effective_on.isoformat(),
        }
        for index, (entry, act) in enumerate(entries, start=1)
    ]


def decide(state: BudgetState, received: ReceivedEvent) -> Verdict:
    """The verdict on an event that arrives: its identity is looked up first, then the rules.

    A closed year refuses an event before its identity is looked up (rules, 31).
    """
    memory, envelope = state.memory, received.envelope
    if state.book.closed:
        refused = refuse_late(state.book, envelope.data)
        if refused is not None:
            return refused
    known = memory.remembered.get(shorten(received.identity))
    if known is not None:
        if known == shorten(received.digest):
            return Duplicate()
        return Refused(Refusal.EVENT_ID_REUSED, {"event_id": envelope.id})
    verdict = rule(state, received)
    if isinstance(verdict, Waits) and len(memory.parked) >= PARKED_MAX:
        facts = {"budget": state.book.budget, "limit": PARKED_MAX}
        return Refused(Refusal.TOO_MANY_PARKED, facts)
    return verdict


def decide_again(state: BudgetState, received: ReceivedEvent) -> Accepted | Refused | Waits:
    """The verdict on a parked event, now that what it waited for is there (rules, 28)."""
    return rule(state, received)


def rule(state: BudgetState, received: ReceivedEvent) -> Accepted | Refused | Waits:
    """The verdict of the rules."""
    event, at = received.envelope.data, Context(received.envelope.time.date(), state.memory)
    return handler_of(event).decide(state.book, event, at)
