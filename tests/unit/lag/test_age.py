"""The watch's answer: what is read in it, when it is old, and when all is well."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.lag import Held, State, read_board
from services.lag.document import is_old, is_sampled, is_well
from tests.api.lag_boards import JOURNAL, NIGHT, Json, a_board, timestamp
from tests.api.lag_scenes import a_held_partition


def read(board: Json) -> Any:
    return read_board(json.dumps(board).encode())


def test_a_board_is_read_with_all_that_stands_in_it() -> None:
    board = read(a_held_partition().board)
    assert State.BROKEN is board.state
    ledger, projector = board.stages[:2]
    assert ("ledger", State.BROKEN, 133) == (ledger.stage, ledger.state, ledger.behind)
    assert Held(70_871, "mandat-2026-11-26-0044") == ledger.partitions[1].held
    assert State.OK is projector.state
    assert (139_108, 0) == (board.outcomes.received, board.outcomes.gap)
    assert 61_480_000 == board.orders.amount_cents
    assert NIGHT == board.at


def test_what_the_watch_does_not_know_stays_unknown() -> None:
    groups = [*JOURNAL, "sampled_at"]
    board = read(a_board() | dict.fromkeys(groups))
    assert [None] * len(groups) == [getattr(board, each) for each in groups]
    shortest = ("version", "at", "sampled_at", "old_after_s", "sample_s", "state")
    least = read({name: given for name, given in a_board().items() if name in shortest})
    assert (None, None) == (least.outcomes, least.watch.ready)


def test_a_watch_that_says_more_or_another_state_is_still_understood() -> None:
    newer = read(a_board(state="DREAMING", moon="full"))
    assert State.UNKNOWN is newer.state


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"<html>",
        json.dumps(a_board(version=2)).encode(),
        json.dumps(a_board(at="2026-11-26T02:40:11")).encode(),
        json.dumps(a_board(state=7)).encode(),
        json.dumps(a_board(stages=[{"stage": "ledger"}])).encode(),
    ],
    ids=["nothing", "cut off", "a list", "a page", "version 2", "no offset", "a number", "half"],
)
def test_what_is_no_answer_of_a_watch_is_none(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_board(raw)


@pytest.mark.parametrize(
    ("age_s", "old"), [(0, False), (12, False), (12.001, True), (-12, False), (-13, True)]
)
def test_a_board_is_old_by_the_clock_of_whoever_asks(age_s: float, old: bool) -> None:
    assert old is is_old(read(a_board()), NIGHT + timedelta(seconds=age_s))


def test_a_sample_grows_old_while_the_watch_goes_on() -> None:
    found = [
        is_sampled(read(a_board(sampled_at=each)), NIGHT)
        for each in (
            timestamp(NIGHT - timedelta(seconds=12)),
            timestamp(NIGHT - timedelta(seconds=13)),
            None,
        )
    ]
    assert [True, False, False] == found


WRONG: dict[str, Callable[[Json], Any]] = {
    "a stage is slow": lambda board: board.update(state="SLOW"),
    "a state is unknown": lambda board: board.update(state="UNKNOWN"),
    "something was lost": lambda board: board["outcomes"].update(gap=2),
    "nobody knows whether something was lost": lambda board: board["outcomes"].update(gap=None),
    "something stands twice": lambda board: board["outcomes"].update(repeated=1),
    "nobody knows the outcomes": lambda board: board.update(outcomes=None),
    "balances differ": lambda board: board["watch"].update(balances_differing=1),
    "nobody knows whether they differ": lambda board: board["watch"].update(
        balances_differing=None
    ),
    "the journal has a fault": lambda board: board["watch"].update(journal_faults=1),
    "the cluster was not seen": lambda board: board.update(sampled_at=None),
    "it is old": lambda board: board.update(at=timestamp(NIGHT - timedelta(seconds=13))),
}


@pytest.mark.parametrize("otherwise", WRONG.values(), ids=WRONG)
def test_what_is_wrong_or_unknown_is_not_well(otherwise: Callable[[Json], Any]) -> None:
    board = a_board()
    assert is_well(read(board), NIGHT)
    assert is_well(read(board | {"state": "NO TRAFFIC"}), NIGHT)
    otherwise(board)
    assert not is_well(read(board), NIGHT)
