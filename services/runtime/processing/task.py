"""The partition task: open, restore, then poll and process batches, each in one transaction.

One task owns one partition number of its source topics. After any failure its memory is discarded
and the partition is opened again from stored state: there is no code that rolls anything back.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from services.runtime.kafka.clients import FETCH_WAIT_S, KAFKA, Clients
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.refusals import Refusals
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.clock import Clock, wall_clock
from services.runtime.ops.errors import Stop, Unreachable
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.backlog import Backlog, Delays, ReportedStatus
from services.runtime.processing.failure_tracker import TAKEN_MAX, Bug, FailureTracker, GaveUp
from services.runtime.processing.processor import Hold, Processor, ProcessorFactory
from services.runtime.processing.status import Status, TaskState, check_transition

BATCH_RECORDS: Final = 3000
"""The most records in one transaction, where so many wait and the processor is not full before."""

YIELD_RECORDS: Final = 1000
"""The records handled before the event loop runs other tasks, heartbeats among them."""

POLL_S: Final = 0.2
"""The time-out of one poll; pausing and stopping are noticed as often."""

HELD_POLL_S: Final = 1.0
"""The interval at which a held partition checks if another writer has moved it on."""

IDLE_CHECK_S: Final = 30.0
"""The interval at which an idle partition checks that nothing is left to be read, and that its last
transaction has ended: no next transaction may come to find out."""

IDLE_COMMIT_S: Final = 24 * 3600.0
"""The interval at which an idle partition commits: a transactional id expires after seven idle
days, and the position in a source without records is kept fresh."""

FAILURES_BEFORE_HOLD: Final = 2
"""The number of failures after which a record is not tried again."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")

NOTHING_COMES = _("there are records to read, but none comes")


@dataclass(slots=True)
class Idleness:
    """The times of an idle partition's last commit and last check."""

    committed_s: float
    checked_s: float
    was_behind: bool = False


Step = Callable[[Processor], Awaitable[None]]
"""The next step of a task with an opened partition."""


class PartitionTask:
    """The task of one partition number; `run` ends when it was stopped.

    `remedy` says in the log what may be done about a record that holds the partition; it may name
    the facts of a `Hold`.

    Raises:
        Stop: stored state cannot be trusted, and a second opening finds the same; or Kafka refuses
            our login or a right again and again. The worker must stop.
        FencedError: another process takes this partition, which is ours, again and again; the
            worker must stop.
        GaveUp: Kafka or the database was down too long.
    """

    def __init__(
        self,
        partition: int,
        make_processor: ProcessorFactory,
        settings: Settings,
        remedy: str,
        clients: Clients = KAFKA,
        batch_records: int = BATCH_RECORDS,
        observe: Callable[[Delays], None] = lambda _delays: None,
        clock: Clock = wall_clock,
    ) -> None:
        self.partition = partition
        self.state = TaskState.OPENING
        self.progress = Progress()
        self.held: Hold | None = None
        self.batch_records = batch_records
        """The most records in one transaction."""
        self.failed = 0
        """The number of failed attempts: each counts once, wherever between opening and closing."""
        self._backlog = Backlog()
        self._make_processor = make_processor
        self._settings = settings
        self._clients = clients
        self._remedy = remedy
        self._observe = observe
        self._clock = clock
        self._failures_seen = FailureTracker()
        self._refusals = Refusals(settings)
        self._check_failed_once = False
        self._assigned = asyncio.Event()
        self._assigned.set()
        self._stopped = asyncio.Event()

    # The rebalance callbacks set flags and do nothing else.

    def pause(self) -> None:
        """Begin no transaction until `resume`; the running one is finished."""
        self._assigned.clear()

    def resume(self) -> None:
        """Go on: the partition is ours again, or still."""
        self._assigned.set()

    def stop(self) -> None:
        """Finish the running transaction, and end."""
        self._stopped.set()
        self._assigned.set()

    @property
    def is_assigned(self) -> bool:
        """True while the group assigns the partition to this worker."""
        return self._assigned.is_set() and not self._stopped.is_set()

    @property
    def next_offsets(self) -> dict[str, int]:
        """The next offset of each topic; empty before the partition was first opened."""
        return self._backlog.next_offsets

    def statuses(self) -> dict[str, ReportedStatus]:
        """Return the status of each topic; nothing before the partition was first opened."""
        return self._backlog.statuses(self._clock(), self.state, self.held)

    def describe_unopened(self) -> Status:
        """Return the status before that."""
        return Status(self._clock(), self.state, caught_up=False)

    async def run(self) -> None:
        """Run until stopped, through all failures that a retry may mend."""
        try:
            await self._run()
        finally:
            self._enter(TaskState.STOPPED)
            self.progress.rest("stopped")

    def _enter(self, state: TaskState) -> None:
        check_transition(self.state, state)
        self.state = state

    async def _run(self) -> None:
        step: Step = self._process_records
        while not self._stopped.is_set():
            if not self._assigned.is_set():
                await self._wait_until_assigned()
                continue
            now, step = step, self._process_records
            try:
                await self._with_processor(now)
            except (Unreachable, WriterFailed) as error:
                await self._back_off(error)
            except Stop as error:
                if self._check_failed_once or self.state is not TaskState.OPENING:
                    raise
                # A worker fenced while it opens reads half of what another one is writing: only a
                # finding that a second opening repeats is true.
                self._check_failed_once = True
                log.warning(
                    "partition_check_failed_once", partition=self.partition, error=str(error)
                )
            except FencedError as error:
                await self._recover_from_fence(error)
            except Bug as bug:
                step = await self._recover_from_failure(bug)

    async def _with_processor(self, step: Step) -> None:
        """Open the partition and run one step with it; close it in the end."""
        self._enter(TaskState.OPENING)
        self.progress.begin("opening")
        processor = self._make_processor(self.partition, self.progress)
        try:
            try:
                self._backlog.note_opening(await processor.open(), processor.outcomes)
            except (Stop, FencedError, WriterFailed):
                raise
            except Exception as error:
                raise Bug(None) from error
            self._check_failed_once = False
            log.info("partition_opened", partition=self.partition, next_offsets=self.next_offsets)
            await step(processor)
        except (Stop, FencedError, WriterFailed, Bug):
            # In an outage most attempts fail before they reach a record.
            self.failed += 1
            raise
        finally:
            await processor.close()

    async def _process_records(self, processor: Processor) -> None:
        reader = Reader(
            self._settings, self._places(), self.progress, FETCH_WAIT_S, clients=self._clients
        )
        try:
            await reader.start()
            reader.point_at(self._places())
            idle = Idleness(_now_s(), _now_s())
            while not self._stopped.is_set():
                if not self._assigned.is_set():
                    await self._wait_until_assigned()
                elif await self._poll_once(processor, reader):
                    idle.was_behind = False
                else:
                    await self._check_while_idle(processor, reader, idle)
        finally:
            await reader.stop()

    async def _poll_once(self, processor: Processor, reader: Reader) -> bool:
        """Poll and process the records; return whether there were any."""
        self._enter(TaskState.RUNNING)
        self.progress.rest("waiting")
        taken = await reader.take(POLL_S, self.batch_records)
        records = [record for chunk in taken.values() for record in self._unseen(chunk)]
        found = bool(records)
        positions = {place.topic: at for place, at in (await reader.read_positions()).items()}
        self._backlog.note_poll(records, positions, processor.time_of, self._clock())
        while records and self.is_assigned:
            size = self._failures_seen.batch_size(records)
            count = await self._handle(processor, records[:size])
            records = records[count:]
            self._backlog.remaining(records, processor.time_of)
        if records:
            # Paused in between: they are polled again from the next offset.
            reader.point_at(self._places())
        return found

    async def _check_while_idle(self, processor: Processor, reader: Reader, idle: Idleness) -> None:
        """Check from time to time that all is written and read; commit once a day."""
        now_s = _now_s()
        if now_s - idle.checked_s > IDLE_CHECK_S:
            idle.checked_s = now_s
            await processor.settle()
            behind = await reader.is_behind()
            if behind and idle.was_behind:
                raise Unreachable(f"partition {self.partition}", NOTHING_COMES)
            idle.was_behind = behind
            if not behind:  # Nothing to read, and nothing fails.
                self._failures_seen.note_success(())
                self._refusals.note_success()
        if now_s - idle.committed_s > IDLE_COMMIT_S:
            idle.committed_s = now_s
            await processor.commit()

    def _places(self) -> dict[TopicPartition, int]:
        """The partitions of the source topics, with their next offsets."""
        return {TopicPartition(name, self.partition): at for name, at in self.next_offsets.items()}

    def _unseen(self, records: list[ConsumerRecord]) -> Iterator[ConsumerRecord]:
        """Yield the records not processed yet; gaps are normal, repeats are dropped."""
        next_offsets = self.next_offsets
        for record in records:
            if record.offset >= next_offsets[record.topic]:
                yield record

    async def _handle(self, processor: Processor, batch: list[ConsumerRecord]) -> int:
        """Process these records in one transaction; return how many it took."""
        self.progress.begin(f"{batch[0].topic}/{self.partition}/{batch[0].offset}")
        suspect: ConsumerRecord | None = None
        try:
            for count, record in enumerate(batch, start=1):
                suspect = record
                processor.handle(record)
                if processor.is_full:
                    batch = batch[:count]
                    break
                if count % YIELD_RECORDS == 0:
                    await asyncio.sleep(0)
            suspect = batch[0] if len(batch) == 1 else None
            await processor.commit()
        except (Stop, FencedError, WriterFailed):
            raise
        except Exception as error:
            if suspect is None:
                self._failures_seen.suspect(batch)
            raise Bug(suspect) from error
        outcomes, now_s = processor.outcomes, self._clock()
        delays = self._backlog.note_commit(batch, outcomes, processor.time_of, now_s)
        self._observe(delays)
        self._failures_seen.note_success(batch)
        self._refusals.note_success()
        self.held = None
        return len(batch)

    async def _recover_from_failure(self, bug: Bug) -> Step:
        """Retry after the first failure of a record; hold the partition after the second."""
        error, record = bug.__cause__, bug.record
        facts = {"partition": self.partition, "error": repr(error)}
        if record is None:
            log.critical("partition_failed", **facts, exc_info=error)
            if self.state is TaskState.OPENING:
                await self._stay_closed()
            return self._process_records
        facts |= {"topic": record.topic, "offset": record.offset}
        log.critical("record_failed", **facts, exc_info=error)
        if self._failures_seen.count(record) >= FAILURES_BEFORE_HOLD:
            return partial(self._hold_before, record, repr(error), self.next_offsets[record.topic])
        return self._process_records

    async def _hold_before(
        self, record: ConsumerRecord, error: str, next_offset: int, processor: Processor
    ) -> None:
        """Hold the partition before a record, until it is moved on or this task stops.

        `next_offset` is that of its topic when the record failed.
        """
        at = self.next_offsets[record.topic]
        if at > record.offset:
            # Another worker had the partition meanwhile, and got past it.
            self._failures_seen.clear(record)
        if at > record.offset or at < next_offset:
            # Records before it may be undone: they are done first, and this one then fails anew.
            await self._process_records(processor)
            return
        event_id = processor.name_of(record)
        hold = Hold(record.topic, self.partition, record.offset, event_id, error)
        await processor.hold(hold)
        # A quarantine takes the transactional id: it is possible only now that we have let it go.
        self._enter(TaskState.BROKEN)
        self.held = hold
        self._backlog.note_hold(record, processor.time_of)
        log.critical("partition_held", **hold._asdict(), do=self._remedy.format(**hold._asdict()))
        self.progress.rest("held")
        while not self._stopped.is_set() and not await processor.was_moved():
            await self._sleep(HELD_POLL_S)
        self._failures_seen.clear(record)
        self.held = None

    async def _stay_closed(self) -> None:
        """Stay in state BROKEN: the partition cannot be opened at all."""
        self._enter(TaskState.BROKEN)
        self.progress.rest("held")
        log.critical("partition_cannot_be_opened", partition=self.partition)
        await self._stopped.wait()

    async def _back_off(self, error: Unreachable | WriterFailed) -> None:
        """Back off before the next attempt: longer each time, and not for ever."""
        since_s = self._failures_seen.dependency_failed(_now_s())
        if _now_s() - since_s > self._settings.give_up_s:
            raise GaveUp(str(error)) from error
        await self._refusals.note_failure(error)
        await self._retry("partition_retried", error, self._failures_seen.delay_s)

    async def _retry(self, event: str, error: Exception, delay_s: float) -> None:
        self._enter(TaskState.RETRYING)
        self.progress.rest("retrying")
        log.warning(event, partition=self.partition, error=str(error), delay_s=delay_s)
        await self._sleep(delay_s)

    async def _recover_from_fence(self, error: FencedError) -> None:
        """Open the partition again after a pause if it is still ours; else it was handed over.

        A process that was frozen opens partitions that it has lost, until its group says so.
        """
        self._check_failed_once = False  # What was read meanwhile was half of another's.
        if not self.is_assigned:
            log.info("partition_handed_over", partition=self.partition)
            return
        session_s = self._settings.session_timeout_s
        if self._failures_seen.count_taken(_now_s(), session_s) > TAKEN_MAX:
            raise error
        await self._retry("partition_taken", error, session_s / 4)

    async def _wait_until_assigned(self) -> None:
        """Wait until the partition is ours again, or this task is to stop."""
        self._enter(TaskState.PAUSED)
        self._backlog.note_polling_stopped()
        self.progress.rest("paused")
        await self._assigned.wait()

    async def _sleep(self, delay_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), delay_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
