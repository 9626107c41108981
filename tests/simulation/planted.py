"""Bugs to be found: each a mistake that somebody could make in the ledger or in its task."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from itertools import count
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from aiokafka.structs import ConsumerRecord, TopicPartition

from services.ledger.domain.model import orders
from services.ledger.kafka import partition
from services.ledger.kafka.partition import LedgerProcessor
from services.ledger.kafka.partition_restore import RestoredPartition
from services.ledger.kafka.topic_records import POSITION_KEY, encode_checkpoint
from services.runtime.kafka.clients import Outgoing
from services.runtime.kafka.reader import SourcePosition
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.processing.task import PartitionTask
from tests.simulation.simulator import MakeWork


class Planted(NamedTuple):
    """One bug: what somebody did, and how."""

    name: str
    make_processor: MakeWork = LedgerProcessor
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext


Records = Mapping[TopicPartition, Sequence[Outgoing]]


class _Splitting(FencedWriter):
    """Writes what it is asked to keep apart in a transaction of its own, before or behind."""

    async def write(
        self, records: Records, next_places: Collection[TopicPartition] = ()
    ) -> dict[TopicPartition, int]:
        first = {place: rows for place, rows in records.items() if self.is_apart(place)}
        ends: dict[TopicPartition, int] = {}
        if first:
            ends = await super().write(first)
            await self.commit()
            await self.begin()
        rest = {place: rows for place, rows in records.items() if place not in first}
        return ends | (await super().write(rest, next_places) if rest else {})

    def is_apart(self, place: TopicPartition) -> bool:
        raise NotImplementedError


class _JournalFirst(_Splitting):
    def is_apart(self, place: TopicPartition) -> bool:
        return bool(place.topic.endswith("journal.v1"))


class _PublishedFirst(_Splitting):
    def is_apart(self, place: TopicPartition) -> bool:
        return not place.topic.endswith(("journal.v1", "ledger-state.v1"))


def _with_writer(kind: type[FencedWriter]) -> MakeWork:
    def make(*args: Any, **options: Any) -> LedgerProcessor:
        with patch.object(partition, "FencedWriter", kind):
            return LedgerProcessor(*args, **options)

    return make


class _PositionFirst(LedgerProcessor):
    """Says how far it has read, then writes what it has decided."""

    async def commit(self) -> None:
        if self._read:
            state = self._topics.state
            sources = dict(self._sources)
            for topic, (record, sha256) in self._read.items():
                read = SourcePosition(record.offset + 1, record.offset, record.timestamp, sha256)
                sources[topic] = read
            checkpoint = replace(self._checkpoint, sources=sources)
            row = (POSITION_KEY, encode_checkpoint(checkpoint), ())
            await self._writer.begin()
            await self._writer.write({state: [row]})
            await self._writer.commit()
        await super().commit()


class _Forgetful(LedgerProcessor):
    """Restores balances, and not which events it has seen."""

    def _take(self, restored: RestoredPartition) -> None:
        super()._take(restored)
        for state in self._ledger.budgets.values():
            state.memory.remembered.clear()


class _Optimistic(LedgerProcessor):
    """Takes a commit without an answer for a commit."""

    async def commit(self) -> None:
        with suppress(WriterFailed):
            await super().commit()


class _Unfenced(FencedWriter):
    """Writes under a name of its own, so that nobody is ever fenced."""

    numbers: Final = count()

    def __init__(self, settings: Any, transactional_id: str, *more: Any) -> None:
        super().__init__(settings, f"{transactional_id}-{next(self.numbers)}", *more)


class _Careless(FencedWriter):
    """Does not look whether the former transaction has ended."""

    async def _still_open(self, _places: Collection[TopicPartition], _limit_s: float) -> list[Any]:
        return []


def _rounded_shares(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Each share rounded down by itself, what remains given to the first."""
    shares = [total_cents * weight // sum(weights) for weight in weights]
    shares[0] += total_cents - sum(shares)
    return shares


def _every(_task: PartitionTask, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
    return records


PLANTED: Final = (
    Planted("the position is written before the journal", _PositionFirst),
    Planted("the journal is committed before the state", _with_writer(_JournalFirst)),
    Planted("messages are published before the journal", _with_writer(_PublishedFirst)),
    Planted("what was seen is lost at a restart", _Forgetful),
    Planted("a lost answer is taken for a commit", _Optimistic),
    Planted("nobody is fenced", _with_writer(_Unfenced)),
    Planted("what the broker forgot to end is left", _with_writer(_Careless)),
    Planted(
        "records delivered again are read again",
        patched=lambda: patch.object(PartitionTask, "_unseen", _every),
    ),
    Planted(
        "shares are rounded one by one",
        patched=lambda: patch.object(orders, "cumulative_shares", _rounded_shares),
    ),
)
