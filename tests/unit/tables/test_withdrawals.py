"""Rules 9 and 17: acts that are withdrawn or annulled, and what falls with them."""

from tests.builders import (
    Json,
    Scenario,
    a_collection,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Money, Row, check, each_row, figures, on_one_line

REPORT = [("activity_report", 2022)]
HALVES = a_convention(
    instalments=[an_instalment(60), an_instalment(40, "balance", documents=REPORT)]
)
IN_HALVES = [a_vote(200), an_award(150), HALVES]
"""150 awarded of 200; 100 under convention: 60 ordered at signature, 40 wait for a report."""

TWICE = {"_id": "again"}
GRANT = {"grant": "G"}
LILLE = an_act("2023-04-13", body="Conseil municipal de Lille")
UNKNOWN = an_act("2020-01-01")
TAKEN, HELD = an_acknowledgement(), an_acknowledgement("on_hold")
REJECTED = an_acknowledgement("rejected")


def printed(act: Json) -> Json:
    return {"body": act["body"], "number": act.get("number"), "date": act["date"]}


def owed(cents: int, convention: str = "C") -> tuple[str, Json]:
    return ("recovery_due", {"convention": convention, "amount_cents": cents})


def fallen(paid: int = 0, state: str = "cancelled") -> Money:
    """Of the 100 of the convention only what was paid is left."""
    return on_one_line(
        200,
        figures(granted=100, paid=paid, released=100 - paid),
        {"C/advance": (state, 60, paid)},
        available=200 - paid,
        paid=paid,
    )


UNCHANGED = on_one_line(
    200,
    figures(granted=100, remaining=40, ordered=60),
    {"C/advance": ("issued", 60, 0)},
    available=50,
    reserved=50,
    committed=40,
    ordered=60,
)

WITHDRAWAL_ROWS = [
    Row(
        "an award without convention yet: all that is reserved is available again",
        [a_vote(200), an_award(150), a_withdrawal()],
        "accepted",
        on_one_line(200, available=200),
        entries=[("decommitment", "489", 150, None)],
    ),
    Row(
        "what is reserved, committed and ordered is released, the open order cancelled",
        [*IN_HALVES, a_withdrawal()],
        "accepted",
        fallen(),
        entries=[("decommitment", "489", 50, None), ("decommitment", "489", 100, "C")],
    ),
    Row("annulled: the same", [*IN_HALVES, a_withdrawal(cause="annulled")], "accepted", fallen()),
    Row(
        "an order taken in charge is cancelled",
        [*IN_HALVES, TAKEN, a_withdrawal()],
        "accepted",
        fallen(),
    ),
    Row(
        "an order on hold and paid in part: its rest is cancelled, what was paid is flagged",
        [*IN_HALVES, HELD, a_payment(25), a_withdrawal()],
        "accepted",
        fallen(25),
        flags=[owed(25)],
    ),
    Row(
        "an order paid in full stays paid, and is flagged",
        [*IN_HALVES, a_payment(60), a_withdrawal()],
        "accepted",
        fallen(60, "paid"),
        flags=[owed(60)],
    ),
    Row(
        "what was recovered before is owed no more",
        [*IN_HALVES, a_payment(60), a_recovery(20), a_collection(20), a_withdrawal()],
        "accepted",
        on_one_line(
            200,
            figures(granted=100, paid=40, released=60),
            {"C/advance": ("paid", 60, 60)},
            available=160,
            paid=40,
        ),
        flags=[owed(40)],
    ),
    Row(
        "a rejected order stays rejected; its money is released",
        [*IN_HALVES, REJECTED, a_withdrawal()],
        "accepted",
        fallen(0, "rejected"),
    ),
    Row(
        "a terminated convention's open order is cancelled as well",
        [*IN_HALVES, a_termination(), a_withdrawal()],
        "accepted",
        fallen(),
    ),
    Row(
        "a suspended convention falls with its award",
        [*IN_HALVES, a_suspension(), a_withdrawal()],
        "accepted",
        fallen(),
    ),
    Row(
        "two conventions on one grant, in order of signature",
        [
            *IN_HALVES,
            a_convention(50, convention="B", instalments=[an_instalment(50)], _id="B"),
            a_payment(60),
            a_payment(50, "B/advance"),
            a_withdrawal(),
        ],
        "accepted",
        Money(
            {"489": figures(appropriated=200, available=90, paid=110)},
            {
                "B": {"489": figures(granted=50, paid=50)},
                "C": {"489": figures(granted=100, paid=60, released=40)},
            },
            {"C/advance": ("paid", 60, 60), "B/advance": ("paid", 50, 50)},
        ),
        flags=[owed(60), owed(50, "B")],
    ),
    Row(
        "an award that stands without convention (rule 13)",
        [a_vote(200), a_new_account(), an_award(150, requires_convention=False), a_withdrawal()],
        "accepted",
        on_one_line(
            200,
            figures(granted=150, released=150),
            {"G/1": ("cancelled", 150, 0)},
            "G",
            available=200,
        ),
    ),
    Row(
        "an act that the grant does not know falls on the award, flagged",
        [*IN_HALVES, a_withdrawal(act=UNKNOWN)],
        "accepted",
        fallen(),
        flags=[("act_not_found", {"grant": "G", "act": printed(UNKNOWN)})],
    ),
    Row(
        "an act is found by its body and its day",
        [*IN_HALVES, a_withdrawal(act=an_act(number="2023/40"))],
        "accepted",
        fallen(),
    ),
    Row(
        "a concurring act: a flag, and no money moves",
        [*IN_HALVES, a_concurring_act(act=LILLE), a_withdrawal(act=LILLE)],
        "accepted",
        UNCHANGED,
        flags=[("concurring_act_withdrawn", {"grant": "G", "act": printed(LILLE)})],
        entries=[],
    ),
    Row(
        "of two acts of one day the number tells which falls",
        [
            *IN_HALVES,
            a_concurring_act(act=an_act(number="41")),
            a_withdrawal(act=an_act(number="41")),
        ],
        "accepted",
        UNCHANGED,
        flags=[("concurring_act_withdrawn", {"grant": "G", "act": printed(an_act(number="41"))})],
    ),
    Row(
        "without a number it is the award",
        [a_vote(200), a_concurring_act(act=an_act(number="41")), an_award(150), a_withdrawal()],
        "accepted",
        on_one_line(200, available=200),
    ),
    Row(
        "of two numbered acts of one day a withdrawal without number fells the award",
        [
            a_vote(200),
            a_concurring_act(act=an_act(number="41")),
            an_award(150, act=an_act(number="40")),
            a_withdrawal(),
        ],
        "accepted",
        on_one_line(200, available=200),
    ),
    Row(
        "an act that raised the award is an act of the grant: it falls alone",
        [
            *IN_HALVES,
            an_amendment(
                instalments=[an_instalment(100, "balance", documents=REPORT)],
                act=an_act("2023-09-01"),
            ),
            a_withdrawal(act=an_act("2023-09-01")),
        ],
        "accepted",
        on_one_line(
            200,
            figures(granted=160, remaining=100, ordered=60),
            {"C/advance": ("issued", 60, 0)},
            available=40,
            committed=100,
            ordered=60,
        ),
        flags=[("concurring_act_withdrawn", {"grant": "G", "act": printed(an_act("2023-09-01"))})],
    ),
]

AFTERWARDS_ROWS = [
    Row(
        "a second withdrawal",
        [*IN_HALVES, a_withdrawal(), a_withdrawal(**TWICE)],
        "grant_withdrawn",
        fallen(),
        facts=GRANT,
    ),
    Row(
        "a second award",
        [*IN_HALVES, a_withdrawal(), an_award(1, **TWICE)],
        "grant_withdrawn",
        fallen(),
        facts=GRANT,
    ),
    Row(
        "a convention signed on it",
        [*IN_HALVES, a_withdrawal(), a_convention(1, convention="D")],
        "grant_withdrawn",
        fallen(),
        facts=GRANT,
    ),
    Row(
        "a convention that waited behind the withdrawal of its grant",
        [a_vote(200), a_withdrawal(), a_convention(), an_award(150)],
        "grant_withdrawn",
        on_one_line(200, available=200),
        facts=GRANT,
    ),
    Row(
        "a concurring act falls at once, though the award is not there yet",
        [a_vote(200), a_concurring_act(act=LILLE), a_withdrawal(act=LILLE)],
        "accepted",
        on_one_line(200, available=200),
        flags=[("concurring_act_withdrawn", {"grant": "G", "act": printed(LILLE)})],
    ),
    Row(
        "the award that comes later stands without it",
        [a_vote(200), a_concurring_act(act=LILLE), a_withdrawal(act=LILLE), an_award(150)],
        "accepted",
        on_one_line(200, available=50, reserved=150),
    ),
    Row(
        "another act that is named waits for the award",
        [a_vote(200), a_concurring_act(act=LILLE), a_withdrawal()],
        "waits for grant G",
        on_one_line(200, available=200),
    ),
    Row(
        "what waits goes on with the award, though its act was recorded meanwhile",
        [a_vote(200), a_withdrawal(act=LILLE), a_concurring_act(act=LILLE), an_award(150)],
        "accepted",
        on_one_line(200, available=50, reserved=150),
        flags=[("concurring_act_withdrawn", {"grant": "G", "act": printed(LILLE)})],
    ),
    Row(
        "a concurring act is a recorded fact all the same",
        [*IN_HALVES, a_withdrawal(), a_concurring_act(act=LILLE)],
        "accepted",
        fallen(),
    ),
    Row(
        "a report is recorded and pays nothing",
        [*IN_HALVES, a_withdrawal(), a_report()],
        "accepted",
        fallen(),
    ),
    Row(
        "new bank details order nothing again",
        [*IN_HALVES, REJECTED, a_withdrawal(), a_new_account()],
        "accepted",
        fallen(0, "rejected"),
    ),
    Row(
        "what was paid is recovered",
        [*IN_HALVES, a_payment(60), a_withdrawal(), a_recovery(60), a_collection(60)],
        "accepted",
        on_one_line(
            200, figures(granted=100, released=100), {"C/advance": ("paid", 60, 60)}, available=200
        ),
    ),
    Row(
        "a cancelled order is neither taken in charge",
        [*IN_HALVES, a_withdrawal(), TAKEN],
        "payment_order_closed",
        fallen(),
        facts={"payment_order": "C/advance", "state": "cancelled"},
    ),
    Row(
        "nor paid",
        [*IN_HALVES, a_withdrawal(), a_payment(60)],
        "payment_order_closed",
        fallen(),
        facts={"payment_order": "C/advance", "state": "cancelled"},
    ),
    *(
        Row(
            f"its convention is as good as terminated: {says}",
            [*IN_HALVES, a_withdrawal(), event],
            "convention_terminated",
            fallen(),
            facts={"convention": "C"},
        )
        for says, event in {
            "an amendment": an_amendment(1),
            "a notification": a_notification(),
            "a suspension": a_suspension(),
            "a resumption": a_resumption(),
            "a termination": a_termination(),
            "a reduction": a_reduction(1),
        }.items()
    ),
]

ROWS = [*WITHDRAWAL_ROWS, *AFTERWARDS_ROWS]


@each_row(WITHDRAWAL_ROWS)
def test_rule_17_an_award_that_falls_releases_what_is_not_paid(row: Row) -> None:
    check(row)


@each_row(AFTERWARDS_ROWS)
def test_rule_17_nothing_is_granted_any_more_on_a_grant_that_fell(row: Row) -> None:
    check(row)


def test_rule_17_the_money_of_a_cancelled_order_goes_in_two_moves() -> None:
    scenario = Scenario(*IN_HALVES, a_payment(25), a_withdrawal(_time="2023-08-30T12:00:00+02:00"))
    of_order = [move for move in scenario.last.moves if move.instalment == "advance"]
    assert [("ordered", "committed", 35), ("committed", "available", 35)] == [
        (move.kind.origin, move.kind.target, move.amount_cents) for move in of_order
    ]
    assert {"2023-08-30"} == {entry["effective_on"] for entry in scenario.last.commitment_entries}
    acts = [entry["act"] for entry in scenario.last.commitment_entries]
    assert [printed(an_act())] * 2 == acts
