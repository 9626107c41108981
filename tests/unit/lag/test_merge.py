"""Several watches that share the journal: what is added up, and what is unknown without one."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.lag import POINTS, Board, Stage, read_board, read_history
from services.lag.document import ITEMS_MAX, Answer, lag_of, last_hour, merge_boards
from tests.api.lag_boards import JOURNAL, LATENCIES, NIGHT, a_board, a_history, an_order, timestamp
from tests.api.lag_scenes import broker_down, treasury_gone


def read(**given: Any) -> Board:
    return read_board(json.dumps(a_board(**given)).encode())


def test_the_answer_of_one_watch_is_that_of_all() -> None:
    board = read()
    assert board is merge_boards([board])
    assert merge_boards([None]) is None
    assert merge_boards([]) is None


def test_what_two_watches_read_is_added_up() -> None:
    one, other = read(), read()
    both = merge_boards([one, replace(other, at=one.at - timedelta(seconds=3))])
    assert both is not None
    assert one.outcomes is not None
    assert both.outcomes is not None
    assert (278_216, 276_804, 48) == (
        both.outcomes.received,
        both.outcomes.accepted,
        both.outcomes.dead_letter,
    )
    assert both.orders is not None
    assert (82, 122_960_000) == (both.orders.count, both.orders.amount_cents)
    assert {"issued": 58, "taken_in_charge": 22, "on_hold": 2, "rejected": 0} == (
        both.orders.by_state
    )
    assert (2, 2_640_000) == (both.orders.due.count, both.orders.due.amount_cents)
    assert (4, 10, 48, 332, 24) == tuple(
        getattr(getattr(both, name), "written" if name == "deadline_events" else "count")
        for name in ("reports_overdue", "parked", "dead_letters", "refusals", "deadline_events")
    )
    assert 6 == both.watch.budgets
    assert "watch-1, watch-1" == both.watch.instance
    assert both.at == one.at - timedelta(seconds=3), "nothing in it is older than it says"
    assert both.stages == one.stages, "each sees all consumers"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (0, -1, -1),
        (-1, 0, -1),
        (1, -2, -2),
        (0, 3, 3),
        (None, 3, 3),
        (0, 0, 0),
        (0, None, None),  # nobody may say that there is none
        (None, None, None),
    ],
)
def test_a_gap_that_one_of_two_watches_sees_is_reported(
    one: int | None, other: int | None, expected: int | None
) -> None:
    outcomes = a_board()["outcomes"]
    both = merge_boards([read(outcomes=outcomes | {"gap": each}) for each in (one, other)])
    assert both is not None
    assert both.outcomes is not None
    assert expected == both.outcomes.gap


def of_its_own(numbers: tuple[int, ...], **given: Any) -> Board:
    """The board of a watch that reads these partitions of the journal."""
    stages = a_board()["stages"]
    own = next(each for each in stages if each["stage"] == "watch")
    own["partitions"] = [each | given for each in own["partitions"] if each["partition"] in numbers]
    own |= {"members": 1, **{name: given[name] for name in given.keys() & own.keys()}}
    return read(stages=stages)


def stage_of(board: Board | None, name: str) -> Stage:
    assert board is not None
    return next(each for each in board.stages if each.stage == name)


def test_of_its_own_partitions_each_watch_tells_and_all_together_are_one_stage() -> None:
    to, latest = NIGHT - timedelta(minutes=4), NIGHT - timedelta(seconds=8)
    slow = {
        "state": "SLOW",
        "rule": "falls_behind",
        "behind": 7,
        "trend": "up",
        "drain_s": 4.5,
        "owner": "watch-2",
        "oldest_event_at": timestamp(to),
        "latest_event_at": timestamp(to),
    }
    both = merge_boards([of_its_own((0, 2)), of_its_own((1,), **slow)])
    watch = stage_of(both, "watch")
    assert [0, 1, 2] == [each.partition for each in watch.partitions]
    assert ("SLOW", "falls_behind", 7, 2) == (watch.state, watch.rule, watch.behind, watch.members)
    assert (to, latest, 4.5, "up") == (
        watch.oldest_event_at,
        watch.latest_event_at,
        watch.drain_s,
        watch.trend,
    )
    assert both is not None
    assert "SLOW" == both.state
    unknown = slow | {"behind": None, "latest_event_at": None, "drain_s": None}
    watch = stage_of(merge_boards([of_its_own((0, 2)), of_its_own((1,), **unknown)]), "watch")
    assert (None, latest, None) == (watch.behind, watch.latest_event_at, watch.drain_s)
    watch = stage_of(merge_boards([of_its_own((0, 2)), of_its_own((1,))]), "watch")
    assert (0, latest) == (watch.behind, watch.latest_event_at)


def test_the_oldest_order_is_known_to_who_reads_it() -> None:
    board = treasury_gone().board
    blind = copy.deepcopy(board)
    treasury = next(each for each in blind["stages"] if each["stage"] == "treasury")
    for each in (treasury, *treasury["partitions"]):
        each |= {"oldest_event_at": None, "waits_since": timestamp(NIGHT)}
    boards = [read_board(json.dumps(each).encode()) for each in (blind, board)]
    treasury = stage_of(merge_boards(boards), "treasury")
    assert NIGHT - timedelta(minutes=45) == treasury.oldest_event_at
    assert treasury.waits_since is None
    assert {treasury.oldest_event_at} == {each.oldest_event_at for each in treasury.partitions}


def test_who_cannot_see_the_cluster_does_not_speak_for_who_can() -> None:
    away = read_board(json.dumps(broker_down().board).encode())
    both = merge_boards([away, read()])
    assert both is not None
    assert ("OK", "OK") == (both.state, stage_of(both, "ledger").state)
    none = merge_boards([away, away])
    assert none is not None
    assert "UNKNOWN" == none.state


def test_what_the_ledger_says_of_itself_is_counted_once() -> None:
    """Its places and its counters are seen whole by every watch."""
    board = a_board()
    board["outcomes"] |= {"in_flight": 7, "gap": 2}
    found = read_board(json.dumps(board).encode())
    both = merge_boards([found, found])
    assert both is not None
    assert both.outcomes is not None
    assert (7, 2) == (both.outcomes.in_flight, both.outcomes.gap)


def test_the_oldest_of_all_are_named() -> None:
    many = [an_order(NIGHT, number, number) for number in range(1, 18)]
    one, other = read(), read()
    assert one.orders is not None
    orders = read(orders=a_board()["orders"] | {"items": many}).orders
    both = merge_boards([replace(one, orders=orders), replace(other, orders=orders)])
    assert both is not None
    assert both.orders is not None
    issued = [each.issued_at for each in both.orders.items]
    assert ITEMS_MAX == len(issued)
    assert issued == sorted(issued)


def test_of_latencies_the_greatest_is_reported() -> None:
    slower = [dict(each, p95_s=400.0, max_s=900.0) for each in LATENCIES[:1]]
    none = [{"stage": "projected", "count": 0, "p50_s": None, "p95_s": None, "max_s": None}]
    both = merge_boards([read(), read(latencies=[*slower, *none])])
    assert both is not None
    assert both.latencies is not None
    found = {each.stage: (each.count, each.p50_s, each.p95_s) for each in both.latencies}
    assert (4_820, 0.42, 400.0) == found["broker"]
    assert (2_410, 0.035, 0.12) == found["projected"]


@pytest.mark.parametrize("name", JOURNAL)
def test_a_figure_that_one_watch_does_not_know_nobody_knows(name: str) -> None:
    both = merge_boards([read(), read(**{name: None})])
    assert both is not None
    assert getattr(both, name) is None
    assert [] == [each for each in JOURNAL if getattr(both, each) is None and each != name], (
        "the others are known"
    )


def test_without_one_of_them_nothing_of_the_journal_is_known_and_all_of_the_consumers() -> None:
    board = read()
    part = merge_boards([None, board])
    assert part is not None
    assert [None] * len(JOURNAL) == [getattr(part, each) for each in JOURNAL]
    assert (None, None, None) == (
        part.watch.ready,
        part.watch.budgets,
        part.watch.balances_differing,
    )
    assert board.stages == part.stages


def test_a_watch_that_froze_does_not_answer_for_now() -> None:
    fresh, frozen = read(), read(at=timestamp(NIGHT - timedelta(minutes=5)))
    lag = lag_of([Answer("a", frozen), Answer("b", fresh)], NIGHT)
    assert lag.old_since is None
    assert lag.board is not None
    assert lag.board.outcomes is None
    assert NIGHT == lag.board.at


def test_where_none_answers_the_last_answers_are_shown_as_old() -> None:
    lag = lag_of([Answer("a", read(), "no_answer")], NIGHT + timedelta(minutes=3))
    assert NIGHT == lag.old_since
    assert lag.board is not None
    assert lag.board.outcomes is not None
    never = lag_of([Answer("a", None, "no_answer")], NIGHT)
    assert ("watch", None, None) == (never.asks, never.board, never.old_since)


def test_a_frozen_watch_that_still_answers_is_old() -> None:
    lag = lag_of([Answer("a", read())], NIGHT + timedelta(seconds=13))
    assert NIGHT == lag.old_since


# ------------------------------------------------------------------ the hour
def hour_of(*histories: Any, later_s: int = 0) -> Any:
    read_all = [
        None if each is None else read_history(json.dumps(each).encode()) for each in histories
    ]
    return last_hour(read_all, NIGHT + timedelta(seconds=later_s))


def test_an_hour_has_all_its_samples_and_ends_now() -> None:
    hour = hour_of(a_history(behind={"ledger": lambda ago_s: ago_s // 10}))
    assert POINTS == len(hour.orders) == len(hour.stages["ledger"].behind)
    assert (359, 0) == (hour.stages["ledger"].behind[0], hour.stages["ledger"].behind[-1])


def test_what_nobody_sampled_is_a_gap_at_either_end() -> None:
    hour = hour_of(a_history(points=60), later_s=125)
    behind = hour.stages["ledger"].behind
    assert POINTS == len(behind)
    assert [None] * 12 == list(behind[-12:])
    assert [0] * 60 == list(behind[-72:-12])
    assert {None} == set(behind[:-72])
    assert {None} == set(hour_of(a_history(), later_s=86_400).orders)


def test_a_watch_that_samples_no_longer_knows_nothing_of_since_then() -> None:
    history = a_history(points=200)
    late = hour_of(history | {"at": timestamp(NIGHT + timedelta(seconds=59))}, later_s=59)
    assert late.orders[-1] is not None, "many samples, each a little late"
    still = hour_of(history | {"at": timestamp(NIGHT + timedelta(minutes=5))}, later_s=300)
    assert [None] * 30 == list(still.orders[-30:])
    assert still.orders[-31] is not None


def test_orders_of_two_watches_are_added_up_where_both_know_them() -> None:
    one = a_history(orders_waiting=lambda _: 3)
    other = a_history(orders_waiting=lambda ago_s: None if ago_s < 20 else 4)
    assert (7, None) == (hour_of(one, other).orders[0], hour_of(one, other).orders[-1])
    assert {None} == set(hour_of(one, None).orders)
    assert hour_of(None, None) is None


def test_a_watch_whose_samples_ended_leaves_consumers_to_another_that_goes_on() -> None:
    gone = a_history(NIGHT - timedelta(minutes=20), behind={"ledger": lambda _: 5})
    still = a_history(NIGHT - timedelta(minutes=20)) | {"at": timestamp(NIGHT)}
    sees = a_history(behind={"ledger": lambda _: 7})
    for first in (gone, still):
        assert {7} == set(hour_of(first, sees).stages["ledger"].behind)
    late = a_history(NIGHT - timedelta(seconds=60), behind={"ledger": lambda _: 5})
    assert 5 == hour_of(late, sees).stages["ledger"].behind[0], "a little late is not gone"
    assert 5 == hour_of(gone, still).stages["ledger"].behind[0], "where none samples, the first"


@pytest.mark.parametrize("otherwise", [{"version": 2}, {"every_s": 1}, {"orders": ["many"]}])
def test_what_is_no_history_is_none(otherwise: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_history(json.dumps(a_history() | otherwise).encode())
