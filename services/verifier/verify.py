"""Verify a cluster: every partition of every topic, proved, and what was found."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import DOORS, JOURNAL
from services.verifier.figures import together
from services.verifier.findings import Code, Finding, Findings, Place
from services.verifier.letters import Letters
from services.verifier.lines import Json
from services.verifier.partition import LEAVING, PartitionProof
from services.verifier.topics import Cluster
from services.verifier.wire import TopicRecord

TOPICS: Final = (*DOORS, *LEAVING, JOURNAL)
"""What is read of each partition, in this order: the journal is compared with all before it."""


@dataclass(slots=True)
class Report:
    """What a verification found, and what it added up."""

    findings: list[Finding]
    counts: dict[str, int]
    """How many findings of each code there are; `findings` keeps the first thousand."""
    counted: Json
    """What was read: partitions, records of each topic, outcomes, budgets, payment orders, and how
    much could not be compared because its counterpart has reached the end of its retention."""
    figures: Json = field(repr=False)
    """The object of `ecluse replay --json`, recomputed."""

    @property
    def proved(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts

    def row(self) -> Json:
        """The report as JSON; the figures apart."""
        return {
            "proved": self.proved,
            "counted": self.counted,
            "codes": self.counts,
            "findings": [each.row() for each in self.findings],
            "heads": self.figures["heads"],
        }


async def verify(bootstrap: str, prefix: str = "") -> Report:
    """Prove all that the ledger wrote to a cluster, against all that was said to it.

    What is proved is what stands when it begins: while the ledger is at work, records that it has
    not read yet are found as such. `prefix` stands before the names of all topics.

    Raises:
        UnreachableError: the cluster does not answer, or a topic is missing.
    """
    findings = Findings()
    letters = Letters(findings)
    summaries: list[Json] = []
    read: Counter[str] = Counter()
    expired = 0
    async with Cluster(bootstrap) as cluster:
        counts = await cluster.partitions([prefix + topic for topic in TOPICS])
        partitions = counts[prefix + JOURNAL]
        for topic, count in counts.items():
            if count != partitions:
                facts = {"found": count, "expected": partitions}
                findings.add(Code.PARTITION_COUNT_DIFFERS, Place(topic), **facts)
        await cluster.point_at(
            [TopicPartition(topic, each) for topic in counts for each in range(counts[topic])]
        )
        for partition in range(partitions):
            proof = PartitionProof(partition, partitions, prefix, findings, letters)
            for topic in TOPICS:
                if partition < counts[prefix + topic]:
                    await _read(cluster, proof, topic, prefix, partition)
            proof.end()
            summaries.append(proof.journal.summary())
            read += proof.read
            expired += proof.expired
    letters.end()
    figures = together(summaries)
    counted: dict[str, Any] = {
        "partitions": partitions,
        "records": {topic: read[topic] for topic in TOPICS},
        "outcomes": figures["outcomes"],
        "budgets": len(figures["heads"]),
        "payment_orders": len(figures["payment_orders"]),
        "expired": expired,
    }
    found = {code.value: count for code, count in findings.counts.items()}
    return Report(findings.kept, found, counted, figures)


async def _read(
    cluster: Cluster, proof: PartitionProof, topic: str, prefix: str, partition: int
) -> None:
    place = TopicPartition(prefix + topic, partition)
    proof.starts(topic, cluster.first_offset(place))
    async for records in cluster.read(place):
        for record in records:
            proof.take(_taken(topic, record))


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
