"""One journal record for each source record, in order, and none beside them but what resumes."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from services.verifier.findings import Code, Findings, Place
from services.verifier.kafka_records import (
    TopicRecord,
    digest_of_parts,
    is_binary,
    one_line,
    structured,
)
from services.verifier.published.dead_letters import SourceFacts, carried
from services.verifier.records import Record, canonical


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
            digest_of_parts(*carried(record)),
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
        for member in _differing(record, facts):
            self._findings.add(Code.SOURCE_DIFFERS, record.place, member=member, source=source)
        return facts

    def end(self) -> None:
        """Nothing is missing: neither before the last that was journalled, nor behind it."""
        behind = self.prove_read(self._last + 1)
        if behind:
            place = self._place(behind[0])
            self._findings.add(Code.NOT_YET_JOURNALLED, place, count=len(behind))

    def prove_read(self, next_offset: int) -> list[int]:
        """Nothing is missing before that offset; return those that are left behind it."""
        for offset in self._left:
            if offset < next_offset:
                self._findings.add(Code.NOT_JOURNALLED, self._place(offset))
        return [offset for offset in self._left if offset >= next_offset]

    def _place(self, offset: int) -> Place:
        return Place(self._topic, self._partition, offset)


def _digest_of_binary(value: bytes, record: TopicRecord) -> bytes:
    try:
        return sha256(canonical(structured(value, record.headers))).digest()
    except (ValueError, RecursionError):
        return b""  # It says nothing, and so must be a dead letter.


def _differing(record: Record, facts: SourceFacts) -> Iterator[str]:
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
