"""`/lag` of a real watch over a real ledger: who is behind, since when, and what nobody knows."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from events import topics
from events.lag import Board, Stage, State, read_board, read_history
from tests.builders import Json, a_vote, an_amount
from tests.kafka.cluster import Cluster, Sent, partition_for
from tests.kafka.processes import Watcher
from tests.kafka.stack import Stack
from tests.unit.watch.ledger_output import key_of

GOLDEN: Final = Path(__file__).resolve().parents[1] / "golden"
HARD_YEAR: Final = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
PARTITIONS: Final = 2


def later(number: int) -> Json:
    """A vote on the year that nobody has seen yet."""
    more: Json = {"stage": "supplementary", "vote_level": ..., "appropriations": [an_amount(1)]}
    return a_vote(_id=f"later {number}", **more)


class Lag:
    """What the watch says, asked again and again."""

    def __init__(self, watch: Watcher) -> None:
        self._watch = watch

    def board(self) -> Board | None:
        status, body = self._watch.get("/lag")
        return read_board(body.encode()) if status == 200 else None

    def until(self, what: Callable[[Board], Any], why: str) -> Board:
        """The first board of which it is so."""

        def poll() -> Board | None:
            board = self.board()
            return board if board is not None and what(board) else None

        return self._watch.until(poll, why)


def of(board: Board, name: str) -> Stage:
    return next(each for each in board.stages if each.stage == name)


def is_well(board: Board) -> bool:
    ledger = of(board, "ledger")
    return ledger.state in {State.OK, State.NO_TRAFFIC} and ledger.behind == 0


def adds_up(board: Board, events: int) -> bool:
    """Return whether status and journal count so many events and the year's deadline events."""
    outcomes, deadline_events = board.outcomes, board.deadline_events
    if (
        outcomes is None
        or deadline_events is None
        or not deadline_events.written
        or deadline_events.pending
    ):
        return False
    return outcomes.received == events + deadline_events.written and (
        outcomes.gap,
        outcomes.in_flight,
    ) == (0, 0)


def test_the_board_adds_up_and_shows_a_ledger_that_died(stack: Stack) -> None:
    with stack.watch() as watch:
        lag = Lag(watch)
        with stack.ledger() as ledger:
            homes = ((key_of(line), line) for line in HARD_YEAR)
            stack.write(
                Sent(partition_for(key.decode(), PARTITIONS), key, line) for key, line in homes
            )
            board = lag.until(
                lambda it: is_well(it) and adds_up(it, len(HARD_YEAR)), "the year is in the books"
            )
            the_year_adds_up(board, stack)
            assert State.UNKNOWN is board.state, "nobody knows of a projector that never ran"
            # The look at the group may be older than the journal: who dies now has not said it yet.
            seen_at = board.at
            level = lag.until(
                lambda it: (it.sampled_at or seen_at) > seen_at and adds_up(it, len(HARD_YEAR)),
                "the group is as far as the journal",
            )
            ledger.kill()
        stack.publish([later(number) for number in range(3)])
        board = lag.until(lambda it: of(it, "ledger").state is State.STOPPED, "STOPPED is shown")
        what_came_meanwhile_is_behind(board)
        the_waiting_time_is_shown(watch, level, board)
        with stack.ledger():
            board = lag.until(
                lambda it: is_well(it) and adds_up(it, len(HARD_YEAR) + 3), "drained, and well"
            )
            every_step_but_the_read_models_was_timed(board)
        the_hour_is_kept(watch)
        assert [] == watch.logged("balance_differs") + watch.logged("journal_broken")


def the_year_adds_up(board: Board, cluster: Cluster) -> None:
    records = [record for each in cluster.journal().values() for record in each]
    expected = Counter(each["outcome"] for each in records)
    resumed = sum(each["resumes"] is not None for each in records)
    outcomes = board.outcomes
    assert outcomes is not None
    counted = (
        outcomes.accepted,
        outcomes.duplicate,
        outcomes.refused,
        outcomes.parked,
        outcomes.dead_letter,
    )
    settled = [expected[each] for each in ("accepted", "duplicate", "refused")]
    assert (*settled, expected["parked"] - resumed, expected["dead_letter"]) == counted
    assert (resumed, 0) == (outcomes.resumed, outcomes.repeated)
    assert board.refusals is not None
    assert Counter(each["refusal"]["code"] for each in records if each["refusal"]) == (
        board.refusals.codes
    )
    assert board.dead_letters is not None
    reasons = [each["dead_letter"]["reason"] for each in records if each["dead_letter"]]
    assert Counter(each.split(":")[0] for each in reasons) == board.dead_letters.reasons
    assert (True, 0, 0) == (
        board.watch.ready,
        board.watch.balances_differing,
        board.watch.journal_faults,
    )
    deadline_events = of(board, "ledger").partitions
    assert {0} == {each.behind for each in deadline_events if each.topic == topics.INTERNAL_EVENTS}


def every_step_but_the_read_models_was_timed(board: Board) -> None:
    assert board.latencies is not None
    counts = {each.stage: each.count or 0 for each in board.latencies}
    assert 0 == counts.pop("projected")
    assert min(counts.values()) > 0, counts


def what_came_meanwhile_is_behind(board: Board) -> None:
    ledger = of(board, "ledger")
    assert (3, 0) == (ledger.behind, ledger.members)
    assert ledger.latest_event_at is not None
    (late,) = [each for each in ledger.partitions if each.behind]
    assert (State.STOPPED, None) == (late.state, late.owner)
    assert late.oldest_event_at is None, "who is dead cannot tell it, and it is not said to be none"
    assert ledger.drain_s is None


def the_waiting_time_is_shown(watch: Watcher, level: Board, board: Board) -> None:
    """Since a look behind the last without backlog: the alarm rings without an event time."""
    (late,) = [each for each in of(board, "ledger").partitions if each.behind]
    place = f'group="{topics.LEDGER_GROUP}",partition="{late.partition}",stage="ledger"'
    name = f'ecluse_lag_waits_since_timestamp_seconds{{{place},topic="{late.topic}"}}'
    since_s = watch.metrics()[name]
    assert level.sampled_at is not None
    assert level.sampled_at.timestamp() < since_s < board.at.timestamp()


def the_hour_is_kept(watch: Watcher) -> None:
    hour = read_history(watch.get("/lag/history")[1].encode())
    assert 1 == hour.version
    assert hour.since is not None
    assert 3 in hour.stages["ledger"].behind
