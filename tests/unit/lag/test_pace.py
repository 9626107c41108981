"""Trends and promises: which order it goes, and when it will be over."""

import pytest

from services.lag.judge.model import Sample
from services.lag.judge.window import DRAIN_LEAST_S
from tests.unit.lag.notation import LEDGER, OWNER, PLACE, START_S, judgement_of, seen


@pytest.mark.parametrize(
    ("history", "trend"),
    [
        ("0/50", None),
        ("0/50 10/50", None),
        ("0/50 10/50 20/50", "down"),
        ("0/10 0/20 0/30", "up"),
        ("10/20 20/30 30/40", "level"),
        ("10/10*30", "level"),
        # Offsets and ends are not asked for in one instant: that alone is no trend.
        ("100/110 200/220 300/330 400/405 500/530 600/620", "level"),
        # Less than a tenth.
        ("0/1000 0/1000 0/1000 0/1000 0/1000 60/1000", "level"),
        # A record every twenty seconds, and nobody reads.
        ("10/10*9 10/11*10 10/12*10", "up"),
        ("10/12*9 11/12*10 12/12*10", "down"),
        # A burst is over: the arrow turns with it.
        ("0/0*9 0/9000 10/18000 20/27000 9000/27000 18000/27000", "up"),
        ("0/0*9 0/9000 10/27000 4000/27000 8000/27000 12000/27000 16000/27000", "down"),
        ("10/-", None),
        ("0/50 10/50 20/50 20/-", None),
        ("0/50 10/50 | 20/50", None),
    ],
)
def test_the_arrow_points_where_it_goes(history: str, trend: str | None) -> None:
    assert trend == judgement_of(history).row.trend


@pytest.mark.parametrize(
    ("history", "drain_s"),
    [
        # 50 less every two seconds.
        ("0/500 50/500 100/500 150/500", 14.0),
        # 100 done every two seconds, and 60 come.
        ("0/500 100/560 200/620", 21.0),
        # It was gone, it came, and it goes: only what happened since it came is a pace.
        ("0/0*9 0/900 100/900 200/900 300/900", 12.0),
        ("0/300 50/400 100/500 150/500 200/500 250/500", 10.0),
        # Too little was seen.
        ("0/500 50/500", None),
        ("0/500 0/600 50/600", None),
        # Nothing is left; it grows; it stays; nobody knows.
        ("0/500 250/500 500/500", None),
        ("0/500 10/600 20/700", None),
        ("0/500 10/510 20/520", None),
        ("0/500 250/500 300/-", None),
    ],
)
def test_the_time_to_drain_is_what_is_left_at_the_pace_it_falls(
    history: str, drain_s: float | None
) -> None:
    found = judgement_of(history).row.drain_s
    assert (drain_s is None) == (found is None)
    assert drain_s == pytest.approx(found)


@pytest.mark.parametrize(
    ("history", "state"),
    [("0/500 50/500 100/500*5", "STALLED"), ("0/500 50/500 100/500 100/500!*2", "STOPPED")],
)
def test_who_does_not_work_promises_nothing(history: str, state: str) -> None:
    judged = judgement_of(history)
    assert (state, None) == (judged.row.state, judged.row.drain_s)


@pytest.mark.parametrize("per_s", [500, 2_000, 12_345])
def test_a_burst_of_200_000_is_over_when_it_was_promised(per_s: int) -> None:
    """Published in ten seconds; the worker tells its place once a second, a little before a sample.

    What is promised when the publishing is over, and each time from then on.
    """
    length, publishing_s, over_s = 200_000, 10, 200_000 / per_s
    history = seen("0/0*5")
    for at_s in range(0, int(over_s) - 3, 2):
        end = min(length, length * at_s // publishing_s)
        committed = min(end, max(0, int(at_s - 0.3)) * per_s)
        history.add(LEDGER, PLACE, Sample(START_S + 10 + at_s, committed, end, OWNER, False, None))
        (judged,) = history.judge(START_S + 10 + at_s)
        if at_s >= publishing_s + DRAIN_LEAST_S:
            assert judged.row.drain_s == pytest.approx(over_s - at_s, rel=0.05, abs=1.5), at_s
