"""One journal record for each source record, in order, and none beside them but what resumes.

What is remembered of a source record is its digests: a year of events fits in memory.
"""

from array import array
from bisect import bisect_left
from hashlib import sha256
from typing import Any, Final, NamedTuple

from services.verifier.findings import Code, Findings, Place
from services.verifier.kafka_records import (
    TopicRecord,
    digest_of_parts,
    is_binary,
    one_line,
    structured,
)
from services.verifier.published.dead_letters import ExpectedDeadLetter, carried
from services.verifier.records import Record, canonical

_DIGEST: Final = 32
_BRIEF: Final = 16


class SourceFacts(NamedTuple):
    """The facts kept of one source record."""

    key: bytes | None
    is_binary: bool
    event_sha256: bytes
    """Of the event on one line; in binary mode of the canonical JSON of what it says."""
    value_sha256: bytes
    length_bytes: int
    carried: bytes
    """The expected dead letter."""
    timestamp_ms: int


class SourcePartition:
    """One partition of one source topic, and how far the journal has followed it."""

    def __init__(self, topic: str, name: str, partition: int, findings: Findings) -> None:
        self.expired = 0
        """Journal records whose source has reached the end of its retention."""
        self._topic = topic
        self._name = name
        self._partition = partition
        self._findings = findings
        self._first_offset = 0
        self._offsets = array("q")
        self._times = array("q")
        self._lengths = array("q")
        self._binary = bytearray()
        self._digests = bytearray()
        self._keys: list[bytes | None] = []
        self._own_keys: dict[bytes | None, bytes | None] = {}
        self._next = 0
        self._skipped: set[int] = set()

    def starts(self, first_offset: int) -> None:
        """Note the first offset of the topic: older records are beyond its retention."""
        self._first_offset = first_offset

    def add(self, record: TopicRecord) -> None:
        """Take note of the next source record."""
        value, binary = record.value or b"", is_binary(record.headers)
        raw = sha256(value).digest()
        event = raw
        if binary:
            event = _event_text(value, record)
        elif (line := one_line(value)) != value:
            event = sha256(line).digest()
        self._offsets.append(record.offset)
        self._times.append(record.timestamp_ms)
        self._lengths.append(len(value))
        self._binary.append(binary)
        self._digests += event + raw + digest_of_parts(*carried(record))
        # A budget's key stands on all of its events: kept once.
        self._keys.append(self._own_keys.setdefault(record.key, record.key))

    def follow(self, record: Record, offset: int) -> ExpectedDeadLetter | None:
        """The journal's next record of this input topic; what it says is what stands at `offset`.

        Returns what a dead letter of it must say, where it is one.
        """
        source = f"{self._topic}/{self._partition}/{offset}"
        if offset < self._first_offset:
            self.expired += 1
            return self._dead_letter(record, offset, None) if record.is_dead else None
        at = bisect_left(self._offsets, offset)
        if at == len(self._offsets) or self._offsets[at] != offset:
            self._findings.add(Code.NO_SUCH_SOURCE, record.place, source=source)
            return None
        if at >= self._next:
            self._skipped.update(range(self._next, at))
            self._next = at + 1
        elif at in self._skipped:
            self._skipped.discard(at)
            self._findings.add(Code.JOURNALLED_OUT_OF_ORDER, record.place, source=source)
        else:
            self._findings.add(Code.JOURNALLED_TWICE, record.place, source=source)
            return None
        facts = self._facts(at)
        for member in _differing(record, facts):
            self._findings.add(Code.SOURCE_DIFFERS, record.place, member=member, source=source)
        return self._dead_letter(record, offset, facts) if record.is_dead else None

    def _dead_letter(
        self, record: Record, offset: int, facts: SourceFacts | None
    ) -> ExpectedDeadLetter:
        return ExpectedDeadLetter(
            f"{self._name}/{self._partition}/{offset}",
            (self._name, self._partition, offset),
            record.row["dead_letter"],
            record.row["event_sha256"],
            None if facts is None else facts.carried,
            None if facts is None else facts.timestamp_ms,
        )

    def end(self) -> None:
        """Nothing is missing: neither before the last that was journalled, nor behind it."""
        for at in sorted(self._skipped):
            self._findings.add(Code.NOT_JOURNALLED, self._place(at))
        left = len(self._offsets) - self._next
        if left:
            self._findings.add(Code.NOT_YET_JOURNALLED, self._place(self._next), count=left)

    def _place(self, at: int) -> Place:
        return Place(self._topic, self._partition, self._offsets[at])

    def _facts(self, at: int) -> SourceFacts:
        start = at * (2 * _DIGEST + _BRIEF)
        event, raw, end = start + _DIGEST, start + 2 * _DIGEST, start + 2 * _DIGEST + _BRIEF
        return SourceFacts(
            self._keys[at],
            bool(self._binary[at]),
            bytes(self._digests[start:event]),
            bytes(self._digests[event:raw]),
            self._lengths[at],
            bytes(self._digests[raw:end]),
            self._times[at],
        )


def _event_text(value: bytes, record: TopicRecord) -> bytes:
    try:
        return sha256(canonical(structured(value, record.headers))).digest()
    except (ValueError, RecursionError):
        return bytes(_DIGEST)  # It says nothing, and so must be a dead letter.


def _differing(record: Record, facts: SourceFacts) -> list[str]:
    """The members of a journal record that are not what its source says."""
    row: dict[str, Any] = record.row
    if record.is_dead:
        same_by_member = {
            "event_sha256": row["event_sha256"] == facts.value_sha256.hex(),
            "dead_letter.length": row["dead_letter"]["length"] == facts.length_bytes,
        }
    else:
        found = row["event_sha256"]
        if facts.is_binary:
            found = sha256(canonical(record.event)).hexdigest()
        same_by_member = {
            "event": found == facts.event_sha256.hex(),
            "budget": facts.key == record.budget.encode(),
        }
    return [member for member, same in same_by_member.items() if not same]
