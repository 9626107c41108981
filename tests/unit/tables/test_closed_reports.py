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
    a_collection,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, facts_of, flags_of
from tests.unit.tables.test_closing import CARRIED, HALVES, PAID, TAKEN

LAPSED = Money(
    {"489": {"appropriated": 100, "available": 40, "paid": 60}},
    {"C": {"489": {"granted": 100, "paid": 60, "released": 40}}},
    {"C/advance": ("paid", 60, 60)},
)
"""The advance is paid, and the balance, for which nobody sent a report, lapsed with the year."""

STILL_OPEN = Money(
    {"489": {"appropriated": 100, "available": 40, "ordered": 60}},
    {"C": {"489": {"granted": 100, "ordered": 60, "released": 40}}},
    {"C/advance": ("taken_in_charge", 60, 0)},
)
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
ALL_PAID = Money(
    {"489": {"appropriated": 100, "paid": 100}},
    {"C": {"489": {"granted": 100, "paid": 100}}},
    {"C/advance": ("paid", 100, 100)},
)
BY_REPORT = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(100, documents=[ACTIVITY])]),
    a_report(year=2023),
    an_acknowledgement(),
    a_payment(100),
]
RESTS: list[tuple[str, Json]] = [
    (
        "report_rejected_after_order",
        {
            "convention": "C",
            "document": {"kind": "activity_report", "year": 2023},
            "payment_order": "C/advance",
        },
    )
]

DECIDED_ROWS = [
    Row("a report comes: recorded, nothing moves", [*OVER, REPORT], "accepted", LAPSED, entries=[]),
    Row("while an order is open too", [*CLOSED, REPORT], "accepted", STILL_OPEN, entries=[]),
    Row("sent twice: silence", [*OVER, REPORT, REPORT], "duplicate", LAPSED),
    Row(
        "one that came before the closing, again: silence",
        [*HALVES, an_acknowledgement(), a_payment(60), a_report(), a_closing("none"), a_report()],
        "duplicate",
        LAPSED,
    ),
    Row(
        "other content under its id",
        [*OVER, REPORT, a_report(year=2023, received_on="2024-06-27", _id="report/2023")],
        "event_id_reused",
        LAPSED,
        facts={"event_id": REPORT["id"]},
    ),
    Row(
        "what the closing released goes on to owe its document",
        [*OVER, DUE],
        "accepted",
        LAPSED,
        flags=late(ACTIVITY),
    ),
    Row("it came in time: nothing", [*OVER, REPORT, DUE], "accepted", LAPSED),
    Row(
        "it came and was rejected",
        [*OVER, REPORT, REJECTION, DUE],
        "accepted",
        LAPSED,
        flags=late(ACTIVITY),
    ),
    Row("a rejection where no order rests on it", [*OVER, REJECTION], "accepted", LAPSED),
    Row(
        "the deadline is not said twice",
        [*OVER, DUE, DUE],
        "duplicate",
        LAPSED,
    ),
    Row(
        "documents that are owed by a day",
        [*OBLIGED, a_closing("none"), DUE],
        "accepted",
        ALL_PAID,
        flags=late(("financial_report", 2023)),
    ),
    Row(
        "one of them came",
        [*OBLIGED, a_closing("none"), a_report("financial_report", 2023), DUE],
        "accepted",
        ALL_PAID,
    ),
    Row(
        "no ceiling is looked at, and nothing is owed back",
        [*OVER, a_report(year=2023, eligible_cost_cents=1)],
        "accepted",
        LAPSED,
    ),
    Row(
        "a document on which an order rests is rejected",
        [*BY_REPORT, a_closing("none"), REJECTION],
        "accepted",
        ALL_PAID,
        flags=RESTS,
    ),
    Row(
        "and is late then",
        [*BY_REPORT, a_closing("none"), REJECTION, DUE],
        "accepted",
        ALL_PAID,
        flags=late(ACTIVITY),
    ),
    Row(
        "a terminated convention owes what it was paid for",
        [*OBLIGED, a_termination(), a_closing("none"), DUE],
        "accepted",
        ALL_PAID,
        flags=late(("financial_report", 2023)),
    ),
    Row(
        "until all of it has come back",
        [
            *OBLIGED,
            a_termination(),
            a_closing("none"),
            a_recovery(100),
            a_collection(100, on="2024-03-01"),
            DUE,
        ],
        "accepted",
        ALL_PAID,
    ),
    Row(
        "what its other instalments waited for it owes no more",
        [*PAID, a_termination(), a_closing("none"), DUE],
        "accepted",
        LAPSED,
    ),
    Row(
        "a convention that was named, but of which nothing was left, was not carried over",
        [*OBLIGED, a_closing([{"convention": "C"}]), DUE],
        "accepted",
        ALL_PAID,
        flags=late(("financial_report", 2023)),
    ),
]

CARRIED_OVER = [*PAID, a_closing("all")]
REFUSED_ROWS = [
    Row(
        f"on what was carried over, {says} is refused with where that goes on",
        [*CARRIED_OVER, event],
        "fiscal_year_closed",
        CARRIED,
        facts=GOES_ON,
    )
    for says, event in (("a report", REPORT), ("a rejection", REJECTION), ("a deadline", DUE))
]
UNKNOWN_ROWS = [
    Row(
        f"{says} on a convention that the year never knew does not wait",
        [*OVER, event],
        "unknown_convention",
        LAPSED,
        facts={"convention": "D"},
    )
    for says, event in (
        ("a report", a_report(convention="D")),
        ("a rejection", a_rejected_report(convention="D")),
        ("a deadline", a_deadline("report_due", convention="D")),
    )
]
OTHER_ROWS = [
    Row(
        "a report that came before the closing, on what was carried over: before a look at its id",
        [*PAID, a_report(), a_closing("all"), a_report()],
        "fiscal_year_closed",
        CARRIED,
        facts=GOES_ON,
    ),
    Row(
        "the deadline of a payment is refused as all else",
        [*CLOSED, a_deadline()],
        "fiscal_year_closed",
        STILL_OPEN,
        facts={"budget": BUDGET},
    ),
]

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
