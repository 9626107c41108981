"""A cluster in memory: what the real ledger makes of a year, topic by topic, as Kafka holds it.

Offsets have the gaps that transaction markers leave. What a test plants, it plants in the lists.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from events.topics import EVENTS, INTERNAL_EVENTS, JOURNAL
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source
from services.verifier.findings import Findings
from services.verifier.internal_events import InternalEvents
from services.verifier.kafka_records import Headers, TopicRecord, partition_of
from services.verifier.partition import PartitionProof
from services.verifier.verify import TOPICS
from tests.builders import Json, encoded, topic_of

PREFIX = "t."
START_MS = 1_685_600_000_000

Value = Json | bytes | None


class Sent:
    """A record for an input topic: an event, or what somebody sent in its place."""

    def __init__(
        self,
        value: Value,
        key: Any = ...,
        headers: Headers = (),
        partition: int | None = None,
        topic: str | None = None,
    ) -> None:
        self.value = encoded(value) if value is not None else None
        if key is ...:
            key = str(value["partitionkey"]).encode() if isinstance(value, dict) else b"nobody"
        self.key: bytes | None = key
        self.headers = headers
        self.partition = partition
        self.topic = topic or (EVENTS if self.value is None else topic_of(self.value))


class MemoryCluster:
    """The topics of a cluster, each partition a list of records."""

    def __init__(
        self, partitions: int = 2, home: Callable[[bytes, int], int] = partition_of
    ) -> None:
        self.partitions = partitions
        self._home = home
        self.topics: dict[tuple[str, int], list[TopicRecord]] = {
            (topic, partition): [] for topic in TOPICS for partition in range(partitions)
        }
        self.first_offsets: dict[tuple[str, int], int] = {}
        self._internal_events: list[TopicRecord] = []
        """Written by one ledger, to be read by another."""
        self._ledgers = [Ledger() for _ in range(partitions)]
        for ledger in self._ledgers:
            ledger.partition_of = cache(lambda budget: home(budget.encode(), partitions))

    def tell(self, given: Iterable[Sent | Json | bytes], batch: int = 3) -> "MemoryCluster":
        """Send records to their input topics, and let the ledger take them, some at a time."""
        waiting: list[list[TopicRecord]] = [[] for _ in range(self.partitions)]
        for each in given:
            record = self._sent(each if isinstance(each, Sent) else Sent(each))
            waiting[record.partition].append(record)
        for partition, records in enumerate(waiting):
            for start in range(0, len(records), batch):
                self._decide(partition, records[start : start + batch])
        while self._internal_events:
            internal_events, self._internal_events = (
                self._internal_events[:batch],
                self._internal_events[batch:],
            )
            for internal_event in internal_events:
                self._decide(internal_event.partition, [internal_event])
        return self

    def _sent(self, given: Sent) -> TopicRecord:
        partition = given.partition
        if partition is None:
            partition = self._home(given.key or b"", self.partitions)
        rows = self.topics[given.topic, partition]
        return self.put(given.topic, partition, given.key, given.value, given.headers, len(rows))

    def put(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        after_ms: int = 0,
    ) -> TopicRecord:
        """Write one record at the end of a topic."""
        rows = self.topics[topic, partition]
        offset = rows[-1].offset + 1 + (len(rows) % 3 == 0) if rows else 0
        record = TopicRecord(topic, partition, offset, key, value, headers, START_MS + after_ms)
        rows.append(record)
        return record

    def _decide(self, partition: int, records: Sequence[TopicRecord]) -> None:
        ledger = self._ledgers[partition]
        for each in records:
            ledger.handle(_raw(each))
        batch = ledger.commit_batch([])
        count = (("ecluse_partitions", b"%d" % self.partitions),)
        for row in batch.records:
            self.put(JOURNAL, partition, row.budget.encode(), row.record, count)
        for topic, key, value, headers, home in messages(batch.decided, batch.states):
            number = partition if home is None else self._home(home.encode(), self.partitions)
            written = self.put(topic, number, key, value, headers)
            if topic == INTERNAL_EVENTS:
                self._internal_events.append(written)

    def quarantine(self, given: Sent | Json, by: str, why: str) -> "MemoryCluster":
        """One record that an operator set aside."""
        self.quarantined(self._sent(given if isinstance(given, Sent) else Sent(given)), by, why)
        return self

    def quarantined(self, record: TopicRecord, by: str, why: str) -> None:
        """The same for one that stands on its topic already."""
        self._ledgers[record.partition].quarantine(_raw(record), by, why)
        self._decide(record.partition, [])

    # -- what a test does to it

    def __getitem__(self, topic: str) -> list[TopicRecord]:
        """The fullest partition of a topic: where the scenario is."""
        return max((self.topics[topic, each] for each in range(self.partitions)), key=len)

    def edit(
        self, topic: str, change: Callable[[Json], None], at: int = 0, partition: int | None = None
    ) -> None:
        """Change the JSON of one record in place; in the fullest partition, or the one named."""
        rows = self[topic] if partition is None else self.topics[topic, partition]
        value = json.loads(rows[at].value or b"")
        change(value)
        rows[at] = rows[at]._replace(value=encoded(value))

    def proofs(self) -> Iterator[PartitionProof]:
        """The proof of each partition, ended; all share one list of findings."""
        return proofs_of(
            lambda *place: self.topics[place], self.partitions, PREFIX, self.first_offsets
        )

    def findings(self) -> list[Json]:
        """Everything that is found wrong."""
        proofs = list(self.proofs())
        return [each.row() for each in proofs[0].journal.findings.kept]

    def codes(self) -> list[str]:
        """The codes of what is found wrong, each once, in order of appearance."""
        return list(dict.fromkeys(each["code"] for each in self.findings()))


def proofs_of(
    read: Callable[[str, int], Iterable[TopicRecord]],
    partitions: int,
    prefix: str,
    first_offsets: Mapping[tuple[str, int], int],
) -> Iterator[PartitionProof]:
    """The proof of each partition of topics that are read in this way, ended.

    All share one list of findings. Where nothing else is said, a topic starts at offset 0.
    """
    findings = Findings()
    between = InternalEvents(findings)
    for partition in range(partitions):
        proof = PartitionProof(partition, partitions, prefix, findings, between)
        for topic in TOPICS:
            proof.starts(topic, first_offsets.get((topic, partition), 0))
            for record in read(topic, partition):
                proof.take(record)
        proof.end()
        if partition == partitions - 1:
            between.end()
        yield proof


def _raw(record: TopicRecord) -> RawRecord:
    """As a ledger is given it."""
    source = Source(PREFIX + record.topic, record.partition, record.offset)
    return RawRecord(record.value, source, record.headers, record.key, record.timestamp_ms)


__all__ = [
    "EVENTS",
    "INTERNAL_EVENTS",
    "JOURNAL",
    "PREFIX",
    "TOPICS",
    "MemoryCluster",
    "Sent",
    "proofs_of",
]
