"""Documents owed by a day: by a convention's own words, else by what its money waits for."""

from typing import Any

from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_rejected_report,
    a_report,
    a_vote,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import HOME, Row, Scenario, check, each_row, on, reader_of

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
OWED = [
    {"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
REST = [an_instalment(60, "rest", trigger="notification")]
UNPAID = [an_instalment(100, trigger="notification")]
"""No order is issued yet: these tables are about documents alone."""

OWING_ORDERED = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(40), *REST], obligations=OWED),
]
OWING_PAID = [*OWING_ORDERED, a_payment(40)]

OWING = [a_vote(100), an_award(100), a_convention(instalments=UNPAID, obligations=OWED)]
"""Three documents are owed, two of them by 30 June 2024."""


def waits_for(*documents: tuple[str, int], **more: Any) -> list[Json]:
    """A convention that names no day, and whose money waits for documents."""
    schedule = [
        an_instalment(60, "first", documents=documents[:1]),
        an_instalment(40, "rest", documents=documents),
    ]
    return [a_vote(100), an_award(100), a_convention(instalments=schedule, **more)]


AWAITING = waits_for(ACTIVITY, ACCOUNTS)
JUNE_2024 = ["report_due C 2024-06-30"]

read_rows = reader_of(globals())

BY_ITS_TEXT = read_rows("""
    on the day itself they may still come
        OWING
        => 2024-06-30: none late
    the day behind it one deadline event says so of both
        OWING
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30;
           late C financial_report 2023 2024-06-30
    one came
        OWING; report activity_report 2023
        => 2024-07-01: report_due C 2024-06-30; late C financial_report 2023 2024-06-30
    both came
        OWING; report activity_report 2023; report financial_report 2023
        => 2024-07-01: none late
    both came, and one does not do
        OWING; report activity_report 2023; report financial_report 2023;
        rejected report activity_report 2023
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30
    each day has its deadline event
        OWING
        => 2025-01-01: report_due C 2024-06-30; report_due C 2024-12-31;
           late C activity_report 2023 2024-06-30; late C financial_report 2023 2024-06-30;
           late C evaluation 2023 2024-12-31
    another year's report is not this one
        OWING; report
        => 2024-07-01: report_due C 2024-06-30
    a suspended convention owes them
        OWING; suspension
        => 2024-07-01: report_due C 2024-06-30
    a terminated one of which nothing was paid owes nothing
        OWING; termination
        => 2025-01-01: none late
    nor one whose award fell
        OWING; withdrawal
        => 2025-01-01: none late
    as long as anything stays paid a terminated one owes what it names
        OWING_PAID; termination
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30;
           late C financial_report 2023 2024-06-30
    and so does one whose award fell
        OWING_PAID; withdrawal
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30;
           late C financial_report 2023 2024-06-30
    until all of it came back
        OWING_PAID; termination; recovery 40; collection 40
        => 2024-07-01: none late
    in a later year as well, when no money moves
        OWING_PAID; withdrawal; recovery 40; collection 40, on 2024-03-01
        => 2024-07-01: none late
    what a terminated one was paid later counts
        OWING_ORDERED; termination; payment 40
        => 2024-07-01: report_due C 2024-06-30
    one that a ceiling cuts in the opening itself has not ended
        vote 100; award 100; convention [advance 100 against activity_report 2022 with ceiling],
        obligations [{kind activity_report, year 2023, due_on 2024-06-30}, {kind financial_report,
        year 2023, due_on 2024-06-30}, {kind evaluation, year 2023, due_on 2024-12-31}],
        no bank_account; report, eligible_cost_cents 60; closing all; new account, next year
        => 2024-07-01: payment_due C/advance 2023-08-25; report_due C 2024-06-30;
           late C activity_report 2023 2024-06-30; late C financial_report 2023 2024-06-30
    one whose award fell in the year into which it was carried owes what it had
        OWING_ORDERED; C/advance taken_in_charge; payment 40; closing all; vote 50, next year;
        award 50, next year; withdrawal, next year
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30;
           late C financial_report 2023 2024-06-30
    another act fell: the award stands, and what is owed
        vote 100; award 100; concurring act; convention [advance 100 at notification],
        obligations [{kind activity_report, year 2023, due_on 2024-06-30}, {kind financial_report,
        year 2023, due_on 2024-06-30}, {kind evaluation, year 2023, due_on 2024-12-31}];
        withdrawal, act 2023-04-13
        => 2024-07-01: report_due C 2024-06-30
    what its money waits for besides is owed by no day
        vote 100; award 100; convention [first 60 against activity_report 2022,
        rest 40 against activity_report 2022], obligations [{kind evaluation, year 2023,
        due_on 2024-12-31}]
        => 2024-07-01: none late
    an amendment changes the schedule, not what is owed
        OWING; amendment []
        => 2024-07-01: report_due C 2024-06-30
    a closed year owes what it did not carry over
        OWING; closing none
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30 closed;
           late C financial_report 2023 2024-06-30 closed
    until it comes
        OWING; closing none; report activity_report 2023; report financial_report 2023
        => 2024-07-01: none late
    and again where it does not do, whatever had come before the closing
        OWING; report activity_report 2023; report financial_report 2023; closing none;
        rejected report activity_report 2023
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30 closed
    of a terminated one as long as anything stays paid
        OWING_PAID; termination; closing none
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30 closed;
           late C financial_report 2023 2024-06-30 closed
    and no longer, though no money moves when it comes back
        OWING_PAID; termination; closing none; recovery 40; collection 40
        => 2024-07-01: none late
    what is paid behind the closing counts
        OWING_ORDERED; C/advance taken_in_charge; termination; closing none; payment 40
        => 2024-07-01: report_due C 2024-06-30
    the next year goes on with what is carried over into it
        OWING; closing all
        => 2024-07-01: report_due C 2024-06-30; late C activity_report 2023 2024-06-30;
           late C financial_report 2023 2024-06-30
    and with what has come
        OWING; report activity_report 2023; report financial_report 2023; closing all
        => 2024-07-01: none late
""")


@each_row(BY_ITS_TEXT)
def test_documents_are_owed_by_the_day_that_the_convention_names(row: Row) -> None:
    check(row)


def test_one_that_comes_in_time_and_is_rejected_too_late_has_its_deadline_event() -> None:
    scenario = Scenario(*OWING, a_report(year=2023), a_report("financial_report", 2023))
    assert [] == scenario.deadline_events(on("2024-07-01"))
    scenario.send(a_rejected_report(year=2023))
    assert JUNE_2024 == scenario.deadline_events(on("2024-07-01"))


def test_a_closed_year_takes_its_deadline_event_once_and_is_asked_nothing_else() -> None:
    scenario = Scenario(*OWING_PAID, a_closing())
    assert JUNE_2024 == scenario.post(on("2024-07-01"))
    assert {"report_late"} == scenario.flags(), "the ledger takes it"
    assert [] == scenario.deadline_events(on("2024-07-02"))
    scenario.restart()
    assert [] == scenario.deadline_events(on("2024-07-02"))
    assert ["report_due C 2024-12-31"] == scenario.deadline_events(on("2025-01-01"))


def test_each_year_has_its_own_deadline_event_about_what_was_carried_over() -> None:
    """Its own chain, its own flag: the closed year has reported it, the next one has not."""
    scenario = Scenario(*OWING)
    assert JUNE_2024 == scenario.post(on("2024-07-01"))
    scenario.send(a_closing("all"))
    scenario.deliver()
    [deadline_event] = scenario.deadlines.deadline_events(HOME, on("2024-07-01"))
    assert NEXT_BUDGET == deadline_event.budget
    assert {(NEXT_BUDGET, False)} == {
        (each.budget, each.closed) for each in scenario.deadlines.reports_overdue(on("2024-07-01"))
    }


def test_only_what_is_not_carried_over_is_shown_of_the_closed_year() -> None:
    second: Json = {"grant": "G2"}
    scenario = Scenario(
        a_vote(200),
        an_award(100),
        a_convention(instalments=UNPAID, obligations=OWED),
        an_award(100, **second),
        a_convention(**second, convention="C2", instalments=UNPAID, obligations=OWED),
        a_closing(["C2"]),
    )
    scenario.deliver()
    assert {(BUDGET, "C", True), (NEXT_BUDGET, "C2", False)} == {
        (each.budget, each.convention, each.closed)
        for each in scenario.deadlines.reports_overdue(on("2024-07-01"))
    }
