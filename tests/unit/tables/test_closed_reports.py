"""Rules 29 and 31: a closed year takes the reports on what was not carried over."""

import pytest

from services.ledger.application.restore import open_ledger
from services.ledger.domain.model.grants import Beneficiary
from services.ledger.explain.sentences import refusal_sentence
from services.texts.translation import both
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables import years
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import Row, check, each_row, facts_of, flags_of, reader_of
from tests.unit.tables.years import PAID, TAKEN

OVER, CLOSED = [*PAID, a_closing("none")], [*TAKEN, a_closing("none")]
REPORT = a_report(year=2023, received_on="2024-06-26", _id="report/2023")
REJECTION = a_rejected_report(year=2023)
DUE = a_deadline("report_due", due_on="2024-06-30")
GOES_ON: Json = {"budget": NEXT_BUDGET, "convention": "C"}


def late(*documents: tuple[str, int]) -> list[tuple[str, Json]]:
    named = [{"kind": kind, "year": year} for kind, year in documents]
    return [("report_late", {"convention": "C", "documents": named, "due_on": "2024-06-30"})]


ACTIVITY = ("activity_report", 2023)
OWED = [
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
OBLIGED = [
    a_vote(100),
    an_award(100),
    a_convention(100, obligations=OWED),
    an_acknowledgement(),
    a_payment(100),
]
BY_REPORT = read_events("""
    vote 100; award 100; convention [advance 100 against activity_report 2023];
    report activity_report 2023; C/advance taken_in_charge; payment 100
""")

read_rows = reader_of(globals(), vars(years))

DECIDED_ROWS = [
    *read_rows("""
    a report comes: recorded, nothing moves
        OVER; REPORT
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60; no entries
    while an order is open too
        CLOSED; REPORT
        => 489 for C: 100 = 40 available + 60 ordered; C/advance taken_in_charge 60; no entries
    sent twice: silence
        OVER; REPORT; REPORT
        => duplicate; 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    one that came before the closing, again: silence
        HALVES; C/advance taken_in_charge; payment 60; report; closing none; report
        => duplicate; 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    other content under its id
        OVER; REPORT; report activity_report 2023, received_on 2024-06-27, id report/2023
        => refused event_id_reused: event_id report/2023; 489 for C: 100 = 40 available + 60 paid;
           C/advance paid 60
    what the closing released goes on to owe its document
        OVER; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    it came in time: nothing
        OVER; REPORT; DUE
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    it came and was rejected
        OVER; REPORT; REJECTION; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    a rejection where no order rests on it
        OVER; REJECTION
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    the deadline is not said twice
        OVER; DUE; DUE
        => duplicate; 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    documents that are owed by a day
        OBLIGED; closing none; DUE
        => flag report_late: convention C, documents [{kind financial_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 paid; C/advance paid 100
    one of them came
        OBLIGED; closing none; report financial_report 2023; DUE
        => 489 for C: 100 paid; C/advance paid 100
    no ceiling is looked at, and nothing is owed back
        OVER; report activity_report 2023, eligible_cost_cents 1
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    a document on which an order rests is rejected
        BY_REPORT; closing none; REJECTION
        => flag report_rejected_after_order: convention C, document {kind activity_report,
           year 2023}, payment_order C/advance; 489 for C: 100 paid; C/advance paid 100
    and is late then
        BY_REPORT; closing none; REJECTION; DUE
        => flag report_late: convention C, documents [{kind activity_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 paid; C/advance paid 100
    a terminated convention owes what it was paid for
        OBLIGED; termination; closing none; DUE
        => flag report_late: convention C, documents [{kind financial_report, year 2023}],
           due_on 2024-06-30; 489 for C: 100 paid; C/advance paid 100
    until all of it has come back
        OBLIGED; termination; closing none; recovery 100; collection 100, on 2024-03-01; DUE
        => 489 for C: 100 paid; C/advance paid 100
    what its other instalments waited for it owes no more
        PAID; termination; closing none; DUE
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60
    """),
    Row(
        "a convention that was named, but of which nothing was left, was not carried over",
        [*OBLIGED, a_closing([{"convention": "C"}]), DUE],
        "flag report_late: convention C, documents [{kind financial_report, year 2023}], "
        "due_on 2024-06-30; 489 for C: 100 paid; C/advance paid 100",
    ),
]

CARRIED_OVER = [*PAID, a_closing("all")]
REFUSED_ROWS = [
    Row(
        f"on what was carried over, {says} is refused with where that goes on",
        [*CARRIED_OVER, event],
        "refused fiscal_year_closed: budget 21590350100017-00-2024, convention C; "
        "489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60",
    )
    for says, event in (("a report", REPORT), ("a rejection", REJECTION), ("a deadline", DUE))
]
UNKNOWN_ROWS = [
    Row(
        f"{says} on a convention that the year never knew does not wait",
        [*OVER, event],
        "refused unknown_convention: convention D; 489 for C: 100 = 40 available + 60 paid; "
        "C/advance paid 60",
    )
    for says, event in (
        ("a report", a_report(convention="D")),
        ("a rejection", a_rejected_report(convention="D")),
        ("a deadline", a_deadline("report_due", convention="D")),
    )
]
OTHER_ROWS = read_rows("""
    a report that came before the closing, on what was carried over: before a look at its id
        PAID; report; closing all; report
        => refused fiscal_year_closed: budget 21590350100017-00-2024, convention C;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    the deadline of a payment is refused as all else
        CLOSED; deadline payment_due
        => refused fiscal_year_closed: budget 21590350100017-00-2023;
           489 for C: 100 = 40 available + 60 ordered; C/advance taken_in_charge 60
""")

ROWS = [*DECIDED_ROWS, *REFUSED_ROWS, *UNKNOWN_ROWS, *OTHER_ROWS]


@each_row(DECIDED_ROWS)
def test_rule_31_reports_of_a_closed_year_are_recorded_and_move_nothing(row: Row) -> None:
    scenario = check(row)
    assert [] == list(scenario.last.moves)
    assert [] == list(scenario.last.payment_orders)


@each_row([*REFUSED_ROWS, *UNKNOWN_ROWS, *OTHER_ROWS])
def test_rule_31_reports_on_what_goes_on_or_was_never_there_are_refused(row: Row) -> None:
    check(row)


SEVERAL = [("activity_report", 2023), ("certified_accounts", 2023)]
PARTLY = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(30, "first", documents=SEVERAL[:1]),
            an_instalment(60, "second", documents=SEVERAL),
            an_instalment(10, "third", trigger="notification"),
        ]
    ),
    a_report(year=2023),
    a_report("certified_accounts", 2023),
    a_payment(30, "C/first"),
    a_payment(20, "C/second"),
    an_acknowledgement("rejected", "C/second"),
    a_new_account(),
    an_acknowledgement(order="C/second/2"),
]


@pytest.mark.parametrize("last", [[], [an_acknowledgement("rejected", "C/second/2")]])
def test_rule_31_before_and_after_the_memory_is_dropped_a_rejection_flags_the_same(
    last: list[Json],
) -> None:
    """The first order of an instalment was paid in part, the second is open, or sent back."""
    scenario = Scenario(*PARTLY, a_closing("none"), *last)
    assert bool(last) is scenario.book.closed_out
    scenario.ledger = open_ledger(scenario.store)
    scenario.tell(a_rejected_report(year=2023))
    second = "C/second" if last else "C/second/2"
    assert ["C/first", second] == [facts["payment_order"] for _, facts in flags_of(scenario)]
    scenario.tell(DUE)
    assert late(SEVERAL[0]) == flags_of(scenario)


def test_rule_31_a_terminated_convention_keeps_what_was_paid_for_its_documents() -> None:
    scenario = Scenario(*PARTLY[:4], a_payment(30, "C/first"), a_termination(), a_closing("none"))
    assert scenario.book.closed_out
    left = scenario.book.conventions["C"]
    assert Beneficiary("", "", None) == left.beneficiary, "it keeps no names"
    assert [("first", ())] == [(each.instalment, each.lines) for each in left.schedule]
    assert {} == left.earlier.orders
    scenario.tell(a_rejected_report(year=2023))
    assert ["C/first"] == [facts["payment_order"] for _, facts in flags_of(scenario)]
    scenario.tell(DUE)
    assert late(SEVERAL[0]) == flags_of(scenario)


def test_rule_31_what_waits_for_no_document_and_was_not_paid_is_dropped() -> None:
    lines = [an_amount(60), an_amount(40, "490")]
    scenario = Scenario(
        a_vote(appropriations=lines),
        an_award(lines=lines),
        a_convention(
            instalments=[
                an_instalment(60),
                an_instalment(name="later", documents=SEVERAL, lines=lines[1:]),
            ]
        ),
        a_payment(60),
        a_closing("none"),
    )
    left = scenario.book.conventions["C"]
    assert [("489", 60)] == [(each.line.operation, each.paid) for each in left.lines]
    assert [("later", 40)] == [(each.instalment, each.amount_cents) for each in left.schedule]
    assert {} == left.earlier.orders


def test_rule_31_a_closed_out_year_goes_on_after_a_restart() -> None:
    scenario = Scenario(*OVER, REPORT)
    scenario.ledger = open_ledger(scenario.store)
    assert "duplicate" == str(scenario.tell(REPORT)[0].outcome)
    scenario.tell(REJECTION)
    scenario.ledger = open_ledger(scenario.store)
    scenario.tell(DUE)
    assert late(ACTIVITY) == flags_of(scenario)


def test_rule_31_a_report_that_waits_when_the_year_is_closed_is_refused() -> None:
    scenario = Scenario(a_report(convention="D", year=2023), *OVER)
    assert ("fiscal_year_closed", {"budget": BUDGET}) == (scenario.answer(), facts_of(scenario))


def test_the_sentence_names_the_budget_and_the_number_under_which_a_convention_goes_on() -> None:
    said = both(refusal_sentence("fiscal_year_closed", GOES_ON))
    assert (
        f"The convention was carried over: it goes on in budget {NEXT_BUDGET}, under number C. "
        "Send it to that budget, with this number; if its year is closed by now, its answer names "
        "the next one."
    ) == said.en
    assert (
        f"La convention a été reportée\u00a0: elle se poursuit sur le budget {NEXT_BUDGET}, sous "
        "le numéro C. Envoyez-le à ce budget, avec ce numéro\u00a0; s'il est clos à son tour, la "
        "réponse indiquera le suivant."
    ) == said.fr
