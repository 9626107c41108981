"""Verify a cluster: every partition of every topic, proved, and what was found."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import INPUT_TOPICS, JOURNAL
from services.verifier.cluster.partition import LEAVING, PartitionProof, is_imported
from services.verifier.cluster.topics import GIVE_UP_S, Cluster
from services.verifier.findings import Code, Findings, Place
from services.verifier.journal.figures import together
from services.verifier.journal.internal_events import InternalEvents
from services.verifier.journal.proof import Progress, Row
from services.verifier.kafka_records import TopicRecord, home_of
from services.verifier.records import Json
from services.verifier.report import Note, Remark, Report, report_of
from services.verifier.seals.statements import SealedChains

TOPICS: Final = (*INPUT_TOPICS, *LEAVING, JOURNAL)
"""The topics in the order of reading: the journal is compared with all before it."""


def _untold(_done: int, _total: int) -> None:
    """Discarded progress."""


class _Verification:
    """One verification of a cluster: what was read of it so far."""

    def __init__(
        self, prefix: str, budget: str | None, findings: Findings, sealed: SealedChains | None
    ) -> None:
        self.findings = findings
        self.internal_events = InternalEvents(findings)
        self.read: Counter[str] = Counter()
        self._prefix = prefix
        self._budget = budget
        self._sealed = sealed
        self._summaries: list[Json] = []
        self._heads: dict[str, tuple[int, str]] = {}
        self._expired = 0
        self._imported = 0

    def home(self, partitions: int) -> list[int]:
        """The partitions that are to be read."""
        if self._budget is None:
            return list(range(partitions))
        return [home_of(self._budget, partitions)]

    def proof(self, partition: int, partitions: int) -> PartitionProof:
        """The proof of one of them."""
        return PartitionProof(
            partition, partitions, self._prefix, self.findings, self.internal_events, self._sealed
        )

    def ended(self, proof: PartitionProof) -> None:
        """A partition is read."""
        proof.end()
        self._summaries.append(proof.journal.summary())
        self._heads |= proof.journal.chains.heads
        self.read += proof.read
        self._expired += proof.expired
        self._imported += proof.imported

    def report(self, home: list[int]) -> Report:
        """Behind the last of them; `home` are those that were read."""
        self.internal_events.end(None if self._budget is None else self._heads)
        if self._sealed is not None:
            self._sealed.end(self._heads)
        remarks = [Remark(Note.TRACING), Remark(Note.DECISIONS)]
        if self._expired:
            remarks.append(Remark(Note.EXPIRED, {"count": self._expired}))
        if self._imported:
            remarks.append(Remark(Note.IMPORTED, {"count": self._imported}))
        if self._budget is not None:
            facts = {"partition": home[0], "budget": self._budget}
            remarks.append(Remark(Note.OTHER_PARTITIONS, facts))
        read: Json = {
            "partitions": len(home),
            "records": {topic: self.read[topic] for topic in TOPICS},
        }
        figures = together(self._summaries)
        return report_of(self.findings, read, figures, self._expired, remarks, self._heads)


async def verify(
    bootstrap: str,
    prefix: str = "",
    budget: str | None = None,
    findings: Findings | None = None,
    sealed: SealedChains | None = None,
    progress: Progress = _untold,
    give_up_s: float = GIVE_UP_S,
) -> Report:
    """Prove all that the ledger wrote to a cluster, against all that it read.

    What is proved is what stands when it begins: while the ledger is at work, records that it has
    not read yet are found as such. `prefix` stands before the names of all topics. With a `budget`
    the partition is read on which it lives, and no other. What is `sealed` adds to the same
    `findings`.

    Raises:
        UnreachableError: the cluster does not answer, or a topic is missing.
    """
    run = _Verification(prefix, budget, findings or Findings(), sealed)
    async with Cluster(bootstrap, give_up_s) as cluster:
        counts = await cluster.partitions([prefix + topic for topic in TOPICS])
        partitions = counts[prefix + JOURNAL]
        for topic, count in counts.items():
            if count != partitions:
                facts = {"found": count, "expected": partitions}
                run.findings.add(Code.PARTITION_COUNT_DIFFERS, Place(topic), **facts)
        home = run.home(partitions)
        await cluster.point_at(
            [TopicPartition(topic, each) for topic in counts for each in home if each < count]
        )
        for partition in home:
            proof = run.proof(partition, partitions)
            for topic in TOPICS:
                if partition < counts[prefix + topic]:
                    async for _ in _read(cluster, proof, topic, prefix, partition):
                        done = run.read.total() + proof.read.total()
                        progress(done, cluster.length())
            run.ended(proof)
    return run.report(home)


async def journal_rows(
    bootstrap: str,
    prefix: str,
    budget: str | None,
    progress: Progress,
    give_up_s: float = GIVE_UP_S,
) -> AsyncIterator[Row]:
    """The journal topic alone, partition by partition; of one chain, or all.

    Raises:
        UnreachableError: the cluster does not answer, or the topic is missing.
    """
    topic, done = prefix + JOURNAL, 0
    async with Cluster(bootstrap, give_up_s) as cluster:
        partitions = (await cluster.partitions([topic]))[topic]
        places = [TopicPartition(topic, each) for each in range(partitions)]
        if budget is not None:
            places = [places[home_of(budget, partitions)]]
        await cluster.point_at(places)
        for place in places:
            async for records in cluster.read(place):
                for each in records:
                    if budget is None or each.key == budget.encode():
                        where = Place(JOURNAL, each.partition, each.offset)
                        imported = is_imported(each.headers)
                        yield Row(where, each.value or b"", each.key, is_imported=imported)
                done += len(records)
                progress(done, cluster.length())


async def _read(
    cluster: Cluster, proof: PartitionProof, topic: str, prefix: str, partition: int
) -> AsyncIterator[None]:
    """Read one place, and say so after each handful of records."""
    place = TopicPartition(prefix + topic, partition)
    proof.starts(topic, cluster.first_offset(place))
    async for records in cluster.read(place):
        for record in records:
            proof.take(_taken(topic, record))
        yield


def _taken(topic: str, record: ConsumerRecord) -> TopicRecord:
    return TopicRecord(
        topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        record.timestamp,
    )
