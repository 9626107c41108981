"""Reading partitions outside any group: whole, to the end, or from an offset on."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.sentences import Sentence
from services.runtime.kafka.clients import KAFKA, QUICK_FETCH_WAIT_S, Clients, Isolation
from services.runtime.kafka.cluster_wait import until_answered
from services.runtime.kafka.timeouts import started, within
from services.runtime.ops.errors import Unreachable, place_name
from services.runtime.ops.progress import Progress
from services.runtime.ops.settings import Settings

WAIT_S: Final = 20.0
"""How long one answer about a partition may take."""

STOP_S: Final = 5.0
"""How long a consumer may take to stop; then its connections are cut."""

SILENT_S: Final = 30.0
"""How long reading may bring nothing before the end is reached."""

LOOK_S: Final = 0.1
"""How long one look waits: behind the last record may be markers alone, which wake nobody."""

CHUNK_RECORDS: Final = 10_000
"""How many records are taken at once where all are read."""

FIRST_STEP: Final = 4
"""How far before the end the last record is first looked for: its marker is between, and stands
there more than once where writing it timed out and was repeated. Then four times as far."""

STUCK = Sentence(
    "rien n'est venu en {limit_s:g} s, à l'offset {offset} sur {end}. Le serveur Kafka répond-il ?",
    "nothing came for {limit_s:g} s, at offset {offset} of {end}. Does the Kafka broker answer?",
)


class ReadPosition(NamedTuple):
    """Where a reader stands in a partition, as far as it was told."""

    position: int
    """What comes next; behind the markers of transactions, and what they took back."""
    end: int | None
    """The end of what is committed, as the broker's last answer said; None before the first."""
    answered_s: float
    """When that answer came, in seconds since 1970."""

    @property
    def is_at_the_end(self) -> bool:
        """Whether nothing was left to be taken, as of that answer."""
        return self.end is not None and self.position >= self.end


class Reader:
    """One consumer, pointed at what is to be read next.

    A `patient` one asks again while a broker does not answer, for as long as settings say: nobody
    behind it tries again. A task does, and looks meanwhile whether it is to stop.

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
        """Connected; whoever cannot connect lets go of what he holds."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Let go of the connections."""
        await self.stop()

    async def start(self) -> None:
        """Connect; nothing is read yet."""
        consumer = self._consumer
        await self._answer(lambda: started(consumer._client, consumer.start()), "Kafka")  # noqa: SLF001
        # All at once and for good: aiokafka takes seconds to find a topic that is assigned later.
        self._consumer.assign(list(self._places))
        for place in self._places:
            self._consumer.seek(place, 0)
        self._consumer.pause(*self._places)

    async def stop(self) -> None:
        """Let go of the connections; never raises, since it may stand behind a graver error."""
        try:
            await within(STOP_S, self._consumer.stop(), "Kafka", self._where)
        except Unreachable:
            # aiokafka gave up halfway, and would leave the connections behind.
            client = self._consumer._client  # noqa: SLF001
            with suppress(Unreachable):
                await within(STOP_S, client.close(), "Kafka", self._where)

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        """The first offset that is still there, and the end: of what is committed."""
        consumer, name = self._consumer, place_name(place)
        first = await self._answer(lambda: consumer.beginning_offsets([place]), name)
        end = await self._answer(lambda: consumer.end_offsets([place]), name)
        return first[place], end[place]

    def point_at(self, offsets: dict[TopicPartition, int]) -> None:
        """Read these partitions from now on, from these offsets on, and no others."""
        self._consumer.pause(*self._places)
        self._read = tuple(offsets)
        for place, offset in offsets.items():
            self._consumer.seek(place, offset)
        self._consumer.resume(*offsets)

    async def take(
        self, limit_s: float, records_max: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What is there, at most `records_max` records; nothing after `limit_s` seconds."""
        wait = self._consumer.getmany(
            *self._read, timeout_ms=int(limit_s * 1000), max_records=records_max
        )
        return await within(limit_s + WAIT_S, wait, "Kafka", self._where)

    async def to_the_end(
        self, place: TopicPartition, start: int | None = None
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        """Everything committed, from `start` (else from the first record) to the present end."""
        first, end = await self.bounds(place)
        self.point_at({place: first if start is None else start})
        try:
            async for records in self._until(place, end):
                yield records
        finally:
            self._consumer.pause(place)  # Else it would go on fetching for nobody.

    async def _until(
        self, place: TopicPartition, end: int
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        silent_s = 0.0
        while (position := await self._position(place)) < end:
            taken = await self.take(LOOK_S, CHUNK_RECORDS)
            self._progress.step()
            if records := taken.get(place):
                yield records
            silent_s = 0.0 if await self._position(place) > position else silent_s + LOOK_S
            if silent_s > SILENT_S:
                facts = {"limit_s": SILENT_S, "offset": position, "end": end}
                raise Unreachable(place_name(place), STUCK.render(facts))

    async def yield_to_event_loop(self) -> None:
        """In the midst of long work on what was read: others of this loop have their turn.

        Else heartbeats are late, the health page is silent, and the watchdog sees no step.
        """
        self._progress.step()
        await asyncio.sleep(0)

    async def record_at(self, place: TopicPartition, offset: int) -> ConsumerRecord | None:
        """The first record at or behind `offset`; None where the partition ends before one."""
        async with aclosing(self.to_the_end(place, offset)) as chunks:
            async for records in chunks:
                return records[0]
        return None

    async def offset_at(self, place: TopicPartition, timestamp_ms: int) -> int | None:
        """The first record of that time or a later one; None where there is none."""
        asked = self._consumer.offsets_for_times({place: max(0, timestamp_ms)})
        found = (await within(WAIT_S, asked, place_name(place), self._where))[place]
        return None if found is None else int(found.offset)

    async def latest(self, place: TopicPartition) -> dict[bytes, bytes]:
        """What a compacted partition holds: the last value of each key that has one."""
        values: dict[bytes, bytes] = {}
        async for records in self.to_the_end(place):
            for record in records:
                if record.value is None:
                    values.pop(record.key, None)
                else:
                    values[record.key] = record.value
        return values

    async def last(self, place: TopicPartition) -> ConsumerRecord | None:
        """The last record of a partition; None where nothing in it can be read."""
        first, end = await self.bounds(place)
        size = FIRST_STEP
        while True:
            found: ConsumerRecord | None = None
            async with aclosing(self.to_the_end(place, max(first, end - size))) as chunks:
                async for records in chunks:
                    found = records[-1]
            if found is not None or end - size <= first:
                return found
            size *= 4

    async def is_behind(self) -> bool:
        """Whether there is something to read that was not taken yet."""
        for place in self._read:
            _, end = await self.bounds(place)
            if await self._position(place) < end:
                return True
        return False

    async def read_positions(self) -> dict[TopicPartition, ReadPosition]:
        """Where it stands in what it reads, of what is committed; nobody is asked."""
        return await within(WAIT_S, self._read_positions(), "Kafka", self._where)

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
        position: int = await within(
            WAIT_S, self._consumer.position(place), place_name(place), self._where
        )
        return position

    async def _answer(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:
        async def once() -> Any:
            return await within(WAIT_S, ask(), what, self._where)

        return await (until_answered(self._settings, once) if self._patient else once())
