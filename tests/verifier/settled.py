"""Cases that the rules settle explicitly: sent to the ledger, and written by hand."""

from tests.builders import (
    NEXT_BUDGET,
    Json,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events

NEXT: Json = {"budget": NEXT_BUDGET}
REPORT = [("activity_report", 2022)]

# Rule 27: an order of two lines, 600 and 400.
TWO_LINES = [an_amount(600), an_amount(400, "490")]
OF_TWO_LINES = read_events("""
    vote 5_000 on 489 + 5_000 on 490; award 600 on 489 + 400 on 490;
    convention [advance 600 on 489 + 400 on 490]
""")
PAID_IN_PART = [*OF_TWO_LINES, a_payment(700), an_acknowledgement("rejected")]
ISSUED_AGAIN = [*PAID_IN_PART, a_new_account()]
PLANNED_ANEW = [
    *PAID_IN_PART,
    an_amendment(instalments=[an_instalment(lines=[an_amount(300, "490")], name="rest")]),
]
ASKED_BACK = a_recovery(500)
CAME_BACK = a_collection(500)

PAID = [*OF_TWO_LINES, a_payment(1_000)]
NAMED = a_recovery(lines=[an_amount(400)])
NAMED_TOO = a_recovery(lines=[an_amount(300)], recovery="S", _id="S")
IN_PART = a_collection(lines=[an_amount(100)])

# Rules 13 and 14: a grant without convention of which a part is ordered.
ALONE = an_award(
    2_000_000,
    requires_convention=False,
    instalments=[
        an_instalment(600_000, "1"),
        an_instalment(1_400_000, "2", trigger="notification"),
    ],
)
PARTLY_ORDERED = [a_vote(9_000_000), a_new_account(_id="first"), ALONE]
ABOVE = [*PARTLY_ORDERED, an_award(1_300_001, grant="H")]
FOR_THE_REST = a_convention(instalments=[an_instalment(1_000_000, "1")], bank_account=...)
OF_THE_OLD_ORDER = read_events("""
    payment 200_000 of G/1; G/1 rejected; new account FR7610278027150004578690110, id again
""")

# Rule 32: 40 cents are carried over, and the new year learns of something before their internal
# event.
HALF = an_instalment(60, "advance")
BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)])
BY_ACCOUNTS = an_instalment(40, "b", documents=REPORT, ceiling=True)
YEAR = [a_vote(100), an_award(100), a_convention(instalments=[HALF, BALANCE])]
TAKEN_IN_CHARGE = an_acknowledgement("taken_in_charge")
CARRIED = [*YEAR, TAKEN_IN_CHARGE, a_closing("all")]
SENT_BACK = [*YEAR, an_acknowledgement("rejected"), a_closing("all")]
NEXT_VOTE = a_vote(1_000, **NEXT)
SAME_NUMBER = [NEXT_VOTE, an_award(10, grant="H", **NEXT), a_convention(10, grant="H", **NEXT)]
SAME_GRANT = [NEXT_VOTE, an_award(10, **NEXT)]
FELL = [*SAME_GRANT, a_withdrawal(**NEXT)]
ALONE_YEAR = [
    a_vote(100),
    an_award(100, requires_convention=False, instalments=[HALF, BALANCE]),
    a_new_account(),
    an_acknowledgement(order="G/advance"),
    a_closing("all"),
]
RENAMED: Json = {"convention": "C@2023", **NEXT}
RENAMED_ALONE: Json = {"convention": "G@2023", **NEXT}

# Rules 17 and 28: an act that is known as concurring before the award is there.
CONCURRING = an_act("2023-04-13")
RECORDED = a_concurring_act()
IT_FELL = a_withdrawal(act=CONCURRING)

GIVEN: list[tuple[str, list[Json], list[Json]]] = [
    ("a sum comes back after a rejection", [*PAID_IN_PART, ASKED_BACK, CAME_BACK], []),
    ("a sum comes back after a new order", [*ISSUED_AGAIN, ASKED_BACK, CAME_BACK], []),
    ("a sum comes back after an amendment", [*PLANNED_ANEW, ASKED_BACK, CAME_BACK], []),
    ("two recoveries name one line", [*PAID, NAMED, NAMED_TOO], []),
    ("two recoveries name one line, of which a part came", [*PAID, NAMED, IN_PART, NAMED_TOO], []),
    (
        "in a closed year a line gives back no more than it had",
        [
            *PAID,
            a_closing(),
            a_recovery(lines=[an_amount(600)]),
            a_collection(lines=[an_amount(600)]),
            a_recovery(lines=[an_amount(100)], recovery="S", _id="S"),
            a_recovery(400, recovery="T", _id="T"),
            a_collection(lines=[an_amount(100)], recovery="T", _id="of T"),
            a_collection(400, recovery="T", _id="all of T"),
        ],
        [],
    ),
    (
        "accounts that prove nothing",
        read_events("""
            vote 100; award 100;
            convention [advance 60, b 40 against activity_report 2022 with ceiling];
            report, eligible_cost_cents 0
        """),
        [],
    ),
    ("a convention for the rest", [*ABOVE, FOR_THE_REST, *OF_THE_OLD_ORDER], []),
    (
        "a convention for the rest of a grant that falls",
        [*ABOVE, FOR_THE_REST, *OF_THE_OLD_ORDER, a_withdrawal()],
        [],
    ),
    (
        "a convention for the rest is carried over with an order that was sent back",
        [
            *ABOVE,
            FOR_THE_REST,
            *OF_THE_OLD_ORDER[:2],
            an_acknowledgement(order="C/1"),
            a_closing("all"),
            a_new_account(_id="2024", **NEXT),
        ],
        [],
    ),
    ("no convention for the rest below the limit", [*PARTLY_ORDERED, FOR_THE_REST], []),
    (
        "no convention where all is ordered",
        [*PARTLY_ORDERED, a_notification(convention="G"), *ABOVE[3:], FOR_THE_REST],
        [],
    ),
    (
        "no convention for more than the rest",
        [*ABOVE, a_convention(1_400_001, bank_account=...)],
        [],
    ),
    (
        "the number is taken in the new year",
        [*CARRIED, *SAME_NUMBER],
        [a_report(year=2023, **RENAMED)],
    ),
    (
        "the number of an order that is issued again is taken",
        [*SENT_BACK, *SAME_NUMBER, a_new_account(**NEXT)],
        [],
    ),
    (
        "the reference of a grant without convention is awarded in the new year",
        [*ALONE_YEAR, *SAME_GRANT],
        [a_report(year=2023, **RENAMED_ALONE), a_closing("all", _id="2024", **NEXT)],
    ),
    ("the grant fell in the new year", [*CARRIED, *FELL], [a_report(year=2023, **NEXT)]),
    ("the grant fell, and the number is taken", [*CARRIED, *SAME_NUMBER, *FELL[1:]], []),
    ("a concurring act falls before the award", [RECORDED, IT_FELL, a_vote(), an_award()], []),
    ("an act falls that nobody recorded", [IT_FELL, RECORDED, a_vote(), an_award()], []),
]
"""What is reported, and what is reported once the internal events of a closing were read."""
