"""Further deadline events: others are open by a day than the last one about it named."""

import json

import pytest

from tests.builders import (
    Json,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_recovery,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Scenario, on, whole
from tests.unit.due.test_reports import ACCOUNTS, ACTIVITY, AWAITING, JUNE_2024, OWING, OWING_PAID

DAY_2024 = on("2024-07-02")

OPEN_AGAIN = {
    "it had come when the day was reported for another": (
        [*OWING, a_report(year=2023)],
        [a_rejected_report(year=2023)],
        [["financial_report"], ["activity_report", "financial_report"]],
    ),
    "it came since": (
        OWING,
        [a_report(year=2023), a_rejected_report(year=2023)],
        [["activity_report", "financial_report"]] * 2,
    ),
    "an amendment had taken its instalment away": (
        [*AWAITING, an_amendment(instalments=[an_instalment(100, "new", documents=[ACCOUNTS])])],
        [
            an_amendment(
                _id="second",
                amendment="2",
                instalments=[an_instalment(100, "all", documents=[ACTIVITY, ACCOUNTS])],
            )
        ],
        [["certified_accounts"], ["activity_report", "certified_accounts"]],
    ),
}


def late_documents(scenario: Scenario) -> list[list[str]]:
    """What each flag named."""
    records = [json.loads(each) for each in scenario.journal]
    return [
        [each["kind"] for each in flag["facts"]["documents"]]
        for record in records
        for flag in record["review_flags"] or []
        if flag["code"] == "report_late"
    ]


@pytest.mark.parametrize(("before", "after", "named"), OPEN_AGAIN.values(), ids=OPEN_AGAIN)
def test_what_is_open_again_by_a_reported_day_has_a_further_deadline_event(
    before: list[Json], after: list[Json], named: list[list[str]]
) -> None:
    scenario = Scenario(*before)
    [first] = scenario.deadlines.deadline_events(HOME, DAY_2024)
    scenario.post(DAY_2024)
    assert [] == scenario.deadline_events(DAY_2024)
    scenario.send(*after)
    scenario.restart()
    [further] = scenario.deadlines.deadline_events(HOME, DAY_2024)
    assert whole(first)["data"] == whole(further)["data"]
    assert first.id != further.id
    scenario.post(DAY_2024)
    assert named == late_documents(scenario)
    for _ in range(2):
        assert [] == scenario.deadline_events(DAY_2024), "each once"
        scenario.restart()


NO_LONGER_OWED = {
    "an amendment took its instalment away": (
        AWAITING,
        an_amendment(instalments=[an_instalment(100, "new", documents=[ACCOUNTS])]),
        ["certified_accounts"],
    ),
    "the convention was terminated, and nothing was paid": (OWING, a_termination(), None),
    "its award fell, and nothing was paid": (OWING, a_withdrawal(), None),
    "all that an ended one was paid came back": (
        [*OWING_PAID, a_termination(), a_recovery(40)],
        a_collection(40),
        None,
    ),
    "in a closed year": (
        [*OWING_PAID, a_termination(), a_closing(), a_recovery(40)],
        a_collection(40),
        None,
    ),
}


@pytest.mark.parametrize(("before", "after", "still"), NO_LONGER_OWED.values(), ids=NO_LONGER_OWED)
def test_what_a_deadline_event_named_and_is_owed_no_more_has_a_further_one(
    before: list[Json], after: Json, still: list[str] | None
) -> None:
    """It names what is still open by the day, so that the rest leaves the list of what is late."""
    scenario = Scenario(*before)
    [day] = scenario.post(DAY_2024)
    scenario.send(after)
    assert [day] == scenario.post(DAY_2024)
    assert [still] * bool(still) == late_documents(scenario)[1:]
    for _ in range(2):
        assert [] == scenario.deadline_events(DAY_2024), "once"
        scenario.restart()


def test_a_further_deadline_event_is_not_written_before_the_last_one_is_decided() -> None:
    """What was open then is known by its record alone."""
    scenario = Scenario(*OWING, a_report(year=2023))
    [first] = scenario.deadlines.deadline_events(HOME, DAY_2024)
    scenario.deadlines.wrote(HOME, first.id)
    scenario.send(a_rejected_report(year=2023))
    assert [] == scenario.deadline_events(DAY_2024)
    scenario.restart()
    scenario.deadlines.wrote(HOME, first.id)
    assert [] == scenario.deadline_events(DAY_2024)
    scenario.send(first.value)
    assert [["activity_report", "financial_report"]] == late_documents(scenario)
    assert [] == scenario.deadline_events(DAY_2024)


def test_one_that_came_before_its_further_deadline_event_was_decided_has_another() -> None:
    scenario = Scenario(*OWING, a_report(year=2023))
    scenario.post(DAY_2024)
    scenario.send(a_rejected_report(year=2023))
    [further] = scenario.deadlines.deadline_events(HOME, DAY_2024)
    scenario.deadlines.wrote(HOME, further.id)
    scenario.send(a_report(year=2023, _id="again"), further.value)
    scenario.send(a_rejected_report(year=2023, _id="not again"))
    assert JUNE_2024 == scenario.post(DAY_2024)
    assert ["activity_report", "financial_report"] == late_documents(scenario)[-1]


def test_a_deadline_event_that_comes_twice_says_nothing_of_what_is_owed_since() -> None:
    scenario = Scenario(*OWING, a_report(year=2023))
    [first] = scenario.deadlines.deadline_events(HOME, DAY_2024)
    scenario.send(first.value, a_rejected_report(year=2023), first.value)
    assert JUNE_2024 == scenario.deadline_events(DAY_2024)


def test_what_a_day_before_all_obligations_named_and_is_owed_no_more_has_one_of_that_day() -> None:
    """Only somebody else writes such a one: it speaks of the documents of the schedule (29)."""
    of_schedule = [an_instalment(100, documents=[ACTIVITY])]
    by_text = [{"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"}]
    by_hand = a_deadline("report_due", due_on="2023-06-30", _source="urn:test")
    signed = a_convention(instalments=of_schedule, obligations=by_text)
    scenario = Scenario(a_vote(100), an_award(100), signed, by_hand)
    assert [["activity_report"]] == late_documents(scenario)
    assert [] == scenario.deadline_events(DAY_2024), "it is late still"
    scenario.send(an_amendment(instalments=[an_instalment(100, "new", trigger="notification")]))
    assert ["report_due C 2023-06-30"] == scenario.post(DAY_2024)
    assert [] == scenario.deadline_events(DAY_2024)
