"""Reads of the journal topic: folded, the last records, one record, held partitions."""

import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.journal import read_head
from events.outbound import EventUnreadable
from events.topics import JOURNAL, LEDGER_STATE, REFUSALS
from services.ledger.application.handle import DEAD_CHAIN, Ledger
from services.ledger.application.restore import Folding, ReadRecord
from services.ledger.domain.journal import Source
from services.ledger.files.exports import Export, home_of
from services.ledger.files.summary import History
from services.ledger.kafka.topic_records import current_hold, journal_record
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import PARTITIONS, read_catalogue
from services.runtime.kafka.topics import differences, partition_count
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.processing.processor import Hold
from services.texts.translation import Sentence

FIRST_WINDOW: Final = 256
"""The first window in a search from the end; each next one is four times as large."""

WINDOW_MAX: Final = 16_384
"""The largest window."""

TOPICS: Final = (JOURNAL, REFUSALS, LEDGER_STATE)
"""The topics read here."""

_message: Final = msgspec.json.Decoder(dict[str, Any]).decode


class TopicJournal:
    """A reader of the ledger's topics, outside any group.

    Raises:
        ClusterError: from any method, when the cluster cannot be reached.
        StoreError: from any method, when a record of the journal is damaged.
    """

    def __init__(self, settings: Settings, count: int) -> None:
        self._journal, self._refusals, self._state = (
            [TopicPartition(settings.topic(name), number) for number in range(count)]
            for name in TOPICS
        )
        places = [*self._journal, *self._state, *self._refusals]
        self.reader = Reader(settings, places, patient=True)
        """Connected while it is entered."""

    async def fold(self, budget: str | None) -> tuple[Ledger, History]:
        """Fold the journal of one budget or all; return the ledger and the history.

        Every hash is computed again, and every record must follow the one before it.
        """
        folding, history = Folding(forgets=False), History()
        async with aclosing(self.records(budget)) as chunks:
            async for chunk in chunks:
                for each in chunk:
                    folding.apply(each.record)
                    history.add(each.record)
        return Ledger(folding.budgets, folding.dead), history

    async def records(self, budget: str | None) -> AsyncGenerator[list[ReadRecord], None]:
        """Yield the records of one chain, or of all by partition; each chain in its order."""
        for place in self._places_of(budget):
            async with aclosing(self.reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    yield [_read(each) for each in _select_chain(budget, chunk)]

    async def last(self, budget: str | None, count: int) -> list[ReadRecord]:
        """The last records, oldest first; of several partitions in the order of writing."""
        found = [await self._last_of(place, budget, count) for place in self._places_of(budget)]
        # The clocks of workers differ: records of one partition keep their order.
        merged = list(heapq.merge(*found, key=lambda each: each.timestamp))
        return [_read(each) for each in merged[-count:]]

    async def find(self, budget: str, sequence: int) -> ReadRecord | None:
        """One record, by its chain and its number."""
        for place in self._places_of(budget):
            first, _ = await self.reader.bounds(place)
            # All earlier records of its chain precede it: its offset is sequence - 1 or more.
            start = max(first, sequence - 1)
            async with aclosing(self.reader.to_the_end(place, start)) as chunks:
                async for chunk in chunks:
                    for each in _select_chain(budget, chunk):
                        if _sequence(each) == sequence:
                            return _read(each)
        return None

    async def holds(self) -> list[Hold]:
        """The holds of partitions."""
        found = [await current_hold(self.reader, place) for place in self._state]
        return [hold for hold in found if hold is not None]

    async def notices(self, sources: Collection[Source]) -> dict[Source, Sentence]:
        """The messages that the senders of unreadable records received, by source."""
        texts: dict[Source, Sentence] = {}
        # Records imported from a cluster with more partitions have no notices here.
        here = range(len(self._refusals))
        for number in sorted({source.partition for source in sources}.intersection(here)):
            missing = {source for source in sources if source.partition == number}
            async with aclosing(self._backwards(self._refusals[number])) as windows:
                async for window in windows:
                    found = _unreadable(_select_chain(f"{DEAD_CHAIN}{number}", window))
                    texts |= {source: found[source] for source in missing & found.keys()}
                    missing -= found.keys()
                    if not missing:
                        break
        return texts

    def _places_of(self, budget: str | None) -> list[TopicPartition]:
        if budget is None:
            return self._journal
        return [self._journal[home_of(budget, len(self._journal))]]

    async def _last_of(
        self, place: TopicPartition, budget: str | None, count: int
    ) -> list[ConsumerRecord]:
        found: list[ConsumerRecord] = []
        async with aclosing(self._backwards(place)) as windows:
            async for window in windows:
                found = _select_chain(budget, window) + found
                if len(found) >= count:
                    break
        return found[-count:]

    async def _backwards(self, place: TopicPartition) -> AsyncGenerator[list[ConsumerRecord], None]:
        """Yield a partition backwards in windows, each window in order."""
        first, behind = await self.reader.bounds(place)
        size = FIRST_WINDOW
        while behind > first:
            start = max(first, behind - size)
            yield await self._read_window(place, start, behind)
            behind, size = start, min(4 * size, WINDOW_MAX)

    async def _read_window(
        self, place: TopicPartition, start: int, behind: int
    ) -> list[ConsumerRecord]:
        found: list[ConsumerRecord] = []
        async with aclosing(self.reader.to_the_end(place, start)) as chunks:
            async for chunk in chunks:
                found += [each for each in chunk if each.offset < behind]
                if chunk[-1].offset >= behind - 1:
                    break
        return found


@asynccontextmanager
async def topic_journal(settings: Settings) -> AsyncIterator[TopicJournal]:
    """A connected reader of the journal topic; ClusterError where a topic is missing."""
    journal = TopicJournal(settings, await _partitions(settings))
    async with journal.reader:
        yield journal


async def _partitions(settings: Settings) -> int:
    """The number of partitions of these topics; aiokafka would wait for missing ones."""
    catalogue = read_catalogue()
    topics = {name: catalogue.topics[name] for name in TOPICS}
    wanted = catalogue.model_copy(update={"topics": topics})
    for each in await differences(wanted, settings):
        # Other settings do not matter to a reader.
        if each.setting in {None, PARTITIONS}:
            raise ClusterError(each.topic, each.what)
    return await partition_count(settings, JOURNAL)


def _select_chain(budget: str | None, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
    """The records of one chain, by their key, or all; nothing is decoded."""
    if budget is None:
        return records
    key = budget.encode()
    return [each for each in records if each.key == key]


def _sequence(record: ConsumerRecord) -> int:
    try:
        return read_head(record.value or b"").sequence
    except ValueError:
        return journal_record(record).sequence  # It raises the error with its place.


def _read(record: ConsumerRecord) -> ReadRecord:
    return ReadRecord(journal_record(record), record.value)


def _unreadable(records: list[ConsumerRecord]) -> dict[Source, Sentence]:
    found = {}
    for record in records:
        message = _message(record.value)
        if message["type"] == EventUnreadable.TYPE:
            data = message["data"]
            source = Source(data["topic"], data["partition"], data["offset"])
            found[source] = Sentence(**data["message"])
    return found


async def export_topic(settings: Settings, budget: str | None, export: Export) -> None:
    """Export all that is committed in the journal topic, or one chain of it.

    Raises:
        ClusterError: the cluster cannot be reached, or has no journal.
        StoreError: a record is damaged, or the export is of another journal.
    """
    count = await partition_count(settings, JOURNAL)
    places = [TopicPartition(settings.topic(JOURNAL), number) for number in range(count)]
    async with Reader(settings, places, patient=True) as reader:
        for place in places if budget is None else [places[home_of(budget, count)]]:
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in _select_chain(budget, chunk):
                        where = f"{each.topic}/{each.partition}/{each.offset}"
                        key = (each.key or b"").decode(errors="replace")
                        export.take(each.value or b"", where, key)
        export.end(budget)
