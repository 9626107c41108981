"""Deadline events, round by round.

Once each, where all is read, and only where nobody else writes.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from events.journal import try_read_record
from events.sentences import Sentence
from events.topics import BALANCES, INPUT_TOPICS, JOURNAL
from services.due.deadline_events import DeadlineEvent
from services.due.deadlines import Deadlines
from services.runtime.kafka.writer import Fenced, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.watch.balances import LiveBalances, Partition
from services.watch.deadline_delivery import LOST_TURNS, Delivery
from services.watch.input_watermark import Settled
from services.watch.lag.model import Place
from services.watch.reconciliation import Reached, Rounds
from tests.builders import a_convention, a_notification, a_vote, an_award
from tests.unit.watch.lag_figures import a_look
from tests.unit.watch.ledger_output import encoded, transactions
from tests.unit.watch.reader import of_topic

LATER = datetime(2024, 1, 15, tzinfo=UTC)
YEAR = (a_vote(), an_award(), a_convention(), a_notification())
RECORDS = of_topic(list(transactions([encoded(*YEAR)])), JOURNAL)


class Topic:
    """The topic of deadline events, and whoever writes there."""

    def __init__(self) -> None:
        self.standing: dict[int, list[str]] = {}
        self.calls: list[str] = []
        self.fails: Exception | None = None

    async def begin(self, number: int) -> list[str]:
        await self._call(f"begin {number}")
        return list(self.standing.get(number, []))

    async def deliver(self, number: int, deadline_events: Sequence[DeadlineEvent]) -> list[str]:
        await self._call(f"deliver {number}")
        self.standing.setdefault(number, []).extend(each.id for each in deadline_events)
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

    def __init__(self, *numbers: int, looked: bool = True) -> None:
        self.topic = Topic()
        self.deadlines = Deadlines()
        self.rounds = Rounds(LiveBalances())
        self.settled = Settled()
        self.delivery = Delivery(self.topic, self.deadlines, self.rounds, self.settled)
        self.assign(*numbers)
        if looked:
            self.look(*numbers)

    def assign(self, *numbers: int) -> None:
        self.deadlines.keep_only(numbers)
        self.delivery.keep_only(numbers)
        for number in numbers:
            for offset, record in enumerate(RECORDS):
                self.deadlines.add(number, offset, try_read_record(record.value))

    def read(self, *numbers: int, worked: int = 9) -> None:
        places = [Partition(topic, number) for topic in (JOURNAL, BALANCES) for number in numbers]
        reached = {place: Reached(worked, worked, worked, 9) for place in places}
        self.rounds.turn(reached)
        self.settled.turned(reached, LATER.timestamp())

    def look(self, *numbers: int, committed: int = 5, now: datetime = LATER) -> None:
        """At a ledger whose input topics end at 5."""
        looks = {
            Place(input_topic, number): a_look(committed=committed)
            for input_topic in INPUT_TOPICS
            for number in numbers
        }
        self.settled.looked(looks, now.timestamp(), now.timestamp())

    def turn(self) -> None:
        asyncio.run(self.delivery.turn())

    def written(self) -> dict[int, int]:
        return {number: len(ids) for number, ids in self.topic.standing.items()}


def test_a_deadline_event_is_written_once_it_is_due_and_all_is_read() -> None:
    scene = Scene(0)
    scene.read(0, worked=5)
    scene.turn()
    assert ({}, None) == (scene.written(), scene.delivery.standing)
    scene.read(0)
    scene.turn()
    scene.turn()
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.standing)
    assert {"payment_due": 1} == scene.delivery.written
    assert 0 == scene.deadlines.pending(LATER)
    assert 1 == scene.topic.calls.count("begin 0")


def test_nothing_is_written_while_the_ledger_has_left_something_in_its_input_topics() -> None:
    scene = Scene(0, looked=False)
    scene.read(0)
    scene.turn()
    scene.look(0, committed=4)
    scene.read(0)
    scene.turn()
    assert ([], {}) == ([each for each in scene.topic.calls if "end" not in each], scene.written())
    scene.look(0)
    scene.read(0)
    scene.turn()
    assert {0: 1} == scene.written()


def test_only_of_what_had_passed_when_all_that_had_come_was_known_is_anything_written() -> None:
    scene = Scene(0, looked=False)
    scene.look(0, now=datetime(2023, 6, 1, tzinfo=UTC))
    scene.read(0)
    scene.turn()
    assert (0, {}) == (scene.delivery.standing, scene.written())


def test_a_deadline_event_that_stands_already_is_not_written_again() -> None:
    first, second = Scene(0), Scene(0)
    for scene in (first, second):
        scene.read(0)
        scene.topic.standing = first.topic.standing
        scene.turn()
    assert ({0: 1}, 1, {}) == (second.written(), second.delivery.standing, second.delivery.written)


def test_nothing_is_written_while_the_cluster_does_not_answer() -> None:
    scene = Scene(0)
    scene.read(0)
    scene.rounds.no_answer()
    scene.turn()
    assert {} == scene.written()


@pytest.mark.parametrize(
    "error", [WriterFailed("no answer"), ClusterError("here", Sentence("non", "no"))]
)
def test_what_fails_is_tried_again_in_the_next_round(error: Exception) -> None:
    scene = Scene(0, 1)
    scene.read(0, 1)
    scene.topic.fails = error
    scene.turn()
    assert ["end all but []", "begin 0"] == scene.topic.calls, "the others wait too"
    scene.topic.fails = None
    scene.turn()
    assert ({0: 1, 1: 1}, 2) == (scene.written(), scene.delivery.standing)


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
    scene.turn()
    scene.topic.deliver = deliver  # type: ignore[method-assign]
    scene.turn()
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.standing)
    assert 2 == scene.topic.calls.count("begin 0")


def test_where_another_writes_nothing_is_tried_until_the_partition_is_assigned_anew() -> None:
    scene = Scene(0, 1)
    scene.read(0, 1)
    scene.topic.fails = Fenced("ecluse.watch")
    scene.turn()
    scene.topic.fails = None
    scene.turn()
    assert ({}, None) == (scene.written(), scene.delivery.standing)
    scene.assign(1)
    scene.turn()
    assert {} == scene.written(), "that one was never away"
    scene.assign(0, 1)
    scene.turn()
    assert {0: 1} == scene.written()
    assert "end all but [0]" not in scene.topic.calls[:2]


def test_a_partition_that_stays_is_written_again_once_the_other_had_time_to_leave() -> None:
    """Who was frozen and thaws fences the rightful owner, and then learns that it owns nothing."""
    scene = Scene(0)
    scene.read(0)
    scene.topic.fails = Fenced("ecluse.watch")
    scene.turn()
    scene.topic.fails = None
    scene.assign(0)
    for _ in range(LOST_TURNS - 1):
        scene.turn()
    assert {} == scene.written()
    scene.turn()
    assert {0: 1} == scene.written()


def test_what_went_to_another_is_let_go_and_begun_anew_when_it_comes_back() -> None:
    scene = Scene(0)
    scene.read(0)
    scene.turn()
    scene.assign(1)
    scene.assign(0)
    scene.turn()
    assert 2 == scene.topic.calls.count("begin 0")
    assert ({0: 1}, 1) == (scene.written(), scene.delivery.standing)


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
    scene.turn()
    before = scene.delivery.standing
    setattr(scene.topic, step, whole)
    scene.turn()
    assert (None, {0: 1}, 1) == (before, scene.written(), scene.delivery.standing)


def test_it_lets_go_of_all_writers_when_it_ends() -> None:
    scene = Scene(0)
    asyncio.run(scene.delivery.stop())
    assert ["end all but []"] == scene.topic.calls
