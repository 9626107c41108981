"""A log in memory that behaves as Kafka's: offsets, transactions, fencing, markers, compaction.

Everything here happens at once and whole: what a request does when it arrives. When it arrives, and
whether its answer does, is for `clients` to decide. What is modelled: one producer epoch a
transactional id, and whoever has an older one is fenced; a transaction that is open too long is
aborted; a commit is answered before its markers are written, one partition after the other, and a
broker that comes back may forget some; readers of what is committed stop at the first open
transaction; a marker takes an offset, so offsets have gaps.
"""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

from aiokafka.structs import TopicPartition

from tests.simulation.loop import the_loop

MARKER_S: Final = 0.006
SLOW_MARKER_S: Final = 0.3
"""How long a marker may take to be written once its transaction has ended, and how long rarely."""

SLOW: Final = 0.03

START_MS: Final = 1_685_600_000_000
"""What the clocks of brokers say at the beginning: 1 June 2023."""

Headers = Sequence[tuple[str, bytes | None]]


class RecordOutcome(StrEnum):
    """How records of a transaction stand in a partition."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass(slots=True, eq=False)
class Part:
    """What a transaction has in one partition; the records of one outcome."""

    place: TopicPartition
    producer_id: int
    first_offset: int
    outcome: RecordOutcome = RecordOutcome.OPEN


class Entry(NamedTuple):
    """One record of a partition."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    part: Part | None

    @property
    def is_committed(self) -> bool:
        return self.part is None or self.part.outcome is RecordOutcome.COMMITTED


class Message(NamedTuple):
    """A record as somebody writes it."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(slots=True, eq=False)
class Partition:
    """One partition of one topic."""

    place: TopicPartition
    entries: list[Entry] = field(default_factory=list)
    end: int = 0
    open: dict[int, Part] = field(default_factory=dict)
    """By producer id."""
    epochs: dict[int, int] = field(default_factory=dict)
    """The last epoch in which each producer wrote here: what comes from an older one is refused."""
    waiting: list[Callable[[], None]] = field(default_factory=list)
    """Called when there may be more to read."""

    @property
    def stable(self) -> int:
        """Where readers of what is committed stop."""
        return min((part.first_offset for part in self.open.values()), default=self.end)

    def limit(self, committed: bool) -> int:
        """The end as a reader sees it."""
        return self.stable if committed else self.end

    def between(self, start: int, end: int, committed: bool) -> list[Entry]:
        """The records that a reader sees in these offsets."""
        entries = self.entries
        at = bisect_left(entries, start, key=lambda entry: entry.offset)
        to = bisect_left(entries, end, key=lambda entry: entry.offset)
        return [each for each in entries[at:to] if not committed or each.is_committed]

    def append(self, messages: Iterable[Message], part: Part | None, now_ms: int) -> None:
        for key, value, headers in messages:
            self.entries.append(Entry(self.end, now_ms, key, value, headers, part))
            self.end += 1
        if part is None:
            self.wake()

    def mark(self, producer_id: int, outcome: RecordOutcome) -> None:
        """The marker that ends a producer's transaction here."""
        part = self.open.pop(producer_id, None)
        if part is not None:
            part.outcome = outcome
            self.end += 1
            self.wake()

    def wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each()

    def compact(self) -> None:
        """Keep of each key what was committed last, and whatever is not settled yet."""
        stable = self.stable
        last = {entry.key: entry.offset for entry in self.between(0, stable, committed=True)}
        self.entries = [
            entry
            for entry in self.entries
            if entry.offset >= stable or (entry.is_committed and last[entry.key] == entry.offset)
        ]


@dataclass(slots=True, eq=False)
class Transaction:
    """What a producer has written since it began, and how many markers are still to be written."""

    epoch: int
    parts: list[Part] = field(default_factory=list)
    outcome: RecordOutcome = RecordOutcome.OPEN
    unwritten: int = 0


@dataclass(slots=True, eq=False)
class Producer:
    """Who writes under a transactional id."""

    producer_id: int
    timeout_s: float
    is_of_the_ledger: bool
    """Whether what the broker forgets of it is its own to end; a sender's is the sender's."""
    epoch: int = -1
    transaction: Transaction | None = None


class FencedOff(Exception):
    """The epoch is not the producer's present one."""


class NotYet(Exception):
    """The former transaction is still being ended: to be asked again."""


class Broker:
    """All partitions, and who writes in transactions."""

    def __init__(self, places: Iterable[TopicPartition], chance: random.Random) -> None:
        self.partitions = {place: Partition(place) for place in places}
        self._chance = chance
        self._producers: dict[str, Producer] = {}
        self._by_id: dict[int, Producer] = {}
        self._context = Context()
        self.forgetful = False
        """Whether the next transaction that ends hangs in some of its partitions."""
        self.hanging = 0
        self.fenced = 0
        self.timed_out = 0
        self.left_open = 0
        """Transactions that were aborted because another writer came."""

    @property
    def now_ms(self) -> int:
        return START_MS + int(the_loop().time() * 1000)

    def init_producer(
        self, transactional_id: str, timeout_s: float, *, is_of_the_ledger: bool = True
    ) -> tuple[int, int]:
        """Fence whoever wrote under this id; the producer's id and its new epoch.

        Raises:
            NotYet: what the former one had open is being ended.
        """
        producer = self._producers.get(transactional_id)
        if producer is None:
            producer = Producer(len(self._by_id) + 1000, timeout_s, is_of_the_ledger)
            self._producers[transactional_id] = self._by_id[producer.producer_id] = producer
        if self._is_open(producer):
            producer.epoch += 1
            self.left_open += 1
            self._end(producer, RecordOutcome.ABORTED)
        if self._is_ending(producer):
            raise NotYet
        producer.epoch += 1
        producer.transaction = None
        return producer.producer_id, producer.epoch

    def produce(
        self, producer_id: int, epoch: int, place: TopicPartition, messages: Sequence[Message]
    ) -> int:
        """Write in the running transaction; the offset of the first record.

        Raises:
            FencedOff, NotYet: as above.
        """
        producer = self._present(producer_id, epoch)
        if self._is_ending(producer):
            raise NotYet
        running = producer.transaction
        if running is None or running.outcome is not RecordOutcome.OPEN:
            running = producer.transaction = Transaction(epoch)
            self._call_later(producer.timeout_s, lambda: self._time_out(producer, running))
        partition = self.partitions[place]
        partition.epochs[producer_id] = epoch
        part = partition.open.get(producer_id)
        if part is None:
            part = partition.open[producer_id] = Part(place, producer_id, partition.end)
        if part not in running.parts:  # One that hangs since before is ended with this one.
            running.parts.append(part)
        first = partition.end
        partition.append(messages, part, self.now_ms)
        return first

    def end_transaction(self, producer_id: int, epoch: int, committed: bool) -> None:
        """Commit or abort; markers follow. Asked again, it is answered the same.

        Raises:
            FencedOff: as above.
        """
        producer = self._present(producer_id, epoch)
        if self._is_open(producer):
            self._end(producer, RecordOutcome.COMMITTED if committed else RecordOutcome.ABORTED)

    def write_marker(
        self, place: TopicPartition, producer_id: int, epoch: int, committed: bool
    ) -> None:
        """End a transaction in one partition, whatever its coordinator knows of it.

        Raises:
            FencedOff: the producer has written there in a later epoch.
        """
        partition = self.partitions[place]
        if epoch < partition.epochs.get(producer_id, epoch):
            raise FencedOff
        partition.mark(producer_id, RecordOutcome.COMMITTED if committed else RecordOutcome.ABORTED)

    def write(self, place: TopicPartition, messages: Iterable[Message]) -> None:
        """Write outside of any transaction."""
        self.partitions[place].append(messages, None, self.now_ms)

    @property
    def is_settled(self) -> bool:
        """Whether no transaction is open anywhere."""
        return not any(partition.open for partition in self.partitions.values())

    def _present(self, producer_id: int, epoch: int) -> Producer:
        producer = self._by_id[producer_id]
        if producer.epoch != epoch:
            self.fenced += 1
            raise FencedOff
        return producer

    @staticmethod
    def _is_open(producer: Producer) -> bool:
        return (
            producer.transaction is not None and producer.transaction.outcome is RecordOutcome.OPEN
        )

    @staticmethod
    def _is_ending(producer: Producer) -> bool:
        return producer.transaction is not None and producer.transaction.unwritten > 0

    def _time_out(self, producer: Producer, transaction: Transaction) -> None:
        if producer.transaction is transaction and transaction.outcome is RecordOutcome.OPEN:
            self.timed_out += 1
            producer.epoch += 1
            self._end(producer, RecordOutcome.ABORTED)

    def _end(self, producer: Producer, outcome: RecordOutcome) -> None:
        transaction = producer.transaction
        assert transaction is not None
        transaction.outcome = outcome
        parts = transaction.parts
        if self.forgetful and len(parts) > 1 and producer.is_of_the_ledger:
            self.forgetful = False
            kept = self._chance.sample(range(len(parts)), self._chance.randrange(len(parts)))
            self.hanging += len(parts) - len(kept)
            parts = [parts[each] for each in sorted(kept)]
        transaction.unwritten = len(parts)
        for part in parts:
            most_s = SLOW_MARKER_S if self._chance.random() < SLOW else MARKER_S
            delay_s = self._chance.random() * most_s
            self._call_later(delay_s, partial(self._mark, part, transaction))

    def _mark(self, part: Part, transaction: Transaction) -> None:
        transaction.unwritten -= 1
        self.partitions[part.place].mark(part.producer_id, transaction.outcome)

    def _call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        """In the broker's own time: no frozen process keeps it from its work."""
        the_loop().call_later(delay_s, call, context=self._context)
