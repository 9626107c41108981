"""What settles a refusal or a review flag: tables of events, each type once; and what does not."""

from typing import Any, NamedTuple

import pytest

from tests.builders import (
    BUDGET,
    Json,
    a_closing,
    a_collection,
    a_convention,
    a_deadline,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    a_withdrawal,
    an_act,
    an_award,
    an_instalment,
)
from tests.unit.projector.settled import settled
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import SIGNED, read_table
from tests.unit.tables.years import HALVES

OWED = [
    {"kind": kind, "year": 2023, "due_on": "2024-06-30"}
    for kind in ("activity_report", "financial_report")
]
OWING = [a_vote(100), an_award(100), a_convention(100, obligations=OWED)]
LATE = [a_report("activity_report", 2023), a_report("financial_report", 2023)]
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


def read_row(says: str, events: list[Json], expected: str) -> Case:
    """Read `record 4 is settled by 5`, or `record 4 stays open`."""
    _, rejected, *_, last = expected.split(" ")
    return Case(says, events, int(rejected), None if last == "open" else int(last))


def read_rows(text: str) -> list[Case]:
    return read_table(text, globals() | {"HALVES": HALVES, "SIGNED": SIGNED}, read_row)


REFUSALS = read_rows("""
    a payment that was too large: the right amount comes
        SIGNED; payment 200; payment 100
        => record 4 is settled by 5
    a part that was paid twice is not settled by the next part
        SIGNED; payment 60; payment 60, id 'payment.executed/C/advance/60 again';
        payment 40, executed_on 2023-06-20
        => record 5 stays open
    a reduction on another line settles nothing
        vote 100 on 489 + 100 on 490; award 100 on 489 + 100 on 490;
        convention [advance 100 on 489 + 100 on 490 against activity_report 2022]; reduction 150;
        reduction 10 on 490, id other; reduction 15, id 'commitment.reduced/C again'
        => record 4 is settled by 6
    the payment of another order settles nothing
        SIGNED; payment 10 of D/advance; payment 100
        => record 4 stays open
    an award without credit: credit is voted, and the deliberation comes again
        vote 100; award 200; supplementary vote 100, id bs;
        award 200, id 'deliberation.adopted/G/award again'
        => record 2 is settled by 4
    a second award, sent again as a concurring act
        vote 100; award 50; award 20, act 2023-05-01, id 'deliberation.adopted/G/award again';
        concurring act, act 2023-05-01
        => record 3 is settled by 4
    another act on the same grant settles nothing
        vote 100; award 200; award 50, act 2023-05-01, id smaller
        => record 2 stays open
    a transfer without credit: it comes again once there is some
        vote 100, vote_level operation; transfer 200 from 489 to 490; supplementary vote 200, id bs;
        transfer 200 from 489 to 490, id 'credits.transferred/200 again'
        => record 2 is settled by 4
    a transfer between other lines settles nothing
        vote 100, vote_level operation; transfer 200 from 489 to 490;
        transfer 50 from 489 to 491, id other
        => record 2 stays open
    a convention above its award, signed for less
        vote 100; award 100; convention 200; convention 100, id 'convention.signed/G/C again'
        => record 3 is settled by 4
    an amendment of an ordered instalment; the same amendment without it
        HALVES; amendment [advance 60]; amendment [later 40], id 'convention.amended/C again'
        => record 4 is settled by 5
    the accountant's answer on a paid order is never accepted
        SIGNED; payment 100; C/advance taken_in_charge;
        C/advance taken_in_charge, id 'ack/C/advance/taken_in_charge again'
        => record 5 stays open
    a recovery above what was paid, asked again for less
        SIGNED; payment 100; recovery 200; recovery 50, id 'recovery.ordered/C/50 again'
        => record 5 is settled by 6
    a review of a record that was not there yet, once it is
        vote 100; review 2; review 2, id again
        => record 2 is settled by 3
    an event that waited in vain: its withdrawal, which had it refused
        vote 100; report, id parked; withdrawn event
        => record 4 is settled by 3
    one that its deadline ended: only a person knows
        vote 100; report, id parked; deadline parked, event {source urn:test, id parked}
        => record 4 stays open
""")


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.says)
def test_a_refusal_is_settled_by_the_same_thing_accepted_later(case: Case) -> None:
    assert case.settled_by == settled(case.events, "refusals")[BUDGET, case.rejected]


FLAGS = read_rows("""
    a payment that was late: the order is paid
        SIGNED; deadline payment_due; payment 40; payment 60
        => record 4 is settled by 6
    a payment that was late: the order is rejected
        SIGNED; deadline payment_due; C/advance rejected
        => record 4 is settled by 5
    an act that nobody knew: its deliberation comes
        vote 100; award 100; CITING; concurring act, act 2023-05-01
        => record 3 is settled by 4
    a beneficiary under another name: only a person knows
        vote 100; award 100; convention 100, beneficiary {name Ville, siret '37887770800040'}
        => record 3 stays open
""")


@pytest.mark.parametrize("case", FLAGS, ids=lambda case: case.says)
def test_a_flag_is_settled_by_what_its_advice_asks_for(case: Case) -> None:
    assert case.settled_by == settled(case.events, "review_flags")[BUDGET, case.rejected, 1]


IN_JUNE = a_deadline("report_due", due_on="2024-06-30")
UNPAID = [an_instalment(100, trigger="notification")]
KEPT = [*OWING[:2], a_convention(obligations=OWED, instalments=UNPAID), IN_JUNE]
AGAIN = again(IN_JUNE)
"""A further deadline event of that day."""
BACK = [a_recovery(100), a_collection(100)]
BOTH = [an_instalment(100, documents=[("certified_accounts", 2022), *ONE])]
AMENDED = read_events("""
    vote 100; award 100;
    convention [advance 100 against certified_accounts 2022 and activity_report 2022];
    deadline report_due, due_on 2023-06-30; amendment [advance 100 against activity_report 2022];
    deadline report_due, due_on 2023-06-30, id further
""")
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
        ([*ALONE, a_convention(instalments=[an_instalment(100, documents=ONE)])], {(3, 1): 4}),
    ],
)
def test_each_late_document_is_a_row_until_it_has_come(
    events: list[Json], expected: dict[tuple[int, int], int | None]
) -> None:
    found = settled(events, "review_flags")
    assert expected == {key[1:]: by for key, by in found.items()}
