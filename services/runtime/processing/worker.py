"""A worker: a member of a group, with one task for each partition number that it owns."""

import asyncio
import contextlib
import os
import signal
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from events.texts import _
from services.runtime.kafka.clients import (
    find_refused_topics,
    make_member,
    member_id,
    rejoin,
)
from services.runtime.kafka.refusals import JoinAttempts, Refusals, explanation, group_error
from services.runtime.kafka.waits import (
    finish_start,
    only_our_cancellation,
    retry_until_answered,
    wait_within,
)
from services.runtime.kafka.writer import FencedError
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import (
    END_S,
    EXIT_STALLED,
    Progress,
    Watchdog,
    exit_after,
    waits_at,
)
from services.runtime.processing.health import Health
from services.runtime.processing.offset_reporter import OffsetReporter
from services.runtime.processing.processor import ProcessorFactory
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import BATCH_RECORDS, YIELD_RECORDS, PartitionTask

TICK_S: Final = 1.0
"""The interval at which the worker polls its group and commits offsets to it."""

STOP_S: Final = 8.0
"""The time that tasks have to finish; then they are cancelled, and lose nothing committed."""

CUT_S: Final = 2.0
"""The time that cancelled tasks, and the group, each have to let go; together less than
`watchdog.END_S` leaves to the whole process."""

JOINED_S: Final = 30.0
"""The time in which a group is joined while all its brokers are up."""

FULL_BATCHES: Final = 8
"""The most partitions of one process that have batches of full size. The batches of all partitions
are in memory together while they wait for brokers, or their turn, at some 8 kB a record: of more
partitions each takes fewer records, down to `YIELD_RECORDS`."""

RESIZED = _(
    "it had {before} partitions and has {now} now. Keys would change their partition: create "
    "the topics again with {before} partitions"
)

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


class Worker:
    """Runs the tasks of the partitions that the group gives to this process.

    Raises:
        Stop: `run` ends so when the cluster cannot be reached or is not as it must be.
        FencedError, GaveUp: `run` ends so when a task ended so.
    """

    def __init__(
        self,
        settings: Settings,
        group: str,
        topic: str,
        make_processor: ProcessorFactory,
        health: Health,
        remedy: str,
        batch_records: int = BATCH_RECORDS,
    ) -> None:
        self._settings = settings
        self._group = group
        self._topic = topic
        self._make_processor = make_processor
        self._health = health
        self._remedy = remedy
        self._batch_records = batch_records
        self._tasks: dict[int, PartitionTask] = {}
        self._runs: dict[asyncio.Task[None], PartitionTask] = {}
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()
        self._member = make_member(settings, group, topic, _Listener(self))
        self._reporter = OffsetReporter(self._member, topic, TICK_S)
        self._refusals = Refusals(settings)
        self._rebalancing = False
        self._rebalanced_s = 0.0  # when it began, or was last said to be slow
        self._count = 0  # of partitions, from when it is first known
        self._rejoin_due = False
        self._joins = JoinAttempts(settings)

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._stop_on_signal)
        watchdog = Watchdog(
            self._settings.stall_s,
            # Those of revoked partitions too: a new task of one waits until they have ended.
            lambda: {task.progress: task.partition for task in list(self._runs.values())},
            waits_at=self._waits_at,
        )
        watchdog.start()
        self._health.tasks = lambda: list(self._tasks.values())
        await self._health.start()
        where = self._settings.bootstrap_servers
        try:
            if not await self._join(where):
                return
            self._check_size()
            log.info("worker_started", instance=self._settings.instance, partitions=self._count)
            while not self._stop.is_set():
                await self._tick()
        finally:
            self._stop.set()
            await self._end_tasks()
            if not self._rebalancing:
                await self._reporter.report_last(self._tasks)
            with contextlib.suppress(TimeoutError, KafkaError), only_our_cancellation():
                await asyncio.wait_for(self._member.stop(), CUT_S)
            await self._health.stop()
            watchdog.stop()
            log.info("worker_stopped", instance=self._settings.instance)

    def _waits_at(self, progress: Progress) -> list[str]:
        """The calls in which the task of this progress waits."""
        runs = list(self._runs.items())
        return next((waits_at(run) for run, task in runs if task.progress is progress), [])

    def _stop_on_signal(self) -> None:
        self._stop.set()
        exit_after(END_S, 0)

    # The rebalance callbacks call these: milliseconds, no waiting, nothing that may fail.

    def pause_all(self) -> None:
        """A rebalance has begun: finish what runs, begin nothing."""
        if not self._rebalancing:
            self._rebalanced_s = asyncio.get_running_loop().time()
        self._rebalancing = True
        for task in self._tasks.values():
            task.pause()

    def own(self, numbers: Iterable[int]) -> None:
        """Own these partition numbers from now on, and no others."""
        if self._stop.is_set():
            return  # Nobody would end a task that the group assigns to a worker that leaves.
        self._rebalancing = False
        owned = set(numbers)
        if self._joins.note(member_id(self._member), asyncio.get_running_loop().time()):
            self._rejoin_due = not owned
        for number in set(self._tasks) - owned:
            self._let_go(self._tasks.pop(number))
        for number in sorted(owned):
            if number in self._tasks:
                self._tasks[number].resume()
            else:
                self._begin(number)
        share = self._batch_records * FULL_BATCHES // max(len(owned), FULL_BATCHES)
        for task in self._tasks.values():
            task.batch_records = max(share, YIELD_RECORDS)
        self._member.pause(*self._member.assignment())
        log.info("partitions_owned", partitions=sorted(owned))

    def _let_go(self, task: PartitionTask) -> None:
        """Stop a task after its transaction; cancel an opening, which writes nothing."""
        task.stop()
        if task.state is TaskState.OPENING:
            for run in [run for run, other in self._runs.items() if other is task]:
                run.cancel()

    def _begin(self, number: int) -> None:
        task = PartitionTask(
            number,
            self._make_processor,
            self._settings,
            self._remedy,
            observe=self._health.timings.observe,
        )
        self._tasks[number] = task
        before = [run for run, other in self._runs.items() if other.partition == number]
        run = asyncio.create_task(_run_after(before, task.run()), name=f"partition-{number}")
        self._runs[run] = task
        run.add_done_callback(lambda _: self._ended.set())

    async def _join(self, where: str) -> bool:
        """Join the group; return False if the process is to end before that."""
        limit_s = self._settings.give_up_s

        async def join() -> Unreachable | None:
            start = finish_start(self._member._client, self._member.start())  # noqa: SLF001
            try:
                await wait_within(limit_s, start, "Kafka", where)
            except Unreachable as error:
                if member_id(self._member) is None:
                    raise  # It has not reached the group yet, and starts anew.
                return error
            return None

        joining = asyncio.create_task(retry_until_answered(self._settings, join))
        ending = asyncio.create_task(self._stop.wait())
        both = (joining, ending)
        try:
            done, _unused = await asyncio.wait(both, timeout=JOINED_S, return_when=FIRST_COMPLETED)
            if not done:
                log.warning("group_join_slow", group=self._group, limit_s=limit_s)
                await asyncio.wait(both, return_when=FIRST_COMPLETED)
            if not joining.done():
                return False
            if (error := joining.result()) is not None:
                raise await explanation(self._settings, error) or error
        finally:
            for each in both:
                each.cancel()
            await asyncio.wait(both, timeout=CUT_S)
        return True

    async def _tick(self) -> None:
        self._ended.clear()
        waits = [asyncio.create_task(each.wait()) for each in (self._stop, self._ended)]
        await asyncio.wait(waits, timeout=TICK_S, return_when=FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for run in [each for each in self._runs if each.done()]:
            task = self._runs.pop(run)
            # An opening task is cancelled when its partition is revoked; anything else that ends a
            # task before that, a cancellation too, ends the worker: its partition has no task.
            if not run.cancelled() or self._tasks.get(task.partition) is task:
                run.result()
            if self._tasks.get(task.partition) is task:
                del self._tasks[task.partition]
        self._check_size()
        self._warn_of_a_slow_rebalance()
        self._joins.check()
        await self._check_right()
        self._rejoin_once()
        await self._poll_group()
        if not self._rebalancing:  # Meanwhile the group rejects commits.
            await self._reporter.report(self._tasks)

    def _warn_of_a_slow_rebalance(self) -> None:
        """Log one that does not end, time and again: all partitions stand still meanwhile."""
        now_s = asyncio.get_running_loop().time()
        if self._rebalancing and now_s - self._rebalanced_s > JOINED_S:
            self._rebalanced_s = now_s
            log.warning("group_join_slow", group=self._group, limit_s=JOINED_S)

    def _check_size(self) -> None:
        """Stop if the number of partitions changed: keys would move to other partitions."""
        now = len(self._member.partitions_for_topic(self._topic) or ())
        self._count = self._count or now
        if now not in {0, self._count}:
            raise ClusterError(self._topic, RESIZED.render({"before": self._count, "now": now}))

    async def _check_right(self) -> None:
        """Stop if we may not describe the topic: the group then assigns none of its partitions."""
        refused = find_refused_topics(self._member, {self._topic})
        if refused is None:
            self._refusals.note_success()
        else:
            self._member._client.force_metadata_update()  # noqa: SLF001
            await self._refusals.note_failure(refused)

    def _rejoin_once(self) -> None:
        """Rejoin the group, once, where it assigned us nothing when we joined.

        A static member is assigned what its predecessor had: nothing, if the leader of then was not
        authorized to describe the topic. With fewer partitions than workers it remains nothing.
        """
        if self._rejoin_due and self._count:
            self._rejoin_due = False
            rejoin(self._member)

    async def _poll_group(self) -> None:
        """Raise the group's errors; records are never read here."""
        try:
            await self._member.getmany(timeout_ms=0)
        except (NoOffsetForPartitionError, OffsetOutOfRangeError):
            pass  # It concerns the group's offsets, which no service resumes from.
        except KafkaError as error:
            raise await group_error(self._settings, error) from error

    async def _end_tasks(self) -> None:
        for task in self._tasks.values():
            self._let_go(task)
        if not self._runs:
            return
        _unused, late = await asyncio.wait(self._runs, timeout=STOP_S)
        for run in late:
            log.warning("task_cancelled", partition=self._runs[run].partition)
            run.cancel()
        # Connections not closed in time are closed by the end of the process.
        ended, _unused = await asyncio.wait(self._runs, timeout=CUT_S)
        for run in ended:
            task, error = self._runs[run], None if run.cancelled() else run.exception()
            if isinstance(error, FencedError):
                # A worker taken for dead has lost all its partitions; one of them ended it.
                log.info("partition_handed_over", partition=task.partition)
            elif error is not None:
                log.error("task_failed", partition=task.partition, error=repr(error))


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka carries no types
    """The rebalance callbacks: flags only; an exception in one ends the process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def on_partitions_revoked(self, _revoked: Any) -> None:
        _or_end(self._worker.pause_all)

    def on_partitions_assigned(self, assigned: Any) -> None:
        _or_end(lambda: self._worker.own(place.partition for place in assigned))


def _or_end(call: Callable[[], None]) -> None:
    """Run a callback; end the process if it raises: aiokafka would only log that and go on."""
    try:
        call()
    except BaseException:
        log.critical("rebalance_failed", exc_info=True)
        os._exit(EXIT_STALLED)


async def _run_after(before: Iterable[asyncio.Task[None]], run: Any) -> None:
    """Run after the tasks before have ended: a partition has one task at a time."""
    before = list(before)
    if before:
        await asyncio.wait(before)
    await run
