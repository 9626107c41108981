"""Entries, orders, answers and balances on their topics: each as the journal has it.

Messages are there exactly once; a published balance is what the journal adds up to at the record
that it names.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from events.topics import BALANCES, COMMITMENT_ENTRIES, PAYMENT_ORDERS, REFUSALS
from services.verifier.findings import Code, Differences, Findings, Place, cause
from services.verifier.input.strict_json import Path, Unreadable, read_object
from services.verifier.kafka_records import TopicRecord
from services.verifier.records import (
    LEDGER,
    Json,
    Record,
    brief,
    canonical,
)
from services.verifier.source_records import SourceFacts
from services.verifier.state.books import Books, Key
from services.verifier.state.lines import CODES, Line, line_of, show_line

ENTRY: Final = "ecluse.commitment-entry.recorded.v1"
ISSUED: Final = "ecluse.payment-order.issued.v1"
CANCELLED: Final = "ecluse.payment-order.cancelled.v1"
REFUSED: Final = "ecluse.event.refused.v1"
PARKED: Final = "ecluse.event.parked.v1"
UNREADABLE: Final = "ecluse.event.unreadable.v1"
UPDATED: Final = "ecluse.balance.updated.v1"

NAMES: Final = {
    (COMMITMENT_ENTRIES, ENTRY): ("entry_id",),
    (PAYMENT_ORDERS, ISSUED): ("budget", "payment_order"),
    (PAYMENT_ORDERS, CANCELLED): ("budget", "payment_order"),
    (REFUSALS, REFUSED): ("budget", "sequence"),
    (REFUSALS, PARKED): ("budget", "sequence"),
    (REFUSALS, UNREADABLE): ("topic", "partition", "offset"),
}
"""The types on each topic, and the members of data that identify a message."""

INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
"""An instant as RFC 3339 has it: other spellings say another one to another reader, or none."""

NO_MESSAGE: Final = (KeyError, TypeError, ValueError, RecursionError, Unreadable)
"""Errors of reading a message that is not the contract's."""

ABSENT: Final = object()
"""Stands for a member that is not there."""

TRACING: Final = ("correlationid", "traceparent")
"""Attributes that are passed on from the event."""

ABOUT: Final = (
    *("specversion", "source", "type", "datacontenttype", "partitionkey", "causationid"),
    *TRACING,
)
"""Attributes that are compared as they stand; `time` is compared as an instant."""


class _Claim(NamedTuple):
    offset: int
    body: bytes


def read_message(record: TopicRecord) -> Json:
    """A message of the ledger; where it is none, one of the errors of NO_MESSAGE."""
    kinds = [content for name, content in record.headers if name == "content-type"]
    if not kinds or not (kinds[0] or b"").startswith(b"application/cloudevents+json"):
        raise ValueError("content-type")
    message = read_object(record.value or b"")
    if not isinstance(message.get("data"), dict):
        raise TypeError("data")
    for name in ("id", "source", "type", "time", "partitionkey"):
        if not isinstance(message.get(name), str) or not message[name]:
            raise TypeError(name)
    if not INSTANT.fullmatch(message["time"]):
        raise ValueError("time")
    return message


def message_fault(error: Exception) -> str:
    """The reason why a record is no message, in English: the first cause of an error."""
    first = error.__cause__
    return cause(first if isinstance(first, Exception) else error)


def content_of(message: Json) -> bytes:
    """All that a message says, its id apart, in one spelling."""
    content = {name: each for name, each in message.items() if name != "id"}
    return canonical(content | {"time": instant(message["time"])})


def expect_message(record: Record, kind: str, data: Json) -> bytes:
    """The expected members of a message about a record."""
    event = record.event
    tracing = {name: event[name] for name in TRACING if name in event}
    about = {"time": instant(event["time"]), "causationid": event["id"], **tracing}
    return _envelope(record, kind, data, about)


def _envelope(record: Record, kind: str, data: Json, about: Json) -> bytes:
    own = {"specversion": "1.0", "datacontenttype": "application/json", "source": LEDGER}
    own |= {"type": kind, "partitionkey": record.budget}
    return canonical({**own, **about, "data": data})


@lru_cache(maxsize=16_384)
def instant(text: str) -> str:
    """An instant in one spelling, whatever its offset."""
    read = datetime.fromisoformat(text.upper())
    try:
        return read.astimezone(UTC).isoformat()
    except OverflowError:  # The first day of the year 1, or the last of 9999: as it stands.
        return read.isoformat()


def differing(expected: bytes, actual: bytes) -> Differences:
    """The members that are not the same in two spellings of what a message says."""
    if expected != actual:
        yield from _differing((), json.loads(expected), json.loads(actual))


def _differing(path: Path, expected: Any, actual: Any) -> Differences:
    """The same by path: a member says nothing of another one of its name elsewhere."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in dict.fromkeys((*expected, *actual)):
            here = (*path, name)
            yield from _differing(here, expected.get(name, ABSENT), actual.get(name, ABSENT))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, (ours, theirs) in enumerate(zip(expected, actual, strict=True)):
            yield from _differing((*path, at), ours, theirs)
    elif expected is None and actual is ABSENT:
        return  # A null says what absence says.
    elif (ours := _spell(expected)) != (theirs := _spell(actual)):
        yield ".".join(map(str, path)), ours, theirs


def _spell(value: Any) -> str:
    """A value as JSON, in which 1, 1.0, true and "1" are four things."""
    return "–" if value is ABSENT else canonical(value).decode()


def is_new(message_id: str, ids: set[bytes]) -> bool:
    """Return whether an id is not among those of its partition, and add it: each is given once."""
    before = len(ids)
    ids.add(brief(message_id.encode()))
    return len(ids) > before


class Claims:
    """The messages of one partition of the outbound topics."""

    def __init__(
        self, partition: int, ids: set[bytes], first_offsets: Counter[str], findings: Findings
    ) -> None:
        self.expired = 0
        """Messages that have reached the end of their retention."""
        self._partition = partition
        self._ids = ids
        self._findings = findings
        self._claims: dict[tuple[str, str], _Claim] = {}
        self._matched: dict[str, int] = {}
        self._first_offsets = first_offsets

    def add(self, record: TopicRecord) -> None:
        """Take note of the next message of a topic."""
        try:
            message = read_message(record)
            names = NAMES[record.topic, message["type"]]
            name = "/".join(str(message["data"][each]) for each in names)
            # Their wording is not compared: that of other messages has no such member.
            sentences = message["data"].pop("message", None) if record.topic == REFUSALS else None
            body = content_of(message)
        except NO_MESSAGE as error:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=message_fault(error))
            return
        what = f"{message['type']} {name}"
        if record.key != message["partitionkey"].encode():
            facts = {"found": record.key, "expected": message["partitionkey"].encode()}
            self._findings.add(Code.KEY_DIFFERS, record.place, **facts)
        if record.topic == REFUSALS and not _are_sentences(sentences):
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why="message.fr, message.en")
        if (record.topic, what) in self._claims or not is_new(message["id"], self._ids):
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=what)
            return
        self._claims[record.topic, what] = _Claim(record.offset, body)

    def expect(self, record: Record, books: Books, *, imported: bool = False) -> None:
        """Expect the messages of a record, whose `books` stand behind it.

        Of an `imported` one they are there only if somebody copied them: an import does not.
        """
        for topic, kind, name, data in _messages_of(record, books):
            what = f"{kind} {name}"
            if not imported or (topic, what) in self._claims:
                self._match(record.place, topic, what, expect_message(record, kind, data))

    def expect_notice(self, record: Record, facts: SourceFacts) -> None:
        """Expect the message about a dead letter, beside its bytes."""
        topic, partition, offset = record.source
        dead = record.row["dead_letter"]
        data = {"topic": topic, "partition": partition, "offset": offset}
        data |= {"reason": dead["reason"], "length_bytes": dead["length"]}
        data |= {"sha256": record.row["event_sha256"]}
        about, what = {}, f"{UNREADABLE} {topic}/{partition}/{offset}"
        if facts.timestamp_ms is not None:
            about["time"] = format_instant(facts.timestamp_ms)
        elif (claim := self._claims.get((REFUSALS, what))) is not None:
            about["time"] = json.loads(claim.body)["time"]  # Nothing else knows it any more.
        self._match(record.place, REFUSALS, what, _envelope(record, UNREADABLE, data, about))

    def _match(self, place: Place, topic: str, what: str, expected: bytes) -> None:
        claim = self._claims.pop((topic, what), None)
        if claim is None:
            if self._first_offsets[topic] and topic not in self._matched:
                self.expired += 1
            else:
                self._findings.add(Code.MESSAGE_MISSING, place, what=what)
            return
        matched = self._matched.get(topic, -1)
        if claim.offset < matched:
            self._findings.add(Code.MESSAGE_OUT_OF_ORDER, place, what=what)
        self._matched[topic] = max(claim.offset, matched)
        there = Place(topic, self._partition, claim.offset)
        self._findings.differ(Code.MESSAGE_DIFFERS, there, what, differing(expected, claim.body))

    def end(self) -> None:
        """Find each message that the journal says nothing of."""
        for (topic, what), claim in self._claims.items():
            place = Place(topic, self._partition, claim.offset)
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _messages_of(record: Record, books: Books) -> Iterator[tuple[str, str, str, Json]]:
    """The topic, type, name and data of each message that a record leads to."""
    row, here = record.row, f"{record.budget}/{record.sequence}"
    if record.outcome == "accepted":
        for entry in row["commitment_entries"] or ():
            data = {**entry, "budget": record.budget, "sequence": record.sequence}
            yield COMMITMENT_ENTRIES, ENTRY, entry["entry_id"], data
        for order in row["payment_orders"] or ():
            name = f"{record.budget}/{order['payment_order']}"
            if "issued_on" in order:
                yield PAYMENT_ORDERS, ISSUED, name, order
            elif order["state"] == "cancelled":
                yield PAYMENT_ORDERS, CANCELLED, name, books.order_row(order["payment_order"])
    elif row["refusal"] is not None or row["waits_for"] is not None:
        kind = REFUSED if row["refusal"] is not None else PARKED
        about = {name: row[name] for name in ("event_id", "event_source")}
        about |= {"budget": record.budget, "sequence": record.sequence}
        why = row["refusal"] or {"waits_for": row["waits_for"]}
        yield REFUSALS, kind, here, about | why


def format_instant(timestamp_ms: int) -> str:
    """A record's timestamp as an instant, between 1970 and 9999."""
    kept_ms = min(max(timestamp_ms, 0), 253_402_300_799_999)
    seconds, ms = divmod(kept_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000).isoformat()


def _are_sentences(sentences: Any) -> bool:
    if not isinstance(sentences, dict) or sentences.keys() != {"fr", "en"}:
        return False
    return all(isinstance(each, str) and each for each in sentences.values())


Name = tuple[str, str | None, Line]
"""A budget, and a balance in it."""

_LINE_KEY = 1 + len(CODES)


class _BalanceClaim(NamedTuple):
    offset: int
    key: Key
    body: bytes


class Balances:
    """The balances on one partition, to be compared with the books."""

    def __init__(self, partition: int, ids: set[bytes], findings: Findings) -> None:
        self._partition = partition
        self._ids = ids
        self._findings = findings
        self._claims: dict[tuple[str, int], list[_BalanceClaim]] = {}
        self._latest: dict[Name, int | None] = {}
        """The sequence of the last message of each balance; None where it was removed."""
        self._moved: dict[Name, int] = {}
        self._removed: dict[Name, Place] = {}

    def add(self, record: TopicRecord) -> None:
        """Take note of the next balance."""
        try:
            name = _name_of(record.key or b"")
            if record.value is None:
                self._latest[name] = None
                self._removed[name] = record.place
                return
            message = read_message(record)
            data = message["data"]
            balance, sequence = data["balance"], data["sequence"]
            named = (balance["budget"], balance.get("convention"))
            claimed = _check_name(*named, line_of(balance["line"]))
            body = content_of(message)
        except NO_MESSAGE as error:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=message_fault(error))
            return
        if message["type"] != UPDATED or type(sequence) is not int:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why="type, sequence")
            return
        if claimed != name:
            facts = {"found": record.key, "expected": _show_name(claimed)}
            self._findings.add(Code.KEY_DIFFERS, record.place, **facts)
        if not is_new(message["id"], self._ids):
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=_show_name(name))
        before = self._latest.get(name)
        if before is not None and before >= sequence:
            self._findings.add(Code.MESSAGE_OUT_OF_ORDER, record.place, what=_show_name(name))
        self._latest[name] = sequence
        claim = _BalanceClaim(record.offset, name[1:], body)
        self._claims.setdefault((name[0], sequence), []).append(claim)

    def follow(self, record: Record, books: Books) -> None:
        """Compare the published balances that name this accepted record with the books."""
        budget, sequence = record.budget, record.sequence
        for key in books.touched:
            self._moved[budget, *key] = sequence
        for claim in self._claims.pop((budget, sequence), ()):
            there = Place(BALANCES, self._partition, claim.offset)
            what = _show_name((budget, *claim.key))
            if claim.key not in books.touched or not books.has(claim.key):
                self._findings.add(Code.MESSAGE_UNEXPECTED, there, what=what)
                continue
            data: Json = {"balance": books.figures(claim.key), "sequence": sequence}
            members = differing(expect_message(record, UPDATED, data), claim.body)
            self._findings.differ(Code.BALANCE_DIFFERS, there, what, members)

    def end(self, books: dict[str, Books]) -> None:
        """Prove that each balance was last published by the last record that moved it."""
        for name, sequence in self._moved.items():
            budget, convention, line = name
            expected = sequence if books[budget].has((convention, line)) else None
            # What was removed may be gone from the topic altogether.
            found = self._latest.get(name)
            if found != expected:
                place = Place(BALANCES, self._partition, budget=budget, sequence=sequence)
                facts = {"what": _show_name(name), "expected": expected, "found": found}
                self._findings.add(Code.BALANCE_MISSING, place, **facts)
        for name, place in self._removed.items():
            budget, convention, line = name
            if budget not in books or books[budget].has((convention, line)):
                self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=_show_name(name))
        for at, claims in self._claims.items():
            for claim in claims:
                place = Place(BALANCES, self._partition, claim.offset, *at)
                what = _show_name((at[0], *claim.key))
                self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=what)


def _name_of(key: bytes) -> Name:
    """The balance that a Kafka key names: `[budget, line codes…]`, or a convention between them."""
    names = json.loads(key)
    if not isinstance(names, list) or len(names) not in {_LINE_KEY, _LINE_KEY + 1}:
        raise ValueError(f"key {key!r}")
    # Kafka compacts by bytes: in another spelling an old balance would stand for ever.
    if canonical(names) != key:
        raise ValueError(f"key {key!r}")
    convention = names[1] if len(names) > _LINE_KEY else None
    line = line_of(dict(zip(CODES, names[-len(CODES) :], strict=True)))
    return _check_name(names[0], convention, line)


def _check_name(budget: object, convention: object, line: Line) -> Name:
    if not isinstance(budget, str) or not isinstance(convention, str | None):
        raise TypeError(f"{budget} {convention}")
    return budget, convention, line


def _show_name(name: Name) -> str:
    budget, convention, line = name
    return " ".join(each for each in (budget, convention, show_line(line)) if each is not None)
