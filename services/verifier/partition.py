"""The whole proof of one partition: its input topics, its journal, and all that leaves it."""

from collections import Counter

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    DEAD_LETTERS,
    INPUT_TOPICS,
    JOURNAL,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.verifier.findings import Code, Findings, Place, cause
from services.verifier.internal_events import InternalEvents
from services.verifier.journal_proof import MALFORMED, JournalProof
from services.verifier.kafka_records import Headers, TopicRecord, home_of
from services.verifier.messages import Balances, Claims
from services.verifier.records import Record
from services.verifier.seals import SealedChains
from services.verifier.source_records import DeadLetters, SourcePartition

PARTITIONS_HEADER = "ecluse_partitions"
"""The header of a journal record that says how many partitions there were (rules, 37)."""

IMPORTED_HEADER = "ecluse_imported"
"""The header of a journal record that came from an export of another cluster's journal."""

LEAVING = (COMMITMENT_ENTRIES, PAYMENT_ORDERS, REFUSALS, DEAD_LETTERS, BALANCES)
"""The topics that are compared with the journal, which comes last."""


KEPT = (JOURNAL, COMMITMENT_ENTRIES, PAYMENT_ORDERS)
"""The topics that are kept without limit: the first offset of each is 0, after an import too."""


def is_imported(headers: Headers) -> bool:
    """Return whether a journal record was imported."""
    return any(name == IMPORTED_HEADER for name, _ in headers)


class PartitionProof:
    """Take the input topics, then what leaves, then the journal, each in the topic's order."""

    def __init__(
        self,
        partition: int,
        partitions: int,
        prefix: str,
        findings: Findings,
        internal_events: InternalEvents,
        sealed: SealedChains | None = None,
    ) -> None:
        self.journal = JournalProof(findings, internal_events=internal_events, sealed=sealed)
        self.read: Counter[str] = Counter()
        """The number of records of each topic."""
        self.imported = 0
        """Journal records decided on another cluster: their input is gone, and what was published
        of them but balances is not published again; where it was copied it is compared."""
        self._partition = partition
        self._partitions = partitions
        self._findings = findings
        self._first_offsets: Counter[str] = Counter()
        """Of each topic; older records are beyond its retention."""
        ids: set[bytes] = set()
        self._sources = {
            prefix + name: SourcePartition(name, partition, self._first_offsets, findings)
            for name in INPUT_TOPICS
        }
        self._claims = Claims(partition, ids, self._first_offsets, findings)
        self._balances = Balances(partition, ids, findings)
        self._dead_letters = DeadLetters(partitions, self._first_offsets, findings)
        self._others: dict[str, SourcePartition | Claims | DeadLetters | Balances] = {
            **dict(zip(INPUT_TOPICS, self._sources.values(), strict=True)),
            **dict.fromkeys((COMMITMENT_ENTRIES, PAYMENT_ORDERS, REFUSALS), self._claims),
            DEAD_LETTERS: self._dead_letters,
            BALANCES: self._balances,
        }

    def starts(self, topic: str, first_offset: int) -> None:
        """Note the first offset of a topic: older records are beyond its retention, if any."""
        self._first_offsets[topic] = first_offset
        if topic in KEPT and first_offset > 0:
            place = Place(topic, self._partition, first_offset)
            self._findings.add(Code.TOPIC_TRUNCATED, place)

    def take(self, record: TopicRecord) -> None:
        """The next record of any of the topics."""
        self.read[record.topic] += 1
        if record.topic in self._others:
            self._others[record.topic].add(record)
        else:
            self._follow(record)

    def _follow(self, row: TopicRecord) -> None:
        """The next record of the journal."""
        found = [content for name, content in row.headers if name == PARTITIONS_HEADER]
        if found != [b"%d" % self._partitions]:
            facts = {"found": found, "expected": self._partitions}
            self._findings.add(Code.PARTITION_COUNT_DIFFERS, row.place, **facts)
        record = self.journal.read(row.place, row.key, row.value or b"")
        if record is None:
            return
        try:
            self._compare(record, imported=is_imported(row.headers))
        except MALFORMED as error:
            self._findings.add(Code.RECORD_MALFORMED, record.place, why=cause(error))

    def _compare(self, record: Record, *, imported: bool) -> None:
        """Expect on the other topics what follows from a journal record."""
        home = home_of(record.budget, self._partitions)
        if home != self._partition:
            facts = {"budget": record.budget, "expected": home}
            self._findings.add(Code.WRONG_PARTITION, record.place, **facts)
        if imported:
            self.imported += 1
            if not record.is_dead:
                books = self.journal.books[record.budget]
                self._claims.expect(record, books, imported=True)
        else:
            self._compare_with_topics(record)
        if record.outcome == "accepted":
            self._balances.follow(record, self.journal.books[record.budget])

    def _compare_with_topics(self, record: Record) -> None:
        topic, partition, offset = record.source
        input_topic = self._sources.get(topic)
        if input_topic is None or partition != self._partition:
            source = f"{topic}/{partition}/{offset}"
            self._findings.add(Code.NO_SUCH_SOURCE, record.place, source=source)
            return
        if record.row["resumes"] is None:
            facts = input_topic.follow(record, offset)
            if facts is not None and record.is_dead:
                internal_event = self._dead_letters.expect(record, facts)
                if internal_event is not None:
                    self.journal.internal_events.quarantine(record.place, internal_event)
                self._claims.expect_notice(record, facts)
        if not record.is_dead:
            self._claims.expect(record, self.journal.books[record.budget])

    def end(self) -> None:
        """Prove what must hold after the last record of each topic."""
        self.journal.end()
        for input_topic in self._sources.values():
            input_topic.end()
        self._claims.end()
        self._dead_letters.end(self._partition)
        self._balances.end(self.journal.books)

    @property
    def expired(self) -> int:
        """The number of records without a counterpart, which is beyond its retention."""
        sources = sum(each.expired for each in self._sources.values())
        return sources + self._claims.expired + self._dead_letters.expired
