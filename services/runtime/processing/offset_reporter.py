"""Commits group offsets with a JSON status, for monitoring only; no service resumes from them.

Each service stores its own position in the transaction of its results, so a failed commit of group
offsets loses nothing.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.runtime.kafka.clients import commit_for
from services.runtime.kafka.waits import only_our_cancellation
from services.runtime.processing.backlog import ReportedStatus
from services.runtime.processing.status import encode_status
from services.runtime.processing.task import PartitionTask

EVERY_S: Final = 5.0
"""The age that the status of a healthy worker never exceeds: an older one means a dead worker."""


class OffsetReporter:
    """The statuses of one member of a group, and what it last committed."""

    def __init__(self, member: Any, topic: str, tick_s: float) -> None:
        self._member = member
        self._topic = topic
        self._tick_s = tick_s
        self._next_s = float("-inf")
        self._reported: dict[TopicPartition, tuple[float, ReportedStatus]] = {}
        """The last status committed of each partition, and when."""
        self._committed: dict[PartitionTask, int | None] = {}
        """The group's offset when tasks began that have not opened their partition yet."""

    async def report(self, tasks: Mapping[int, PartitionTask]) -> None:
        """Commit what is new of these partitions, by their numbers; at most once a tick."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._tick_s
        with contextlib.suppress(KafkaError, TimeoutError), only_our_cancellation():
            await asyncio.wait_for(self._commit(tasks, now_s), self._tick_s)

    async def report_last(self, tasks: Mapping[int, PartitionTask]) -> None:
        """Commit the positions at which these have stopped."""
        self._next_s = float("-inf")
        await self.report(tasks)

    async def _commit(self, tasks: Mapping[int, PartitionTask], now_s: float) -> None:
        current = {
            TopicPartition(topic, number): status
            # A partition may be revoked while the group is asked.
            for number, task in tuple(tasks.items())
            for topic, status in (await self._statuses(number, task)).items()
        }
        # A partition that is revoked and comes back may have moved on meanwhile.
        self._reported = {place: last for place, last in self._reported.items() if place in current}
        self._committed = {
            task: offset for task, offset in self._committed.items() if task in tasks.values()
        }
        due = {
            place: now
            for place, now in current.items()
            if place.partition in tasks and self._is_due(place, now, now_s)
        }
        if due:
            await commit_for(
                self._member, {place: _offset_and_metadata(now) for place, now in due.items()}
            )
            self._reported |= {place: (now_s, now) for place, now in due.items()}

    async def _statuses(self, number: int, task: PartitionTask) -> dict[str, ReportedStatus]:
        """Statuses of a task's topics; before it is open, its state at the group's offset.

        Nothing for a partition that is not open and has no offset in the group.
        """
        if not task.next_offsets and task not in self._committed:
            place = TopicPartition(self._topic, number)
            self._committed[task] = await self._member.committed(place)
        # It may have been opened meanwhile.
        statuses, offset = task.statuses(), self._committed.get(task)
        if statuses or offset is None:
            return statuses
        return {self._topic: ReportedStatus(offset, task.describe_unopened())}

    def _is_due(self, place: TopicPartition, now: ReportedStatus, now_s: float) -> bool:
        """Return whether it differs from the last one, or would be too old at the next tick."""
        reported_s, last = self._reported.get(place, (float("-inf"), None))
        if last is None or now_s - reported_s > EVERY_S - self._tick_s:
            return True
        status = msgspec.structs.replace(last.status, at_s=now.status.at_s)
        return last._replace(status=status) != now


def _offset_and_metadata(reported: ReportedStatus) -> OffsetAndMetadata:
    return OffsetAndMetadata(reported.offset, encode_status(reported.status))
