"""The lag document as JSON: times, rounding, versions; what is unknown stays null."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from events.lag import Stage, State, as_json, read_board, read_history
from services.lag.judge.model import instant_of, late_s
from services.lag.judge.states import is_fresh
from services.lag.present.headline import most_frequent, short_topic
from tests.api.lag_boards import a_history
from tests.unit.lag.builders import NOW_S, a_board

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "lag.json"
NOW = datetime.fromtimestamp(NOW_S, UTC)


def test_a_document_that_is_read_and_printed_is_the_same() -> None:
    raw = GOLDEN.read_bytes()
    assert json.loads(raw) == json.loads(json.dumps(as_json(read_board(raw))))


def test_of_a_watch_that_knows_nothing_every_group_is_null() -> None:
    printed = as_json(a_board())
    groups = "outcomes latencies orders reports_overdue parked dead_letters refusals"
    groups += " deadline_events sampled_at"
    assert [None] * 9 == [printed[name] for name in groups.split()]
    assert (None, False) == (printed["watch"]["budgets"], printed["watch"]["ready"])


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [
        (NOW_S, "2023-11-14T22:13:20.000Z"),
        (NOW_S + 0.0126, "2023-11-14T22:13:20.012Z"),
        (-1.0, "1969-12-31T23:59:59.000Z"),
        (1e18, None),
        (None, None),
    ],
)
def test_times_are_utc_to_the_millisecond(seconds: float | None, printed: str | None) -> None:
    assert printed == as_json(a_board(sampled_at=instant_of(seconds)))["sampled_at"]


def test_a_time_of_another_zone_is_printed_in_utc() -> None:
    paris = NOW.astimezone(timezone(timedelta(hours=1)))
    assert "2023-11-14T22:13:20.000Z" == as_json(a_board(at=paris))["at"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"behind": 0}, 0.0),
        ({"behind": 2}, None),
        ({"behind": None, "oldest_event_at": NOW - timedelta(seconds=90)}, 90.0),
        ({"behind": 2, "oldest_event_at": NOW + timedelta(seconds=9)}, 0.0),
    ],
    ids=["nothing left", "unknown", "by the oldest", "dated in the future"],
)
def test_a_stage_is_late_by_its_oldest_event(more: dict[str, Any], expected: float | None) -> None:
    stage = Stage("ledger", "ecluse.ledger", State.OK, "keeps_up", **more)
    assert expected == late_s(stage, NOW)


@pytest.mark.parametrize("wrong", [{"version": 2}, {"every_s": 60}], ids=str)
def test_an_hour_of_another_version_or_interval_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"known here"):
        read_history(json.dumps(a_history() | wrong).encode())


def test_a_topic_is_short_without_the_parts_that_all_have_in_common() -> None:
    assert ["events", "another"] == [short_topic(each) for each in ("ecluse.events.v1", "another")]


def test_the_most_frequent_comes_first_and_equals_by_name() -> None:
    assert [("c", 3), ("a", 1), ("b", 1)] == most_frequent({"b": 1, "c": 3, "a": 1})
    assert [] == most_frequent(None)


@pytest.mark.parametrize(
    ("known_s", "more_s", "fresh"),
    [(None, 0, False), (NOW_S - 10, 0, True), (NOW_S - 11, 0, False), (NOW_S - 11, 1, True)],
)
def test_figures_are_fresh_for_ten_seconds(
    known_s: float | None, more_s: float, *, fresh: bool
) -> None:
    assert fresh is is_fresh(known_s, NOW_S, more_s)
