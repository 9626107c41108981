"""Journal records as programs read them in an answer: without the event and its bank details."""

from collections.abc import Mapping
from typing import Any

from events.envelope import Envelope, Event
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.lines import line_from_row
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange
from services.ledger.explain.flags import flag_row
from services.ledger.explain.refusals import refusal_row

ENTRY_MEMBERS = ("entry_id", "kind", "line", "amount_cents", "act", "convention", "effective_on")


def record_row(record: JournalRecord, envelope: Envelope[Event] | None) -> dict[str, Any]:
    """A record and what an answer has of it (docs/contract.md, 5).

    `envelope` is None for a record that could not be read.
    """
    return {
        "budget": record.budget,
        "sequence": record.sequence,
        "source": record.source._asdict(),
        "event_id": record.event_id,
        "event_source": record.event_source,
        "type": None if envelope is None else envelope.type,
        "time": None if envelope is None else envelope.time.isoformat(),
        "traceparent": None if envelope is None else envelope.traceparent,
        "outcome": record.outcome.value,
        "resumes": record.resumes,
        "waits_for": record.waits_for and {name: record.waits_for[name] for name in ("kind", "id")},
        "refusal": record.refusal and refusal_row(record.refusal),
        "dead_letter": record.dead_letter and {"reason": record.dead_letter["reason"]},
        "review_flags": [flag_row(flag) for flag in record.review_flags],
        "moves": [move_row(move) for move in record.moves],
        "commitment_entries": [_entry(entry) for entry in record.commitment_entries],
        "payment_orders": [_order(change) for change in record.payment_orders],
    }


def move_row(move: Move) -> dict[str, Any]:
    """A move as a journal record holds it."""
    return {
        "line": move.line.row(),
        "convention": move.convention,
        "instalment": move.instalment,
        "from": move.kind.origin,
        "to": move.kind.target,
        "amount_cents": move.amount_cents,
    }


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    act = {name: entry["act"][name] for name in ("body", "number", "date")}
    line = line_from_row(entry["line"]).row()
    return {name: entry[name] for name in ENTRY_MEMBERS} | {"line": line, "act": act}


def _order(change: OrderChange) -> dict[str, Any]:
    """An order as it stood behind the record; its lines where it was issued, as in the journal."""
    row = change.order.row("")
    del row["budget"]
    return row | {"lines": row["lines"] if change.issued is not None else None}
