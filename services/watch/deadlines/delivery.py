"""Delivery of deadline events: the due ones are written, and the written ones noted.

A deadline event says that something has not come by a day. So it is written for days that had
passed at the watermark of the input, up to which everything that arrived is known.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import structlog

from services.due.deadlines import Deadlines
from services.runtime.kafka.writer import Fenced, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.watch.deadlines.publisher import DeadlinePublisher
from services.watch.tables.reconciliation import Reconciliation
from services.watch.tables.watermarks import InputWatermarks

BACK_OFF_RUNS: Final = 30
"""Runs for which a partition is left to another writer. At one a second that is longer than two
sessions: a watch that was frozen has learned by then that it owns nothing. If the partition is
still assigned here then, nobody else writes there any more."""

log: Final = structlog.get_logger()


class DeadlineDelivery:
    """The deadline events of the partitions that are read here."""

    def __init__(
        self,
        publisher: DeadlinePublisher,
        deadlines: Deadlines,
        reconciliation: Reconciliation,
        watermarks: InputWatermarks,
    ) -> None:
        self.written: Final = Counter[str]()
        """Deadline events that this process wrote, by kind."""
        self._publisher = publisher
        self._deadlines = deadlines
        self._reconciliation = reconciliation
        self._watermarks = watermarks
        self._assigned: dict[int, object] = {}
        """The partitions read here, each with a token of this assignment."""
        self._in_topic: dict[int, set[str]] = {}
        """The ids of the deadline events in the topic, by partition, where the watch may write."""
        self._lost: dict[int, int] = {}
        """The partitions written by another process, and the runs left until the next attempt."""

    @property
    def in_topic(self) -> int | None:
        """Deadline events of the watch in the partitions read here; None until it is known."""
        if not self._assigned or self._assigned.keys() != self._in_topic.keys():
            return None
        return sum(map(len, self._in_topic.values()))

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Leave the partitions that others read from now on; returned ones are opened anew."""
        self._assigned = {each: self._assigned.get(each, object()) for each in numbers}
        self._lost = {each: left for each, left in self._lost.items() if each in self._assigned}
        self._in_topic = {
            number: each for number, each in self._in_topic.items() if number in self._assigned
        }

    async def run(self) -> None:
        """Write the due events, up to the watermark. A failure is retried by the next run."""
        await self._publisher.end(frozenset(self._in_topic))
        self._lost = {number: left - 1 for number, left in self._lost.items() if left > 1}
        for number in sorted(self._assigned.keys() - self._lost.keys()):
            until_s = self._watermarks.until_s(number)
            if until_s is None or not self._reconciliation.is_current(number):
                continue
            try:
                await self._deliver(number, datetime.fromtimestamp(until_s, UTC))
            except Fenced:
                log.warning("deadline_events_written_elsewhere", partition=number)
                self._lost[number] = BACK_OFF_RUNS
                self._in_topic.pop(number, None)
            except (ClusterError, WriterFailed) as error:
                log.warning("deadline_events_postponed", partition=number, error=str(error))
                self._in_topic.pop(number, None)
                return  # The others would wait for the same broker.

    async def stop(self) -> None:
        """Close all writers."""
        await self._publisher.end()

    async def _deliver(self, number: int, until: datetime) -> None:
        assignment = self._assigned.get(number)
        if number not in self._in_topic:
            found = await self._publisher.begin(number)
            if self._assigned.get(number) is not assignment:
                return  # It was reassigned meanwhile, and its tables are empty.
            self._note(number, found)
        deadline_events = self._deadlines.deadline_events(number, until)
        if not deadline_events:
            return
        known = self._in_topic[number]
        written = await self._publisher.deliver(number, deadline_events)
        for each in deadline_events:
            if each.id not in known:
                self.written[each.kind] += 1
                facts = {"kind": each.kind, "due_on": each.due_on.isoformat()}
                log.info("deadline_event_written", budget=each.budget, **facts)
        if self._assigned.get(number) is assignment:
            self._note(number, written)

    def _note(self, number: int, found: Iterable[str]) -> None:
        known = self._in_topic.setdefault(number, set())
        for each in found:
            known.add(each)
            self._deadlines.wrote(number, each)
