"""Records of the trace of a reference: a table of all that it may name."""

from dataclasses import dataclass

import pytest

from tests.builders import (
    OTHER_BODY,
    Json,
    Scenario,
    a_beneficiary,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_suspension,
    a_termination,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.ledger.tracing import trace_of

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2022)])
HALVES = [an_instalment(60), BALANCE]
STRANGER = a_beneficiary(name="Autre", siret=OTHER_BODY)
OTHER = [
    an_award(100, grant="H", beneficiary=STRANGER),
    a_convention(convention="D", grant="H", beneficiary=STRANGER, instalments=[an_instalment(100)]),
]
"""Another grant: of no trace but its own. Records 2 and 3."""
BOTH = [a_vote(), *OTHER, an_award(100), a_convention(instalments=HALVES)]
"""Grant G is awarded by record 4, its convention C signed by record 5."""
ALONE = an_award(100, requires_convention=False)


@dataclass(frozen=True)
class Row:
    """Events, a reference, what it names, and the records of its trace."""

    says: str
    events: list[Json]
    ref: str
    kinds: list[str]
    records: list[int]


CONVENTION_ROWS = [
    Row("its award and its signature", BOTH, "C", ["convention"], [4, 5]),
    Row(
        "a concurring act before the award, the answers of the accountant, payments, documents",
        [
            a_vote(),
            a_concurring_act(),
            an_award(100),
            *OTHER,
            a_convention(instalments=HALVES),
            an_acknowledgement(),
            a_payment(60),
            a_report(),
            a_payment(10, "D/advance"),
        ],
        "C",
        ["convention"],
        [2, 3, 6, 7, 8, 9],
    ),
    Row(
        "what was refused and what came twice",
        [
            *BOTH,
            a_convention(instalments=HALVES),
            a_payment(61),
            a_convention(_id="again"),
            a_payment(1, "C/advanse"),
        ],
        "C",
        ["convention"],
        [4, 5, 6, 7, 8, 9],
    ),
    Row(
        "new bank details of its beneficiary, not of another",
        [*BOTH, a_new_account(beneficiary=STRANGER), a_new_account()],
        "C",
        ["convention"],
        [4, 5, 7],
    ),
    Row(
        "amended, suspended, asked back, terminated",
        [
            *BOTH,
            a_payment(60),
            an_amendment(40),
            a_suspension(),
            a_recovery(10),
            a_collection(10),
            a_recovery(10, convention="D"),
            a_termination(),
        ],
        "C",
        ["convention"],
        [4, 5, 6, 7, 8, 9, 10, 12],
    ),
    Row(
        "signed before its award: parked, and decided behind it",
        [a_vote(), a_convention(100), a_report(), an_award(100)],
        "C",
        ["convention"],
        [2, 3, 4, 5, 6],
    ),
    Row(
        "never signed: who names it waits",
        [a_vote(), a_notification(convention="D"), *BOTH[3:]],
        "D",
        ["convention"],
        [2],
    ),
    Row(
        "a deadline that ended the wait of one of its events, not of another's",
        [
            a_report(),
            a_report(convention="D"),
            a_deadline(
                "parked", event={"source": "urn:test", "id": a_report()["id"]}, _id="too late"
            ),
            a_deadline(
                "parked",
                event={"source": "urn:test", "id": a_report(convention="D")["id"]},
                _id="too late as well",
            ),
        ],
        "C",
        ["convention"],
        [1, 3, 4],
    ),
    Row(
        "late: the deadlines of its payment and of its report",
        [*BOTH, a_deadline(), a_deadline("report_due", due_on="2023-12-31")],
        "C",
        ["convention"],
        [4, 5, 6, 7],
    ),
    Row(
        "the account that another convention of its beneficiary brings",
        [
            a_vote(),
            an_award(100),
            a_convention(100, bank_account=...),
            an_award(50, grant="I"),
            a_convention(50, convention="E", grant="I"),
        ],
        "C",
        ["convention"],
        [2, 3, 5],
    ),
    Row(
        "a grant that stood for it before it was signed",
        [a_vote(), ALONE, a_notification(convention="G"), a_convention(100)],
        "C",
        ["convention"],
        [2, 3, 4],
    ),
    Row("the withdrawal of its award", [*BOTH, a_withdrawal()], "C", ["convention"], [4, 5, 6]),
    Row(
        "an attempt to sign it that was refused, with the award that it named",
        [a_vote(), an_award(100), a_convention(101)],
        "C",
        ["convention"],
        [2, 3],
    ),
]

GRANT_ROWS = [
    Row(
        "a grant with all of its conventions",
        [
            a_vote(),
            *OTHER,
            an_award(100),
            a_convention(40),
            a_convention(60, convention="E"),
            a_payment(60, "E/advance"),
            a_convention(1, convention="F"),
        ],
        "G",
        ["grant"],
        [4, 5, 6, 7, 8],
    ),
    Row(
        "a grant without convention is both",
        [a_vote(), *OTHER, ALONE, a_new_account(), a_payment(100, "G/1")],
        "G",
        ["convention", "grant"],
        [4, 5, 6],
    ),
    Row(
        "a closing that lets its reserve lapse, not what carries over another",
        [a_vote(), an_award(100), an_award(100, grant="H"), a_closing()],
        "G",
        ["grant"],
        [2, 4],
    ),
    Row(
        "a closing in which it has nothing left is none of its own",
        [*BOTH[:4], a_withdrawal(), a_closing()],
        "G",
        ["grant"],
        [4, 5],
    ),
]

ACT = an_act("2023-04-13", number="2023/41")
ACT_ROWS = [
    Row(
        "the trace begins with the act",
        [
            a_vote(),
            an_award(100, act=an_act(number="2023/40")),
            a_concurring_act(act=ACT),
            a_convention(100),
        ],
        "2023/41",
        ["act"],
        [3, 4],
    ),
    Row(
        "an act that gave two grants has the trace of both",
        [
            a_vote(),
            an_award(100, act=ACT),
            an_award(100, grant="H", act=ACT),
            an_award(100, grant="I"),
            a_convention(100),
        ],
        "2023/41",
        ["act"],
        [2, 3, 5],
    ),
    Row(
        "a vote is its own trace, with what it wakes",
        [an_award(100), a_report(), a_vote(act=an_act(number="V1")), a_vote(stage="supplementary")],
        "V1",
        ["act"],
        [3, 4],
    ),
    Row(
        "an amendment rests on an act: its convention from there on",
        [*BOTH, a_payment(60), an_amendment(50, act=ACT), a_report()],
        "2023/41",
        ["act"],
        [7, 8],
    ),
    Row(
        "a transfer may rest on one",
        [a_vote(), a_transfer(act=ACT), a_transfer(_id="another")],
        "2023/41",
        ["act"],
        [2],
    ),
]

BALANCE_RECORDS = [
    *BOTH,
    an_acknowledgement(),
    a_notification(),
    a_report("evaluation"),
    a_report(),
    a_payment(60),
    a_payment(40, "C/balance"),
]
ORDER_ROWS = [
    Row(
        "the other instalment, its documents and the notification are left out",
        BALANCE_RECORDS,
        "C/advance",
        ["payment_order"],
        [4, 5, 6, 10],
    ),
    Row(
        "the documents that it waits for, and no others",
        BALANCE_RECORDS,
        "C/balance",
        ["payment_order"],
        [4, 5, 9, 11],
    ),
    Row("one that is planned and not issued yet", BOTH, "C/balance", ["payment_order"], [4, 5]),
    Row(
        "rejected and issued again by a document of no matter otherwise",
        [
            *BOTH,
            an_acknowledgement("rejected"),
            a_report("evaluation"),
            a_payment(60, "C/advance/2"),
        ],
        "C/advance/2",
        ["payment_order"],
        [4, 5, 6, 7, 8],
    ),
    Row(
        "the notification where it waits for it",
        [
            *BOTH[:4],
            a_convention(instalments=[an_instalment(100, trigger="notification")]),
            a_rejected_report(),
            a_notification(),
        ],
        "C/advance",
        ["payment_order"],
        [4, 5, 7],
    ),
    Row(
        "one that was never issued: whoever named it was refused",
        [*BOTH, a_payment(1, "X/1")],
        "X/1",
        ["payment_order"],
        [6],
    ),
    Row(
        "a name without a slash is no order's, and yet somebody named it",
        [*BOTH, a_payment(1, "4711")],
        "4711",
        ["payment_order"],
        [6],
    ),
    Row(
        "what is released with the whole convention is of each instalment",
        [*BOTH, a_termination()],
        "C/balance",
        ["payment_order"],
        [4, 5, 6],
    ),
]

EVENT_ROWS = [
    Row(
        "its own record",
        BOTH,
        str(an_award(100)["id"]),
        ["event"],
        [4],
    ),
    Row(
        "what it woke, and what that woke",
        [a_vote(), a_report(), a_convention(100), an_award(100), an_acknowledgement()],
        str(an_award(100)["id"]),
        ["event"],
        [4, 5, 6],
    ),
    Row(
        "both of its records, where it waited",
        [a_vote(), a_convention(100), an_award(100)],
        str(a_convention(100)["id"]),
        ["event"],
        [2, 4],
    ),
    Row(
        "each time that it came",
        [a_vote(), a_vote(), a_vote(1)],
        str(a_vote()["id"]),
        ["event"],
        [1, 2, 3],
    ),
    Row(
        "an id that is a convention's number too",
        [*BOTH, a_report(_id="C")],
        "C",
        ["event", "convention"],
        [4, 5, 6],
    ),
]

ROWS = [*CONVENTION_ROWS, *GRANT_ROWS, *ACT_ROWS, *ORDER_ROWS, *EVENT_ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_records_of_a_trace(row: Row) -> None:
    trace = trace_of(Scenario(*row.events), row.ref)
    assert (row.kinds, row.records) == (
        [kind.value for kind in trace.kinds],
        [each.record.sequence for each in trace.records],
    )


def test_a_name_that_nobody_gave_has_no_trace() -> None:
    for ref in ("nobody", "", "C/", "2023"):
        trace = trace_of(Scenario(*BOTH), ref)
        assert ([], []) == (trace.kinds, trace.records)
