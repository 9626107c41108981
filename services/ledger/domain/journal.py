"""Journal records: what one event led to, chained by hashes so that it can be proved alone.

The bytes of a record are canonical JSON of everything but `hash`, `source` and `event`, over which
the hash is taken, with those three spliced in behind: one encoding serves hash and record.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from events import journal
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import Move, move_from_row
from services.ledger.domain.model.orders import OrderChange, order_from_row

VERSION = 1
"""The version of the record's shape."""

RULES_VERSION = 1
"""The version of the rules that decided: raised when a recorded history would decide otherwise."""

_spell = msgspec.json.Encoder().encode
_spell_in_order = msgspec.json.Encoder(order="deterministic").encode
"""Sorts dictionaries; the members of a struct stay as they are declared."""


class Outcome(StrEnum):
    """The outcomes of a record that was read."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    PARKED = "parked"
    DEAD_LETTER = "dead_letter"


class Source(NamedTuple):
    """The position at which a record was read."""

    topic: str
    partition: int
    offset: int


class JournalRecord(msgspec.Struct):
    """One record of the journal; None and empty stand for nothing."""

    budget: str
    sequence: int
    previous_hash: str
    source: Source
    outcome: Outcome
    event: bytes | None
    event_sha256: str
    event_id: str | None = None
    event_source: str | None = None
    digest: str | None = None
    resumes: int | None = None
    waits_for: dict[str, str] | None = None
    refusal: dict[str, Any] | None = None
    dead_letter: dict[str, Any] | None = None
    review_flags: Sequence[dict[str, Any]] = ()
    moves: Sequence[Move] = ()
    commitment_entries: Sequence[dict[str, Any]] = ()
    payment_orders: Sequence[OrderChange] = ()
    version: int = VERSION
    rules_version: int = RULES_VERSION
    hash: str = ""

    def seal(self) -> bytes:
        """Take the hash, and give the record's bytes: one line of JSON."""
        body = _spell_in_order(self._build_hashed_members())
        self.hash = sha256(body).hexdigest()
        event = b"null" if self.event is None else self.event
        topic, partition, offset = self.source
        source = _source_head(topic, partition)
        end = b"%d}}" % offset
        hash_ = self.hash.encode()
        return b"".join((body[:-1], b',"event":', event, b',"hash":"', hash_, b'",', source, end))

    def _build_hashed_members(self) -> journal.HashedMembers:
        # Enumerations are spelled as their values; members that few records have stay dictionaries,
        # whose keys the encoder sorts.
        entries: Any = self.commitment_entries or None
        orders: Any = None
        if self.payment_orders:
            orders = [_change(each, self.budget) for each in self.payment_orders]
        refusal: Any = self.refusal
        flags: Any = self.review_flags or None
        want: Any = self.waits_for
        moves: Any = [_move(each) for each in self.moves] if self.moves else None
        outcome: Any = self.outcome
        return journal.HashedMembers(
            self.budget,
            entries,
            self.dead_letter,
            self.digest,
            self.event_id,
            self.event_sha256,
            self.event_source,
            moves,
            outcome,
            orders,
            self.previous_hash,
            refusal,
            self.resumes,
            flags,
            self.rules_version,
            self.sequence,
            self.version,
            want,
        )


@lru_cache
def _source_head(topic: str, partition: int) -> bytes:
    """The member `source` up to the offset."""
    source = _spell({"topic": topic, "partition": partition})
    return b'"source":%b,"offset":' % source[:-1]


def _line(line: Line) -> journal.Line:
    chapter, article, function, operation = line
    return journal.Line(article=article, chapter=chapter, function=function, operation=operation)


def _move(move: Move) -> journal.Move:
    line, convention, instalment, kind, amount_cents = move
    origin: Any = kind.origin
    target: Any = kind.target
    return journal.Move(amount_cents, convention, origin, instalment, _line(line), target)


def _change(change: OrderChange, budget: str) -> journal.ChangedOrder | dict[str, Any]:
    order = change.order
    state: Any = order.state
    if change.issued is not None:
        return change.row(budget)
    return journal.ChangedOrder(
        order.amount_cents,
        order.convention,
        order.due_on,
        order.instalment,
        order.paid_cents,
        order.payment_order,
        state,
    )


ISSUED_WITH = ("beneficiary", "bank_account", "acts", "title", "issued_on", "previous")
"""The members that an issued order carries beyond its state (rules, 25)."""


class _Read(msgspec.Struct, forbid_unknown_fields=True):
    """The members of a record as its bytes have them; the event's stay bytes."""

    budget: str
    sequence: int
    previous_hash: str
    source: dict[str, Any]
    outcome: Outcome
    event: msgspec.Raw
    event_sha256: str
    hash: str
    moves: list[dict[str, Any]] | None
    commitment_entries: list[dict[str, Any]] | None
    payment_orders: list[dict[str, Any]] | None
    review_flags: list[dict[str, Any]] | None
    version: int
    rules_version: int
    event_id: str | None = None
    event_source: str | None = None
    digest: str | None = None
    resumes: int | None = None
    waits_for: dict[str, str] | None = None
    refusal: dict[str, Any] | None = None
    dead_letter: dict[str, Any] | None = None


_read = msgspec.json.Decoder(_Read).decode


def read_record(raw: bytes) -> JournalRecord:
    """The record that `seal` wrote; ValueError where it is none, or its hash does not fit it."""
    row = _read(raw)
    event = bytes(row.event)
    record = JournalRecord(
        budget=row.budget,
        sequence=row.sequence,
        previous_hash=row.previous_hash,
        source=Source(**row.source),
        outcome=row.outcome,
        event=None if event == b"null" else event,
        event_sha256=row.event_sha256,
        event_id=row.event_id,
        event_source=row.event_source,
        digest=row.digest,
        resumes=row.resumes,
        waits_for=row.waits_for,
        refusal=row.refusal,
        dead_letter=row.dead_letter,
        review_flags=row.review_flags or (),
        moves=[move_from_row(each) for each in row.moves or ()],
        commitment_entries=row.commitment_entries or (),
        payment_orders=[_change_from_row(each) for each in row.payment_orders or ()],
        version=row.version,
        rules_version=row.rules_version,
    )
    record.seal()
    if record.hash != row.hash:
        raise ValueError(f"record {record.budget}/{record.sequence}: its hash does not fit it")
    return record


def _change_from_row(row: dict[str, Any]) -> OrderChange:
    issued = {name: row[name] for name in ISSUED_WITH} if "issued_on" in row else None
    return OrderChange(order_from_row(row), issued)
