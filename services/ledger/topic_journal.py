"""The journal topic as anyone may read it: folded, its last records, one, what stands still."""

from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.outbound import EventUnreadable
from events.sentences import Sentence
from events.topics import JOURNAL, LEDGER_STATE, REFUSALS
from services.ledger.domain.journal import JournalRecord, Source
from services.ledger.handle import DEAD_CHAIN, Ledger
from services.ledger.kafka import journal_record, standing_before
from services.ledger.ports import JournalRow
from services.ledger.restore import Folding
from services.ledger.summary import History
from services.runtime.partitioning import partition_of
from services.runtime.reader import Reader
from services.runtime.settings import Settings
from services.runtime.topics import partition_count
from services.runtime.work import Hold

FIRST_LOOK: Final = 256
"""How far back the last records are first looked for; then four times as far, and so on."""

_message: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Placed(NamedTuple):
    """A journal record and where it stands on its topic."""

    record: JournalRecord
    row: JournalRow
    timestamp_ms: int
    partition: int
    offset: int


class TopicJournal:
    """Reads what the ledger has written; writes nothing, belongs to no group.

    Raises:
        ClusterError: from any method, when the cluster cannot be reached or lacks a topic.
        StoreError: from any method, when a record of the journal is damaged.
    """

    def __init__(self, settings: Settings, count: int) -> None:
        def all_of(name: str) -> list[TopicPartition]:
            return [TopicPartition(settings.topic(name), number) for number in range(count)]

        self._journal, self._state = all_of(JOURNAL), all_of(LEDGER_STATE)
        self._refusals = all_of(REFUSALS)
        self._reader = Reader(settings, [*self._journal, *self._state, *self._refusals])

    async def start(self) -> None:
        """Connect."""
        await self._reader.start()

    async def stop(self) -> None:
        """Let go of the connections."""
        await self._reader.stop()

    async def fold(self, budget: str | None) -> tuple[Ledger, History]:
        """The ledger as its journal leaves it, of one budget or all, and the journal's memory."""
        folding, history = Folding(), History()
        for place in self._places_of(budget):
            async with aclosing(self._reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        if budget is None or each.key == budget.encode():
                            record = journal_record(each)
                            folding.apply(record)
                            history.add(record)
        return Ledger(folding.budgets, folding.dead), history

    async def last(self, budget: str | None, count: int) -> list[Placed]:
        """The last records, oldest first; those of several partitions in the order of writing."""
        found: list[Placed] = []
        for place in self._places_of(budget):
            found += await self._last_of(place, budget, count)
        found.sort(key=lambda each: (each.timestamp_ms, each.partition, each.offset))
        return found[-count:]

    async def find(self, budget: str, sequence: int) -> Placed | None:
        """One record, by its chain and its number."""
        for place in self._places_of(budget):
            async with aclosing(self._reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        if each.key == budget.encode():
                            placed = _placed(each)
                            if placed.record.sequence == sequence:
                                return placed
        return None

    async def holds(self) -> list[Hold]:
        """The records before which partitions stand still."""
        found = [await standing_before(self._reader, place) for place in self._state]
        return [hold for hold in found if hold is not None]

    async def notices(self, wanted: Collection[Source]) -> dict[Source, Sentence]:
        """Why records were unreadable, in the words that their senders were told."""
        said: dict[Source, Sentence] = {}
        for number in {source.partition for source in wanted}:
            async with aclosing(self._reader.to_the_end(self._refusals[number])) as chunks:
                async for chunk in chunks:
                    said |= _unreadable(chunk)
        return {source: said[source] for source in wanted if source in said}

    def _places_of(self, budget: str | None) -> list[TopicPartition]:
        if budget is None:
            return self._journal
        chain = budget.removeprefix(DEAD_CHAIN)
        if chain != budget:
            known = chain.isdecimal() and int(chain) < len(self._journal)
            return [self._journal[int(chain)]] if known else []
        return [self._journal[partition_of(budget.encode(), len(self._journal))]]

    async def _last_of(self, place: TopicPartition, budget: str | None, count: int) -> list[Placed]:
        """Back from the end, further each time, until enough is found."""
        first, end = await self._reader.bounds(place)
        back = FIRST_LOOK
        while True:
            records = await self._reader.last(place, back)
            mine = [each for each in records if budget is None or each.key == budget.encode()]
            if len(mine) >= count or back >= end - first:
                return [_placed(each) for each in mine[-count:]]
            back *= 4


@asynccontextmanager
async def topic_journal(settings: Settings) -> AsyncIterator[TopicJournal]:
    """A connected reader of the journal topic."""
    journal = TopicJournal(settings, await partition_count(settings, JOURNAL))
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


def _placed(record: ConsumerRecord) -> Placed:
    found = journal_record(record)
    row = JournalRow(found.budget, found.sequence, record.value)
    return Placed(found, row, record.timestamp, record.partition, record.offset)


def _unreadable(records: list[ConsumerRecord]) -> dict[Source, Sentence]:
    said = {}
    for record in records:
        message = _message(record.value)
        if message["type"] == EventUnreadable.TYPE:
            data = message["data"]
            source = Source(data["topic"], data["partition"], data["offset"])
            said[source] = Sentence(**data["message"])
    return said
