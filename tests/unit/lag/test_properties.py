"""What holds of every history, whatever a consumer, its topic and the cluster do."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from events.lag import Partition, State
from services.lag.judge.history import History
from services.lag.judge.model import Judgement, Sample, instant_of
from services.lag.judge.states import OLD_AFTER_S, OWNERLESS_SAMPLES, STALL_S, WINDOW_S
from services.runtime.processing.status import HeldRecord, Status, TaskState
from tests.unit.lag.notation import EVERY_S, LEDGER, OWNER, PLACE, START_S, a_status

THREE_LOOKS = 3
"""So many does a promise need."""

LATE = {State.SLOW, State.STALLED}
NOT_AT_WORK = {State.STALLED, State.STOPPED, State.REWOUND, State.BROKEN}

statuses = st.none() | st.builds(
    a_status,
    st.floats(START_S, START_S + 100).map(round),
    state=st.sampled_from([each.value for each in TaskState]),
    oldest_event_s=st.none() | st.floats(START_S - 100, START_S),
    held=st.none() | st.just(HeldRecord(3, "e")),
)
owners = st.sampled_from([OWNER, OWNER, None])


@st.composite
def samples(
    draw: st.DrawFn, status: st.SearchStrategy[Status | None] = statuses
) -> list[Sample | None]:
    """A history: records come, some are done, offsets are reset, the cluster is away (None)."""
    at_s, committed, end = START_S, draw(st.integers(0, 20)), draw(st.integers(0, 40))
    found: list[Sample | None] = []
    for _ in range(draw(st.integers(0, 30))):
        at_s += draw(st.sampled_from([EVERY_S, EVERY_S, EVERY_S, 0.5, 9.0, 11.0, 400.0]))
        end += draw(st.sampled_from([0, 0, 0, 1, 7, 500]))
        committed = min(end, committed + draw(st.sampled_from([0, 0, 1, 7, 500, -5])))
        committed = max(0, committed)
        if draw(st.integers(0, 12)) == 0:
            found.append(None)
            continue
        owner = draw(owners)
        seen = Sample(
            at_s, committed, end, owner, owner is None and draw(st.booleans()), draw(status)
        )
        found.append(without(seen, draw(st.sampled_from([None] * 6 + ["committed", "end"]))))
    return found


def without(sample: Sample, missing: str | None) -> Sample:
    match missing:
        case "committed":
            return sample._replace(committed=None)
        case "end":
            return sample._replace(end=None)
        case _:
            return sample


def remembered(history: Iterable[Sample | None]) -> History:
    found = History()
    for sample in history:
        if sample is None:
            found.no_answer()
        else:
            found.add(LEDGER, PLACE, sample)
    return found


def judged(history: Sequence[Sample | None], later_s: float = 0.0) -> Partition:
    return judgement(history, later_s).row


def judgement(history: Sequence[Sample | None], later_s: float = 0.0) -> Judgement:
    """The judgement after its last sample."""
    last = next(sample for sample in reversed(history) if sample is not None)
    (found,) = remembered(history).judge(last.at_s + later_s)
    return found


def after(history: Sequence[Sample | None]) -> float:
    return max((sample.at_s for sample in history if sample is not None), default=START_S) + EVERY_S


@given(samples(), statuses, owners, st.integers(0, 50))
def test_who_has_read_all_is_never_late(
    history: list[Sample | None], status: Status | None, owner: str | None, end: int
) -> None:
    found = judged([*history, Sample(after(history), end, end, owner, False, status)])
    assert found.state not in LATE
    assert (0, None, None) == (found.behind, found.oldest_event_at, found.drain_s)


@given(samples(), statuses, st.integers(0, 50))
def test_who_has_read_all_and_is_there_is_not_stopped(
    history: list[Sample | None], status: Status | None, end: int
) -> None:
    found = judged([*history, Sample(after(history), end, end, OWNER, False, status)])
    assert found.state not in LATE | {State.STOPPED}


@given(st.integers(0, 50), st.integers(1, 400), st.booleans())
def test_a_quiet_topic_never_appears_late(end: int, count: int, owned: bool) -> None:
    """However long, and whatever one asks in between."""
    owner = OWNER if owned else None
    history = [Sample(START_S + EVERY_S * n, end, end, owner, False, None) for n in range(count)]
    for some in (history[: count // 2 + 1], history):
        assert judged(some).state in (
            {State.OK, State.NO_TRAFFIC} if owned else {State.UNKNOWN, State.STOPPED}
        )


@given(samples(), statuses, st.lists(st.integers(0, 3), min_size=5, max_size=20))
@example([], None, [0, 0, 0, 0, 1])
def test_one_moment_without_lag_does_not_hide_a_consumer_that_has_stopped(
    history: list[Sample | None], status: Status | None, came: list[int]
) -> None:
    """However little comes, and whatever was before: it committed all, and then nothing more."""
    at_s, end = after(history), 1000
    history.append(Sample(at_s, end, end, OWNER, False, status))
    behind = 5  # More than markers alone could be.
    for more in came:
        at_s, behind = at_s + EVERY_S, behind + more
        history.append(Sample(at_s, end, end + behind, OWNER, False, status))
    assert EVERY_S * (len(came) - 1) >= STALL_S
    assert judged(history).state in NOT_AT_WORK


@given(
    samples(), statuses, st.integers(0, 50), st.integers(0, 9), st.integers(OWNERLESS_SAMPLES, 9)
)
def test_a_consumer_that_has_left_is_not_hidden_by_what_was_before(
    history: list[Sample | None], status: Status | None, committed: int, left: int, count: int
) -> None:
    begin_s = after(history)
    for number in range(count):
        at_s = begin_s + EVERY_S * number
        history.append(Sample(at_s, committed, committed + left, None, False, status))
    assert judged(history).state in NOT_AT_WORK - {State.STALLED}


@given(samples(), st.sampled_from(["committed", "end"]), statuses, owners)
def test_what_is_not_known_is_never_nought(
    history: list[Sample | None], missing: str, status: Status | None, owner: str | None
) -> None:
    last = Sample(after(history), 7, 9, owner, False, status)
    found = judged([*history, without(last, missing)])
    assert (State.UNKNOWN, None, None) == (found.state, found.behind, found.drain_s)


@given(samples(), st.floats(OLD_AFTER_S + 0.1, 1e6))
def test_what_is_old_is_not_known(history: list[Sample | None], later_s: float) -> None:
    history.append(Sample(after(history), 9, 9, OWNER, False, None))
    found = judged(history, later_s)
    assert State.UNKNOWN == found.state
    assert {None} == {found.committed, found.end, found.behind, found.owner, found.trend}


@given(samples(), samples(), statuses)
def test_what_was_before_the_window_does_not_matter(
    before: list[Sample | None], history: list[Sample | None], status: Status | None
) -> None:
    history.append(Sample(after(history), 9, 19, OWNER, False, status))
    begin_s = history[-1].at_s - WINDOW_S - 0.5 if history[-1] else 0.0
    older = [
        None if sample is None else sample._replace(at_s=sample.at_s - after(before) + begin_s)
        for sample in before
    ]
    within = [each for each in history if each is None or each.at_s > begin_s]
    found = judged([*older, *within])
    alike, other = (
        replace(each, state_since=None, waits_since=None)  # These are remembered for longer.
        for each in (judged(within), found)
    )
    assert alike == other


@given(samples(), statuses, st.integers(0, 50), st.integers(1, 9))
def test_a_record_that_waits_since_a_sample_was_there_at_that_sample(
    history: list[Sample | None], status: Status | None, committed: int, left: int
) -> None:
    history.append(Sample(after(history), committed, committed + left, OWNER, False, status))
    row = judgement(history).row
    if status is not None and status.oldest_event_s is not None:
        assert row.waits_since is None
        return
    since = row.waits_since
    assert since is not None
    since_s = since.timestamp()
    seen = [each for each in history if each is not None and each.at_s >= since_s]
    assert since == instant_of(seen[0].at_s)
    known = [sample for sample in seen if sample.committed is not None and sample.end is not None]
    assert {committed} == {sample.committed for sample in known}
    assert all(sample.left for sample in known)


@given(samples(), st.lists(st.floats(-2000, 2000), max_size=30))
def test_there_is_a_judgement_whatever_the_clock_does(
    history: list[Sample | None], jumps: list[float]
) -> None:
    """And no more of it is remembered than the window holds."""
    jumping = [
        sample and sample._replace(at_s=sample.at_s + jump)
        for sample, jump in zip(history, jumps, strict=False)
    ]
    found = remembered(jumping)
    for each in found.judge(START_S):
        assert each.row.state in State
    for track in found._tracks.values():
        times_s = [sample.at_s for sample in track.samples]
        assert sorted(set(times_s)) == times_s
        assert times_s[-1] - times_s[0] <= WINDOW_S


@given(st.integers(1, 5_000), st.integers(0, 5_000), st.integers(0, 10**6), st.integers(3, 40))
def test_a_promise_at_constant_rates_is_kept(
    done_per_s: int, come_per_s: int, behind: int, count: int
) -> None:
    """To the second, at whatever rates; and none is made where it does not fall."""
    history: list[Sample | None] = []
    for at_s in range(0, 2 * count, 2):
        done, come = done_per_s * at_s, behind + come_per_s * at_s
        if done < come:
            history.append(Sample(START_S + at_s, done, come, OWNER, False, None))
    if len(history) < THREE_LOOKS:
        return
    found = judged(history)
    if done_per_s <= come_per_s:
        assert found.drain_s is None
        return
    assert found.drain_s is not None
    assert found.behind is not None
    assert abs(found.drain_s * (done_per_s - come_per_s) - found.behind) < done_per_s
