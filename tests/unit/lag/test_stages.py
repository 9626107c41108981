"""A stage is added up from its partitions; what one does not know, the sum does not know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.lag import Stage, State
from events.topics import INTERNAL_EVENTS
from services.lag.judge.history import stages_of
from services.lag.judge.model import WORST_FIRST, Consumer, Judgement, late_s, oldest_wait, worst
from services.lag.judge.states import Rule
from services.watch.settings import WATCHED, WatchSettings
from tests.unit.lag.builders import LEDGER, NOW_S, PROJECTOR, judged, unknown

NOW = datetime.fromtimestamp(NOW_S, UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def stage(*seen: Judgement, **more: Any) -> Stage:
    """The ledger, of which this was seen."""
    (found,) = stages_of([LEDGER], seen, more.get("members", {}))
    return found


def test_the_groups_are_in_the_order_in_which_an_event_passes_them() -> None:
    found = WatchSettings().consumers
    assert ["ledger", "projector", "watch", "treasury"] == [each.stage for each in found]
    assert set(WATCHED) == set(found[2].topics)
    assert "ecluse.tresor" == WatchSettings(treasury_group="ecluse.tresor").consumers[3].group
    assert ["ledger", "projector", "watch"] == [
        each.stage for each in WatchSettings(treasury_group="").consumers
    ]


def test_it_needs_the_topics_that_it_reads_and_that_of_deadline_events_if_it_writes_any() -> None:
    assert set(WATCHED) | {INTERNAL_EVENTS} == set(WatchSettings().topics)
    assert set(WATCHED) == set(WatchSettings(deadline_events=False).topics)


def test_every_state_has_its_place_among_the_worst() -> None:
    assert set(State) == set(WORST_FIRST)
    assert State.STOPPED is worst([State.OK, State.STOPPED, State.SLOW])
    assert State.UNKNOWN is worst([State.OK, State.UNKNOWN, State.NO_TRAFFIC])
    assert State.UNKNOWN is worst([])


def test_all_keep_up() -> None:
    found = stage(judged(), judged(number=1, done_event_s=NOW_S - 3), members={LEDGER: 1})
    assert (State.OK, Rule.KEEPS_UP, 1, 0) == (found.state, found.rule, found.members, found.behind)
    assert (None, "level", None) == (found.oldest_event_at, found.trend, found.drain_s)
    assert ago(3) == found.latest_event_at, "the last event of all"
    assert 0.0 == late_s(found, NOW)


def test_the_worst_partition_tells_state_and_rule() -> None:
    slow = judged(number=1, state=State.SLOW, rule=Rule.FALLS_BEHIND)
    found = stage(judged(), slow, judged(number=2, state=State.NO_TRAFFIC, rule=Rule.NO_TRAFFIC))
    assert (State.SLOW, Rule.FALLS_BEHIND) == (found.state, found.rule)


def test_records_behind_are_added_up_and_the_oldest_is_the_oldest_of_all() -> None:
    late = judged(behind=3, oldest_event_s=NOW_S - 60, drain_s=2.0, trend="down")
    later = judged(number=1, behind=4, oldest_event_s=NOW_S - 90, drain_s=9.0, trend="up")
    found = stage(late, later, judged(number=2))
    assert (7, ago(90), "up", 9.0) == (
        found.behind,
        found.oldest_event_at,
        found.trend,
        found.drain_s,
    )
    assert 90.0 == late_s(found, NOW)


def test_a_stage_waits_since_a_bound_where_one_partition_does() -> None:
    known = judged(behind=3, oldest_event_s=NOW_S - 60)
    bound = judged(number=1, behind=3, waits_since=ago(90))
    assert (None, ago(60)) == (stage(known).waits_since, oldest_wait(stage(known)))
    found = stage(known, bound, judged(number=2))
    assert (ago(90), ago(60), ago(90)) == (
        found.waits_since,
        found.oldest_event_at,
        oldest_wait(found),
    )


def test_a_stage_is_in_its_state_since_the_first_partition_that_is() -> None:
    stalled = judged(state=State.STALLED, state_since=ago(50))
    stopped, later = (
        judged(number=number, state=State.STOPPED, state_since=ago(seconds))
        for number, seconds in ((1, 20), (2, 10))
    )
    assert ago(20) == stage(stalled, stopped, later).state_since
    unseen = judged(number=3, state=State.STOPPED)
    assert stage(stopped, unseen).state_since is None, "one began before the watch saw it"


def test_nothing_is_promised_where_one_does_not_get_less() -> None:
    assert stage(judged(behind=3, drain_s=2.0), judged(number=1, behind=1)).drain_s is None


def test_what_one_does_not_know_the_stage_does_not_know() -> None:
    found = stage(judged(), unknown(number=1))
    assert (State.UNKNOWN, None, None) == (found.state, found.behind, late_s(found, NOW))


def test_a_stage_of_which_nothing_was_seen_is_unknown() -> None:
    found = stage()
    assert (State.UNKNOWN, Rule.NOT_SAMPLED, None, None) == (
        found.state,
        found.rule,
        found.members,
        found.behind,
    )
    assert ((), None, None) == (found.partitions, found.latest_event_at, late_s(found, NOW))


@pytest.mark.parametrize(
    ("seen", "latest_ago_s"),
    [
        ([judged(behind=2), judged(number=1, done_event_s=NOW_S - 1)], 1),
        ([unknown(done_event_s=NOW_S - 20), judged(number=1)], 8),
        ([judged(behind=2, done_event_s=None), judged(number=1)], 8),
        ([judged(done_event_s=NOW_S + 9)], -9),
        ([judged(done_event_s=None)], None),
    ],
    ids=["behind", "unknown", "nothing read yet", "as its sender wrote it", "nobody knows"],
)
def test_its_latest_event_is_the_latest_of_what_is_done_in_any_partition(
    seen: list[Judgement], latest_ago_s: float | None
) -> None:
    expected = None if latest_ago_s is None else ago(latest_ago_s)
    assert expected == stage(*seen).latest_event_at


def test_it_was_watched_for_as_long_as_the_partition_that_was_watched_for_the_shortest() -> None:
    assert 20.0 == stage(judged(watched_s=630.0), judged(number=1, watched_s=20.0)).watched_s
    assert stage(unknown()).watched_s is None


def test_stages_keep_apart() -> None:
    two: list[Consumer] = [LEDGER, PROJECTOR]
    found = stages_of(two, [judged(PROJECTOR, behind=2)], {PROJECTOR: 2})
    assert [(None, None), (2, 2)] == [(each.behind, each.members) for each in found]
