"""Documents owed where the convention names no day: by what its money waits for, or rests on."""

from tests.builders import (
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.due.scenario import Row, check, each_row
from tests.unit.due.test_reports import ACCOUNTS, ACTIVITY, AWAITING, JUNE_2023, JUNE_2024

BOTH_HALVES = [
    a_vote(9_000_000),
    a_new_account(),
    an_award(
        1_000_000,
        requires_convention=False,
        instalments=[
            an_instalment(500_000, "1", documents=[ACTIVITY]),
            an_instalment(500_000, "2", trigger="notification"),
        ],
    ),
]

SETTLED_AT_NOTHING = [
    a_vote(100),
    an_award(100),
    a_convention(
        instalments=[
            an_instalment(60),
            an_instalment(40, "rest", documents=[ACTIVITY], ceiling=True),
        ]
    ),
    a_report(eligible_cost_cents=50),
]

BY_ITS_MONEY = [
    Row("the money waits, until six months after the year", AWAITING, "2023-06-30", [], reports=[]),
    Row(
        "then each document is overdue, named once",
        AWAITING,
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30", "C certified_accounts 2022 2023-06-30"],
    ),
    Row(
        "what set off an order is not waited for, though it was rejected later",
        [*AWAITING, a_report(), a_rejected_report()],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30", "C certified_accounts 2022 2023-06-30"],
    ),
    Row(
        "all came, and one does not do: it is open though the orders were issued",
        [*AWAITING, a_report(), a_report(*ACCOUNTS), a_rejected_report()],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "and where one of them comes back",
        [
            *AWAITING,
            a_report(),
            a_report(*ACCOUNTS),
            a_rejected_report(),
            an_acknowledgement("rejected", "C/rest"),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "also where they are paid",
        [
            *AWAITING,
            a_report(),
            a_report(*ACCOUNTS),
            a_payment(60, "C/first"),
            a_payment(40, "C/rest"),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "what is paid, and was not rejected, is done",
        [*AWAITING, a_report(), a_report(*ACCOUNTS), a_payment(60, "C/first")],
        "2023-07-01",
        [],
        reports=[],
    ),
    Row(
        "a terminated convention owes what was rejected behind its order, while that stays paid",
        [
            *AWAITING,
            a_report(),
            a_payment(60, "C/first"),
            a_termination(),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "and nothing that its other instalments waited for",
        [*AWAITING, a_report(), a_payment(60, "C/first"), a_termination()],
        "2023-07-01",
        [],
        reports=[],
    ),
    Row(
        "what a cancelled order was paid rests on its documents",
        [*AWAITING, a_report(), a_payment(1, "C/first"), a_withdrawal(), a_rejected_report()],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "where a rejected order is given up, what it was paid rests on them",
        [
            *AWAITING,
            a_report(),
            a_payment(1, "C/first"),
            an_acknowledgement("rejected", "C/first"),
            a_reduction(99),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "where the money is given up, nothing waits",
        [*AWAITING, a_reduction(30), a_reduction(70, _id="all")],
        "2023-07-01",
        [],
        reports=[],
    ),
    Row(
        "given up from the last backwards",
        [*AWAITING, a_reduction(40)],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "a ceiling that leaves nothing settles it",
        SETTLED_AT_NOTHING,
        "2023-07-01",
        [],
        reports=[],
    ),
    Row(
        "and its document is open again where it is rejected behind that",
        [*SETTLED_AT_NOTHING, a_rejected_report()],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "until it comes again",
        [*SETTLED_AT_NOTHING, a_rejected_report(), a_report(_id="again")],
        "2023-07-01",
        [],
        reports=[],
    ),
    Row(
        "an order that comes back behind the closing leaves what was rejected open",
        [
            *AWAITING,
            a_report(),
            an_acknowledgement(order="C/first"),
            a_closing(),
            an_acknowledgement("rejected", "C/first", _id="back"),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        orders=[],
        reports=[
            "C activity_report 2022 2023-06-30 closed",
            "C certified_accounts 2022 2023-06-30 closed",
        ],
    ),
    Row(
        "an amendment names other documents",
        [
            *AWAITING,
            an_amendment(instalments=[an_instalment(100, "all", documents=[("evaluation", 2023)])]),
        ],
        "2024-07-01",
        JUNE_2024,
        reports=["C evaluation 2023 2024-06-30"],
    ),
    Row(
        "what an order holds stays beside it",
        [
            *AWAITING,
            a_report(),
            an_amendment(instalments=[an_instalment(40, "new", documents=[ACCOUNTS])]),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30", "C certified_accounts 2022 2023-06-30"],
    ),
    Row(
        "a grant that stands alone owes what its money waits for",
        [
            a_vote(100),
            an_award(
                100,
                requires_convention=False,
                instalments=[an_instalment(100, documents=[ACTIVITY])],
            ),
        ],
        "2023-07-01",
        ["report_due G 2023-06-30"],
        reports=["G activity_report 2022 2023-06-30"],
    ),
    Row(
        "until a convention takes its place, with what has come",
        [
            a_vote(100),
            an_award(
                100,
                requires_convention=False,
                instalments=[an_instalment(100, documents=[ACTIVITY])],
                bank_account=...,
            ),
            a_report(convention="G"),
            a_convention(instalments=[an_instalment(100, documents=[ACTIVITY, ACCOUNTS])]),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C certified_accounts 2022 2023-06-30"],
    ),
    Row(
        "what the grant owed then is the convention's to owe",
        [
            a_vote(100),
            an_award(
                100,
                requires_convention=False,
                instalments=[an_instalment(100, documents=[ACCOUNTS])],
            ),
            a_convention(instalments=[an_instalment(100, documents=[ACTIVITY])]),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
    ),
    Row(
        "what comes back when the year is closed, and nothing is owed, changes nothing",
        [
            a_vote(100),
            an_award(100),
            a_convention(100),
            a_payment(100),
            a_closing(),
            a_recovery(5),
            a_collection(5),
        ],
        "2024-07-01",
        [],
        reports=[],
    ),
    Row(
        "what the grant had ordered rests on its documents under the convention's number",
        [
            *BOTH_HALVES,
            a_report(convention="G"),
            an_award(1_300_001, grant="H"),
            a_convention(instalments=[an_instalment(500_000, "1", trigger="notification")]),
            a_rejected_report(),
        ],
        "2023-07-01",
        JUNE_2023,
        reports=["C activity_report 2022 2023-06-30"],
        orders=["G/1 issued 500000 unanswered"],
    ),
    Row(
        "and its order that was rejected waits to be issued again",
        [
            *BOTH_HALVES,
            a_report(convention="G"),
            an_award(1_300_001, grant="H"),
            a_convention(instalments=[an_instalment(500_000, "1", trigger="notification")]),
            an_acknowledgement("rejected", "G/1"),
        ],
        "2023-07-01",
        [],
        reports=[],
        orders=["G/1 rejected 500000"],
    ),
    Row(
        "its successor takes its place",
        [
            *BOTH_HALVES,
            a_report(convention="G"),
            an_award(1_300_001, grant="H"),
            a_convention(instalments=[an_instalment(500_000, "1", trigger="notification")]),
            an_acknowledgement("rejected", "G/1"),
            a_new_account(_id="new"),
        ],
        "2023-07-01",
        [],
        reports=[],
        orders=["G/1/2 issued 500000 unanswered"],
    ),
    Row(
        "without a schedule of its own it owes nothing",
        [a_vote(100), an_award(100, requires_convention=False)],
        "2023-07-01",
        [],
        reports=[],
    ),
    Row("an award alone owes nothing", [a_vote(100), an_award(100)], "2023-07-01", [], reports=[]),
    Row(
        "a closed year shows what its money waited for",
        [*AWAITING, a_closing()],
        "2024-07-01",
        JUNE_2023,
        reports=[
            "C activity_report 2022 2023-06-30 closed",
            "C certified_accounts 2022 2023-06-30 closed",
        ],
    ),
    Row(
        "the next year waits for what is left",
        [*AWAITING, a_report(), an_acknowledgement(order="C/first"), a_closing("all")],
        "2024-07-01",
        JUNE_2023,
        reports=["C certified_accounts 2022 2023-06-30"],
    ),
]


@each_row(BY_ITS_MONEY)
def test_by_six_months_after_their_year_where_money_waits_for_them(row: Row) -> None:
    check(row)
