"""Dead letters read from the cluster, and what the journal and the input say of each.

Nothing is written down about a redrive but what it sends: a dead letter was sent again where the
journal has the note, or where the input holds its record behind the last one that is decided. So
whoever was killed on the way, or comes second, reads here what is left.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from aiokafka.structs import ConsumerRecord, TopicPartition

from events import journal
from events.envelope import CORRECTION
from events.follow_up import RecordReviewed
from events.topics import DEAD_LETTERS, EVENTS, JOURNAL
from services.ledger.application.handle import DEAD_CHAIN
from services.ledger.domain.journal import Source
from services.ledger.kafka.topic_records import IMPORTED_HEADER
from services.redrive.dead_letters import (
    Address,
    DeadLetter,
    place_of,
    read_dead_letter_record,
    redriven_places,
)
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import partition_count
from services.runtime.ops.settings import Settings

TOPICS: Final = (DEAD_LETTERS, JOURNAL, EVENTS)
"""The topics read here."""

APPLIED: Final = frozenset({"accepted", "parked"})
"""Outcomes of an event that was accepted, or waits to be."""

REVIEW_MARK: Final = RecordReviewed.TYPE.encode()
DEAD_MARK: Final = DEAD_CHAIN.encode()


class Review(NamedTuple):
    """The record that took a dead letter off the list of what is to do."""

    budget: str
    sequence: int
    reviewed_by: str
    reviewed_on: date
    comment: str | None
    event_id: str | None
    """The event as which it was sent again; None where a person has only looked."""


@dataclass(slots=True)
class RedriveState:
    """The state of dead letters by journal and input."""

    reviews: dict[tuple[str, int], Review] = field(default_factory=dict)
    """By chain and number, the first review."""
    corrected: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By id, the records of corrections that were accepted or wait, with a note or without."""
    underway: set[str] = field(default_factory=set)
    """Places of those sent again, and not decided yet."""
    _numbers: dict[tuple[Source, str], tuple[str, int]] = field(default_factory=dict)
    """By place and digest, a dead letter's chain and number: after an import places may repeat."""
    _next: dict[int, int] = field(default_factory=dict)
    """By partition, the offset behind the last event that is decided."""

    def find_review(self, at: Address) -> Review | None:
        """The record that settled a dead letter; None while it is to do."""
        return self.reviews.get((at.chain, at.sequence))

    def is_underway(self, at: Address) -> bool:
        """True where it was sent again, and is not decided yet."""
        return place_of(at.source) in self.underway

    def is_sent(self, at: Address) -> bool:
        """True where it was sent again, decided or not."""
        review = self.find_review(at)
        return self.is_underway(at) or (review is not None and review.event_id is not None)

    def next_offset(self, partition: int) -> int | None:
        """The offset behind the last event of a partition that is decided; None of none."""
        return self._next.get(partition)

    def add(self, record: ConsumerRecord, events_topic: str) -> None:
        """Take note of the next record of the journal."""
        value, key = record.value or b"", record.key or b""
        head = journal.read_head(value)
        topic, partition, offset = head.source.topic, head.source.partition, head.source.offset
        imported = any(name == IMPORTED_HEADER for name, _ in record.headers)
        if topic == events_topic and not imported:
            self._next[partition] = max(self._next.get(partition, 0), offset + 1)
        if head.event_source == CORRECTION and head.outcome in APPLIED:
            self.corrected[head.event_id or ""] = (key.decode(), head.sequence)
        if key.startswith(DEAD_MARK):
            place = Source(topic, partition, offset), head.event_sha256
            self._numbers[place] = key.decode(), head.sequence
        elif REVIEW_MARK in value:
            self._add_review(value)

    def dead_letter(self, record: ConsumerRecord) -> DeadLetter | None:
        """A record of the topic of dead letters; None where the journal knows no such."""
        found = read_dead_letter_record(record.value, record.key, record.headers)
        if found is None:
            return None
        raw = found.raw
        digest = sha256(raw.value or b"").hexdigest() if raw.whole else raw.sha256
        number = self._numbers.get((raw.source, digest))
        if number is None:
            return None
        at = Address(*number, raw.source)
        return DeadLetter(at, found.reason, raw, record.timestamp, found.is_whole)

    def _add_review(self, value: bytes) -> None:
        record = journal.read_record(value)
        event = record.event
        if event is None or event.type != RecordReviewed.TYPE or record.outcome != "accepted":
            return
        data = event.data
        if data.chain is None or data.sequence is None or data.reviewed_on is None:
            return
        place = (data.chain, data.sequence)
        before = self.reviews.get(place)
        if before is not None and (before.event_id is not None or data.event is None):
            return
        self.reviews[place] = Review(
            record.budget,
            record.sequence,
            data.reviewed_by or "",
            data.reviewed_on,
            data.comment,
            None if data.event is None else data.event.id,
        )


class DeadLetterTopic:
    """A reader of dead letters, outside any group.

    Raises:
        ClusterError: from any method, when the cluster cannot be reached.
    """

    def __init__(self, settings: Settings, count: int) -> None:
        self._dead, self._journal, self._events = (
            [TopicPartition(settings.topic(name), number) for number in range(count)]
            for name in TOPICS
        )
        places = [*self._dead, *self._journal, *self._events]
        self.reader = Reader(settings, places, patient=True)
        """Connected while it is entered."""

    async def state(self) -> RedriveState:
        """The state by the journal of now, and the input behind it."""
        state = RedriveState()
        for place, events in zip(self._journal, self._events, strict=True):
            async with aclosing(self.reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        state.add(each, events.topic)
                    await self.reader.yield_to_event_loop()
        for place in self._events:
            first, _ = await self.reader.bounds(place)
            start = max(first, state.next_offset(place.partition) or 0)
            async with aclosing(self.reader.to_the_end(place, start)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        state.underway.update(redriven_places(each.headers))
        return state

    async def find_applied(self, source: str, event_id: str) -> tuple[str, int] | None:
        """A record of any budget by which this event was accepted, or waits; None of none."""
        for place in self._journal:
            async with aclosing(self.reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        head = journal.read_head(each.value or b"")
                        name = head.event_source, head.event_id
                        if name == (source, event_id) and head.outcome in APPLIED:
                            return (each.key or b"").decode(), head.sequence
                    await self.reader.yield_to_event_loop()
        return None

    async def dead_letters(self, state: RedriveState) -> AsyncGenerator[DeadLetter, None]:
        """Yield the dead letters of this journal by partition, the oldest first."""
        for place in self._dead:
            async with aclosing(self.reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        found = state.dead_letter(each)
                        if found is not None:
                            yield found


@asynccontextmanager
async def dead_letter_topic(settings: Settings) -> AsyncIterator[DeadLetterTopic]:
    """A connected reader of dead letters; ClusterError where a topic is missing."""
    topic = DeadLetterTopic(settings, await partition_count(settings, DEAD_LETTERS))
    async with topic.reader:
        yield topic
