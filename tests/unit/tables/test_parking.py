"""Rule 28: what has not arrived yet is waited for; it is decided again in order, and once."""

import pytest

from tests.builders import (
    Scenario,
    a_convention,
    a_notification,
    a_report,
    a_transfer,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.notation import read_outcome
from tests.unit.tables.rows import Row, check, each_row, money_of, reader_of

ORDERED = read_outcome("489 for C: 100_000 ordered; C/advance issued 100_000").money
MORE = a_vote(stage="supplementary", appropriations=[an_amount(50_000)])
ALONE = an_award(requires_convention=False)

read_rows = reader_of(globals())

WAITING_ROWS = read_rows("""
    an award before the vote
        award
        => waits for budget 21590350100017-00-2023; no money
    an award without convention before the vote
        ALONE
        => waits for budget 21590350100017-00-2023; no money
    a supplementary vote before the initial one
        MORE
        => waits for budget 21590350100017-00-2023; no money
    a transfer before the vote
        transfer 1_000 from 489 to 490
        => waits for budget 21590350100017-00-2023; no money
    a convention before its award
        vote; convention
        => waits for grant G; 489: 100_000 available
    a convention after a concurring act, before the award
        vote; concurring act; convention
        => waits for grant G; 489: 100_000 available
    a convention whose award waits for the vote
        award; convention
        => waits for grant G; no money
    a convention whose award was refused
        vote; award 100_001; convention
        => waits for grant G; 489: 100_000 available
    a notification before its convention
        vote; award; notification
        => waits for convention C; 489: 100_000 reserved
    a report before its convention
        vote; award; report
        => waits for convention C; 489: 100_000 reserved
    a report on a convention that waits itself waits behind it
        vote; convention; report
        => waits for convention C; 489: 100_000 available
    nothing else waits for the vote: a bank account
        new account
        => no money
    nothing else waits for the vote: a concurring act
        concurring act
        => no money
    a parked event that comes again is a duplicate
        vote; convention; convention
        => duplicate; 489: 100_000 available
    other content under the id of a parked event
        vote; convention; convention, signed_on 2023-05-16
        => refused event_id_reused: event_id convention.signed/G/C; 489: 100_000 available
""")

REPORTS = [("activity_report", 2022), ("certified_accounts", 2022)]
BALANCE_ONLY = a_convention(instalments=[an_instalment(documents=REPORTS)])

RESUMED_ROWS = [
    *read_rows("""
    the award resumes when the budget is voted
        award; vote
        => 489: 100_000 reserved
    the convention resumes with its award
        vote; convention; award
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    reports resume behind their convention, and set its balance off
        vote; BALANCE_ONLY; report certified_accounts 2022; report; award
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    everything came before the vote, in the wrong order
        report certified_accounts 2022; report; BALANCE_ONLY; award; vote
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    a notification of the grant resumes with an award without convention
        vote; new account; notification, convention G;
        award, without convention, instalments [A 100_000 at notification]
        => 489 for G: 100_000 ordered; G/A issued 100_000
    an award resumes into a refusal: the vote opened too little
        award; vote 99_999
        => refused insufficient_credit: level chapter, group '65', available_cents 99_999,
           asked_cents 100_000, shortfall_cents 1; 489: 99_999 available
    """),
    Row(
        "a transfer resumes before the vote that would have covered it: parked order counts",
        [a_transfer(150_000, to_line={"chapter": "67", "article": "6718"}), MORE, a_vote()],
        "489: 150_000 available",
    ),
    *read_rows("""
    a convention resumes into a refusal: the award is smaller
        vote; convention; award 60_000
        => refused exceeds_award: convention C, line 489, award_cents 60_000, asked_cents 100_000;
           489: 100_000 = 40_000 available + 60_000 reserved
    what waits for a convention that was refused waits on, until it is corrected
        vote; convention 100_001, id wrong; report; award; convention
        => 489 for C: 100_000 ordered; C/advance issued 100_000
    """),
]

FULL_ROWS = [
    Row(
        "a thousand events wait: one more is refused",
        [*(a_report(_id=f"report {number}") for number in range(1_000)), a_report()],
        "refused too_many_parked: budget 21590350100017-00-2023, limit 1000; no money",
    ),
]

ROWS = [*WAITING_ROWS, *RESUMED_ROWS, *FULL_ROWS]


@each_row(WAITING_ROWS)
def test_rule_28_an_event_waits_for_what_it_names_and_moves_nothing(row: Row) -> None:
    check(row)


@each_row(RESUMED_ROWS)
def test_rule_28_what_waited_is_decided_when_the_missing_thing_arrives(row: Row) -> None:
    check(row)


def seen(scenario: Scenario) -> list[tuple[int, str, str, int | None]]:
    """Sequence, type, outcome, and the record that is resumed, of each record."""
    return [
        (record.sequence, str(record.event_id).split("/")[0], str(record.outcome), record.resumes)
        for record in scenario.records
    ]


def test_rule_28_the_oldest_goes_first_each_record_behind_the_one_that_woke_it() -> None:
    scenario = Scenario(
        a_report(), a_convention(), an_award(), a_transfer(1_000), a_notification(), a_vote(101_000)
    )
    assert [
        (1, "report.received", "parked", None),
        (2, "convention.signed", "parked", None),
        (3, "deliberation.adopted", "parked", None),
        (4, "credits.transferred", "parked", None),
        (5, "convention.notified", "parked", None),
        (6, "budget.voted", "accepted", None),
        # The vote wakes 3 and 4; 3 wakes 2, older than 4; 2 wakes 1 and 5.
        (7, "deliberation.adopted", "accepted", 3),
        (8, "convention.signed", "accepted", 2),
        (9, "report.received", "accepted", 1),
        (10, "credits.transferred", "accepted", 4),
        (11, "convention.notified", "accepted", 5),
    ] == seen(scenario)
    assert {"appropriated": 100_000, "ordered": 100_000} == scenario.line()


def test_rule_28_a_resumed_record_keeps_the_position_of_the_event_that_waited() -> None:
    scenario = Scenario(a_vote(), a_convention(), an_award())
    assert [1, 2, 3, 2] == [record.source.offset for record in scenario.records]


def test_rule_5_a_record_counts_once_under_its_latest_outcome() -> None:
    scenario = Scenario(a_vote(99_999), a_convention(), a_report())
    assert {"accepted": 1, "parked": 2} == outcomes(scenario)
    scenario.tell(an_award())
    assert {"accepted": 1, "parked": 2, "refused": 1} == outcomes(scenario)
    scenario.tell(an_award(99_999, _id="corrected"))
    # The convention asks a cent more than the award and is refused; the report waits for another.
    assert {"accepted": 2, "parked": 1, "refused": 2} == outcomes(scenario)
    assert 5 == scenario.summary()["events"] == scenario.sent


def test_rule_28_a_grant_replaced_before_their_turn_leaves_its_followers_waiting() -> None:
    """The convention is older than the notification of the grant that it replaces."""
    scenario = Scenario(
        a_vote(), a_convention(bank_account=...), a_notification(convention="G"), ALONE
    )
    assert {"accepted": 3, "parked": 1} == outcomes(scenario)
    assert {"granted": 100_000, "remaining": 100_000} == scenario.convention("C")
    assert {} == scenario.convention("G")


@each_row(FULL_ROWS)
def test_rule_28_a_thousand_events_wait_and_one_more_is_refused(row: Row) -> None:
    scenario = check(row)
    assert {"parked": 1_000, "refused": 1} == outcomes(scenario)
    scenario.tell(a_report())
    assert "duplicate" == scenario.answer()
    scenario.tell(a_report(_id="report 7"))
    assert "duplicate" == scenario.answer()
    scenario.tell(a_vote())
    assert "accepted" == scenario.answer(), "what waits for nothing is decided"
    # The convention finds its award, and wakes all of them.
    scenario.tell(an_award())
    scenario.tell(a_convention())
    assert {"accepted": 1_003, "refused": 1, "duplicate": 2} == outcomes(scenario)
    assert ORDERED == money_of(scenario)
    scenario.tell(a_report(convention="D", _id="there is room again"))
    assert "waits for convention D" == scenario.answer()


def outcomes(scenario: Scenario) -> dict[str, int]:
    """How many records of each outcome, zeros left out."""
    return {name: count for name, count in scenario.summary()["outcomes"].items() if count}


def test_rule_28_of_what_went_on_nothing_is_kept_among_those_who_wait() -> None:
    scenario = Scenario(
        a_report(), a_report("evaluation"), a_vote(), an_award(), a_report(convention="D")
    )
    assert 3 == len(scenario.state.memory.parked)
    scenario.tell(a_convention())
    [left] = scenario.state.memory.parked
    assert {("convention", "D"): [left]} == scenario.state.memory.waiting


@pytest.mark.parametrize("listed", [REPORTS, REPORTS[::-1]], ids=["in order", "turned round"])
def test_rule_22_of_the_costs_that_waited_the_last_received_counts(
    listed: list[tuple[str, int]],
) -> None:
    scenario = Scenario(
        a_vote(),
        an_award(),
        a_report(*REPORTS[0], eligible_cost_cents=70_000),
        a_report(*REPORTS[1], eligible_cost_cents=90_000),
        a_convention(instalments=[an_instalment(100_000, documents=listed, ceiling=True)]),
    )
    assert {"C/advance": ("issued", 90_000, 0)} == scenario.orders()
