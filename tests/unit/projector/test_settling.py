"""What settles a refusal or a review flag: tables of events, each type once; and what does not."""

from typing import Any, NamedTuple

import pytest

from events.envelope import INBOUND
from services.projector.rows.settling import SAME
from tests.builders import (
    BUDGET,
    PARKED,
    Json,
    a_beneficiary,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_review,
    a_termination,
    a_transfer,
    a_vote,
    a_withdrawal,
    a_withdrawn_event,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.projector.settled import settled
from tests.unit.tables.rows import SIGNED
from tests.unit.tables.test_closing import HALVES

OWED = [
    {"kind": kind, "year": 2023, "due_on": "2024-06-30"}
    for kind in ("activity_report", "financial_report")
]
OWING = [a_vote(100), an_award(100), a_convention(100, obligations=OWED)]
LATE = [a_report("activity_report", 2023), a_report("financial_report", 2023)]
TWO_LINES = [an_amount(100), an_amount(100, "490")]
ONE = [("activity_report", 2022)]
CITING = a_convention(100, acts=[an_act("2023-05-01")])


class Case(NamedTuple):
    """Events; the number of the record that is refused or flagged, and of the one that settles."""

    says: str
    events: list[Json]
    rejected: int
    settled_by: int | None


def again(event: Json, **data: Any) -> Json:
    """The event corrected and sent again, under a new id."""
    return event | {"id": f"{event['id']} again", "data": event["data"] | data}


REFUSALS = [
    Case(
        "a payment that was too large: the right amount comes",
        [*SIGNED, a_payment(200), a_payment(100)],
        4,
        5,
    ),
    Case(
        "a part that was paid twice is not settled by the next part",
        [*SIGNED, a_payment(60), again(a_payment(60)), a_payment(40, executed_on="2023-06-20")],
        5,
        None,
    ),
    Case(
        "a reduction on another line settles nothing",
        [
            a_vote(appropriations=TWO_LINES),
            an_award(lines=TWO_LINES),
            a_convention(instalments=[an_instalment(lines=TWO_LINES, documents=ONE)]),
            a_reduction(150),
            a_reduction(lines=[an_amount(10, "490")], _id="other"),
            again(a_reduction(15)),
        ],
        4,
        6,
    ),
    Case(
        "the payment of another order settles nothing",
        [*SIGNED, a_payment(10, "D/advance"), a_payment(100)],
        4,
        None,
    ),
    Case(
        "an award without credit: credit is voted, and the deliberation comes again",
        [
            a_vote(100),
            an_award(200),
            a_vote(100, stage="supplementary", _id="bs"),
            again(an_award(200)),
        ],
        2,
        4,
    ),
    Case(
        "a second award, sent again as a concurring act",
        [
            a_vote(100),
            an_award(50),
            again(an_award(20), act=an_act("2023-05-01")),
            a_concurring_act(act=an_act("2023-05-01")),
        ],
        3,
        4,
    ),
    Case(
        "another act on the same grant settles nothing",
        [
            a_vote(100),
            an_award(200),
            an_award(50, act=an_act("2023-05-01"), _id="smaller"),
        ],
        2,
        None,
    ),
    Case(
        "a transfer without credit: it comes again once there is some",
        [
            a_vote(100, vote_level="operation"),
            a_transfer(200),
            a_vote(200, stage="supplementary", _id="bs"),
            again(a_transfer(200)),
        ],
        2,
        4,
    ),
    Case(
        "a transfer between other lines settles nothing",
        [
            a_vote(100, vote_level="operation"),
            a_transfer(200),
            a_transfer(50, to="491", _id="other"),
        ],
        2,
        None,
    ),
    Case(
        "a convention above its award, signed for less",
        [
            a_vote(100),
            an_award(100),
            a_convention(200),
            again(a_convention(100)),
        ],
        3,
        4,
    ),
    Case(
        "an amendment of an ordered instalment; the same amendment without it",
        [
            *HALVES,
            an_amendment(instalments=[an_instalment(60)]),
            again(an_amendment(), instalments=[an_instalment(40, "later")]),
        ],
        4,
        5,
    ),
    Case(
        "the accountant's answer on a paid order is never accepted",
        [*SIGNED, a_payment(100), an_acknowledgement(), again(an_acknowledgement())],
        5,
        None,
    ),
    Case(
        "a recovery above what was paid, asked again for less",
        [*SIGNED, a_payment(100), a_recovery(200), again(a_recovery(50), amount_cents=50)],
        5,
        6,
    ),
    Case(
        "a review of a record that was not there yet, once it is",
        [a_vote(100), a_review(2), a_review(2, _id="again")],
        2,
        3,
    ),
    Case(
        "an event that waited in vain: its withdrawal, which had it refused",
        [a_vote(100), a_report(_id="parked"), a_withdrawn_event()],
        4,
        3,
    ),
    Case(
        "one that its deadline ended: only a person knows",
        [a_vote(100), a_report(_id="parked"), a_deadline("parked", event=PARKED)],
        4,
        None,
    ),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.says)
def test_a_refusal_is_settled_by_the_same_thing_accepted_later(case: Case) -> None:
    assert case.settled_by == settled(case.events, "refusals")[BUDGET, case.rejected]


FLAGS = [
    Case(
        "a payment that was late: the order is paid",
        [*SIGNED, a_deadline(), a_payment(40), a_payment(60)],
        4,
        6,
    ),
    Case(
        "a payment that was late: the order is rejected",
        [*SIGNED, a_deadline(), an_acknowledgement("rejected")],
        4,
        5,
    ),
    Case(
        "an act that nobody knew: its deliberation comes",
        [a_vote(100), an_award(100), CITING, a_concurring_act(act=an_act("2023-05-01"))],
        3,
        4,
    ),
    Case(
        "a beneficiary under another name: only a person knows",
        [a_vote(100), an_award(100), a_convention(100, beneficiary=a_beneficiary(name="Ville"))],
        3,
        None,
    ),
]


@pytest.mark.parametrize("case", FLAGS, ids=lambda case: case.says)
def test_a_flag_is_settled_by_what_its_advice_asks_for(case: Case) -> None:
    assert case.settled_by == settled(case.events, "review_flags")[BUDGET, case.rejected, 1]


def test_each_type_says_what_it_is_about() -> None:
    assert {each.TYPE for each in INBOUND} == set(SAME)


IN_JUNE = a_deadline("report_due", due_on="2024-06-30")
UNPAID = [an_instalment(100, trigger="notification")]
KEPT = [*OWING[:2], a_convention(obligations=OWED, instalments=UNPAID), IN_JUNE]
AGAIN = again(IN_JUNE)
"""A further deadline event of that day."""
BACK = [a_recovery(100), a_collection(100)]
BOTH = [an_instalment(100, documents=[("certified_accounts", 2022), *ONE])]
AMENDED = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=BOTH),
    a_deadline("report_due", due_on="2023-06-30"),
    an_amendment(instalments=[an_instalment(100, documents=ONE)]),
    a_deadline("report_due", due_on="2023-06-30", _id="further"),
]
ALONE = [
    a_vote(100),
    an_award(100, requires_convention=False, instalments=[an_instalment(100, documents=ONE)]),
    a_deadline("report_due", convention="G", due_on="2023-06-30"),
]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([*OWING, IN_JUNE], {(4, 1): None, (4, 2): None}),
        ([*OWING, IN_JUNE, LATE[0]], {(4, 1): 5, (4, 2): None}),
        ([*OWING, IN_JUNE, *LATE], {(4, 1): 5, (4, 2): 6}),
        # Rejected after it came, a document is late again, as a further deadline event says.
        (
            [*OWING, IN_JUNE, *LATE, a_rejected_report(year=2023), AGAIN],
            {(4, 1): 5, (4, 2): 6, (8, 1): None},
        ),
        (
            [*OWING, IN_JUNE, LATE[0], a_rejected_report(year=2023), AGAIN, again(LATE[0])],
            {(4, 1): 5, (4, 2): None, (7, 1): 8},
        ),
        # It settles what nobody owes any more: here all, and nothing was paid.
        ([*KEPT, a_termination(), AGAIN], {(4, 1): 6, (4, 2): 6}),
        ([*KEPT, a_withdrawal(), AGAIN], {(4, 1): 6, (4, 2): 6}),
        # All that an ended convention was paid came back.
        (
            [*OWING, a_payment(100), IN_JUNE, a_termination(), AGAIN, *BACK, again(AGAIN)],
            {(5, 1): 10, (5, 2): 10},
        ),
        # Here an instalment that an amendment took away, and the next names again.
        (AMENDED, {(4, 1): 6, (4, 2): None}),
        (
            [*AMENDED, again(AMENDED[4], amendment="2", instalments=BOTH), again(AMENDED[5])],
            {(4, 1): 6, (4, 2): None, (8, 1): None},
        ),
        # A deadline event of an earlier day says nothing of what is late by a later one.
        (
            [*OWING, IN_JUNE, a_deadline("report_due", due_on="2024-06-29")],
            {(4, 1): None, (4, 2): None},
        ),
        # Nor one about a payment, or another convention.
        ([*OWING, IN_JUNE, a_deadline()], {(4, 1): None, (4, 2): None, (5, 1): None}),
        # A later day names it again: it is on the list already.
        (
            [*OWING, IN_JUNE, LATE[0], a_deadline("report_due", due_on="2024-12-31")],
            {(4, 1): 5, (4, 2): None},
        ),
        # In a closed year, where it stays; and where it goes on in the next, it is late there.
        ([*KEPT, a_closing("none"), LATE[0]], {(4, 1): 6, (4, 2): None}),
        ([*KEPT, a_closing("all")], {(4, 1): 5, (4, 2): 5}),
        # A second convention of a grant, of which the first bears the name, takes nothing over.
        (
            [
                *OWING[:2],
                a_convention(60, convention="G", obligations=OWED),
                a_payment(60, "G/advance"),
                a_deadline("report_due", convention="G", due_on="2024-06-30"),
                a_convention(40, convention="G2"),
            ],
            {(5, 1): None, (5, 2): None},
        ),
        # The convention in place of a grant owes its own.
        (
            [*ALONE, a_convention(instalments=[an_instalment(100, documents=ONE)])],
            {(3, 1): 4},
        ),
    ],
)
def test_each_late_document_is_a_row_until_it_has_come(
    events: list[Json], expected: dict[tuple[int, int], int | None]
) -> None:
    found = settled(events, "review_flags")
    assert expected == {key[1:]: by for key, by in found.items()}
