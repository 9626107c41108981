"""Events that wait for another: until when, and which deadline event ends the wait."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_deadline,
    a_report,
    a_vote,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Scenario, on, whole

WAITING = a_report(_id="early", _time="2023-06-01T09:30:00+02:00")
"""A report on a convention that nobody has signed; it may wait until 1 July, 9:30."""

UNPAID = a_convention(instalments=[an_instalment(100, trigger="notification")])
INTERNAL_EVENT = ["parked early 2023-07-01"]


@pytest.mark.parametrize(
    ("at", "deadline_events", "shown"),
    [("09:29", [], ["early convention C"]), ("09:30", INTERNAL_EVENT, ["early convention C past"])],
)
def test_an_event_may_wait_for_thirty_days_from_its_own_time(
    at: str, deadline_events: list[str], shown: list[str]
) -> None:
    scenario = Scenario(a_vote(100), WAITING)
    assert (deadline_events, shown) == (
        scenario.deadline_events(on("2023-07-01", at)),
        scenario.parked(on("2023-07-01", at)),
    )


def test_thirty_days_are_thirty_times_a_day_though_the_clocks_go_back() -> None:
    scenario = Scenario(a_vote(100), WAITING | {"time": "2023-10-10T00:30:00+02:00"})
    [waiting] = scenario.deadlines.list_parked(on("2023-10-20"))
    assert timedelta(days=30) == waiting.gives_up_at - waiting.since
    assert on("2023-11-08", "23:30") == waiting.gives_up_at
    assert ["parked early 2023-11-08"] == scenario.deadline_events(waiting.gives_up_at)


def test_its_deadline_event_ends_the_wait() -> None:
    scenario = Scenario(
        a_vote(100), WAITING, a_report(_id="second", _time="2023-06-20T09:30:00+02:00")
    )
    assert INTERNAL_EVENT == scenario.post(on("2023-07-02"))
    assert b'"dependency_missing"' in scenario.journal[-1]
    assert ["second convention C"] == scenario.parked(on("2023-07-02"))
    assert [] == scenario.deadline_events(on("2023-07-02"))
    scenario.send(WAITING)
    assert ["second convention C"] == scenario.parked(on("2023-07-02")), "it was a duplicate"


def test_what_it_waited_for_ends_the_wait() -> None:
    scenario = Scenario(a_vote(100), an_award(100), WAITING, UNPAID)
    assert ([], []) == (
        scenario.parked(on("2023-07-02")),
        scenario.deadline_events(on("2023-07-02")),
    )


def test_the_end_of_the_year_ends_the_wait() -> None:
    scenario = Scenario(a_vote(100), WAITING, a_closing())
    assert ([], []) == (
        scenario.parked(on("2024-07-02")),
        scenario.deadline_events(on("2024-07-02")),
    )


def test_a_deadline_event_says_what_waits_and_by_whom_it_was_sent() -> None:
    scenario = Scenario(a_vote(100), WAITING)
    [deadline_event] = scenario.deadlines.deadline_events(HOME, on("2023-07-02"))
    event = whole(deadline_event)
    assert {"source": "urn:test", "id": "early"} == event["data"]["event"]
    assert "2023-07-01T07:30:00+00:00" == event["time"]


def test_the_oldest_comes_first() -> None:
    def waits(name: str, day: str) -> Json:
        return a_report(_id=name, _time=f"2023-06-{day}T09:30:00+02:00")

    scenario = Scenario(waits("b", "10"), waits("a", "20"), waits("c", "01"))
    assert ["c", "b", "a"] == [
        each.event_id for each in scenario.deadlines.list_parked(on("2023-07-05"))
    ]
    assert ["parked c 2023-07-01"] == scenario.deadline_events(on("2023-07-05"))


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_an_event_that_bears_no_sane_time_stops_nobody(time: str) -> None:
    """A program that forgot to set the time sends the first moment that it knows."""
    scenario = Scenario(a_vote(100), WAITING | {"time": time})
    [waiting] = scenario.deadlines.list_parked(datetime(2023, 7, 1, tzinfo=UTC))
    past = time.startswith("0")
    assert past is waiting.past
    assert ["parked early 1900-01-31"] * past == scenario.post(on("2023-07-01"))
    assert past is (not scenario.parked(on("2023-07-01")))


def test_a_deadline_event_may_wait_itself_and_is_ended_in_order() -> None:
    """What somebody wrote by hand about a convention that nobody knows."""
    by_hand: Json = {
        "_source": "urn:finance",
        "_id": "by hand",
        "_time": "2023-06-01T09:30:00+02:00",
    }
    scenario = Scenario(a_vote(100), a_deadline("report_due", due_on="2023-06-30", **by_hand))
    assert ["by hand convention C past"] == scenario.parked(on("2023-07-02"))
    assert ["parked by hand 2023-07-01"] == scenario.post(on("2023-07-02"))
    assert [] == scenario.parked(on("2023-07-02"))
