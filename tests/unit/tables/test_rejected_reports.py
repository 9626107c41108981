"""Rule 24: a document that does not do counts as not received."""

from typing import Any

from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, on_one_line, stands

BOTH = [("activity_report", 2022), ("certified_accounts", 2022)]
AT_THE_REPORTS = a_convention(instalments=[an_instalment(100, documents=BOTH)])
WAITING = [a_vote(100), an_award(100), AT_THE_REPORTS]
"""One instalment of 100 that waits for two documents."""

ACCOUNTS = a_report("certified_accounts")
AGAIN: dict[str, Any] = {"_id": "again"}
COMMITTED = on_one_line(100, figures(granted=100, remaining=100), committed=100)
ISSUED = stands(ordered=100, advance=("issued", 100, 0))
REJECTED = an_acknowledgement("rejected", "C/advance")


SENT_BACK = [*WAITING, a_report(), ACCOUNTS, a_payment(30), REJECTED]
"""A part is paid; the rest of the order is planned again."""
PLANNED_ANEW = [
    *SENT_BACK,
    an_amendment(instalments=[an_instalment(70, documents=[*BOTH, ("evaluation", 2022)])]),
]
ORDERED_ANEW = [*PLANNED_ANEW, a_report("evaluation")]


def rests(order: str = "C/advance", kind: str = "activity_report") -> list[tuple[str, Json]]:
    facts = {
        "convention": "C",
        "document": {"kind": kind, "year": 2022},
        "payment_order": order,
    }
    return [("report_rejected_after_order", facts)]


REJECTION_ROWS = [
    Row(
        "before the other came: the instalment waits on",
        [*WAITING, a_report(), a_rejected_report(), ACCOUNTS],
        "accepted",
        COMMITTED,
    ),
    Row(
        "received again it counts",
        [*WAITING, a_report(), a_rejected_report(), ACCOUNTS, a_report(**AGAIN)],
        "accepted",
        ISSUED,
    ),
    Row("one that never came", [*WAITING, a_rejected_report()], "accepted", COMMITTED),
    Row(
        "one that no instalment asks for",
        [*WAITING, a_report(), ACCOUNTS, a_rejected_report("evaluation")],
        "accepted",
        ISSUED,
    ),
    Row(
        "an order rests on it: flagged, the order stays",
        [*WAITING, a_report(), ACCOUNTS, a_rejected_report()],
        "accepted",
        ISSUED,
        flags=rests(),
    ),
    Row(
        "the order is paid already: flagged",
        [*WAITING, a_report(), ACCOUNTS, a_payment(100), a_rejected_report("certified_accounts")],
        "accepted",
        stands(paid=100, advance=("paid", 100, 100)),
        flags=rests(kind="certified_accounts"),
    ),
    Row(
        "the order was sent back, and nothing paid of it: nothing rests on it",
        [*WAITING, a_report(), ACCOUNTS, REJECTED, a_rejected_report()],
        "accepted",
        stands(committed=100, advance=("rejected", 100, 0)),
    ),
    Row(
        "sent back, a part of it paid: flagged",
        [*WAITING, a_report(), ACCOUNTS, a_payment(30), REJECTED, a_rejected_report()],
        "accepted",
        stands(committed=70, paid=30, advance=("rejected", 100, 30)),
        flags=rests(),
    ),
    Row(
        "planned anew under the same id: it leaves its former orders behind",
        [*PLANNED_ANEW, a_rejected_report()],
        "accepted",
        stands(committed=70, paid=30, advance=("rejected", 100, 30)),
    ),
    Row(
        "so does its new order, sent back with nothing paid of it",
        [*ORDERED_ANEW, an_acknowledgement("rejected", "C/advance/2"), a_rejected_report()],
        "accepted",
        stands(committed=70, paid=30, advance=("rejected", 100, 30), advance_2=("rejected", 70, 0)),
    ),
    Row(
        "of which a part is paid: flagged with that one",
        [
            *ORDERED_ANEW,
            a_payment(7, "C/advance/2"),
            an_acknowledgement("rejected", "C/advance/2"),
            a_rejected_report(),
        ],
        "accepted",
        stands(committed=63, paid=37, advance=("rejected", 100, 30), advance_2=("rejected", 70, 7)),
        flags=rests("C/advance/2"),
    ),
    Row(
        "an amendment beside an order leaves it what it was: of its re-issue nothing is paid",
        [
            *SENT_BACK,
            a_new_account(),
            an_amendment(instalments=[]),
            an_acknowledgement("rejected", "C/advance/2"),
            a_rejected_report(),
        ],
        "accepted",
        stands(committed=70, paid=30, advance=("rejected", 100, 30), advance_2=("rejected", 70, 0)),
        flags=rests(),
    ),
    Row(
        "terminated since, it owes no document of before the amendment (rule 29)",
        [*PLANNED_ANEW, a_rejected_report(), a_termination(), a_deadline("report_due")],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, paid=30, released=70),
            {"C/advance": ("rejected", 100, 30)},
            available=70,
            paid=30,
        ),
    ),
    Row(
        "a rejected order waits for the document again (rule 21)",
        [*WAITING, a_report(), ACCOUNTS, REJECTED, a_rejected_report(), a_new_account()],
        "accepted",
        stands(committed=100, advance=("rejected", 100, 0)),
    ),
    Row(
        "and is issued again when it comes",
        [*WAITING, a_report(), ACCOUNTS, REJECTED, a_rejected_report(), a_report(**AGAIN)],
        "accepted",
        stands(ordered=100, advance=("rejected", 100, 0), advance_2=("issued", 100, 0)),
    ),
    Row(
        "on a terminated convention it is recorded",
        [*WAITING, a_report(), a_termination(), a_rejected_report()],
        "accepted",
        on_one_line(100, figures(granted=100, released=100), available=100),
    ),
    Row(
        "on a convention that nobody knows it waits",
        [a_rejected_report()],
        "waits for convention C",
        Money(),
    ),
]

ROWS = REJECTION_ROWS


@each_row(REJECTION_ROWS)
def test_rule_24_a_rejected_document_counts_as_not_received(row: Row) -> None:
    check(row)


def test_rule_22_the_cost_that_a_rejected_document_gave_bounds_nothing() -> None:
    schedule = [an_instalment(100, documents=BOTH, ceiling=True)]
    scenario = Scenario(a_vote(100), an_award(100), a_convention(instalments=schedule))
    scenario.tell(a_report(eligible_cost_cents=70))
    scenario.tell(a_rejected_report())
    scenario.tell(a_report(**AGAIN))
    scenario.tell(ACCOUNTS)
    assert {"C/advance": ("issued", 100, 0)} == scenario.orders()


def test_rule_19_a_document_received_again_is_due_from_its_new_day() -> None:
    scenario = Scenario(*WAITING, a_report(received_on="2023-06-01"), a_rejected_report())
    scenario.tell(a_report("certified_accounts", received_on="2023-06-10"))
    scenario.tell(a_report(received_on="2023-07-01", **AGAIN))
    [order] = scenario.summary()["payment_orders"]
    assert "2023-08-30" == order["due_on"]
