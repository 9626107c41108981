"""Rule 31: what a closed year still decides of documents; written by hand."""

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_deadline,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
)
from tests.verifier.by_hand import ByHand, flagged, refused, waits_for
from tests.verifier.settled import CARRIED, TAKEN_IN_CHARGE, YEAR

REPORT = a_report(year=2023, eligible_cost_cents=0)
REJECTED = a_rejected_report(year=2023)
OVERDUE = a_deadline("report_due", due_on="2024-06-30")
ABOUT_REPORTS = (REPORT, REJECTED, OVERDUE)
OWED = [{"kind": "activity_report", "year": 2023}]
LATE = flagged("report_late", convention="C", documents=OWED, due_on="2024-06-30")
LAPSED = [*YEAR, TAKEN_IN_CHARGE, a_closing()]
PAID = a_payment(60)
"""The last that was open of the year: behind it only what outlives it is remembered."""


def duplicate_of(event: Json, journal: ByHand) -> ByHand:
    return journal.tell(event, outcome="duplicate")


def closed(*given: Json) -> ByHand:
    """The journal of a closed year, by the ledger; nothing here depends on what has changed."""
    return ByHand(Scenario(*given))


def test_rule_31_reports_and_their_deadlines_are_recorded_and_remembered() -> None:
    for given in (LAPSED, [*LAPSED, PAID]):
        journal = closed(*given)
        for event, members in ((REPORT, {}), (REJECTED, {}), (OVERDUE, LATE)):
            journal.tell(event, **members)
        for event in ABOUT_REPORTS:
            duplicate_of(event, journal)
        other = REPORT | {"time": "2024-05-01T12:00:00+02:00"}
        journal.tell(other, **refused("event_id_reused", event_id=REPORT["id"]))
        assert [] == journal.findings()


def test_rule_31_ids_of_before_the_closing_are_remembered_too() -> None:
    """Of other events a closed year looks at no id."""
    early = a_report()
    journal = duplicate_of(early, closed(*YEAR, early, TAKEN_IN_CHARGE, a_closing(), PAID))
    journal.tell(YEAR[0], **refused("fiscal_year_closed", budget=journal.records[0].budget))
    assert [] == journal.findings()


def test_rule_31_a_report_of_an_unknown_convention_is_refused_and_never_parked() -> None:
    for name, about in enumerate((a_report, a_rejected_report, a_deadline)):
        more: Json = {"convention": "X", "_id": str(name)}
        event = about("report_due", **more) if about is a_deadline else about(**more)
        for given in (LAPSED, [*LAPSED, PAID]):
            unknown = refused("unknown_convention", convention="X")
            assert [] == closed(*given).tell(event, **unknown).findings()
            waiting = closed(*given).tell(event, **waits_for("convention", "X"))
            assert "closing_ignored" in waiting.codes()


def test_rule_31_what_was_carried_over_says_where_it_goes_on_before_any_look_at_ids() -> None:
    goes_on = refused("fiscal_year_closed", budget=NEXT_BUDGET, convention="C")
    for given in (CARRIED, [*CARRIED, PAID]):
        journal = closed(*given)
        for event in (*ABOUT_REPORTS, *ABOUT_REPORTS):
            journal.tell(event, **goes_on)
        assert [] == journal.findings()
    budget = journal.records[0].budget
    otherwise = refused("fiscal_year_closed", budget=budget)
    assert {"refused_otherwise"} == closed(*CARRIED).tell(REPORT, **otherwise).codes()
    assert {"closing_ignored"} == closed(*CARRIED).tell(REPORT).codes()


def test_rule_31_a_convention_of_which_nothing_remains_is_not_carried_over() -> None:
    ordered = [a_vote(), an_award(), YEAR[2] | {"id": "all"}]
    ordered[2]["data"] = YEAR[2]["data"] | {"instalments": YEAR[2]["data"]["instalments"][:1]}
    journal = closed(*ordered, TAKEN_IN_CHARGE, a_closing("all"))
    for event in ABOUT_REPORTS:
        journal.tell(event)
    assert [] == journal.findings()


def test_rule_31_all_else_is_refused() -> None:
    journal = closed(*LAPSED)
    budget = journal.records[0].budget
    for event in (a_deadline("parked", event={"source": "s", "id": "i"}), a_vote(_id="more")):
        journal.tell(event, **refused("fiscal_year_closed", budget=budget))
    assert [] == journal.findings()
    otherwise = refused("fiscal_year_closed", budget=NEXT_BUDGET)
    assert {"refused_otherwise"} == closed(*LAPSED).tell(a_vote(_id="more"), **otherwise).codes()


def test_rule_31_no_convention_of_the_year_becomes_unknown() -> None:
    """Nothing was paid of it, and its memory is dropped."""
    journal = closed(*YEAR, an_acknowledgement("rejected"), a_closing())
    none_left = refused("recovery_exceeds", convention="C", room_cents=0, asked_cents=1_000)
    assert [] == journal.tell(a_recovery(), **none_left).findings()
