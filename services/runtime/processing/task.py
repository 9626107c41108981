"""The partition task: open, restore, then batch after batch, each one transaction.

One task owns one partition number of its sources. Whatever fails, memory is thrown away and the
partition is opened again, from what is stored: there is no code that rolls anything back.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.sentences import Sentence
from services.runtime.kafka.clients import FETCH_WAIT_S, KAFKA, Clients
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import Fenced, WriterFailed
from services.runtime.ops.clock import Clock, the_clock_on_the_wall
from services.runtime.ops.errors import Stop, Unreachable
from services.runtime.ops.progress import Progress
from services.runtime.ops.settings import Settings
from services.runtime.processing.backlog import Backlog, Spoken, unopened
from services.runtime.processing.failure_tracker import Bug, Trouble
from services.runtime.processing.offset_metadata import TaskState, Word
from services.runtime.processing.processor import Hold, Work, WorkFactory
from services.runtime.processing.timings import Timings

BATCH_RECORDS: Final = 1000
"""How many records one transaction takes at most, where its work does not say otherwise."""

LOOK_S: Final = 0.2
"""How long one look for records waits; pausing and stopping are seen as often."""

RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 10.0
"""How long a partition rests between two attempts: doubled each time, up to the second."""

DOUBLINGS_MAX: Final = 10

HELD_LOOK_S: Final = 1.0
"""How often a held partition looks whether somebody has moved it on."""

IDLE_LOOK_S: Final = 30.0
"""How often a partition asks whether there really is nothing to read where it is given nothing, and
whether what it wrote last has ended: no next transaction may come to find out."""

IDLE_COMMIT_S: Final = 24 * 3600.0
"""How often a partition commits though it has nothing to: a transactional id expires after seven
idle days, and where nothing comes to one of its sources, its position there is kept fresh."""

FAILURES_BEFORE_HOLD: Final = 2
"""A record that fails this often is not tried again."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


NOTHING_COMES = Sentence(
    "il y a des enregistrements à lire, mais rien ne vient",
    "there are records to read, but none comes",
)


@dataclass(slots=True)
class Idleness:
    """When a partition last gave a sign of life, and looked after what it is not given."""

    committed_s: float
    looked_s: float
    was_behind: bool = False


class GaveUp(Exception):
    """The world was down for longer than this worker waits."""


Go = Callable[[Work], Awaitable[None]]
"""What is done with an opened partition."""


class PartitionTask:
    """The task of one partition number; `run` ends when it was stopped.

    `remedy` says in the log what may be done about a record that holds the partition; it may name
    the facts of a `Hold`.

    Raises:
        Stop: what is stored cannot be trusted, and a second look says the same; the worker must
            stop.
        Fenced: somebody else writes this partition although it is ours; the worker must stop.
        GaveUp: the world was down too long.
    """

    def __init__(
        self,
        partition: int,
        make_work: WorkFactory,
        settings: Settings,
        remedy: str,
        clients: Clients = KAFKA,
        batch_records: int = BATCH_RECORDS,
        timings: Timings | None = None,
        clock: Clock = the_clock_on_the_wall,
    ) -> None:
        self.partition = partition
        self.state = TaskState.OPENING
        self.progress = Progress()
        self.held: Hold | None = None
        self.failed = 0
        """How many attempts have failed: each once, wherever between opening and closing."""
        self._backlog = Backlog()
        self._make_work = make_work
        self._settings = settings
        self._clients = clients
        self._remedy = remedy
        self._batch_records = batch_records
        self._timings = timings
        self._clock = clock
        self._trouble = Trouble()
        self._doubted = False
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._stopped = asyncio.Event()

    # What the rebalance callbacks may do: nothing but set flags.

    def pause(self) -> None:
        """Begin no transaction until `resume`; the running one is finished."""
        self._wanted.clear()

    def resume(self) -> None:
        """The partition is ours again, or still."""
        self._wanted.set()

    def stop(self) -> None:
        """Finish the running transaction, and end."""
        self._stopped.set()
        self._wanted.set()

    @property
    def _stopping(self) -> bool:
        return self._stopped.is_set()

    @property
    def is_ours(self) -> bool:
        """Whether the group still says that the partition is ours."""
        return self._wanted.is_set() and not self._stopping

    @property
    def next_offsets(self) -> dict[str, int]:
        """What is to be read next of each topic; none before the partition was first opened."""
        return self._backlog.next_offsets

    def words(self) -> dict[str, Spoken]:
        """What is to be said of each topic now; nothing before the partition was first opened."""
        return self._backlog.words(self._clock(), self.state, self.held)

    def unopened(self) -> Word:
        """What is to be said before that."""
        return unopened(self._clock(), self.state)

    async def run(self) -> None:
        """Work until stopped, whatever fails on the way."""
        try:
            await self._run()
        finally:
            self.state = TaskState.STOPPED
            self.progress.rest("stopped")

    async def _run(self) -> None:
        go: Go = self._work
        while not self._stopping:
            if not self._wanted.is_set():
                await self._rest(TaskState.PAUSED)
                continue
            now, go = go, self._work
            try:
                await self._with_work(now)
            except (Unreachable, WriterFailed) as error:
                await self._back_off(error)
            except Stop as error:
                if self._doubted or self.state is not TaskState.OPENING:
                    raise
                # Who was fenced while it opened reads what another is writing, and half of it:
                # only what is found again, by whoever is the writer then, is so.
                self._doubted = True
                log.warning("partition_doubted", partition=self.partition, error=str(error))
            except Fenced:
                if self.is_ours:
                    raise
                # The new owner was quicker than the end of our transaction: that is a hand-over.
                log.info("partition_handed_over", partition=self.partition)
            except Bug as bug:
                go = await self._after(bug)

    async def _with_work(self, go: Go) -> None:
        """Open the partition, and go on with it; in the end let it go."""
        self.state = TaskState.OPENING
        self.progress.begin("opening")
        work = self._make_work(self.partition, self.progress)
        try:
            try:
                self._backlog.opened(await work.open(), work.told)
            except (Stop, Fenced, WriterFailed):
                raise
            except Exception as error:
                raise Bug(None) from error
            self._doubted = False
            log.info("partition_opened", partition=self.partition, next_offsets=self.next_offsets)
            await go(work)
        except (Stop, Fenced, WriterFailed, Bug):
            # In an outage most attempts fail before they come to a record.
            self.failed += 1
            raise
        finally:
            await work.close()

    async def _work(self, work: Work) -> None:
        reader = Reader(
            self._settings, self._places(), self.progress, FETCH_WAIT_S, clients=self._clients
        )
        try:
            await reader.start()
            reader.point_at(self._places())
            idle = Idleness(self._now_s(), self._now_s())
            while not self._stopping:
                if not self._wanted.is_set():
                    await self._rest(TaskState.PAUSED)
                elif await self._one_look(work, reader):
                    idle.was_behind = False
                else:
                    await self._while_idle(work, reader, idle)
        finally:
            await reader.stop()

    async def _one_look(self, work: Work, reader: Reader) -> bool:
        """Take what is there and work on it; whether there was anything."""
        self.state = TaskState.RUNNING
        self.progress.rest("waiting")
        taken = await reader.take(LOOK_S, self._batch_records)
        records = [record for chunk in taken.values() for record in self._unseen(chunk)]
        found = bool(records)
        standings = {place.topic: at for place, at in (await reader.standings()).items()}
        self._backlog.took(records, standings, work.time_of, self._clock())
        while records and self.is_ours:
            batch, records = self._cut(records)
            count = await self._handle(work, batch)
            records = batch[count:] + records
            self._backlog.left(records, work.time_of)
        if records:
            # Paused in between: they are read again from where the work stands.
            reader.point_at(self._places())
        return found

    async def _while_idle(self, work: Work, reader: Reader, idle: Idleness) -> None:
        """Now and then: whether all is written, and nothing there to read; and a sign of life."""
        now_s = self._now_s()
        if now_s - idle.looked_s > IDLE_LOOK_S:
            idle.looked_s = now_s
            await work.settle()
            behind = await reader.is_behind()
            if behind and idle.was_behind:
                raise Unreachable(f"partition {self.partition}", NOTHING_COMES)
            idle.was_behind = behind
            if not behind:
                self._trouble.passed(())  # Nothing to read, and nothing fails: all is well.
        if now_s - idle.committed_s > IDLE_COMMIT_S:
            idle.committed_s = now_s
            await work.commit()

    def _places(self) -> dict[TopicPartition, int]:
        """The partitions of the sources that are ours, and where to read on."""
        return {TopicPartition(name, self.partition): at for name, at in self.next_offsets.items()}

    def _unseen(self, records: list[ConsumerRecord]) -> Iterator[ConsumerRecord]:
        """What this run of the task has not taken yet; gaps are normal, repeats are not read."""
        next_offsets = self.next_offsets
        for record in records:
            if record.offset >= next_offsets[record.topic]:
                yield record

    def _cut(
        self, records: list[ConsumerRecord]
    ) -> tuple[list[ConsumerRecord], list[ConsumerRecord]]:
        """The next batch, and the rest: near a record that failed, one by one."""
        suspected = [self._trouble.suspects(record) for record in records]
        if True not in suspected:
            return records, []
        size = suspected.index(True) or 1
        return records[:size], records[size:]

    async def _handle(self, work: Work, batch: list[ConsumerRecord]) -> int:
        """One transaction, of as many of these records as it takes; how many."""
        self.progress.begin(f"{batch[0].topic}/{self.partition}/{batch[0].offset}")
        suspect: ConsumerRecord | None = None
        try:
            for count, record in enumerate(batch, start=1):
                suspect = record
                work.handle(record)
                if work.is_full:
                    batch = batch[:count]
                    break
            suspect = batch[0] if len(batch) == 1 else None
            await work.commit()
        except (Stop, Fenced, WriterFailed):
            raise
        except Exception as error:
            self._trouble.note(batch if suspect is None else [suspect])
            raise Bug(suspect) from error
        delays = self._backlog.did(batch, work.told, work.time_of, self._clock())
        if self._timings is not None:
            self._timings.observe(delays)
        self._trouble.passed(batch)
        self.held = None
        return len(batch)

    async def _after(self, bug: Bug) -> Go:
        """Once more after the first failure of a record; after the second the partition stands."""
        error, record = bug.__cause__, bug.record
        facts = {"partition": self.partition, "error": repr(error)}
        if record is None:
            log.critical("partition_failed", **facts, exc_info=error)
            if self.state is TaskState.OPENING:
                await self._stand_closed()
            return self._work
        facts |= {"topic": record.topic, "offset": record.offset}
        log.critical("record_failed", **facts, exc_info=error)
        if self._trouble.count(record) >= FAILURES_BEFORE_HOLD:
            return partial(self._stand, record, repr(error), self.next_offsets[record.topic])
        return self._work

    async def _stand(self, record: ConsumerRecord, error: str, stood: int, work: Work) -> None:
        """Hold the partition before a record, until it is moved on, or this task stops.

        `stood` is where its topic was to be read on when the record failed.
        """
        at = self.next_offsets[record.topic]
        if at > record.offset:
            # Somebody had the partition meanwhile, and got past it.
            self._trouble.forget(record)
        if at > record.offset or at < stood:
            # What had come before it may be undone: it is done first, and this one then fails anew.
            await self._work(work)
            return
        event_id = work.name_of(record)
        hold = Hold(record.topic, self.partition, record.offset, event_id, error)
        await work.hold(hold)
        # Only now may anyone set the record aside: it takes the transactional id, and we let it go.
        self.state, self.held = TaskState.BROKEN, hold
        self._backlog.stands_before(record, work.time_of)
        log.critical("partition_held", **hold._asdict(), do=self._remedy.format(**hold._asdict()))
        self.progress.rest("held")
        while not self._stopping and not await work.was_moved():
            await self._sleep(HELD_LOOK_S)
        self._trouble.forget(record)
        self.held = None

    async def _stand_closed(self) -> None:
        """A partition that cannot be opened at all stands still, for all to see."""
        self.state = TaskState.BROKEN
        self.progress.rest("held")
        log.critical("partition_cannot_be_opened", partition=self.partition)
        await self._stopped.wait()

    async def _back_off(self, error: Unreachable | WriterFailed) -> None:
        """Rest before the next attempt; longer each time, and not for ever."""
        since_s = self._trouble.fails(self._now_s())
        if self._now_s() - since_s > self._settings.give_up_s:
            raise GaveUp(str(error)) from error
        self.state = TaskState.RETRYING
        self.progress.rest("retrying")
        doublings = min(self._trouble.retries - 1, DOUBLINGS_MAX)
        delay_s = min(RETRY_FIRST_S * 2**doublings, RETRY_MAX_S)
        log.warning(
            "partition_retried", partition=self.partition, error=str(error), delay_s=delay_s
        )
        await self._sleep(delay_s)

    async def _rest(self, state: TaskState) -> None:
        """Wait until the partition is wanted again, or this task is to stop."""
        self.state = state
        self._backlog.looks_away()
        self.progress.rest(state.value)
        await self._wanted.wait()

    async def _sleep(self, delay_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), delay_s)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
