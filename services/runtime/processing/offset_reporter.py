"""What a worker tells lag tools of its partitions: offsets of its group, a word with each.

Nobody of ours reads the group's offsets to decide where to read: each service has its own position,
in the transaction of what it wrote. So a failure to leave them is no matter.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.runtime.kafka.clients import commit_for
from services.runtime.kafka.timeouts import only_our_cancellation
from services.runtime.processing.backlog import Spoken
from services.runtime.processing.offset_metadata import spell
from services.runtime.processing.task import PartitionTask

EVERY_S: Final = 5.0
"""How old a word grows at most while its worker is well: by its age it is known that one lives."""


class Hints:
    """The words of one member of a group, and what was said last."""

    def __init__(self, member: Any, topic: str, tick_s: float) -> None:
        self._member = member
        self._topic = topic
        self._tick_s = tick_s
        self._next_s = float("-inf")
        self._said: dict[TopicPartition, tuple[float, Spoken]] = {}
        """What was said last of each partition, and when."""
        self._stood: dict[PartitionTask, int | None] = {}
        """Where the group stood when tasks began that have not opened their partition yet."""

    async def leave(self, tasks: Mapping[int, PartitionTask]) -> None:
        """Say what is new of these partitions, by their numbers; at most once a tick."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._tick_s
        with contextlib.suppress(KafkaError, TimeoutError), only_our_cancellation():
            await asyncio.wait_for(self._say(tasks, now_s), self._tick_s)

    async def take_leave(self, tasks: Mapping[int, PartitionTask]) -> None:
        """Say where these have stopped."""
        self._next_s = float("-inf")
        await self.leave(tasks)

    async def _say(self, tasks: Mapping[int, PartitionTask], now_s: float) -> None:
        spoken = {
            TopicPartition(topic, number): said
            for number, task in tasks.items()
            for topic, said in (await self._words(number, task)).items()
        }
        # What goes away and comes back may have moved on meanwhile.
        self._said = {place: said for place, said in self._said.items() if place in spoken}
        self._stood = {task: at for task, at in self._stood.items() if task in tasks.values()}
        due = {place: now for place, now in spoken.items() if self._is_due(place, now, now_s)}
        if due:
            await commit_for(self._member, {place: _hint(now) for place, now in due.items()})
            self._said |= {place: (now_s, now) for place, now in due.items()}

    async def _words(self, number: int, task: PartitionTask) -> dict[str, Spoken]:
        """What a task says; of a partition that is not open yet its state, where the group stood.

        Where it never stood nothing can be said.
        """
        if not task.next_offsets and task not in self._stood:
            place = TopicPartition(self._topic, number)
            self._stood[task] = await self._member.committed(place)
        words, stood = task.words(), self._stood.get(task)  # It may have been opened meanwhile.
        return words or ({} if stood is None else {self._topic: Spoken(stood, task.unopened())})

    def _is_due(self, place: TopicPartition, now: Spoken, now_s: float) -> bool:
        """Whether it says anything else than before, or would be too old at the next tick."""
        said_s, said = self._said.get(place, (float("-inf"), None))
        if said is None or now_s - said_s > EVERY_S - self._tick_s:
            return True
        return said._replace(word=said.word._replace(at_s=now.word.at_s)) != now


def _hint(spoken: Spoken) -> OffsetAndMetadata:
    return OffsetAndMetadata(spoken.offset, spell(spoken.word))
