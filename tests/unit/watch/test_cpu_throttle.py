"""The watch leaves the processor to a ledger that has much to do, and to no other."""

import pytest

from events.topics import EVENTS, Place
from services.lag.judge.model import Sample
from services.watch.cpu_throttle import BACKLOG, MOVED_S, PAUSE_MAX_S, CpuThrottle

SHARE = 0.2


def a_sample(committed: int | None, end: int | None) -> Sample:
    return Sample(0.0, committed, end, "ledger-1", rebalancing=False, status=None)


def samples(*seen: tuple[int | None, int | None]) -> dict[Place, Sample]:
    """Of the ledger's group, partition by partition: committed, end."""
    return {Place(EVENTS, number): a_sample(*each) for number, each in enumerate(seen)}


def rests(throttle: CpuThrottle) -> bool:
    """Whether the watch rests when it has just worked without a pause."""
    throttle.pause_s(100.0, 10.0)
    return throttle.pause_s(101.0, 11.0) > 0


def at_work(left: int = BACKLOG) -> CpuThrottle:
    """Beside a ledger that moves, and has so much left."""
    throttle = CpuThrottle(SHARE)
    throttle.note_samples(samples((10, 20 + left)), 0.0)
    throttle.note_samples(samples((20, 20 + left)), 2.0)
    return throttle


@pytest.mark.parametrize(
    ("before", "now", "rested"),
    [
        pytest.param([(0, 9_000)], [(1_000, 9_000)], True, id="it works on much"),
        pytest.param([(0, 3_000)] * 2, [(500, 3_000), (0, 3_000)], True, id="much in all"),
        pytest.param([(0, 5_400)], [(1_000, 5_400)], False, id="little is left"),
        pytest.param([(0, 9_000)], [(0, 9_000)], False, id="it stands still"),
        pytest.param([(500, 9_000)], [(0, 9_000)], False, id="it was taken back"),
        pytest.param([(None, 9_000)], [(None, 9_000)], False, id="nobody knows where it stands"),
        pytest.param([(0, 9_000)], [(1_000, None)], False, id="nobody knows how much is left"),
        pytest.param([], [(1_000, 9_000)], False, id="seen for the first time"),
        pytest.param([(0, 9_000)], [], False, id="not seen any more"),
    ],
)
def test_it_rests_while_the_ledger_works_on_much(
    before: list[tuple[int | None, int | None]],
    now: list[tuple[int | None, int | None]],
    rested: bool,
) -> None:
    throttle = CpuThrottle(SHARE)
    throttle.note_samples(samples(*before), 0.0)
    throttle.note_samples(samples(*now), 2.0)
    assert rested == rests(throttle)


def test_a_ledger_that_was_not_seen_to_move_for_a_while_has_no_use_for_it() -> None:
    throttle = at_work()
    throttle.note_samples(samples((20, 20 + BACKLOG)), 2.0 + MOVED_S)
    assert rests(throttle)
    throttle.note_samples(samples((20, 20 + BACKLOG)), 2.1 + MOVED_S)
    assert not rests(throttle)


def test_a_cluster_that_does_not_answer_is_no_reason_to_rest() -> None:
    throttle = at_work()
    throttle.no_answer()
    assert not rests(throttle)


def test_no_more_than_the_share_is_taken() -> None:
    throttle, now_s, cpu_s, worked_s = at_work(), 100.0, 10.0, 0.01
    for _ in range(1_000):
        pause_s = throttle.pause_s(now_s, cpu_s)
        assert 0 <= pause_s <= PAUSE_MAX_S
        now_s, cpu_s = now_s + pause_s + worked_s, cpu_s + worked_s
    assert pytest.approx(SHARE, rel=0.01) == (cpu_s - 10.0) / (now_s - 100.0)


def test_what_was_not_taken_is_not_owed() -> None:
    throttle = at_work()
    assert 0 == throttle.pause_s(0.0, 0.0)
    assert 0 == throttle.pause_s(3_600.0, 0.1)
    assert 0 < throttle.pause_s(3_600.1, 0.2)


def test_rests_are_short_so_that_the_end_is_noticed() -> None:
    throttle = at_work()
    throttle.pause_s(0.0, 0.0)
    assert PAUSE_MAX_S == throttle.pause_s(60.0, 60.0)


def test_with_a_whole_core_it_never_rests_while_it_has_one() -> None:
    throttle = CpuThrottle(1.0)
    throttle.note_samples(samples((0, 9_000)), 0.0)
    throttle.note_samples(samples((1_000, 9_000)), 2.0)
    assert not rests(throttle)
