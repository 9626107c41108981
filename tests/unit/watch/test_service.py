"""What a watch knows at a moment, and what it does not."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from events.lag import Board, Parked, Reports, Stage, State, Watch
from events.topics import (
    BALANCES,
    EVENTS,
    INTERNAL_EVENTS,
    JOURNAL,
    PAYMENT_ORDERS,
    REFUSALS,
    Place,
)
from services.lag.judge.model import Consumer, Sample, instant_of
from services.runtime.processing.status import Status
from services.watch.document import LagService
from services.watch.settings import WATCHED, WatchSettings
from services.watch.tables.feed import Record, Tables
from services.watch.tables.latencies import Step
from services.watch.tables.partitions import ReadProgress
from tests.builders import a_convention, a_notification, a_vote, an_award
from tests.unit.lag.builders import NOW_S, a_sample, a_status
from tests.unit.watch.ledger_output import Out, encoded, transactions

YEAR = (a_vote(), an_award(), a_convention(), a_notification())
OUTS = [out for outs in transactions([encoded(*YEAR)]) for out in outs]
JOURNALLED = [out for out in OUTS if out.topic == JOURNAL]
NOON = datetime(2023, 6, 1, 10, tzinfo=UTC)
ORDER = b'{"time":"2023-06-01T10:00:00Z"}'


class Scene:
    """A watch of one partition that reconciles and samples on demand."""

    def __init__(self, *, deadline_events: bool = True) -> None:
        self.now_s = NOW_S
        self.written: int | None = None
        self.tables = Tables(lambda: self.now_s)
        own = WatchSettings(deadline_events=deadline_events)
        input_topics = {
            EVENTS: "town.ecluse.events.v1",
            INTERNAL_EVENTS: "town.ecluse.internal-events.v1",
        }
        self.service = LagService(self.tables, own, "watch-1", input_topics, lambda: self.written)
        self.ledger, self.projector, self.watch, self.treasury = self.service.consumers

    def read(self) -> None:
        for offset, out in enumerate(JOURNALLED):
            self.tables.read(JOURNAL, self._record(offset, out))
        balances = [out for out in OUTS if out.topic == BALANCES]
        for offset, out in enumerate(balances):
            self.tables.read(BALANCES, self._record(offset, out))

    def _record(self, offset: int, out: Out) -> Record:
        value = out.value and out.value.replace(b'"ecluse.events', b'"town.ecluse.events')
        return Record(0, offset, out.key, value, (), self.now_s)

    def cycle(self, *, left: int = 0) -> None:
        """Reconcile with so many offsets left in each topic."""
        worked = {each: self.tables.next_offset(Place(each, 0)) for each in WATCHED}
        self.tables.reconcile(
            {Place(topic, 0): ReadProgress(at, at, at, at + left) for topic, at in worked.items()},
            self.now_s,
        )

    def sample(
        self, consumer: Consumer, *samples: Sample, places: Mapping[Place, int] | None = None
    ) -> None:
        """A sample of one group, with one partition of each topic."""
        found = {
            Place(topic, 0): sample for topic, sample in zip(consumer.topics, samples, strict=False)
        }
        now_s = self.now_s
        own = self.service.own_progress(now_s)
        own = own if places is None else own._replace(offsets=places)
        self.service.note_samples({consumer: found}, own, {consumer: 1}, now_s - 0.5, now_s)

    def known(self) -> Board:
        return self.service.board(self.now_s)

    def is_sampled(self) -> bool:
        return self.service.is_sampled(self.now_s)

    def gap(self) -> int | None:
        outcomes = self.known().outcomes
        return None if outcomes is None else outcomes.gap

    def stage(self, name: str) -> Stage:
        return next(each for each in self.known().stages if each.stage == name)


def test_before_anything_was_read_or_seen_nothing_is_known() -> None:
    scene = Scene()
    known = scene.known()
    assert (False, None, None) == (scene.is_sampled(), known.outcomes, known.orders)
    assert {State.UNKNOWN} == {each.state for each in known.stages}
    assert {None} == {each.count for each in known.latencies or ()}
    assert Watch("watch-1", ready=False) == known.watch
    assert (None, None, None) == (known.dead_letters, known.refusals, known.deadline_events)


def test_it_knows_that_a_treasury_is_missing_for_the_first_time() -> None:
    scene = Scene()
    for owner, expected in (("bank", False), (None, True), (None, False)):
        scene.now_s += 2
        scene.sample(scene.treasury, a_sample(at_s=scene.now_s, committed=2, end=2, owner=owner))
        assert expected is scene.service.has_lost_an_owner()


def test_once_the_journal_is_read_to_its_end_its_figures_are_known() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    known = scene.known()
    assert known.outcomes is not None
    assert (4, 4) == (known.outcomes.received, known.outcomes.accepted)
    assert known.orders is not None
    assert [100_000] == [each.amount_cents for each in known.orders.items]
    assert (Parked(0, None, 0), Reports(0)) == (known.parked, known.reports_overdue)
    assert Watch("watch-1", True, 1, 0, 0) == known.watch
    counts = {each.stage: each.count for each in known.latencies or ()}
    assert (0, None) == (counts[Step.PUBLISHED], counts[Step.BROKER]), "no worker was observed"


def test_the_outcomes_are_of_the_moment_of_the_positions_beside_them() -> None:
    """Ten events are decided between two samples: the old position has the old count."""
    scene = Scene()
    scene.cycle()
    scene.sample(scene.ledger, *(a_sample(committed=0, end=0) for _ in range(2)))
    scene.now_s += 1
    scene.read()
    scene.cycle()
    assert (0, 0) == _received_and_position(scene)
    scene.now_s += 1
    scene.sample(scene.ledger, a_sample(committed=4, end=4), a_sample(committed=0, end=0))
    assert (4, 4) == _received_and_position(scene)


def test_where_no_position_is_known_the_outcomes_are_those_of_now() -> None:
    scene = Scene()
    scene.cycle()
    scene.sample(scene.ledger, *(a_sample(committed=0, end=0) for _ in range(2)))
    scene.now_s += 11
    scene.read()
    scene.cycle()
    assert (4, None) == _received_and_position(scene)


def _received_and_position(scene: Scene) -> tuple[int | None, int | None]:
    known = scene.known()
    committed = [row.committed for row in known.stages[0].partitions]
    positions = [each for each in committed if each is not None]
    received = None if known.outcomes is None else known.outcomes.received
    return received, sum(positions) if positions else None


def test_figures_of_a_journal_that_is_still_read_are_unknown() -> None:
    scene = Scene()
    scene.cycle(left=9)
    scene.read()
    scene.cycle(left=4)
    known = scene.known()
    assert (None, None, None, None) == (
        known.outcomes,
        known.orders,
        known.parked,
        known.deadline_events,
    )


def test_figures_of_a_watch_that_falls_behind_are_unknown_until_it_has_caught_up() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    for second in range(1, 31):
        scene.now_s += 1
        scene.cycle(left=1)
        known = scene.known()
        is_known = [each is not None for each in (known.outcomes, known.orders, known.refusals)]
        assert [second <= 11] * 3 == is_known, f"{second} s"
        assert Watch("watch-1", second <= 11, 1, 0, 0) == known.watch
    scene.tables.read(REFUSALS, Record(0, 0, b"B", b"{}", (), scene.now_s))
    scene.cycle()
    known = scene.known()
    assert (None, True) == (known.outcomes, known.refusals is not None), "topic by topic"


def test_the_oldest_event_that_the_watch_has_not_read_is_the_first_that_waits_for_it() -> None:
    scene = Scene()
    first, *rest = JOURNALLED
    scene.tables.note_fetched(Place(JOURNAL, 0), 0, len(rest), first.value)
    scene.cycle(left=len(JOURNALLED))
    places = {Place(JOURNAL, 0): 0}
    sample = a_sample(committed=None, end=len(JOURNALLED), owner="watch-1")
    scene.sample(scene.watch, sample, places=places)
    assert NOON == scene.stage("watch").oldest_event_at
    scene.read()
    scene.cycle()
    scene.sample(scene.watch, sample)
    assert scene.stage("watch").oldest_event_at is None


def test_figures_are_unknown_while_the_cluster_does_not_answer_or_reconciliation_stops() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    scene.now_s += 12
    assert (None, False) == (scene.known().outcomes, scene.known().watch.ready)
    scene.cycle()
    assert scene.known().outcomes is not None
    scene.tables.reconciliation.no_answer()
    assert (None, None) == (scene.known().outcomes, scene.known().refusals)


def test_due_items_are_searched_anew_after_two_seconds() -> None:
    scene = Scene()
    scene.cycle()
    counts = []
    for after in (scene.read, lambda: None, lambda: None):
        orders = scene.known().orders
        counts.append(None if orders is None else orders.count)
        after()
        scene.now_s += 1
    assert [0, 0, 1] == counts


# ------------------------------------------------------------------ the groups
def test_a_sample_has_the_ledgers_lag_and_an_old_one_nothing() -> None:
    scene = Scene()
    scene.sample(scene.ledger, a_sample(committed=3), a_sample())
    known, stage = scene.known(), scene.stage("ledger")
    assert (True, 2, 1, None) == (scene.is_sampled(), stage.behind, stage.members, known.outcomes)
    scene.now_s += 11
    known, stage = scene.known(), scene.stage("ledger")
    assert (False, None, None) == (scene.is_sampled(), stage.behind, stage.members)
    assert State.UNKNOWN is stage.state
    assert instant_of(NOW_S) == known.sampled_at, "its time stays known"


def test_a_silent_cluster_ends_the_evidence() -> None:
    scene = Scene()
    scene.sample(scene.ledger, a_sample(), a_sample())
    scene.service.no_answer()
    scene.now_s += 11
    assert "cluster_silent" == scene.stage("ledger").rule


def statuses(*given: Status) -> list[Sample]:
    return [a_sample(status=status) for status in given]


def test_the_gap_is_of_all_statuses_of_the_ledger_and_of_what_nobody_could_read() -> None:
    scene = Scene()
    scene.read()
    scene.tables.read(JOURNAL, Record(0, 99, b"B", b"no record", (), NOW_S))
    scene.cycle()
    assert scene.gap() is None
    scene.sample(
        scene.ledger, *statuses(a_status(taken=4, outcomes=4), a_status(taken=3, outcomes=1))
    )
    assert 3 == scene.gap()
    scene.now_s += 11
    assert scene.gap() is None


def test_a_group_that_was_not_reported_has_no_status() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    scene.sample(scene.ledger, *statuses(a_status(), a_status()))
    before = scene.gap()
    scene.sample(scene.projector, a_sample())
    assert (0, None) == (before, scene.gap())


def test_statuses_are_timed_and_known_while_the_cluster_answers() -> None:
    scene = Scene()
    for taken in (1, 2):
        scene.sample(scene.ledger, *statuses(a_status(taken=taken), a_status(taken=1)))
    counts = {each.stage: each.count for each in scene.known().latencies or ()}
    assert {Step.BROKER: 1, Step.DECIDED: 1, Step.PROJECTED: 0} == {
        step: count for step, count in counts.items() if count is not None
    }


def test_the_watch_tells_of_itself_by_its_own_places() -> None:
    scene = Scene()
    scene.read()
    scene.cycle(left=3)
    scene.sample(scene.watch, *(a_sample(committed=None, end=7, owner="watch-1") for _ in WATCHED))
    stage = scene.stage("watch")
    journal = next(row for row in stage.partitions if row.topic == JOURNAL)
    assert (4, 7, 3) == (journal.committed, journal.end, journal.behind)
    assert 5 == len(stage.partitions)


def test_markers_at_the_end_are_no_lag_of_the_watch() -> None:
    scene = Scene()
    scene.read()
    reached = {Place(topic, 0): ReadProgress(4, 6, 4, 6) for topic in WATCHED}
    scene.tables.reconcile(reached, NOW_S)
    scene.sample(scene.watch, a_sample(committed=None, end=6, owner="watch-1"))
    scene.now_s += 1
    assert (0, NOON) == (scene.stage("watch").behind, scene.stage("watch").latest_event_at)


def test_partitions_of_another_watch_are_left_to_it_and_those_of_nobody_are_shown() -> None:
    scene = Scene()
    scene.sample(
        scene.watch, a_sample(committed=None, owner="watch-2"), a_sample(committed=None, owner=None)
    )
    (row,) = scene.stage("watch").partitions
    assert (BALANCES, None) == (row.topic, row.owner)


def test_the_oldest_order_that_the_treasury_has_not_read_is_known_from_the_orders() -> None:
    scene = Scene()
    for offset in range(2):
        scene.tables.read(PAYMENT_ORDERS, Record(0, offset, b"B", ORDER, (), NOW_S))
    scene.cycle()
    scene.sample(scene.treasury, a_sample(committed=1, end=2, owner="bank"))
    assert (1, NOON) == (scene.stage("treasury").behind, scene.stage("treasury").oldest_event_at)


def test_behind_the_last_order_stand_markers_alone_and_nobody_is_late() -> None:
    scene = Scene()
    scene.tables.read(PAYMENT_ORDERS, Record(0, 0, b"B", ORDER, (), NOW_S))
    scene.tables.reconcile({Place(topic, 0): ReadProgress(1, 3, 1, 3) for topic in WATCHED}, NOW_S)
    scene.sample(scene.treasury, a_sample(committed=1, end=3, owner="bank"))
    stage = scene.stage("treasury")
    assert (0, NOON, None) == (stage.behind, stage.latest_event_at, stage.oldest_event_at)


def test_a_ledger_that_has_just_started_has_done_what_the_journal_holds() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    silent = a_status(done_event_s=None, taken=0, outcomes=0)
    scene.sample(scene.ledger, *statuses(silent, silent))
    by_topic = {row.topic: row.latest_event_at for row in scene.stage("ledger").partitions}
    assert {EVENTS: NOON, INTERNAL_EVENTS: None} == by_topic


def test_a_journal_that_is_still_read_does_not_tell_up_to_when_others_are() -> None:
    scene = Scene()
    scene.cycle(left=9)
    scene.read()
    scene.sample(scene.projector, a_sample())
    scene.sample(scene.treasury, a_sample())
    assert (None, None) == (
        scene.stage("projector").latest_event_at,
        scene.stage("treasury").latest_event_at,
    )


# ------------------------------------------------------------------ deadline events, the last hour
def test_up_to_a_sample_of_a_ledger_without_backlog_everything_is_known() -> None:
    scene = Scene()
    scene.read()
    scene.cycle()
    scene.sample(scene.ledger, a_sample(committed=4), a_sample())
    scene.cycle()
    before = scene.tables.input_watermark.find_watermark_s(0)
    scene.sample(scene.ledger, a_sample(), a_sample())
    scene.cycle()
    assert (None, NOW_S - 0.5) == (before, scene.tables.input_watermark.find_watermark_s(0))


@pytest.mark.parametrize("written", [None, 3])
def test_deadline_events_are_reported_by_who_writes_them(written: int | None) -> None:
    scene = Scene()
    scene.written = written
    scene.read()
    scene.cycle()
    deadline_events = scene.known().deadline_events
    assert deadline_events is not None
    assert (written, 1) == (deadline_events.written, deadline_events.pending)


def test_a_watch_that_writes_no_deadline_events_knows_nothing_of_them() -> None:
    scene = Scene(deadline_events=False)
    scene.read()
    scene.cycle()
    assert scene.known().deadline_events is None


def test_a_point_is_kept_of_what_was_known() -> None:
    scene = Scene()
    scene.service.note(NOW_S - 10)
    scene.read()
    scene.cycle()
    scene.sample(scene.ledger, a_sample(), a_sample())
    scene.service.note(NOW_S)
    hour = scene.service.history(NOW_S)
    assert ((None, 1), (None, 0)) == (hour.orders, hour.stages["ledger"].behind)
    assert (None, 0.0) == hour.stages["ledger"].late_s
