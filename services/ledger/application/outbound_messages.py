"""Messages of the decisions of a batch, as bytes for the output topics.

Everything but dead letters is a CloudEvent in structured mode. Ids are derived from the record, so
that readers recognise repeats; the members of `data` are those of events/outbound.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from events import topics
from events.codec import BYTES_MAX, EVENT_BYTES_MAX, Headers
from events.conventions import ConventionSigned
from events.envelope import LEDGER, Envelope, Event
from events.outbound import (
    BalanceUpdated,
    CommitmentEntryRecorded,
    EventParked,
    EventRefused,
    EventUnreadable,
    Outbound,
    PaymentOrderCancelled,
    PaymentOrderIssued,
)
from events.unreadable import Unreadable, explain
from services.ledger.application.handle import (
    DEAD_LETTER_HEAD_BYTES,
    DeadLettered,
    Decided,
    RawRecord,
    RecordedEvent,
    keep_bytes,
)
from services.ledger.domain.fiscal_year import InternalEvent
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.conventions import ConventionMoney
from services.ledger.domain.model.lines import Line, LineMoney
from services.ledger.explain.sentences import explain_wait, refusal_sentence
from services.texts.language import Language
from services.texts.translation import both, translate

STRUCTURED: Final[Headers] = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
"""The headers of every CloudEvent published."""

CANCELLED: Final = "cancelled"
"""The state of an order that may no longer be paid."""

DIGEST_BYTES: Final = 8
"""The bytes of a balance key's hash in the id of its messages."""

HEADERS_BYTES_MAX: Final = EVENT_BYTES_MAX
"""The bytes kept of a dead letter's own headers: with its value, far below a record's limit."""

HEADER_BYTES: Final = 16
"""The size of a header beside its name and its value, at most."""

CONNECT: Final = {
    "connector.name": topics.LEDGER_GROUP,
    "stage": "VALUE_CONVERTER",
    "class.name": "ecluse.ledger",
}
"""Headers that Kafka Connect writes of each dead letter, and tools group by."""

TIMESTAMP_MAX_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: clients may write any timestamp."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_spell: Final = msgspec.json.Encoder().encode


class OutboundRecord(NamedTuple):
    """A record to be written; the topic as the contract names it, without a cluster's prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    """None removes the key from a compacted topic."""
    headers: Headers
    home: str | None = None
    """The budget whose partition it is written to; None: that of its source (design, 6)."""


def messages(
    decided: Iterable[Decided], budgets: Mapping[str, BudgetState]
) -> list[OutboundRecord]:
    """The messages of one batch; `budgets` are in their state after it.

    Entries, orders and answers are in the order of the records. Of each balance only the last one
    is published, after all others: its topic is compacted.
    """
    sent: list[OutboundRecord] = []
    moved: dict[_Balance, _Cause] = {}
    for each in decided:
        if isinstance(each, DeadLettered):
            sent += _dead_letter(each)
        elif each.record.outcome is Outcome.ACCEPTED:
            cause = _Cause(each.record, each.envelope)
            sent += _list_accepted(cause, each.internal_events)
            for balance in _list_moved(each, budgets):
                moved[balance] = cause
        elif each.record.outcome is not Outcome.DUPLICATE:
            sent.append(_answer(_Cause(each.record, each.envelope)))
    sent += [_balance(each, cause, budgets) for each, cause in moved.items()]
    return sent


def balances(
    accepted: Iterable[RecordedEvent], budgets: Mapping[str, BudgetState]
) -> Iterator[OutboundRecord]:
    """The balances that accepted records changed, in their state after these."""
    moved: dict[_Balance, _Cause] = {}
    for each in accepted:
        cause = _Cause(each.record, each.envelope)
        moved.update(dict.fromkeys(_list_moved(each, budgets), cause))
    for balance, cause in moved.items():
        yield _balance(balance, cause, budgets)


class PrintedLine(msgspec.Struct):
    """A budget line as the contract prints it; slotted, since most messages hold one."""

    chapter: str
    article: str
    function: str | None
    operation: str | None


class PrintedLineBalance(msgspec.Struct):
    """The money of a line as the contract prints it."""

    budget: str
    line: PrintedLine
    appropriated_cents: int
    available_cents: int
    reserved_cents: int
    committed_cents: int
    ordered_cents: int
    paid_cents: int
    carried_over_cents: int


class PrintedConventionBalance(msgspec.Struct):
    """The money of a convention on a line as the contract prints it."""

    budget: str
    convention: str
    line: PrintedLine
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int


class _BalanceUpdated(msgspec.Struct):
    balance: PrintedLineBalance | PrintedConventionBalance
    sequence: int


_Balance = tuple[str, str | None, Line]
"""The name of a balance: budget, line, and the convention where it is one's. A plain tuple: two
are made and looked up for each move."""


def _name(balance: _Balance) -> tuple[bytes, str]:
    """The key of a balance on its topic, and its digest in the ids of its messages."""
    budget, convention, line = balance
    # In a list, an absent code differs from any text, and two codes never run together.
    key = _spell([budget, *line] if convention is None else [budget, convention, *line])
    return key, sha256(key).hexdigest()[: 2 * DIGEST_BYTES]


def _head(model: type[Outbound]) -> bytes:
    """The common beginning of all messages of a type, up to their id."""
    shared = {
        "specversion": "1.0",
        "source": LEDGER,
        "type": model.TYPE,
        "datacontenttype": "application/json",
    }
    return _spell(shared)[:-1] + b',"id":'


_ENTRY = _head(CommitmentEntryRecorded)
_ISSUED = _head(PaymentOrderIssued)
_CANCELLED = _head(PaymentOrderCancelled)
_UPDATED = _head(BalanceUpdated)
_REFUSED = _head(EventRefused)
_PARKED = _head(EventParked)
_UNREADABLE = _head(EventUnreadable)


class _Attributes(msgspec.Struct, omit_defaults=True):
    """The attributes of a message that are its cause's."""

    time: str
    partitionkey: str
    causationid: str
    correlationid: str | None = None
    traceparent: str | None = None


class _Cause(msgspec.Struct):
    """The cause of messages: a journal record, with the attributes of its event."""

    record: JournalRecord
    envelope: Envelope[Event]
    about: bytes = b""

    @property
    def key(self) -> bytes:
        """The key of its messages, but for balances."""
        return self.record.budget.encode()

    def value(self, head: bytes, event_id: str, data: Any) -> bytes:
        """The bytes of one message."""
        if not self.about:  # A balance that moves again in the batch is not written.
            self.about = self._attributes()
        return _value(head, event_id, self.about, data)

    def _attributes(self) -> bytes:
        envelope = self.envelope
        attributes = _Attributes(
            envelope.time.isoformat(),
            self.record.budget,
            envelope.id,
            envelope.correlationid,
            envelope.traceparent,
        )
        return _spell(attributes)[1:-1]


def _value(head: bytes, event_id: str, about: bytes, data: Any) -> bytes:
    return b"".join((head, _spell(event_id), b",", about, b',"data":', _spell(data), b"}"))


def _list_accepted(
    cause: _Cause, internal_events: Iterable[InternalEvent]
) -> Iterator[OutboundRecord]:
    """The entries of a record, the orders that it issued or cancelled, and its internal events."""
    record = cause.record
    for entry in record.commitment_entries:
        # In the order of the model, so that a person finds the id first.
        data = {"entry_id": entry["entry_id"], "budget": record.budget, **entry}
        data["sequence"] = record.sequence
        value = cause.value(_ENTRY, entry["entry_id"], data)
        yield OutboundRecord(topics.COMMITMENT_ENTRIES, cause.key, value, STRUCTURED)
    for change in record.payment_orders:
        # The number of an order is its own in its budget only, and it is issued there once.
        name = f"{record.budget}/{change.order.payment_order}"
        if change.issued is not None:
            value = cause.value(_ISSUED, f"{name}/issued", change.row(record.budget))
        elif change.order.state == CANCELLED:
            value = cause.value(_CANCELLED, f"{name}/cancelled", change.order.row(record.budget))
        else:
            continue
        yield OutboundRecord(topics.PAYMENT_ORDERS, cause.key, value, STRUCTURED)
    for budget, internal_event in internal_events:
        yield OutboundRecord(
            topics.INTERNAL_EVENTS, budget.encode(), internal_event, STRUCTURED, budget
        )


def _answer(cause: _Cause) -> OutboundRecord:
    """The notice to the sender of a refused or parked event."""
    record = cause.record
    if record.refusal is not None:
        head, more = _REFUSED, record.refusal
        message = refusal_sentence(more["code"], more["facts"])
    else:
        assert record.waits_for is not None, "what is neither accepted nor refused waits"
        head, more = _PARKED, {"waits_for": record.waits_for}
        message = explain_wait(record.waits_for)
    data = {
        "budget": record.budget,
        "event_id": record.event_id,
        "event_source": record.event_source,
        "sequence": record.sequence,
        "message": asdict(both(message)),
        **more,
    }
    value = cause.value(head, f"{record.budget}/{record.sequence}", data)
    return OutboundRecord(topics.REFUSALS, cause.key, value, STRUCTURED)


def _list_moved(recorded: RecordedEvent, budgets: Mapping[str, BudgetState]) -> Iterator[_Balance]:
    """The balances that an accepted record changed."""
    record, event = recorded.record, recorded.envelope.data
    budget = record.budget
    for move in record.moves:
        yield budget, None, move.line
        if move.convention is not None:
            yield budget, move.convention, move.line
    if isinstance(event, ConventionSigned):
        book = budgets[budget].book
        award = book.grants[event.grant].award
        assert award is not None, "a convention stands on an award"
        if not award.requires_convention:
            # It replaces the grant and has its money, without a move (rules, 13).
            for money in book.conventions[event.convention].lines:
                yield budget, event.grant, money.line
                yield budget, event.convention, money.line


def _balance(
    balance: _Balance, cause: _Cause, budgets: Mapping[str, BudgetState]
) -> OutboundRecord:
    """The message of a balance, or its tombstone."""
    budget, convention, line = balance
    key, digest = _name(balance)
    book, sequence = budgets[budget].book, cause.record.sequence
    row: PrintedLineBalance | PrintedConventionBalance
    if convention is None:
        row = line_balance(budget, line, book.lines[line])
    else:
        found = book.conventions.get(convention)
        if found is None:
            return OutboundRecord(topics.BALANCES, key, None, ())
        money = found.find_money(line)
        assert money is not None, "a balance that moved is known"
        row = convention_balance(budget, convention, money)
    event_id = f"{budget}/{sequence}/balance/{digest}"
    value = cause.value(_UPDATED, event_id, _BalanceUpdated(row, sequence))
    return OutboundRecord(topics.BALANCES, key, value, STRUCTURED)


def line_balance(budget: str, line: Line, money: LineMoney) -> PrintedLineBalance:
    """The balance of a line."""
    return PrintedLineBalance(
        budget,
        PrintedLine(*line),
        money.appropriated,
        money.available,
        money.reserved,
        money.committed,
        money.ordered,
        money.paid,
        money.carried_over,
    )


def convention_balance(
    budget: str, convention: str, money: ConventionMoney
) -> PrintedConventionBalance:
    """The balance of a convention on a line."""
    return PrintedConventionBalance(
        budget,
        convention,
        PrintedLine(*money.line),
        money.granted,
        money.remaining,
        money.ordered,
        money.paid,
        money.released,
        money.carried_over,
    )


def _dead_letter(dead_lettered: DeadLettered) -> Iterator[OutboundRecord]:
    """The bytes for operators, and a notice without them for the sender."""
    record, raw, unreadable = dead_lettered.record, dead_lettered.raw, dead_lettered.unreadable
    dead, why = record.dead_letter, explain(unreadable)
    assert dead is not None, "its outcome is dead_letter"
    kept = raw.value and keep_bytes(raw.value, len(raw.value), raw.source_kind)
    key = raw.key and raw.key[:DEAD_LETTER_HEAD_BYTES]
    headers = (*_own_headers(raw), *_reasons(record, dead, raw, unreadable))
    yield OutboundRecord(topics.DEAD_LETTERS, key, kept, headers)
    topic, partition, offset = raw.source
    about = _spell({"time": _instant(raw), "partitionkey": record.budget})[1:-1]
    data = {
        "reason": unreadable.reason,
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "length_bytes": dead["length"],
        "sha256": record.event_sha256,
        "message": asdict(both(why)),
    }
    value = _value(_UNREADABLE, f"{topic}/{partition}/{offset}", about, data)
    yield OutboundRecord(topics.REFUSALS, record.budget.encode(), value, STRUCTURED)


def _own_headers(raw: RawRecord) -> Headers:
    """The record's own headers, unless they are too large to be written again."""
    size_bytes = sum(
        HEADER_BYTES + len(name.encode()) + len(content or b"") for name, content in raw.headers
    )
    if size_bytes <= HEADERS_BYTES_MAX:
        return raw.headers
    return (("ecluse_dlq_headers_left_out", b"%d" % len(raw.headers)),)


def _reasons(
    record: JournalRecord, dead: dict[str, Any], raw: RawRecord, unreadable: Unreadable
) -> Headers:
    """Headers of the reason and the source: our own, and those of Kafka Connect."""
    members = {
        "reason": dead["reason"],
        "topic": raw.source.topic,
        "partition": raw.source.partition,
        "offset": raw.source.offset,
        "timestamp": raw.timestamp_ms,
    }
    if dead["length"] > BYTES_MAX[raw.source_kind]:
        members |= {"sha256": record.event_sha256, "length": dead["length"]}
    if raw.key is not None and len(raw.key) > DEAD_LETTER_HEAD_BYTES:
        members["key_length"] = len(raw.key)
    members |= {name: dead[name] for name in ("by", "why") if name in dead}
    headers = {f"ecluse_dlq_{name}": str(each) for name, each in members.items()}
    headers |= {
        f"__connect.errors.{name}": str(members[name]) for name in ("topic", "partition", "offset")
    }
    headers |= {f"__connect.errors.{name}": each for name, each in CONNECT.items()}
    headers |= {
        "__connect.errors.task.id": str(raw.source.partition),
        "__connect.errors.exception.class.name": f"ecluse.{unreadable.code.value}",
        "__connect.errors.exception.message": translate(explain(unreadable), Language.EN),
    }
    return tuple((name, text.encode()) for name, text in headers.items())


def _instant(raw: RawRecord) -> str:
    """Kafka's timestamp as RFC 3339, within the calendar."""
    assert raw.timestamp_ms is not None, "a record of Kafka has a timestamp"
    kept_ms = min(max(raw.timestamp_ms, 0), TIMESTAMP_MAX_MS)
    return (_EPOCH + timedelta(milliseconds=kept_ms)).isoformat(timespec="milliseconds")
