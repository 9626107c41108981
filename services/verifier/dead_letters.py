"""Dead letters: the bytes that could not be read, whole, where they came from, and why."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from events.topics import DEAD_LETTERS
from services.verifier.findings import Code, Findings
from services.verifier.input_validation import read
from services.verifier.kafka_records import (
    EVENT_BYTES_MAX,
    HEAD_BYTES,
    Headers,
    TopicRecord,
    bytes_max,
    digest_of_parts,
    is_internal_events_input_topic,
    partition_of,
)
from services.verifier.records import Json, Record

LEFT_OUT: Final = "ecluse_dlq_headers_left_out"
"""Stands for headers that were too large to be kept."""

REASON: Final = "ecluse_dlq_reason"
"""The first of the headers that are added behind a record's own."""

HEADER_BYTES: Final = 16
"""What a header counts beside its name and its content."""

UNASKED: Final = frozenset(("quarantined", "undecodable"))
"""Reasons that the contract of events does not give."""

CONNECT: Final = {
    "__connect.errors.topic": "topic",
    "__connect.errors.partition": "partition",
    "__connect.errors.offset": "offset",
}
"""Kafka Connect's names, and ours."""


class Buried(NamedTuple):
    """What the dead letter of one source record must say."""

    source: str
    where: tuple[str, int, int]
    dead_letter: dict[str, Any]
    """The reason and what goes with it, as the journal has them."""
    value_sha256: str
    carried: bytes | None
    """What the source had; None where it has reached the end of its retention."""
    timestamp_ms: int | None
    """The same."""


class _Letter(NamedTuple):
    offset: int
    carried: bytes
    said: dict[str, str]
    """The headers that were added, by their name behind `ecluse_dlq_`."""
    expected: str | None
    """The reason that the contract gives; None where too little is kept to tell."""
    doubts: frozenset[str]
    """Reasons of which only a table of banks knows whether they are right."""
    event: Json | None
    """What stood at the input of internal events, where that can be read."""


def carried(record: TopicRecord) -> tuple[bytes | None, bytes | None, Headers]:
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

    def __init__(self, partitions: int, findings: Findings) -> None:
        self.expired = 0
        """Dead letters that have reached the end of their retention."""
        self._partitions = partitions
        self._findings = findings
        self._internal_events: dict[str, _Letter] = {}
        self._matched = -1
        self._first_offset = 0

    def starts(self, first_offset: int) -> None:
        """Where the topic starts: what is older has reached the end of its retention."""
        self._first_offset = first_offset

    def add(self, record: TopicRecord) -> None:
        """Take note of the next dead letter."""
        names = [name for name, _ in record.headers]
        if REASON not in names:
            self._findings.add(Code.MESSAGE_MALFORMED, record.place, why=REASON)
            return
        # A dead letter that was sent again and died again has such headers of its own.
        at = len(names) - 1 - names[::-1].index(REASON)
        added = {name: (each or b"").decode(errors="replace") for name, each in record.headers[at:]}
        said = {name.removeprefix("ecluse_dlq_"): each for name, each in added.items()}
        source = "/".join(said.get(name, "") for name in ("topic", "partition", "offset"))
        own = record.headers[:at]
        if source in self._internal_events:
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=source)
            return
        digest = digest_of_parts(record.key, record.value, own)
        expected, doubts, event = self._read(record, own, said)
        self._internal_events[source] = _Letter(
            record.offset, digest, said, expected, doubts, event
        )

    def _read(
        self, record: TopicRecord, own: Headers, said: dict[str, str]
    ) -> tuple[str | None, frozenset[str], Json | None]:
        """Why the contract calls the record unreadable; else the internal event that it is."""
        if "length" in said:
            return "too_large", frozenset(), None
        if "key_length" in said or (own and own[-1][0] == LEFT_OUT):
            return None, frozenset(), None
        key, topic = record.key or b"", said.get("topic", "")
        at_internal_events = is_internal_events_input_topic(topic)
        found = read(
            record.value, own, key, bytes_max(topic), at_internal_events=at_internal_events
        )
        reason = found.reason
        if reason is None:
            is_home = partition_of(key, self._partitions) == record.partition
            reason = "readable" if is_home else "wrong_partition"
        return reason, found.doubts, found.event if at_internal_events else None

    def expect(self, record: Record, buried: Buried) -> Json | None:
        """The journal buried a record: its dead letter is there, and says the same.

        Returns the internal event that was set aside, where it was one.
        """
        internal_event = self._internal_events.pop(buried.source, None)
        if internal_event is None:
            if self._first_offset and self._matched < 0:
                self.expired += 1
            else:
                what = f"{DEAD_LETTERS} {buried.source}"
                self._findings.add(Code.MESSAGE_MISSING, record.place, what=what)
            return None
        if internal_event.offset < self._matched:
            self._findings.add(Code.MESSAGE_OUT_OF_ORDER, record.place, what=buried.source)
        self._matched = max(self._matched, internal_event.offset)
        for member, expected, found in _differing(buried, internal_event):
            self._findings.add(
                Code.MESSAGE_DIFFERS,
                record.place,
                what=f"{DEAD_LETTERS}/{internal_event.offset}",
                member=member,
                expected=expected,
                found=found,
            )
        reason = buried.dead_letter["reason"]
        judged = (
            internal_event.expected is not None and reason not in UNASKED | internal_event.doubts
        )
        if judged and reason != internal_event.expected:
            self._findings.add(
                Code.BURIED_THOUGH_READABLE,
                record.place,
                found=reason,
                expected=internal_event.expected,
            )
        return internal_event.event if reason in UNASKED else None

    def end(self, partition: int) -> None:
        """No dead letter is left that the journal says nothing of."""
        for source, internal_event in self._internal_events.items():
            place = TopicRecord(DEAD_LETTERS, partition, internal_event.offset, None, None).place
            self._findings.add(Code.MESSAGE_UNEXPECTED, place, what=source)


def _differing(buried: Buried, internal_event: _Letter) -> Iterator[tuple[str, object, object]]:
    if buried.carried is not None and internal_event.carried != buried.carried:
        yield "key, value, headers", buried.carried.hex(), internal_event.carried.hex()
    topic, partition, offset = buried.where
    dead = buried.dead_letter
    expected = {
        "reason": dead["reason"],
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
    }
    if buried.timestamp_ms is not None:
        expected["timestamp"] = str(buried.timestamp_ms)
    if dead["length"] > bytes_max(topic):
        expected |= {"length": str(dead["length"]), "sha256": buried.value_sha256}
    expected |= {name: dead[name] for name in ("by", "why") if name in dead}
    expected |= {theirs: expected[ours] for theirs, ours in CONNECT.items()}
    for member, value in expected.items():
        if internal_event.said.get(member) != value:
            yield member, value, internal_event.said.get(member)
    if not internal_event.said.get("__connect.errors.exception.message"):
        yield "__connect.errors.exception.message", "+", "-"
