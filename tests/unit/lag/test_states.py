"""Every state and every rule: the samples, and what is reported to the operator."""

from typing import Any

import pytest

from events.lag import State
from services.lag.judge.history import History
from services.lag.judge.states import QUIET_S, TABLE, Rule
from services.runtime.processing.status import HeldRecord
from tests.unit.lag.notation import EVERY_S, LEDGER, PLACE, START_S, a_status, judgement_of, written

TEN_MINUTES = int(QUIET_S / EVERY_S) + 1
"""So many samples have ten minutes between the first and the last."""


@pytest.mark.parametrize(
    ("history", "state", "rule"),
    [
        # ------------------------------------------------------------ all is well
        ("10/10", "OK", "keeps_up"),
        ("10/10 11/11 11/11 13/13", "OK", "keeps_up"),
        ("10/10 10/20", "OK", "catches_up"),
        ("10/30 15/30", "OK", "catches_up"),
        ("10/10~", "OK", "keeps_up"),
        # ------------------------------------------------------------ it stands still
        ("10/10 10/20*4", "OK", "catches_up"),
        ("10/10 10/20*5", "STALLED", "stands_still"),
        ("10/10 10/11 10/12 10/13 10/14 10/15", "STALLED", "stands_still"),
        ("10/10 10/11 11/12 11/13 11/14", "OK", "catches_up"),
        ("10/10 10/11 11/12 11/13 11/14 11/15 11/16", "STALLED", "stands_still"),
        ("10/10 10/20~*5", "STALLED", "rebalances"),
        ("10/10 10/20~*4", "OK", "catches_up"),
        ("10/10 10/20~*4 10/20", "STALLED", "stands_still"),
        # One sample at which nothing was left excuses nothing that comes after it.
        ("9/10*9 10/10 10/11 10/12 10/13 10/14 10/15", "STALLED", "stands_still"),
        # ------------------------------------------------------------ it is slow
        ("0/0 2/10 4/20 6/30 8/40 10/50", "SLOW", "falls_behind"),
        ("0/0 2/10 4/20 6/30 8/40", "OK", "catches_up"),
        ("0/9 2/11 4/13 6/15 8/17 10/19", "SLOW", "falls_behind"),
        # It has reached what was there five seconds ago: it is not late.
        ("0/2 10/12 20/22 30/32 40/42 50/52", "OK", "catches_up"),
        ("0/9 2/11 4/13 6/15 8/17 13/24", "OK", "catches_up"),
        ("0/9 2/11 4/13 6/15 8/17 12/24", "SLOW", "falls_behind"),
        # It does not get less by more than what comes between two samples: that is no progress.
        ("0/90 20/100 30/110 40/120 50/130 60/140", "SLOW", "falls_behind"),
        ("0/90 20/100 30/110 40/120 50/130 61/140", "OK", "catches_up"),
        # A burst is being worked on: it gets less since it came.
        ("0/0 0/200000 20000/200000 40000/200000 60000/200000 80000/200000", "OK", "catches_up"),
        # Without anything new, whoever works gets ahead.
        ("0/900 1/900 2/900 3/900 4/900 5/900", "OK", "catches_up"),
        # Who commits every five seconds is a saw, and is not slow.
        ("0/20 0/40 40/60 40/80 80/100 80/120 120/140 120/160", "OK", "catches_up"),
        # ------------------------------------------------------------ nobody is at work
        ("10/10 10/10!", "OK", "keeps_up"),
        ("10/10 10/10!*2", "STOPPED", "no_owner"),
        ("10/10!*2", "STOPPED", "no_owner"),
        ("10/20!*9", "STOPPED", "no_owner"),
        ("10/20! 12/20!", "OK", "catches_up"),
        ("10/10!*5 10/10~*3", "OK", "keeps_up"),
        ("10/10~ 10/10!", "OK", "keeps_up"),
        ("10/10!*5 10/10", "OK", "keeps_up"),
        ("10/10*9 10/11 10/12!*2", "STOPPED", "no_owner"),
        # ------------------------------------------------------------ it went back
        ("50/50 10/50", "OK", "catches_up"),
        ("50/50 10/50*2", "REWOUND", "went_back"),
        ("50/50 10/50 49/50", "REWOUND", "went_back"),
        ("50/50 10/50 50/50", "OK", "keeps_up"),
        ("50/50 10/50*3 60/60", "OK", "keeps_up"),
        ("50/50 10/50!*3", "REWOUND", "went_back"),
        ("50/50 | | | | | | 10/50*2", "REWOUND", "went_back"),
        ("-/50 10/50 11/50", "OK", "catches_up"),
        # ------------------------------------------------------------ nothing is known
        ("-/20!", "UNKNOWN", "never_seen"),
        ("-/0!", "UNKNOWN", "never_seen"),
        ("-/20~", "UNKNOWN", "never_seen"),
        ("10/20 -/20!", "UNKNOWN", "never_seen"),
        ("-/20", "UNKNOWN", "never_committed"),
        ("10/20 -/20", "UNKNOWN", "never_committed"),
        ("10/-", "UNKNOWN", "end_unknown"),
        ("-/-!", "UNKNOWN", "end_unknown"),
        ("10/10 10/-", "UNKNOWN", "end_unknown"),
        ("50/50 50/7", "UNKNOWN", "beyond_the_end"),
        ("50/7", "UNKNOWN", "beyond_the_end"),
        ("50/50 50/7 7/7*2", "REWOUND", "went_back"),
        ("10/20", "UNKNOWN", "just_begun"),
        ("10/20*4", "UNKNOWN", "just_begun"),
        ("10/20*5", "STALLED", "stands_still"),
        ("10/20!", "UNKNOWN", "just_begun"),
        ("10/10!", "UNKNOWN", "just_begun"),
        # While the cluster was away nobody could read: what was before is no evidence.
        ("10/20*4 | 10/20*4", "UNKNOWN", "just_begun"),
        ("10/20*4 | 10/20*5", "STALLED", "stands_still"),
        ("10/10! | 10/10!", "UNKNOWN", "just_begun"),
        ("10/10 10/20*3 10/- 10/20*4", "UNKNOWN", "just_begun"),
        # ------------------------------------------------------------ nothing comes
        ("-/0", "OK", "keeps_up"),
        (f"-/0*{TEN_MINUTES - 1}", "OK", "keeps_up"),
        (f"-/0*{TEN_MINUTES}", "NO TRAFFIC", "no_traffic"),
        ("0/0", "OK", "keeps_up"),
        (f"10/10*{TEN_MINUTES}", "NO TRAFFIC", "no_traffic"),
        (f"10/10*{TEN_MINUTES - 1}", "OK", "keeps_up"),
        (f"9/10 10/10*{TEN_MINUTES - 1}", "NO TRAFFIC", "no_traffic"),
        (f"10/10*{TEN_MINUTES} 11/11", "OK", "keeps_up"),
        (f"10/10*200 | | 10/-*2 10/10*{TEN_MINUTES - 204}", "NO TRAFFIC", "no_traffic"),
        (f"10/10*{TEN_MINUTES} 10/10!*2", "STOPPED", "no_owner"),
    ],
)
def test_the_state_of_a_history_is(history: str, state: str, rule: str) -> None:
    judged = judgement_of(history)
    assert (state, rule) == (judged.row.state, judged.row.rule)


@pytest.mark.parametrize(
    ("history", "status", "state", "rule"),
    [
        ("10/10", a_status(held=HeldRecord(10, "e-1")), "BROKEN", "held"),
        ("10/20!*9", a_status(held=HeldRecord(10, None), state="broken"), "BROKEN", "held"),
        ("50/50 10/50*9", a_status(state="broken"), "BROKEN", "broken"),
        ("10/10 10/20*9", a_status(state="broken"), "BROKEN", "broken"),
        ("10/10 10/20*9", a_status(state="retrying"), "STALLED", "stands_still"),
        ("10/10*9", a_status(state="retrying"), "OK", "keeps_up"),
        # A worker that opens may pass once more the markers that the one before it had passed.
        ("50/50 49/50 50/50", a_status(state="opening"), "OK", "keeps_up"),
        ("50/50 49/50*2", a_status(state="opening"), "REWOUND", "went_back"),
        # Kafka says that it is gone, and it has long been silent: one sample is enough.
        ("10/10*4 10/10!", a_status(), "STOPPED", "no_owner"),
        ("10/10*3 10/10!", a_status(), "OK", "keeps_up"),
        # What speaks stands behind the markers once it has done all: what is left are records.
        ("10/11*5", a_status(), "STALLED", "stands_still"),
    ],
)
def test_a_worker_is_believed_what_it_says_of_itself(
    history: str, status: Any, state: str, rule: str
) -> None:
    judged = judgement_of(history, status=status)
    assert (state, rule) == (judged.row.state, judged.row.rule)


def test_a_worker_that_speaks_has_not_left() -> None:
    """Its statuses say so: they are not all the same one."""
    history = History()
    for number, sample in enumerate(written("10/10*9 10/10!")):
        assert sample is not None
        history.add(LEDGER, PLACE, sample._replace(status=a_status(START_S + number)))
    (judged,) = history.judge(START_S + 18)
    assert ("OK", "keeps_up") == (judged.row.state, judged.row.rule)


@pytest.mark.parametrize(
    ("history", "records_end", "state", "rule"),
    [
        # It has committed all records; the transaction's marker is nobody's work.
        ("10/11*9", 10, "OK", "keeps_up"),
        ("11/11*9", 10, "OK", "keeps_up"),
        ("9/11*5", 10, "STALLED", "stands_still"),
        ("10/11*9", 12, "STALLED", "stands_still"),
        # Nobody has read that far who could tell a marker from a record.
        ("10/14*5", None, "UNKNOWN", "markers_alone"),
        ("10/14*4", None, "UNKNOWN", "just_begun"),
        ("10/15*5", None, "STALLED", "stands_still"),
        ("10/11 10/14*4", None, "STALLED", "stands_still"),
        ("10/14~*5", None, "UNKNOWN", "markers_alone"),
        ("10/14!*2", None, "STOPPED", "no_owner"),
    ],
)
def test_markers_of_transactions_are_nobodys_work(
    history: str, records_end: int | None, state: str, rule: str
) -> None:
    judged = judgement_of(history, records_end=records_end)
    assert (state, rule) == (judged.row.state, judged.row.rule)


@pytest.mark.parametrize(
    ("history", "later_s", "state", "rule"),
    [
        ("10/10*3", 10, "OK", "keeps_up"),
        ("10/10*3", 10.1, "UNKNOWN", "not_sampled"),
        ("10/10*3", -10.1, "UNKNOWN", "not_sampled"),
        ("10/10*3 |", 0, "OK", "keeps_up"),
        ("10/10*3 |", 8, "OK", "keeps_up"),
        ("10/10*3 |", 8.1, "UNKNOWN", "cluster_silent"),
        ("10/20!*9", 11, "UNKNOWN", "not_sampled"),
    ],
)
def test_what_is_old_is_not_known(history: str, later_s: float, state: str, rule: str) -> None:
    judged = judgement_of(history, later_s=later_s)
    assert (state, rule) == (judged.row.state, judged.row.rule)


@pytest.mark.parametrize(
    ("history", "watched_s"),
    [("10/10", 0.0), ("10/10*11", 20.0), ("9/10 | 10/10*9", 20.0), ("10/10*400", 630.0)],
)
def test_it_says_for_how_long_it_has_watched(history: str, watched_s: float) -> None:
    assert watched_s == judgement_of(history).row.watched_s


@pytest.mark.parametrize(
    ("every_s", "state"), [(1.99, "OK"), (2.0, "STALLED"), (9.9, "STALLED"), (10.1, "UNKNOWN")]
)
def test_it_stands_for_eight_seconds_however_often_it_is_sampled(
    every_s: float, state: str
) -> None:
    """With more than ten seconds between two samples there is no evidence between them."""
    assert state == judgement_of("10/10 10/20*5", every_s=every_s).row.state


@pytest.mark.parametrize(("every_s", "state"), [(1.99, "OK"), (2.0, "SLOW")])
def test_it_is_slow_after_ten_seconds(every_s: float, state: str) -> None:
    assert state == judgement_of("0/0 2/10 4/20 6/30 8/40 10/50", every_s=every_s).row.state


@pytest.mark.parametrize(("every_s", "state"), [(2.49, "OK"), (2.5, "SLOW")])
def test_who_has_reached_what_was_there_five_seconds_ago_is_not_slow(
    every_s: float, state: str
) -> None:
    """25 are done: more than there were a little earlier, less than there were at that moment."""
    assert state == judgement_of("0/0 2/10 4/20 6/30 8/40 25/50", every_s=every_s).row.state


def test_each_rule_stands_once_in_the_table_in_its_place_with_a_reason() -> None:
    assert list(Rule) == [row.rule for row in TABLE]
    assert {*State} == {row.state for row in TABLE}
    assert all(row.text.msgid.endswith(".") for row in TABLE)
