"""Headlines: by a watch, of all that was received; without one, of what is decided alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.lag.document import Lag
from services.lag.present.headline import BacklogSource, Reading, count_arrived, headline
from tests.api import lag_scenes
from tests.api.lag_boards import NIGHT, Json, a_board, stages
from tests.unit.api.console.lag_views import lag

READ = 139_108
READING = Reading(
    read=READ, unread=0, has_all_decided=True, is_sound=True, latest_event_at=NIGHT, is_empty=False
)
DEAD: Json = {"state": "STOPPED", "rule": "no_owner", "behind": 18}
UNKNOWN: Json = {"state": "UNKNOWN", "rule": "just_begun", "behind": None}
NEVER: Json = {"end": 0, "committed": None, "behind": 0}


def otherwise(**others: Json) -> Lag:
    """A quiet night, on which these stages are otherwise."""
    return lag(a_board(stages=stages(NIGHT, **others)))


def never_written() -> Lag:
    board = a_board()
    for stage in board["stages"]:
        stage["partitions"] = [each | NEVER for each in stage["partitions"]]
    return lag(board)


def with_count(group: str, name: str) -> Lag:
    board = a_board()
    board[group] |= {name: 1}
    return lag(board)


def without_projector() -> Lag:
    return lag(a_board(stages=[each for each in stages(NIGHT) if each["stage"] != "projector"]))


@pytest.mark.parametrize(
    ("known", "of_accounts", "of_all"),
    [
        (lag(a_board()), "all_received", "all_received"),
        (otherwise(ledger=DEAD), "stage", "stage"),
        (otherwise(projector=DEAD), "stage", "stage"),
        (otherwise(treasury=DEAD), "all_received", "stage"),
        (otherwise(ledger={"behind": 4}), "on_the_way", "on_the_way"),
        (otherwise(ledger=UNKNOWN), "all_decided", "stage"),
        (without_projector(), "all_decided", "unknown"),
        (otherwise(projector={"behind": None, "partitions": []}), "all_decided", "unknown"),
        (with_count("outcomes", "gap"), "check", "check"),
        (with_count("watch", "balances_differing"), "check", "check"),
        (never_written(), "all_received", "empty"),
        (lag(lag_scenes.broker_down().board), "all_decided", "unknown"),
        (lag(a_board(), later_s=60), "all_decided", "unknown"),
        (lag(a_board(), error="no_answer"), "all_decided", "unknown"),
        (Lag("watch"), "all_decided", "unknown"),
        (Lag("nobody"), "all_decided", "unknown"),
        (Lag("one_process"), "all_received", "unknown"),
    ],
)
def test_one_function_says_it_of_the_accounts_and_of_all_stages(
    known: Lag, of_accounts: str, of_all: str
) -> None:
    assert of_accounts == headline(known, READING, NIGHT).verdict
    assert of_all == headline(known, None, NIGHT).verdict


@pytest.mark.parametrize(
    ("given", "by_a_watch", "in_one_process", "by_nobody"),
    [
        ({"unread": 2, "has_all_decided": False}, "on_the_way", "on_the_way", "not_all_decided"),
        ({"unread": None, "has_all_decided": None}, "all_received", "unknown", "unknown"),
        ({"is_sound": False}, "check", "check", "check"),
        ({"read": 0, "is_empty": True}, "on_the_way", "empty", "empty"),
        ({"read": READ - 5}, "on_the_way", "all_received", "all_decided"),
        ({"read": None}, "all_received", "all_received", "all_decided"),
    ],
)
def test_the_read_model_says_its_part(
    given: dict[str, Any], by_a_watch: str, in_one_process: str, by_nobody: str
) -> None:
    reading = replace(READING, **given)
    known = (lag(a_board()), Lag("one_process"), Lag("nobody"))
    assert [by_a_watch, in_one_process, by_nobody] == [
        headline(each, reading, NIGHT).verdict for each in known
    ]


def test_it_names_the_worst_stage_and_when_it_was_seen() -> None:
    slow = {"state": "SLOW", "rule": "falls_behind", "behind": 9}
    found = headline(otherwise(ledger=slow, projector=DEAD), READING, NIGHT)
    assert found.stage is not None
    assert ("projector", 18) == (found.stage.stage, found.stage.behind)
    assert (NIGHT - found.seen_at).total_seconds() == 1
    assert NIGHT == headline(Lag("nobody"), READING, NIGHT).seen_at


def test_the_latest_event_is_that_of_the_read_model() -> None:
    assert NIGHT == headline(lag(a_board()), READING, NIGHT).latest_event_at
    of_all = headline(lag(a_board()), None, NIGHT).latest_event_at
    assert NIGHT - timedelta(seconds=8) == of_all
    assert headline(without_projector(), None, NIGHT).latest_event_at is None


@pytest.mark.parametrize(
    ("known", "knows"),
    [
        (lag(a_board()), BacklogSource.WATCH),
        (lag(lag_scenes.broker_down().board), BacklogSource.CLUSTER_SILENT),
        (
            otherwise(
                **dict.fromkeys(
                    ("ledger", "projector", "watch", "treasury"), UNKNOWN | {"rule": "not_sampled"}
                )
            ),
            BacklogSource.STILL,
        ),
        (lag(a_board(), later_s=60), BacklogSource.OLD),
        (Lag("watch"), BacklogSource.SILENT),
        (Lag("nobody"), BacklogSource.NOBODY),
        (Lag("one_process"), BacklogSource.ONE_PROCESS),
    ],
)
def test_it_says_who_knows(known: Lag, knows: BacklogSource) -> None:
    assert knows is headline(known, READING, NIGHT).knows


def test_a_dead_ledger_leaves_what_waits_in_flight() -> None:
    board = a_board(stages=stages(NIGHT, ledger=DEAD))
    board["outcomes"] |= {"in_flight": 18}
    assert (READ + 18, 18) == count_arrived(lag(board), READING)


def test_what_is_decided_and_not_read_yet_is_in_flight_too() -> None:
    assert (READ, 5) == count_arrived(lag(a_board()), replace(READING, read=READ - 5))
    assert (READ + 3, 0) == count_arrived(lag(a_board()), replace(READING, read=READ + 3)), (
        "read later"
    )


def test_what_was_received_is_unknown_where_no_watch_says_it() -> None:
    board = a_board()
    without = {**board, "outcomes": None}
    half = {**board, "outcomes": board["outcomes"] | {"in_flight": None}}
    for known in (Lag("nobody"), lag(board, later_s=60), lag(without), lag(half)):
        assert (None, None) == count_arrived(known, READING)
    assert (None, None) == count_arrived(lag(board), replace(READING, read=None)), (
        "of some entities"
    )


def test_in_one_process_what_was_received_is_what_was_decided() -> None:
    assert (READ + 2, 2) == count_arrived(Lag("one_process"), replace(READING, unread=2))
