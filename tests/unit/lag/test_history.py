"""Judgements beside the state: figures, times, owners; and the samples that are kept."""

from dataclasses import asdict
from datetime import datetime

import pytest

from events import lag as document
from events.lag import State
from events.topics import Place
from services.lag.judge.history import History
from services.lag.judge.model import Consumer, Judgement, Sample, instant_of
from services.lag.judge.states import WINDOW_S
from services.runtime.processing.status import HeldRecord, Status
from tests.unit.lag.notation import LEDGER, OWNER, PLACE, START_S, a_status, judgement_of, seen

TREASURY = Consumer("treasury", "ecluse.treasury", ("ecluse.payment-orders.v1",))
ORDERS = Place("ecluse.payment-orders.v1", 3)


@pytest.mark.parametrize(
    ("history", "committed", "end", "behind"),
    [
        ("12/20", 12, 20, 8),
        ("20/20", 20, 20, 0),
        ("-/20", None, 20, None),
        ("-/20!", None, 20, None),
        ("-/0", None, 0, 0),
        ("-/0!", None, 0, None),
        ("12/-", 12, None, None),
        ("20/12", 20, 12, None),
    ],
)
def test_what_is_not_known_is_never_nought(
    history: str, committed: int | None, end: int | None, behind: int | None
) -> None:
    judged = judgement_of(history)
    assert (committed, end, behind) == (judged.row.committed, judged.row.end, judged.row.behind)


def test_of_what_is_old_only_what_stays_true_is_reported() -> None:
    status = a_status(
        done_event_s=7.0, oldest_event_s=8.0, oldest_recorded_s=9.0, held=HeldRecord(12, "e")
    )
    judged = judgement_of("12/20*9", later_s=11, status=status)
    known = {name: each for name, each in asdict(judged.row).items() if each is not None}
    assert {"topic", "partition", "state", "rule", "latest_event_at"} == known.keys()
    assert instant_of(7.0) == judged.row.latest_event_at


def test_a_status_is_reported_as_it_was_committed() -> None:
    held = HeldRecord(12, "e-1")
    status = a_status(
        state="broken", done_event_s=7.0, oldest_event_s=8.0, oldest_recorded_s=9.0, held=held
    )
    judged = judgement_of("12/20", status=status)
    assert (8.0, 9.0, 7.0, document.Held(*held), "broken", OWNER) == _given(judged)


def test_the_latest_event_done_goes_not_back_with_a_worker_that_was_started_anew() -> None:
    remembered = seen("12/20", status=a_status(done_event_s=9.0))
    remembered.add(LEDGER, PLACE, a_sample_of(13, START_S + 2, a_status(done_event_s=3.0)))
    remembered.add(LEDGER, PLACE, a_sample_of(13, START_S + 4, a_status(done_event_s=None)))
    (judged,) = remembered.judge(START_S + 4)
    assert instant_of(9.0) == judged.row.latest_event_at


def a_sample_of(committed: int, at_s: float, status: Status) -> Sample:
    return Sample(at_s, committed, 20, OWNER, False, status)


def test_without_a_status_nothing_of_it_is_known() -> None:
    assert (None, None, None, None, None, OWNER) == _given(judgement_of("12/20"))


def test_where_nothing_is_left_nothing_is_the_oldest() -> None:
    """A status may still say so: it was committed before the last of it was done."""
    status = a_status(oldest_event_s=8.0, oldest_recorded_s=9.0, done_event_s=7.0)
    assert (None, None, 7.0, None, "running", OWNER) == _given(judgement_of("20/20", status=status))


def test_where_the_end_is_not_known_the_status_still_tells_since_when_something_waits() -> None:
    assert (
        instant_of(8.0)
        == judgement_of("12/-", status=a_status(oldest_event_s=8.0)).row.oldest_event_at
    )


def seconds(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()


def _given(judged: Judgement) -> tuple[object, ...]:
    return (
        seconds(judged.row.oldest_event_at),
        seconds(judged.row.oldest_recorded_at),
        seconds(judged.row.latest_event_at),
        judged.row.held,
        judged.row.doing,
        judged.row.owner,
    )


@pytest.mark.parametrize(
    ("history", "status", "oldest_event_s", "asked"),
    [
        ("12/20", None, 5.0, [(PLACE, 12)]),
        ("12/20", a_status(), 5.0, [(PLACE, 12)]),
        ("12/20", a_status(oldest_event_s=8.0), 8.0, []),
        ("20/20", None, None, []),
        ("-/20", None, None, []),
        ("12/-", None, None, []),
    ],
)
def test_who_reads_the_topic_is_asked_where_the_status_does_not_tell(
    history: str, status: object, oldest_event_s: float | None, asked: list[tuple[Place, int]]
) -> None:
    questions: list[tuple[Place, int]] = []

    def oldest_of(place: Place, offset: int) -> float:
        questions.append((place, offset))
        return 5.0

    (judged,) = seen(history, status=status).judge(START_S, oldest_of)
    assert (oldest_event_s, asked) == (seconds(judged.row.oldest_event_at), questions)


@pytest.mark.parametrize(
    ("history", "status", "latest_event_s"),
    [
        # The worker was started anew, and has done one event since, of an earlier date.
        ("20/20", a_status(done_event_s=7.0), 9.0),
        ("20/20", None, 9.0),
        ("12/20", None, None),
        ("12/20", a_status(done_event_s=7.0), 7.0),
    ],
)
def test_who_has_nothing_left_has_done_the_last_record(
    history: str, status: object, latest_event_s: float | None
) -> None:
    (judged,) = seen(history, status=status).judge(START_S, latest_of=lambda _: 9.0)
    assert latest_event_s == seconds(judged.row.latest_event_at)


def test_every_consumer_is_judged_in_each_of_its_partitions() -> None:
    history = seen("10/10*9")
    history.add(TREASURY, ORDERS, Sample(START_S + 16, 1, 1, "treasury-1", False, None))
    history.add(TREASURY, PLACE, Sample(START_S + 16, None, 7, None, False, None))
    assert [
        (LEDGER, PLACE, "OK"),
        (TREASURY, ORDERS, "OK"),
        (TREASURY, PLACE, "UNKNOWN"),
    ] == [
        (each.consumer, (each.row.topic, each.row.partition), each.row.state)
        for each in history.judge(START_S + 16)
    ]


def test_nothing_is_judged_before_the_first_sample() -> None:
    history = History()
    history.no_answer()
    assert [] == history.judge(START_S)


def test_a_group_that_is_not_reported_is_not_known_while_the_others_are() -> None:
    history = History()
    for number in range(10):
        at_s = START_S + 2 * number
        history.add(LEDGER, PLACE, Sample(at_s, 5, 5, OWNER, False, None))
        if number < 2:
            history.add(TREASURY, ORDERS, Sample(at_s, 1, 1, "t", False, None))
    assert ["keeps_up", "not_sampled"] == [each.row.rule for each in history.judge(at_s)]


def test_a_partition_that_is_gone_is_dropped_and_all_are_kept_while_the_cluster_is_away() -> None:
    history = seen("10/10")
    assert 1 == len(history.judge(START_S + 10 * WINDOW_S))
    history.add(TREASURY, ORDERS, Sample(START_S + WINDOW_S, 1, 1, "t", False, None))
    assert 2 == len(history.judge(START_S + WINDOW_S))
    history.add(TREASURY, ORDERS, Sample(START_S + WINDOW_S + 1, 1, 1, "t", False, None))
    (left,) = history.judge(START_S + WINDOW_S + 1)
    assert TREASURY == left.consumer


def test_a_clock_that_is_set_back_begins_a_new_run() -> None:
    history = seen("10/10 10/20*9")
    reported_s = {}
    for since_s in range(0, 10, 2):
        history.add(LEDGER, PLACE, Sample(START_S + 7 + since_s, 10, 20, OWNER, False, None))
        (judged,) = history.judge(START_S + 7 + since_s)
        reported_s[since_s] = judged.row.rule
    assert {0, 2, 4, 6} == {since_s for since_s, rule in reported_s.items() if rule == "just_begun"}
    assert "stands_still" == reported_s[8]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("20/20*2 20/20!", True),
        ("12/20*2 12/20!", True),
        ("20/20~ 20/20!", True),
        ("20/20*3", False),
        ("20/20 20/20!*2", False),
        ("20/20 20/20! 20/20", False),
        ("20/20 20/20~", False),
        ("20/20!", False),  # it may never have had one
        ("12/20! 13/20!", False),  # who commits without being in the group is at work
        ("-/20 -/20!", False),
        ("20/20 | 20/20!", False),  # while the cluster was silent no owner was known
    ],
)
def test_that_an_owner_is_lost_is_noted_at_the_first_sample_without_one(
    history: str, expected: bool
) -> None:
    assert expected is seen(history).has_lost_an_owner()


def test_a_partition_that_is_sampled_no_longer_has_lost_no_owner() -> None:
    history = seen("20/20 20/20!")
    history.add(TREASURY, ORDERS, Sample(START_S + 4, 1, 1, "t", False, None))
    assert not history.has_lost_an_owner()
    assert not History().has_lost_an_owner()


def test_no_more_is_remembered_than_the_window_holds() -> None:
    history = seen("1/1*2000")
    (track,) = history._tracks.values()
    assert WINDOW_S / 2 + 1 == len(track.samples)


@pytest.mark.parametrize(
    ("history", "after_s"),
    [
        ("20/20*3", None),
        ("-/20", None),
        ("20/-", None),
        ("20/12", None),
        ("12/20", 0),
        ("20/20*3 20/23!*9", 6),  # it died with all done, and events came
        ("20/20 20/21 20/23 20/29", 2),  # since the first of them
        ("10/20*3 12/20*3", 6),  # another one is the oldest now: since then at least
        ("10/20 20/20 20/21", 4),
        ("12/20 | | 12/20", 0),
        ("12/20 12/- -/- 12/21", 0),
        ("12/20 12/- 13/21", 4),
        ("12/20 12/10 12/20", 4),  # it is not that topic any more
        ("12/20*900", 0),  # for longer than anything else is remembered
    ],
)
def test_what_is_left_waits_at_least_since_it_was_first_seen(
    history: str, after_s: float | None
) -> None:
    expected = None if after_s is None else instant_of(START_S + after_s)
    assert expected == judgement_of(history, status=a_status()).row.waits_since


def test_a_record_whose_event_time_is_known_needs_no_bound() -> None:
    status = a_status(oldest_event_s=START_S - 60)
    assert judgement_of("12/20", status=status).row.waits_since is None


@pytest.mark.parametrize(
    ("history", "state", "after_s"),
    [
        ("20/20*3 20/33*6", State.STALLED, 6),  # found eight seconds after it began
        ("20/20*3 20/20!*3", State.STOPPED, 6),
        ("20/20*3 20/33*6 20/33!*3", State.STOPPED, 18),  # it stood, and then its member left
        ("20/20*3 20/33*6 20/33~*9", State.STALLED, 6),
        ("20/20*3 20/33*900", State.STALLED, 6),  # for longer than anything else is remembered
        ("20/20*3 20/33*6 33/33*3 33/45*6", State.STALLED, 24),
        ("5/9*3 5/9*3 1/9*2", State.REWOUND, 14),
        ("20/33*9", State.STALLED, None),  # it began before anybody looked
        ("20/20!*3", State.STOPPED, None),
        ("20/20*3 | | 20/20!*3", State.STOPPED, None),
        ("20/20*3 20/33*6 | | 20/33*6", State.STALLED, None),
        ("20/20*9", State.OK, None),
        ("20/20*3 20/12*3", State.UNKNOWN, None),
    ],
)
def test_since_when_a_state_holds_is_known_where_it_began_between_two_samples(
    history: str, state: State, after_s: float | None
) -> None:
    row = judgement_of(history).row
    expected = None if after_s is None else instant_of(START_S + after_s)
    assert (state, expected) == (row.state, row.state_since)


def test_where_the_clock_is_set_back_no_state_holds_since_what_is_yet_to_come() -> None:
    history = seen("20/20*3 20/33*9")
    for again in range(6):
        history.add(LEDGER, PLACE, Sample(START_S - 90 + 2 * again, 20, 33, OWNER, False, None))
    (judged,) = history.judge(START_S - 80)
    assert (State.STALLED, None) == (judged.row.state, judged.row.state_since)


def test_old_samples_do_not_say_since_when_a_record_waits() -> None:
    assert judgement_of("12/20", later_s=11, status=a_status()).row.waits_since is None


def test_what_may_be_markers_alone_does_not_wait() -> None:
    assert instant_of(START_S) == judgement_of("12/13*3").row.waits_since
    judged = judgement_of("12/13*9")
    assert ("markers_alone", None) == (judged.row.rule, judged.row.waits_since)


def test_where_the_clock_is_set_back_nothing_waits_since_what_is_yet_to_come() -> None:
    history = seen("12/20*9")
    history.add(LEDGER, PLACE, Sample(START_S - 7, 12, 20, OWNER, False, a_status()))
    (judged,) = history.judge(START_S - 7)
    assert instant_of(START_S - 7) == judged.row.waits_since
