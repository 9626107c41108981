"""Delivery of deadline events, run by run.

Once each, where all is read, and only where nobody else writes.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from events.journal import try_read_record
from events.texts import _
from events.topics import BALANCES, INPUT_TOPICS, JOURNAL, Place
from services.due.deadline_events import DeadlineEvent
from services.due.deadlines import Deadlines
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.watch.deadlines import BACK_OFF_RUNS, DeadlineDelivery, DeadlinePublisher
from services.watch.tables.balances import LiveBalances, Reconciliation
from services.watch.tables.partitions import ReadProgress
from services.watch.tables.watermarks import InputWatermarks
from tests.builders import a_convention, a_notification, a_vote, an_award
from tests.unit.lag.builders import a_sample
from tests.unit.watch.ledger_output import encoded, transactions
from tests.unit.watch.reader import of_topic

LATER = datetime(2024, 1, 15, tzinfo=UTC)
YEAR = (a_vote(), an_award(), a_convention(), a_notification())
RECORDS = of_topic(list(transactions([encoded(*YEAR)])), JOURNAL)


class Topic(DeadlinePublisher):
    """The topic of deadline events, and whoever writes there."""

    def __init__(self) -> None:
        self.written: dict[int, list[str]] = {}
        self.calls: list[str] = []
        self.fails: Exception | None = None

    async def begin(self, number: int) -> list[str]:
        await self._call(f"begin {number}")
        return list(self.written.get(number, []))

    async def deliver(self, number: int, deadline_events: Sequence[DeadlineEvent]) -> list[str]:
        await self._call(f"deliver {number}")
        self.written.setdefault(number, []).extend(each.id for each in deadline_events)
        return [each.id for each in deadline_events]

    async def end(self, kept: Collection[int] = ()) -> None:
        self.calls.append(f"end all but {sorted(kept)}")

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails


class Scene:
    """A watch of one or more partitions, each of which owes one deadline event."""

    def __init__(self, *numbers: int, sampled: bool = True) -> None:
        self.topic = Topic()
        self.deadlines = Deadlines()
        self.reconciliation = Reconciliation(LiveBalances())
        self.watermarks = InputWatermarks()
        self.delivery = DeadlineDelivery(
            self.topic, self.deadlines, self.reconciliation, self.watermarks
        )
        self.assign(*numbers)
        if sampled:
            self.sample(*numbers)

    def assign(self, *numbers: int) -> None:
        self.deadlines.keep_only(numbers)
        self.delivery.keep_only(numbers)
        for number in numbers:
            for offset, record in enumerate(RECORDS):
                self.deadlines.add(number, offset, try_read_record(record.value))

    def read(self, *numbers: int, worked: int = 9) -> None:
        places = [Place(topic, number) for topic in (JOURNAL, BALANCES) for number in numbers]
        reached = {place: ReadProgress(worked, worked, worked, 9) for place in places}
        self.reconciliation.reconcile(reached)
        self.watermarks.note_reconciliation(reached, LATER.timestamp())

    def sample(self, *numbers: int, committed: int = 5, now: datetime = LATER) -> None:
        """At a ledger whose input topics end at 5."""
        samples = {
            Place(input_topic, number): a_sample(committed=committed)
            for input_topic in INPUT_TOPICS
            for number in numbers
        }
        self.watermarks.note_samples(samples, now.timestamp(), now.timestamp())

    def cycle(self) -> None:
        asyncio.run(self.delivery.run())

    def written(self) -> dict[int, int]:
        return {number: len(ids) for number, ids in self.topic.written.items()}


def test_a_deadline_event_is_written_once_it_is_due_and_all_is_read() -> None:
    scene = Scene(0)
    scene.read(0, worked=5)
    scene.cycle()
    assert ({}, None) == (scene.written(), scene.delivery.in_topic)
    scene.read(0)
    scene.cycle()
    scene.cycle()
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.in_topic)
    assert {"payment_due": 1} == scene.delivery.written
    assert 0 == scene.deadlines.pending(LATER)
    assert 1 == scene.topic.calls.count("begin 0")


def test_nothing_is_written_while_the_ledger_has_left_something_in_its_input_topics() -> None:
    scene = Scene(0, sampled=False)
    scene.read(0)
    scene.cycle()
    scene.sample(0, committed=4)
    scene.read(0)
    scene.cycle()
    assert ([], {}) == ([each for each in scene.topic.calls if "end" not in each], scene.written())
    scene.sample(0)
    scene.read(0)
    scene.cycle()
    assert {0: 1} == scene.written()


def test_only_of_what_had_passed_when_all_that_had_come_was_known_is_anything_written() -> None:
    scene = Scene(0, sampled=False)
    scene.sample(0, now=datetime(2023, 6, 1, tzinfo=UTC))
    scene.read(0)
    scene.cycle()
    assert (0, {}) == (scene.delivery.in_topic, scene.written())


def test_a_deadline_event_that_stands_already_is_not_written_again() -> None:
    first, second = Scene(0), Scene(0)
    for scene in (first, second):
        scene.read(0)
        scene.topic.written = first.topic.written
        scene.cycle()
    assert ({0: 1}, 1, {}) == (second.written(), second.delivery.in_topic, second.delivery.written)


def test_nothing_is_written_while_the_cluster_does_not_answer() -> None:
    scene = Scene(0)
    scene.read(0)
    scene.reconciliation.no_answer()
    scene.cycle()
    assert {} == scene.written()


@pytest.mark.parametrize("error", [WriterFailed("no answer"), ClusterError("here", _("no"))])
def test_what_fails_is_tried_again_in_the_next_run(error: Exception) -> None:
    scene = Scene(0, 1)
    scene.read(0, 1)
    scene.topic.fails = error
    scene.cycle()
    assert ["end all but []", "begin 0"] == scene.topic.calls, "the others wait too"
    scene.topic.fails = None
    scene.cycle()
    assert ({0: 1, 1: 1}, 2) == (scene.written(), scene.delivery.in_topic)


def test_a_delivery_that_failed_is_begun_anew_and_what_stands_is_known() -> None:
    scene = Scene(0)
    scene.read(0)
    deliver = scene.topic.deliver

    async def written_but_not_answered(
        number: int, deadline_events: Sequence[DeadlineEvent]
    ) -> list[str]:
        await deliver(number, deadline_events)
        raise WriterFailed("no answer")

    scene.topic.deliver = written_but_not_answered  # type: ignore[method-assign]
    scene.cycle()
    scene.topic.deliver = deliver  # type: ignore[method-assign]
    scene.cycle()
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.in_topic)
    assert 2 == scene.topic.calls.count("begin 0")


def test_where_another_writes_nothing_is_tried_until_the_partition_is_assigned_anew() -> None:
    scene = Scene(0, 1)
    scene.read(0, 1)
    scene.topic.fails = FencedError("ecluse.watch")
    scene.cycle()
    scene.topic.fails = None
    scene.cycle()
    assert ({}, None) == (scene.written(), scene.delivery.in_topic)
    scene.assign(1)
    scene.cycle()
    assert {} == scene.written(), "that one was never away"
    scene.assign(0, 1)
    scene.cycle()
    assert {0: 1} == scene.written()
    assert "end all but [0]" not in scene.topic.calls[:2]


def test_a_partition_that_stays_is_written_again_once_the_other_had_time_to_leave() -> None:
    """Who was frozen and thaws fences the rightful owner, and then learns that it owns nothing."""
    scene = Scene(0)
    scene.read(0)
    scene.topic.fails = FencedError("ecluse.watch")
    scene.cycle()
    scene.topic.fails = None
    scene.assign(0)
    for _unused in range(BACK_OFF_RUNS - 1):
        scene.cycle()
    assert {} == scene.written()
    scene.cycle()
    assert {0: 1} == scene.written()


def test_what_went_to_another_is_let_go_and_begun_anew_when_it_comes_back() -> None:
    scene = Scene(0)
    scene.read(0)
    scene.cycle()
    scene.assign(1)
    scene.assign(0)
    scene.cycle()
    assert 2 == scene.topic.calls.count("begin 0")
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.in_topic)


@pytest.mark.parametrize("step", ["begin", "deliver"])
def test_a_partition_that_goes_while_it_is_written_leaves_nothing_behind(step: str) -> None:
    scene = Scene(0)
    scene.read(0)
    whole = getattr(scene.topic, step)

    async def meanwhile(*arguments: object) -> list[str]:
        found: list[str] = await whole(*arguments)
        scene.assign(1)
        scene.assign(0)
        return found

    setattr(scene.topic, step, meanwhile)
    scene.cycle()
    before = scene.delivery.in_topic
    setattr(scene.topic, step, whole)
    scene.cycle()
    assert (None, {0: 1}, 1) == (before, scene.written(), scene.delivery.in_topic)


def test_it_lets_go_of_all_writers_when_it_ends() -> None:
    scene = Scene(0)
    asyncio.run(scene.delivery.stop())
    assert ["end all but []"] == scene.topic.calls
