"""Verify a cluster: every partition of every topic, proved, and what was found."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import INPUT_TOPICS, JOURNAL
from services.verifier.findings import Code, Findings, Place
from services.verifier.internal_events import InternalEvents
from services.verifier.journal_proof import Progress, Row, merge_figures
from services.verifier.kafka_records import TopicRecord, home_of
from services.verifier.partition import LEAVING, PartitionProof, is_imported
from services.verifier.records import Json
from services.verifier.report import Note, Remark, Report, remark_count, report_of
from services.verifier.seals import SealedChains
from services.verifier.topics import GIVE_UP_S, PLAIN, Cluster

TOPICS: Final = (*INPUT_TOPICS, *LEAVING, JOURNAL)
"""The topics in the order of reading: the journal is compared with all before it."""


class Totals:
    """The sums over the partitions that were read."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.heads: dict[str, tuple[int, str]] = {}
        self._summaries: list[Json] = []
        self._expired = 0
        self._imported = 0

    def add(self, proof: PartitionProof) -> None:
        """A partition is read."""
        self._summaries.append(proof.journal.summary())
        self.heads |= proof.journal.chains.heads
        self.read += proof.read
        self._expired += proof.expired
        self._imported += proof.imported

    def report(
        self, findings: Findings, home: Collection[int], budget: str | None, *, is_sealed: bool
    ) -> Report:
        """The report on the partitions that were read, whose numbers are `home`."""
        remarks = [*map(Remark, (Note.TRACING, Note.DECISIONS, Note.TREASURY))]
        remarks += remark_count(Note.EXPIRED, self._expired) + remark_count(
            Note.IMPORTED, self._imported
        )
        if self._expired or self._imported:  # No input topic knows of it then.
            remarks.append(Remark(Note.BEHIND_SEAL if is_sealed else Note.ENDS))
        if budget is not None:
            facts = {"partition": min(home), "budget": budget}
            remarks.append(Remark(Note.OTHER_PARTITIONS, facts))
        records = {topic: self.read[topic] for topic in TOPICS}
        read: Json = {"partitions": len(home), "records": records}
        figures = merge_figures(self._summaries)
        return report_of(findings, read, figures, remarks, self.heads, self._expired)


async def verify(
    bootstrap: str,
    prefix: str = "",
    budget: str | None = None,
    findings: Findings | None = None,
    sealed: SealedChains | None = None,
    progress: Progress = lambda _done, _total: None,
    give_up_s: float = GIVE_UP_S,
    security: Mapping[str, Any] = PLAIN,
) -> Report:
    """Prove all that the ledger wrote to a cluster, against all that it read.

    What is proved is what stands when it begins: while the ledger is at work, records that it has
    not read yet are found as such. `prefix` stands before the names of all topics. With a `budget`
    the partition is read on which it lives, and no other. What is `sealed` adds to the same
    `findings`. `security` holds aiokafka's arguments for TLS and login.

    Raises:
        UnreachableError: the cluster does not answer, or a topic is missing.
    """
    findings, totals = findings or Findings(), Totals()
    internal_events = InternalEvents(findings)
    async with Cluster(bootstrap, give_up_s, security) as cluster:
        counts = await cluster.partitions([prefix + topic for topic in TOPICS])
        partitions = counts[prefix + JOURNAL]
        for topic, count in counts.items():
            if count != partitions:
                facts = {"found": count, "expected": partitions}
                findings.add(Code.PARTITION_COUNT_DIFFERS, Place(topic), **facts)
        home = range(partitions) if budget is None else [home_of(budget, partitions)]
        await cluster.point_at(
            [
                TopicPartition(topic, each)
                for topic in counts
                for each in home
                if each < counts[topic]
            ]
        )
        for partition in home:
            numbers = (partition, partitions)
            proof = PartitionProof(*numbers, prefix, findings, internal_events, sealed)
            for topic in TOPICS:
                place = TopicPartition(prefix + topic, partition)
                if partition < counts[place.topic]:
                    proof.starts(topic, cluster.first_offset(place))
                    async for records in cluster.read(place):
                        for record in records:
                            proof.take(_read_record(topic, record))
                        done = totals.read.total() + proof.read.total()
                        progress(done, cluster.length())
            proof.end()
            totals.add(proof)
    internal_events.end(None if budget is None else totals.heads)
    if sealed is not None:
        sealed.end(totals.heads)
    is_sealed = sealed is not None and bool(sealed.chains)
    return totals.report(findings, home, budget, is_sealed=is_sealed)


def _read_record(topic: str, record: ConsumerRecord) -> TopicRecord:
    where, headers = (record.partition, record.offset), record.headers
    return TopicRecord(topic, *where, record.key, record.value, headers, record.timestamp)


async def journal_rows(
    bootstrap: str,
    prefix: str,
    budget: str | None,
    progress: Progress,
    give_up_s: float = GIVE_UP_S,
    security: Mapping[str, Any] = PLAIN,
) -> AsyncIterator[Row]:
    """The journal topic alone; of one chain, or all. UnreachableError where it cannot be read."""
    topic, done = prefix + JOURNAL, 0
    async with Cluster(bootstrap, give_up_s, security) as cluster:
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
