"""Rules 29 and 32: deadlines that passed; late payments and reports, and what waited too long."""

from tests.builders import (
    Json,
    a_collection,
    a_convention,
    a_deadline,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import SIGNED, Money, Row, check, each_row, on_one_line, stands

ISSUED = stands(ordered=100, advance=("issued", 100, 0))
LATE: list[tuple[str, Json]] = [
    ("payment_late", {"payment_order": "C/advance", "due_on": "2023-07-14"})
]

PAYMENT_ROWS = [
    Row("an order that is not paid", [*SIGNED, a_deadline()], "accepted", ISSUED, flags=LATE),
    Row(
        "one that is on hold, and paid in part",
        [*SIGNED, an_acknowledgement("on_hold"), a_payment(40), a_deadline()],
        "accepted",
        stands(ordered=60, paid=40, advance=("on_hold", 100, 40)),
        flags=LATE,
    ),
    Row(
        "one that is paid: nothing",
        [*SIGNED, a_payment(100), a_deadline()],
        "accepted",
        stands(paid=100, advance=("paid", 100, 100)),
    ),
    Row(
        "one that was rejected: nothing",
        [*SIGNED, an_acknowledgement("rejected"), a_deadline()],
        "accepted",
        stands(committed=100, advance=("rejected", 100, 0)),
    ),
    Row(
        "one that was cancelled: nothing",
        [*SIGNED, a_withdrawal(), a_deadline()],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "released": 100},
            {"C/advance": ("cancelled", 100, 0)},
            available=100,
        ),
    ),
    Row(
        "an order that was never issued is refused",
        [*SIGNED, a_deadline(payment_order="C/balance")],
        "unknown_payment_order",
        ISSUED,
        facts={"payment_order": "C/balance"},
    ),
]

OWED = [
    {"kind": "activity_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
OWING = [a_vote(100), an_award(100), a_convention(100, obligations=OWED)]
REPORT_DUE = a_deadline("report_due", due_on="2024-06-30")


def late(*documents: tuple[str, int], due_on: str = "2024-06-30") -> list[tuple[str, Json]]:
    named = [{"kind": kind, "year": year} for kind, year in documents]
    return [("report_late", {"convention": "C", "documents": named, "due_on": due_on})]


BALANCE = [("activity_report", 2022), ("certified_accounts", 2022)]
AWAITING = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), an_instalment(40, "balance", documents=BALANCE)]),
]
IN_TWO = stands(ordered=60, committed=40, advance=("issued", 60, 0))

NOTHING_LEFT = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(60),
            an_instalment(40, "balance", documents=BALANCE[:1], ceiling=True),
        ]
    ),
    a_report(eligible_cost_cents=60),
]
"""The report proves no more than the advance: it settles the balance at nothing."""

SETTLED = Money(
    {"489": {"appropriated": 100, "available": 40, "ordered": 60}},
    {"C": {"489": {"granted": 100, "ordered": 60, "released": 40}}},
    {"C/advance": ("issued", 60, 0)},
)

SETTLED_ROWS = [
    Row("it is there: nothing", [*NOTHING_LEFT, REPORT_DUE], "accepted", SETTLED),
    Row(
        "it is rejected afterwards: it is open, though nothing is left to pay",
        [*NOTHING_LEFT, a_rejected_report(), REPORT_DUE],
        "accepted",
        SETTLED,
        flags=late(("activity_report", 2022)),
    ),
    Row(
        "it comes again: nothing",
        [*NOTHING_LEFT, a_rejected_report(), a_report(_id="again"), REPORT_DUE],
        "accepted",
        SETTLED,
    ),
    Row(
        "of an ended convention it is owed no more: no order rests on it",
        [*NOTHING_LEFT, a_payment(60), a_rejected_report(), a_termination(), REPORT_DUE],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 40, "paid": 60}},
            {"C": {"489": {"granted": 100, "paid": 60, "released": 40}}},
            {"C/advance": ("paid", 60, 60)},
        ),
    ),
    Row(
        "what was given up before any document came is not open",
        [*AWAITING, a_reduction(40), REPORT_DUE],
        "accepted",
        SETTLED,
    ),
]

REPORT_ROWS = [
    Row(
        "two documents are owed by then and did not come",
        [*OWING, REPORT_DUE],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "one came",
        [*OWING, a_report("financial_report", 2023), REPORT_DUE],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023)),
    ),
    Row(
        "both came: nothing",
        [*OWING, a_report("financial_report", 2023), a_report(year=2023), REPORT_DUE],
        "accepted",
        ISSUED,
    ),
    Row(
        "one came and was rejected",
        [
            *OWING,
            a_report("financial_report", 2023),
            a_report(year=2023),
            a_rejected_report(year=2023),
            REPORT_DUE,
        ],
        "accepted",
        ISSUED,
        flags=late(("activity_report", 2023)),
    ),
    Row(
        "a terminated convention owes its reports as long as anything of it stays paid",
        [*OWING, a_payment(1), a_termination(), REPORT_DUE],
        "accepted",
        stands(ordered=99, paid=1, advance=("issued", 100, 1)),
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "so does one whose award fell",
        [*OWING, a_payment(1), a_withdrawal(), REPORT_DUE],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "paid": 1, "released": 99},
            {"C/advance": ("cancelled", 100, 1)},
            available=99,
            paid=1,
        ),
        flags=late(("activity_report", 2023), ("financial_report", 2023)),
    ),
    Row(
        "nothing was paid: it owes nothing",
        [*OWING, a_termination(), REPORT_DUE],
        "accepted",
        ISSUED,
    ),
    Row(
        "all of it came back: it owes nothing any more",
        [*OWING, a_payment(1), a_termination(), a_recovery(1), a_collection(1), REPORT_DUE],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 99, "released": 1},
            {"C/advance": ("issued", 100, 1)},
            available=1,
            ordered=99,
        ),
    ),
    Row(
        "a document that was rejected is open, also where an order rests on it",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=100, advance=("issued", 60, 0), balance=("issued", 40, 0)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "also where the order is paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(40, "C/balance"),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=60, paid=40, advance=("issued", 60, 0), balance=("paid", 40, 40)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "once it was rejected behind its order a terminated convention owes it, while it is paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(40, "C/balance"),
            a_termination(),
            a_rejected_report(),
            a_deadline("report_due"),
        ],
        "accepted",
        stands(ordered=60, paid=40, advance=("issued", 60, 0), balance=("paid", 40, 40)),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "where no document has a day: those that its instalments wait for",
        [*AWAITING, a_report(), a_deadline("report_due")],
        "accepted",
        IN_TWO,
        flags=late(("certified_accounts", 2022), due_on="2023-07-14"),
    ),
    Row(
        "whichever of its orders was paid",
        [
            *AWAITING,
            a_report(),
            a_report("certified_accounts"),
            a_payment(30, "C/balance"),
            an_acknowledgement("rejected", "C/balance"),
            a_report("evaluation"),
            an_acknowledgement("rejected", "C/balance/2"),
            a_rejected_report(),
            a_termination(),
            a_deadline("report_due"),
        ],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 60, "paid": 30, "released": 10},
            {
                "C/advance": ("issued", 60, 0),
                "C/balance": ("rejected", 40, 30),
                "C/balance/2": ("rejected", 10, 0),
            },
            available=10,
            ordered=60,
            paid=30,
        ),
        flags=late(("activity_report", 2022), due_on="2023-07-14"),
    ),
    Row(
        "once it is terminated no instalment waits for anything, though something is paid",
        [*AWAITING, a_payment(60), a_termination(), a_deadline("report_due")],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "paid": 60, "released": 40},
            {"C/advance": ("paid", 60, 60)},
            available=40,
            paid=60,
        ),
    ),
    Row(
        "once it is terminated no instalment waits for anything",
        [*AWAITING, a_termination(), a_deadline("report_due")],
        "accepted",
        on_one_line(
            100,
            {"granted": 100, "ordered": 60, "released": 40},
            {"C/advance": ("issued", 60, 0)},
            available=40,
            ordered=60,
        ),
    ),
    Row(
        "nothing is owed, nothing waits",
        [*SIGNED, a_deadline("report_due")],
        "accepted",
        ISSUED,
    ),
    Row(
        "a convention that nobody knows is waited for",
        [a_deadline("report_due")],
        "waits for convention C",
        Money(),
    ),
]

ROWS = [*PAYMENT_ROWS, *REPORT_ROWS, *SETTLED_ROWS]


@each_row(PAYMENT_ROWS)
def test_rule_29_a_payment_that_is_still_open_is_late(row: Row) -> None:
    check(row)


@each_row([*REPORT_ROWS, *SETTLED_ROWS])
def test_rule_29_a_report_that_has_not_come_is_late(row: Row) -> None:
    check(row)
