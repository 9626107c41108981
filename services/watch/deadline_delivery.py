"""Deadline events, round by round: what is due is written, and what was written is noted.

A deadline event says that a day has passed without something having come. So it is written of days
that had passed at a moment up to which all that had come is known: see `settled`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from services.due.deadline_events import DeadlineEvent
from services.due.deadlines import Deadlines
from services.runtime.kafka.writer import Fenced, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.watch.input_watermark import Settled
from services.watch.reconciliation import Rounds

LOST_TURNS: Final = 30
"""How many turns another writer is left alone with a partition that is read here. At one a second
that is longer than two sessions: a watch that was frozen has learned by then that it owns nothing.
If it is still ours then, nobody else writes there any more."""

log: Final = structlog.get_logger()


class Writer(Protocol):
    """What writes deadline events: services.watch.deadline_publisher.Post, or a test's own."""

    async def begin(self, number: int) -> list[str]: ...
    async def deliver(self, number: int, deadline_events: Sequence[DeadlineEvent]) -> list[str]: ...
    async def end(self, kept: Collection[int] = ()) -> None: ...


class Delivery:
    """The deadline events of the partitions that are read here."""

    def __init__(
        self, post: Writer, deadlines: Deadlines, rounds: Rounds, settled: Settled
    ) -> None:
        self.written: Final = Counter[str]()
        """How many deadline events this process wrote, by kind."""
        self._post = post
        self._deadlines = deadlines
        self._rounds = rounds
        self._settled = settled
        self._assigned: dict[int, object] = {}
        """The partitions read here, each with a token of this assignment."""
        self._standing: dict[int, set[str]] = {}
        """The deadline events known to be written, by partition, where the watch may write."""
        self._lost: dict[int, int] = {}
        """Where another process writes, and for how many turns it is left alone."""

    @property
    def standing(self) -> int | None:
        """How many deadline events of the watch stand in the partitions read here; None.

        Not known yet.
        """
        if not self._assigned or self._assigned.keys() != self._standing.keys():
            return None
        return sum(map(len, self._standing.values()))

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Others may write where they read from now on; what comes back is begun anew."""
        self._assigned = {each: self._assigned.get(each, object()) for each in numbers}
        self._lost = {each: left for each, left in self._lost.items() if each in self._assigned}
        self._standing = {
            number: each for number, each in self._standing.items() if number in self._assigned
        }

    async def turn(self) -> None:
        """Write what is due, where all that had come is known. What fails is tried again."""
        await self._post.end(frozenset(self._standing))
        self._lost = {number: left - 1 for number, left in self._lost.items() if left > 1}
        for number in sorted(self._assigned.keys() - self._lost.keys()):
            until_s = self._settled.until_s(number)
            if until_s is None or not self._rounds.is_current(number):
                continue
            try:
                await self._deliver(number, datetime.fromtimestamp(until_s, UTC))
            except Fenced:
                log.warning("deadline_events_written_elsewhere", partition=number)
                self._lost[number] = LOST_TURNS
                self._standing.pop(number, None)
            except (ClusterError, WriterFailed) as error:
                log.warning("deadline_events_postponed", partition=number, error=str(error))
                self._standing.pop(number, None)
                return  # The others would wait for the same broker.

    async def stop(self) -> None:
        """Let go of all writers."""
        await self._post.end()

    async def _deliver(self, number: int, until: datetime) -> None:
        assignment = self._assigned.get(number)
        if number not in self._standing:
            standing = await self._post.begin(number)
            if self._assigned.get(number) is not assignment:
                return  # It went to another meanwhile, and its tables are empty.
            self._note(number, standing)
        deadline_events = self._deadlines.deadline_events(number, until)
        if not deadline_events:
            return
        known = self._standing[number]
        written = await self._post.deliver(number, deadline_events)
        for each in deadline_events:
            if each.id not in known:
                self.written[each.kind] += 1
                facts = {"kind": each.kind, "due_on": each.due_on.isoformat()}
                log.info("deadline_event_written", budget=each.budget, **facts)
        if self._assigned.get(number) is assignment:
            self._note(number, written)

    def _note(self, number: int, standing: Iterable[str]) -> None:
        known = self._standing.setdefault(number, set())
        for each in standing:
            known.add(each)
            self._deadlines.wrote(number, each)
