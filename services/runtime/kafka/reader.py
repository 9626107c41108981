"""Reads partitions outside any group: to their end, or from an offset on."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple, Self, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from services.runtime.kafka.clients import KAFKA, QUICK_FETCH_WAIT_S, Clients, Isolation
from services.runtime.kafka.waits import finish_start, retry_until_answered, wait_within
from services.runtime.ops.errors import ClusterError, Unreachable, place_name
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress

WAIT_S: Final = 20.0
"""The time-out of one request about a partition."""

STOP_S: Final = 5.0
"""The time that a consumer has to stop; then its connections are closed."""

SILENT_S: Final = 30.0
"""The longest time without progress before the end is reached."""

POLL_S: Final = 0.1
"""The time-out of one poll: markers behind the last record end no poll."""

CHUNK_RECORDS: Final = 10_000
"""The most records of one poll where a whole partition is read."""

FIRST_STEP: Final = 4
"""The first distance from the end at which the last record is searched: end markers stand between,
several where writing one timed out and was repeated. Each next distance is four times as far."""

STUCK = _(
    "nothing came for {limit_s:g} s, at offset {offset} of {end}. Does the Kafka broker answer?"
)


class ReadPosition(NamedTuple):
    """A reader's position in a partition, by the last fetch response."""

    position: int
    """The next offset; after end markers and aborted records."""
    end: int | None
    """The last stable offset by the last fetch response; None before the first."""
    answered_s: float
    """The time of that response, in seconds since 1970."""

    @property
    def is_at_the_end(self) -> bool:
        """True where that response left nothing to be read."""
        return self.end is not None and self.position >= self.end


class Reader:
    """One consumer, seeked to the partitions that are to be read next.

    A `patient` one retries while a broker does not answer, for as long as the settings allow. A
    partition task retries by itself, and needs no patient one.

    Raises:
        Unreachable: from any method but `stop`, when the broker fails or does not answer in time.
    """

    def __init__(
        self,
        settings: Settings,
        places: Collection[TopicPartition],
        progress: Progress | None = None,
        fetch_wait_s: float = QUICK_FETCH_WAIT_S,
        isolation: Isolation = "read_committed",
        clients: Clients = KAFKA,
        *,
        patient: bool = False,
    ) -> None:
        self._settings = settings
        self._patient = patient
        self._where = settings.bootstrap_servers
        # In one order, whatever the hashes of this process are: what is asked can be replayed.
        self._places = tuple(dict.fromkeys(places))
        self._read: tuple[TopicPartition, ...] = ()
        self._progress = progress or Progress()
        self._consumer: AIOKafkaConsumer = clients.reader(settings, fetch_wait_s, isolation)

    async def __aenter__(self) -> Self:
        """Connect; stop where that fails."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close the connections."""
        await self.stop()

    async def start(self) -> None:
        """Connect; read nothing yet."""
        consumer = self._consumer
        await self._answer(lambda: finish_start(consumer._client, consumer.start()), "Kafka")  # noqa: SLF001
        # All at once and for good: aiokafka takes seconds to find a topic that is assigned later.
        self._consumer.assign(list(self._places))
        for topic in dict.fromkeys(place.topic for place in self._places):
            # If we may not describe the topic: a request for its offsets would only time out.
            await self._answer(partial(consumer._client._wait_on_metadata, topic), topic)  # noqa: SLF001
        for place in self._places:
            self._consumer.seek(place, 0)
        self._consumer.pause(*self._places)

    async def stop(self) -> None:
        """Close the connections; never raises, so that it hides no graver error."""
        try:
            await wait_within(STOP_S, self._consumer.stop(), "Kafka", self._where)
        except Unreachable:
            # aiokafka gave up halfway, and would leave the connections behind.
            client = self._consumer._client  # noqa: SLF001
            with suppress(Unreachable):
                await wait_within(STOP_S, client.close(), "Kafka", self._where)

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """Return the first offset still there, and the last stable offset."""
        consumer, name = self._consumer, place_name(place)
        first = await self._answer(lambda: consumer.beginning_offsets([place]), name)
        end = await self._answer(lambda: consumer.end_offsets([place]), name)
        return first[place], end[place]

    def point_at(self, offsets: dict[TopicPartition, int]) -> None:
        """Seek to these offsets, and read no other partitions."""
        self._consumer.pause(*self._places)
        self._read = tuple(offsets)
        for place, offset in offsets.items():
            self._consumer.seek(place, offset)
        self._consumer.resume(*offsets)

    async def take(
        self, limit_s: float, records_max: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Poll at most `records_max` records; return none after `limit_s` seconds."""
        wait = self._consumer.getmany(
            *self._read, timeout_ms=int(limit_s * 1000), max_records=records_max
        )
        return await wait_within(limit_s + WAIT_S, wait, "Kafka", self._where)

    async def to_the_end(
        self, place: TopicPartition, start: int | None = None
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        """Yield all committed records from `start` (else from the first) to the present end."""
        first, end = await self.bounds(place)
        self.point_at({place: first if start is None else start})
        try:
            async for records in self._read_until(place, end):
                yield records
        finally:
            self._consumer.pause(place)  # Else it would go on fetching.

    async def _read_until(
        self, place: TopicPartition, end: int
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        silent_s = 0.0
        while (position := await self._position(place)) < end:
            taken = await self.take(POLL_S, CHUNK_RECORDS)
            self._progress.step()
            if records := taken.get(place):
                yield records
            silent_s = 0.0 if await self._position(place) > position else silent_s + POLL_S
            if silent_s > SILENT_S:
                facts = {"limit_s": SILENT_S, "offset": position, "end": end}
                raise Unreachable(place_name(place), STUCK.render(facts))

    async def yield_to_event_loop(self) -> None:
        """Yield to other tasks of the event loop during long processing.

        Else heartbeats are late, the health page is silent, and the watchdog sees no step.
        """
        self._progress.step()
        await asyncio.sleep(0)

    async def record_at(self, place: TopicPartition, offset: int) -> ConsumerRecord | None:
        """Return the first record at or after `offset`; None where the partition ends before."""
        async with aclosing(self.to_the_end(place, offset)) as chunks:
            async for records in chunks:
                return records[0]
        return None

    async def offset_at(self, place: TopicPartition, timestamp_ms: int) -> int | None:
        """Return the offset of the first record of that time or later; None where there is none."""
        asked = self._consumer.offsets_for_times({place: max(0, timestamp_ms)})
        found = (await wait_within(WAIT_S, asked, place_name(place), self._where))[place]
        return None if found is None else int(found.offset)

    async def latest(self, place: TopicPartition) -> dict[bytes, bytes]:
        """Read a compacted partition: the last value of each key that has one."""
        values: dict[bytes, bytes] = {}
        async for records in self.to_the_end(place):
            for record in records:
                if record.value is None:
                    values.pop(record.key, None)
                else:
                    values[record.key] = record.value
        return values

    async def last(self, place: TopicPartition, key: bytes | None = None) -> ConsumerRecord | None:
        """Return the last record of a partition, or of a key in it; None where there is none."""
        first, end = await self.bounds(place)
        size = FIRST_STEP
        while True:
            found: ConsumerRecord | None = None
            async with aclosing(self.to_the_end(place, max(first, end - size))) as chunks:
                async for records in chunks:
                    of_key = (each for each in reversed(records) if key in {None, each.key})
                    found = next(of_key, found)
            if found is not None or end - size <= first:
                return found
            size *= 4

    async def is_behind(self) -> bool:
        """Return whether records are left to be read."""
        for place in self._read:
            _unused, end = await self.bounds(place)
            if await self._position(place) < end:
                return True
        return False

    async def read_positions(self) -> dict[TopicPartition, ReadPosition]:
        """Return the positions of what it reads, by the last fetch responses."""
        return await wait_within(WAIT_S, self._read_positions(), "Kafka", self._where)

    async def _read_positions(self) -> dict[TopicPartition, ReadPosition]:
        consumer = self._consumer
        return {
            place: ReadPosition(
                await consumer.position(place),
                consumer.last_stable_offset(place),
                (consumer.last_poll_timestamp(place) or 0) / 1000,
            )
            for place in self._read
        }

    async def _position(self, place: TopicPartition) -> int:
        position: int = await wait_within(
            WAIT_S, self._consumer.position(place), place_name(place), self._where
        )
        return position

    async def _answer(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        async def once() -> Any:
            return await wait_within(WAIT_S, ask(), what, self._where)

        return await (retry_until_answered(self._settings, once) if self._patient else once())


LOST = _(
    "records {wanted} to {first} are gone and were never read. Restore the topic from a backup; if "
    "they are lost for good, say so: {give_up}"
)
BEYOND = _(
    "it ends at {end}, but was read up to {wanted}: this is another topic. Restore the one that "
    "was read"
)
ANOTHER = _(
    "at offset {offset} stands another record than the one that was read there: the topic was "
    "re-created. Restore the one that was read"
)


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """The position in one partition of a source, with the last record read."""

    next_offset: int
    last_offset: int | None = None
    last_timestamp_ms: int | None = None
    last_sha256: str | None = None


Position = TypeVar("Position", bound=SourcePosition)

IsSame = Callable[[ConsumerRecord, str], bool]
"""Compares a record with the digest of the one that was read."""


async def check_source(
    reader: Reader,
    place: TopicPartition,
    position: SourcePosition,
    is_same: IsSame,
    give_up: str,
) -> None:
    """Check that a source still holds the next record, and that it is the topic that was read.

    aiokafka knows no topic ids, so a topic that was deleted and created again is known by its
    records: where the last one read is still kept, it must be the same; where it is not, none may
    stand before what comes next. `give_up` is the command by which people give up what is gone
    unread; it may name `topic`, `partition`, and the `first` offset that is left.

    Raises:
        ClusterError: it does not; the message says which and what to do.
    """
    first, end = await reader.bounds(place)
    wanted = position.next_offset
    facts = {"wanted": wanted, "first": first, "end": end, **place._asdict()}
    if wanted < first:
        command = give_up.format_map(facts)
        raise ClusterError(place_name(place), LOST.render(facts | {"give_up": command}))
    if wanted > end:
        raise ClusterError(place_name(place), BEYOND.render(facts))
    last = position.last_offset
    if last is None or last < first:
        if first < wanted:
            record = await reader.record_at(place, first)
            if record is not None and record.offset < wanted:
                raise ClusterError(place_name(place), ANOTHER.render({"offset": record.offset}))
        return
    record = await reader.record_at(place, last)
    if record is None or record.offset != last or not _is_still(record, position, is_same):
        raise ClusterError(place_name(place), ANOTHER.render({"offset": last}))


async def skip_markers(reader: Reader, place: TopicPartition, position: Position) -> Position:
    """Return the position, moved to the end where no readable record stands before that.

    A transaction's last record is followed by its end marker; of an aborted one nothing else can
    be read. A position left before markers would report unread records as lost, once retention
    deletes them.
    """
    # First: what is written from now on stands behind it.
    _unused, end = await reader.bounds(place)
    if position.next_offset >= end or await reader.record_at(place, position.next_offset):
        return position
    return replace(position, next_offset=end)


def _is_still(record: ConsumerRecord, position: SourcePosition, is_same: IsSame) -> bool:
    if position.last_timestamp_ms not in {None, record.timestamp}:
        return False
    return position.last_sha256 is None or is_same(record, position.last_sha256)
