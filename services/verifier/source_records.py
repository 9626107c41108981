"""Source records, each with one journal record in order; and the dead letters of unreadable ones.

A dead letter keeps the bytes that could not be read, whole, where they came from, and why.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from events.topics import DEAD_LETTERS
from services.verifier.findings import Code, Differences, Findings, Place
from services.verifier.input.validation import read
from services.verifier.kafka_records import (
    EVENT_BYTES_MAX,
    HEAD_BYTES,
    Headers,
    TopicRecord,
    bytes_max,
    carries_internal_events,
    digest_of_parts,
    is_binary,
    one_line,
    partition_of,
    read_binary_event,
)
from services.verifier.records import Json, Record, canonical

LEFT_OUT: Final = "ecluse_dlq_headers_left_out"
"""Stands for headers that were too large to be kept."""

PREFIX: Final = "ecluse_dlq_"
REASON: Final = f"{PREFIX}reason"
"""The first of the headers that are added behind a record's own."""

HEADER_BYTES: Final = 16
"""Bytes counted for a header beside its name and content."""

UNASKED: Final = frozenset(("quarantined", "undecodable"))
"""Reasons that the contract of events does not give."""

POSITION: Final = ("topic", "partition", "offset")
"""Headers that say where a record stood: ours, and with Kafka Connect's prefix."""


EXCEPTION: Final = "__connect.errors.exception.class.name"
"""The header by which tools of Kafka Connect group dead letters."""


class SourceFacts(NamedTuple):
    """The facts kept of one source record; None of one that is beyond its retention."""

    key: bytes | None = None
    is_binary: bool = False
    event_sha256: bytes = b""
    """Of the event on one line; in binary mode of the canonical JSON of what it says."""
    value_sha256: bytes = b""
    length_bytes: int = 0
    carried: bytes | None = None
    """The digest of key, value and headers as its dead letter must keep them."""
    timestamp_ms: int | None = None


class _DeadLetter(NamedTuple):
    offset: int
    carried: bytes
    added: dict[str, str]
    """The headers that were added, by their name behind `ecluse_dlq_`."""
    expected: str | None
    """The reason by the contract; None where too little is kept to decide."""
    doubts: frozenset[str]
    """Reasons of which only a table of banks knows whether they are right."""
    event: Json | None
    """The internal event at that position, where it can be read."""


def keep_for_dead_letter(record: TopicRecord) -> tuple[bytes | None, bytes | None, Headers]:
    """Key, value and headers of a source record as its dead letter keeps them."""
    size = sum(
        HEADER_BYTES + len(name.encode()) + len(each or b"") for name, each in record.headers
    )
    headers = record.headers
    if size > EVENT_BYTES_MAX:
        headers = ((LEFT_OUT, b"%d" % len(record.headers)),)
    value, key = record.value, record.key
    if value is not None and len(value) > bytes_max(record.topic):
        value = value[:HEAD_BYTES]
    return key if key is None else key[:HEAD_BYTES], value, headers


class DeadLetters:
    """The dead letters of one partition."""

    def __init__(self, partitions: int, first_offsets: Counter[str], findings: Findings) -> None:
        self.expired = 0
        """Dead letters that have reached the end of their retention."""
        self._partitions = partitions
        self._findings = findings
        self._first_offsets = first_offsets
        self._found: dict[str, _DeadLetter] = {}
        self._matched = -1

    def add(self, record: TopicRecord) -> None:
        """Take note of the next dead letter."""
        names = [name for name, _ in record.headers]
        if REASON not in names:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=REASON)
            return
        # A dead letter that was sent again and died again has such headers of its own.
        at = len(names) - 1 - names[::-1].index(REASON)
        added_names = Counter(name.removeprefix(PREFIX) for name in names[at:])
        twice = [name for name, count in added_names.items() if count > 1]
        if twice:  # Readers differ in which of them they take.
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=", ".join(twice))
            return
        last_headers = {
            name: (each or b"").decode(errors="replace") for name, each in record.headers[at:]
        }
        added = {name.removeprefix(PREFIX): each for name, each in last_headers.items()}
        source = "/".join(added.get(name, "") for name in POSITION)
        own = record.headers[:at]
        if source in self._found:
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=source)
            return
        digest = digest_of_parts(record.key, record.value, own)
        expected, doubts, event = self._read(record, own, added)
        self._found[source] = _DeadLetter(record.offset, digest, added, expected, doubts, event)

    def _read(
        self, record: TopicRecord, own: Headers, added: dict[str, str]
    ) -> tuple[str | None, frozenset[str], Json | None]:
        """Return the reason why the record is unreadable, or the internal event that it is."""
        if "length" in added:
            return "too_large", frozenset(), None
        if "key_length" in added or (own and own[-1][0] == LEFT_OUT):
            return None, frozenset(), None
        key, topic = record.key or b"", added.get("topic", "")
        at_internal_events = carries_internal_events(topic)
        found = read(
            record.value, own, key, bytes_max(topic), at_internal_events=at_internal_events
        )
        reason = found.reason
        if reason is None:
            is_home = partition_of(key, self._partitions) == record.partition
            reason = "readable" if is_home else "wrong_partition"
        return reason, found.doubts, found.event if at_internal_events else None

    def expect(self, record: Record, facts: SourceFacts) -> Json | None:
        """Prove the dead letter of a journal record.

        Returns the internal event that was set aside, where it was one.
        """
        source = "/".join(map(str, record.source))
        dead_letter = self._found.pop(source, None)
        if dead_letter is None:
            if self._first_offsets[DEAD_LETTERS] and self._matched < 0:
                self.expired += 1
            else:
                what = f"{DEAD_LETTERS} {source}"
                self._findings.add(Code.MESSAGE_MISSING, record.place, what=what)
            return None
        if dead_letter.offset < self._matched:
            self._findings.add(Code.MESSAGE_OUT_OF_ORDER, record.place, what=source)
        self._matched = max(self._matched, dead_letter.offset)
        what = f"{DEAD_LETTERS}/{dead_letter.offset}"
        differing = _list_differences(record, facts, dead_letter)
        self._findings.differ(Code.MESSAGE_DIFFERS, record.place, what, differing)
        found, expected = record.row["dead_letter"]["reason"], dead_letter.expected
        if expected not in {None, found} and found not in UNASKED | dead_letter.doubts:
            code = Code.DEAD_LETTER_THOUGH_READABLE
            self._findings.add(code, record.place, found=found, expected=expected)
        return dead_letter.event if found in UNASKED else None

    def end(self, partition: int) -> None:
        """Find each dead letter that the journal says nothing of."""
        for source, dead_letter in self._found.items():
            place = Place(DEAD_LETTERS, partition, dead_letter.offset)
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=source)


def _list_differences(record: Record, facts: SourceFacts, dead_letter: _DeadLetter) -> Differences:
    if facts.carried is not None and dead_letter.carried != facts.carried:
        yield "key, value, headers", facts.carried.hex(), dead_letter.carried.hex()
    dead = record.row["dead_letter"]
    expected = {
        "reason": dead["reason"],
        **dict(zip(POSITION, map(str, record.source), strict=True)),
    }
    if facts.timestamp_ms is not None:
        expected["timestamp"] = str(facts.timestamp_ms)
    if dead["length"] > bytes_max(record.source[0]):
        expected |= {"length": str(dead["length"]), "sha256": record.row["event_sha256"]}
    expected |= {name: dead[name] for name in ("by", "why") if name in dead}
    expected |= {f"__connect.errors.{name}": expected[name] for name in POSITION}
    if EXCEPTION in dead_letter.added:  # Dead letters of the first versions have none.
        expected[EXCEPTION] = f"ecluse.{dead['reason'].partition(':')[0]}"
    for member, value in expected.items():
        if dead_letter.added.get(member) != value:
            yield member, value, dead_letter.added.get(member)
    if not dead_letter.added.get("__connect.errors.exception.message"):
        yield "__connect.errors.exception.message", "+", "-"


class SourcePartition:
    """One partition of one source topic, and how far the journal has followed it."""

    def __init__(
        self, topic: str, partition: int, first_offsets: Counter[str], findings: Findings
    ) -> None:
        self.expired = 0
        """Journal records whose source has reached the end of its retention."""
        self._topic = topic
        self._partition = partition
        self._findings = findings
        self._first_offsets = first_offsets
        self._left: dict[int, SourceFacts] = {}
        """Records that the journal has not, by offset."""
        self._journalled: set[int] = set()
        self._last = -1
        """The latest of these."""
        self._keys: dict[bytes | None, bytes | None] = {}

    def add(self, record: TopicRecord) -> None:
        """Take note of the next source record."""
        value = record.value or b""
        event = raw = sha256(value).digest()
        if is_binary(record.headers):
            event = _digest_of_binary(value, record)
        elif (line := one_line(value)) != value:
            event = sha256(line).digest()
        self._left[record.offset] = SourceFacts(
            # A budget's key stands on all of its events: kept once.
            self._keys.setdefault(record.key, record.key),
            is_binary(record.headers),
            event,
            raw,
            len(value),
            digest_of_parts(*keep_for_dead_letter(record)),
            record.timestamp_ms,
        )

    def follow(self, record: Record, offset: int) -> SourceFacts | None:
        """The source of the journal's next record of this topic, compared; None where none is."""
        source = f"{self._topic}/{self._partition}/{offset}"
        if offset < self._first_offsets[self._topic]:
            self.expired += 1
            return SourceFacts()
        facts = self._left.pop(offset, None)
        if facts is None:
            twice = offset in self._journalled
            code = Code.JOURNALLED_TWICE if twice else Code.NO_SUCH_SOURCE
            self._findings.add(code, record.place, source=source)
            return None
        if offset < self._last:
            self._findings.add(Code.JOURNALLED_OUT_OF_ORDER, record.place, source=source)
        self._journalled.add(offset)
        self._last = max(offset, self._last)
        for member in _list_differing_members(record, facts):
            self._findings.add(Code.SOURCE_DIFFERS, record.place, member=member, source=source)
        return facts

    def end(self) -> None:
        """Find what is missing before the last record that was journalled, and behind it."""
        behind = self.prove_read(self._last + 1)
        if behind:
            place = self._place(behind[0])
            self._findings.add(Code.NOT_YET_JOURNALLED, place, count=len(behind))

    def prove_read(self, next_offset: int) -> list[int]:
        """Find what is missing before that offset; return what is left behind it."""
        for offset in self._left:
            if offset < next_offset:
                self._findings.add(Code.NOT_JOURNALLED, self._place(offset))
        return [offset for offset in self._left if offset >= next_offset]

    def _place(self, offset: int) -> Place:
        return Place(self._topic, self._partition, offset)


def _digest_of_binary(value: bytes, record: TopicRecord) -> bytes:
    try:
        return sha256(canonical(read_binary_event(value, record.headers))).digest()
    except (ValueError, RecursionError):
        return b""  # It says nothing, and so must be a dead letter.


def _list_differing_members(record: Record, facts: SourceFacts) -> Iterator[str]:
    """The members of a journal record that are not what its source says."""
    row = record.row
    if record.is_dead:
        if row["event_sha256"] != facts.value_sha256.hex():
            yield "event_sha256"
        if row["dead_letter"]["length"] != facts.length_bytes:
            yield "dead_letter.length"
        return
    found = row["event_sha256"]
    if facts.is_binary:
        found = sha256(canonical(record.event)).hexdigest()
    if found != facts.event_sha256.hex():
        yield "event"
    if facts.key != record.budget.encode():
        yield "budget"
