"""What a watch knows at a moment, and what it does not."""

from collections.abc import Mapping

import pytest

from events.topics import BALANCES, EVENTS, INTERNAL_EVENTS, JOURNAL
from services.runtime.processing.offset_metadata import Status
from services.watch.balances import Partition
from services.watch.board import Known
from services.watch.lag.model import Consumer, Look, Place, State
from services.watch.lag_service import Outlook
from services.watch.latencies import Step
from services.watch.reconciliation import Reached
from services.watch.settings import WATCHED, WatchSettings
from services.watch.stages import Stage
from services.watch.tables import Record, Tables
from tests.builders import a_convention, a_notification, a_vote, an_award
from tests.unit.watch.lag_figures import NOW_S, a_look, a_word
from tests.unit.watch.ledger_output import Out, encoded, transactions

YEAR = (a_vote(), an_award(), a_convention(), a_notification())
OUTS = [out for outs in transactions([encoded(*YEAR)]) for out in outs]
JOURNALLED = [out for out in OUTS if out.topic == JOURNAL]
NOON_S = 1_685_613_600.0
ORDER = b'{"time":"2023-06-01T10:00:00Z"}'


class Scene:
    """A watch of one partition, that turns rounds and looks when it is told to."""

    def __init__(self, *, deadline_events: bool = True) -> None:
        self.now_s = NOW_S
        self.standing: int | None = None
        self.tables = Tables(lambda: self.now_s)
        own = WatchSettings(deadline_events=deadline_events)
        input_topics = {
            EVENTS: "town.ecluse.events.v1",
            INTERNAL_EVENTS: "town.ecluse.internal-events.v1",
        }
        self.outlook = Outlook(self.tables, own, "watch-1", input_topics, lambda: self.standing)
        self.ledger, self.projector, self.watch, self.treasury = self.outlook.consumers

    def read(self) -> None:
        for offset, out in enumerate(JOURNALLED):
            self.tables.journal(self._record(offset, out))
        balances = [out for out in OUTS if out.topic == BALANCES]
        for offset, out in enumerate(balances):
            self.tables.balance(self._record(offset, out))

    def _record(self, offset: int, out: Out) -> Record:
        value = out.value and out.value.replace(b'"ecluse.events', b'"town.ecluse.events')
        return Record(0, offset, out.key, value, (), self.now_s)

    def turn(self, *, left: int = 0) -> None:
        """A round at which so many offsets are left in each topic."""
        worked = {each: self.tables.next_offset(Partition(each, 0)) for each in WATCHED}
        self.tables.turn(
            {Partition(topic, 0): Reached(at, at, at, at + left) for topic, at in worked.items()},
            self.now_s,
        )

    def look(
        self, consumer: Consumer, *looks: Look, places: Mapping[Place, int] | None = None
    ) -> None:
        """A look at one group; of each of its topics, one."""
        found = {Place(topic, 0): look for topic, look in zip(consumer.topics, looks, strict=False)}
        own = self.outlook.stand(self.now_s)
        own = own if places is None else own._replace(places=places)
        self.outlook.looked({consumer: found}, own, {consumer: 1}, self.now_s - 0.5, self.now_s)

    def known(self) -> Known:
        return self.outlook.known(self.now_s)

    def stage(self, name: str) -> Stage:
        return next(each for each in self.known().stages if each.consumer.stage == name)


def test_before_anything_was_read_or_seen_nothing_is_known() -> None:
    known = Scene().known()
    assert (False, None, None) == (known.is_sampled, known.told, known.orders)
    assert {State.UNKNOWN} == {each.state for each in known.stages}
    assert {None} == {each.count for each in known.latencies}
    assert ("watch-1", False, None, None, None) == known.watch
    assert (None, None, None) == (known.dead_letters, known.refusals, known.deadline_events)


def test_it_knows_that_a_treasury_is_missing_for_the_first_time() -> None:
    scene = Scene()
    for owner, expected in (("bank", False), (None, True), (None, False)):
        scene.now_s += 2
        scene.look(scene.treasury, a_look(at_s=scene.now_s, committed=2, end=2, owner=owner))
        assert expected is scene.outlook.has_lost_an_owner()


def test_once_the_journal_is_read_to_its_end_its_figures_are_known() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    known = scene.known()
    assert known.told is not None
    assert (4, 4) == (known.told.received, known.told.accepted)
    assert known.orders is not None
    assert [100_000] == [each.amount_cents for each in known.orders]
    assert ([], []) == (known.parked, known.reports)
    assert ("watch-1", True, 1, 0, 0) == known.watch
    counts = {each.step: each.count for each in known.latencies}
    assert (0, None) == (counts[Step.PUBLISHED], counts[Step.BROKER]), "no worker was heard"


def test_the_outcomes_are_of_the_moment_of_the_positions_beside_them() -> None:
    """Ten events are decided between two looks: nobody is told of them beside a position of 0."""
    scene = Scene()
    scene.turn()
    scene.look(scene.ledger, *(a_look(committed=0, end=0) for _ in range(2)))
    scene.now_s += 1
    scene.read()
    scene.turn()
    assert (0, 0) == _received_and_position(scene)
    scene.now_s += 1
    scene.look(scene.ledger, a_look(committed=4, end=4), a_look(committed=0, end=0))
    assert (4, 4) == _received_and_position(scene)


def test_where_no_position_is_known_the_outcomes_are_those_of_now() -> None:
    scene = Scene()
    scene.turn()
    scene.look(scene.ledger, *(a_look(committed=0, end=0) for _ in range(2)))
    scene.now_s += 11
    scene.read()
    scene.turn()
    assert (4, None) == _received_and_position(scene)


def _received_and_position(scene: Scene) -> tuple[int | None, int | None]:
    known = scene.known()
    committed = [row.judged.committed for row in known.stages[0].rows]
    told = [each for each in committed if each is not None]
    received = None if known.told is None else known.told.received
    return received, sum(told) if told else None


def test_figures_of_a_journal_that_is_still_read_are_unknown() -> None:
    scene = Scene()
    scene.turn(left=9)
    scene.read()
    scene.turn(left=4)
    known = scene.known()
    assert (None, None, None, None) == (
        known.told,
        known.orders,
        known.parked,
        known.deadline_events,
    )


def test_figures_of_a_watch_that_falls_behind_are_unknown_until_it_has_caught_up() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    for second in range(1, 31):
        scene.now_s += 1
        scene.turn(left=1)
        known = scene.known()
        is_known = [each is not None for each in (known.told, known.orders, known.refusals)]
        assert [second <= 11] * 3 == is_known, f"{second} s"
        assert ("watch-1", second <= 11, 1, 0, 0) == known.watch
    scene.tables.refusal(Record(0, 0, b"B", b"{}", (), scene.now_s))
    scene.turn()
    known = scene.known()
    assert (None, True) == (known.told, known.refusals is not None), "topic by topic"


def test_the_oldest_event_that_the_watch_has_not_read_is_the_first_that_waits_for_it() -> None:
    scene = Scene()
    first, *rest = JOURNALLED
    scene.tables.fetched(Partition(JOURNAL, 0), 0, len(rest), first.value)
    scene.turn(left=len(JOURNALLED))
    places = {Place(JOURNAL, 0): 0}
    look = a_look(committed=None, end=len(JOURNALLED), owner="watch-1")
    scene.look(scene.watch, look, places=places)
    assert NOON_S == scene.stage("watch").oldest_event_s
    scene.read()
    scene.turn()
    scene.look(scene.watch, look)
    assert scene.stage("watch").oldest_event_s is None


def test_figures_are_unknown_while_the_cluster_does_not_answer_or_rounds_stand_still() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    scene.now_s += 12
    assert (None, False) == (scene.known().told, scene.known().watch.ready)
    scene.turn()
    assert scene.known().told is not None
    scene.tables.rounds.no_answer()
    assert (None, None) == (scene.known().told, scene.known().refusals)


def test_what_is_due_is_looked_for_anew_after_two_seconds() -> None:
    scene = Scene()
    scene.turn()
    before = scene.known().orders
    scene.read()
    within = scene.known().orders
    scene.now_s += 2
    behind = scene.known().orders
    assert ([], [], 1) == (before, within, len(behind or ()))


# ------------------------------------------------------------------ the groups
def test_a_look_tells_the_ledgers_lag_and_an_old_one_nothing() -> None:
    scene = Scene()
    scene.look(scene.ledger, a_look(committed=3), a_look())
    known, stage = scene.known(), scene.stage("ledger")
    assert (True, 2, 1, 2) == (known.is_sampled, stage.behind, stage.members, known.in_flight)
    scene.now_s += 11
    known, stage = scene.known(), scene.stage("ledger")
    assert (False, None, None, None) == (
        known.is_sampled,
        stage.behind,
        stage.members,
        known.in_flight,
    )
    assert State.UNKNOWN is stage.state
    assert NOW_S == known.sampled_s, "when it was is known"


def test_a_silent_cluster_ends_the_evidence() -> None:
    scene = Scene()
    scene.look(scene.ledger, a_look(), a_look())
    scene.outlook.no_answer()
    scene.now_s += 11
    assert "cluster_silent" == scene.stage("ledger").rule


def words(*said: Status) -> list[Look]:
    return [a_look(word=word) for word in said]


def test_the_gap_is_of_all_words_of_the_ledger_and_of_what_nobody_could_read() -> None:
    scene = Scene()
    scene.read()
    scene.tables.journal(Record(0, 99, b"B", b"no record", (), NOW_S))
    scene.turn()
    assert scene.known().gap is None
    scene.look(scene.ledger, *words(a_word(taken=4, told=4), a_word(taken=3, told=1)))
    assert 3 == scene.known().gap
    scene.now_s += 11
    assert scene.known().gap is None


def test_a_group_that_was_not_told_has_no_words() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    scene.look(scene.ledger, *words(a_word(), a_word()))
    before = scene.known().gap
    scene.look(scene.projector, a_look())
    assert (0, None) == (before, scene.known().gap)


def test_words_are_timed_and_known_while_the_cluster_answers() -> None:
    scene = Scene()
    for taken in (1, 2):
        scene.look(scene.ledger, *words(a_word(taken=taken), a_word(taken=1)))
    counts = {each.step: each.count for each in scene.known().latencies}
    assert {Step.BROKER: 1, Step.DECIDED: 1, Step.PROJECTED: 0} == {
        step: count for step, count in counts.items() if count is not None
    }


def test_the_watch_tells_of_itself_by_its_own_places() -> None:
    scene = Scene()
    scene.read()
    scene.turn(left=3)
    scene.look(scene.watch, *(a_look(committed=None, end=7, owner="watch-1") for _ in WATCHED))
    stage = scene.stage("watch")
    journal = next(row.judged for row in stage.rows if row.judged.place.topic == JOURNAL)
    assert (4, 7, 3) == (journal.committed, journal.end, journal.behind)
    assert 5 == len(stage.rows)


def test_markers_at_the_end_are_no_lag_of_the_watch() -> None:
    scene = Scene()
    scene.read()
    reached = {Partition(topic, 0): Reached(4, 6, 4, 6) for topic in WATCHED}
    scene.tables.turn(reached, NOW_S)
    scene.look(scene.watch, a_look(committed=None, end=6, owner="watch-1"))
    scene.now_s += 1
    assert (0, NOON_S) == (scene.stage("watch").behind, scene.stage("watch").latest_event_s)


def test_what_another_watch_reads_is_for_it_to_tell_and_what_nobody_reads_is_told() -> None:
    scene = Scene()
    scene.look(
        scene.watch, a_look(committed=None, owner="watch-2"), a_look(committed=None, owner=None)
    )
    (row,) = scene.stage("watch").rows
    assert (BALANCES, None) == (row.judged.place.topic, row.judged.owner)


def test_the_oldest_order_that_the_treasury_has_not_read_is_known_from_the_orders() -> None:
    scene = Scene()
    for offset in range(2):
        scene.tables.payment_order(Record(0, offset, b"B", ORDER, (), NOW_S))
    scene.turn()
    scene.look(scene.treasury, a_look(committed=1, end=2, owner="bank"))
    assert (1, NOON_S) == (scene.stage("treasury").behind, scene.stage("treasury").oldest_event_s)


def test_behind_the_last_order_stand_markers_alone_and_nobody_is_late() -> None:
    scene = Scene()
    scene.tables.payment_order(Record(0, 0, b"B", ORDER, (), NOW_S))
    scene.tables.turn({Partition(topic, 0): Reached(1, 3, 1, 3) for topic in WATCHED}, NOW_S)
    scene.look(scene.treasury, a_look(committed=1, end=3, owner="bank"))
    stage = scene.stage("treasury")
    assert (0, NOON_S, None) == (stage.behind, stage.latest_event_s, stage.oldest_event_s)


def test_a_ledger_that_has_just_started_has_done_what_the_journal_holds() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    silent = a_word(done_event_s=None, taken=0, told=0)
    scene.look(scene.ledger, *words(silent, silent))
    by_topic = {row.judged.place.topic: row.latest_event_s for row in scene.stage("ledger").rows}
    assert {EVENTS: NOON_S, INTERNAL_EVENTS: None} == by_topic


def test_a_journal_that_is_still_read_does_not_tell_up_to_when_others_are() -> None:
    scene = Scene()
    scene.turn(left=9)
    scene.read()
    scene.look(scene.projector, a_look())
    scene.look(scene.treasury, a_look())
    assert (None, None) == (
        scene.stage("projector").latest_event_s,
        scene.stage("treasury").latest_event_s,
    )


# ------------------------------------------------------------------ deadline events, the last hour
def test_up_to_a_look_at_a_ledger_that_has_done_all_everything_is_known() -> None:
    scene = Scene()
    scene.read()
    scene.turn()
    scene.look(scene.ledger, a_look(committed=4), a_look())
    scene.turn()
    before = scene.tables.settled.until_s(0)
    scene.look(scene.ledger, a_look(), a_look())
    scene.turn()
    assert (None, NOW_S - 0.5) == (before, scene.tables.settled.until_s(0))


@pytest.mark.parametrize("standing", [None, 3])
def test_deadline_events_are_told_by_who_writes_them(standing: int | None) -> None:
    scene = Scene()
    scene.standing = standing
    scene.read()
    scene.turn()
    deadline_events = scene.known().deadline_events
    assert deadline_events is not None
    assert (standing, 1) == (deadline_events.written, deadline_events.pending)


def test_a_watch_that_writes_no_deadline_events_knows_nothing_of_them() -> None:
    scene = Scene(deadline_events=False)
    scene.read()
    scene.turn()
    assert scene.known().deadline_events is None


def test_a_point_is_kept_of_what_was_known() -> None:
    scene = Scene()
    scene.outlook.note(NOW_S - 10)
    scene.read()
    scene.turn()
    scene.look(scene.ledger, a_look(), a_look())
    scene.outlook.note(NOW_S)
    first, second = scene.outlook.past.points
    assert (None, None) == (first.orders, first.stages["ledger"].behind)
    assert (1, 0, 0.0) == (second.orders, *second.stages["ledger"])
