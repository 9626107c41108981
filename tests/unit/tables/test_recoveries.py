"""Rules 27 and 28: what was paid is asked back, and comes back."""

from tests.builders import (
    Json,
    Scenario,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_report,
    a_suspension,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import (
    SIGNED,
    Money,
    Row,
    check,
    each_row,
    facts_of,
    figures,
    on_one_line,
    stands,
)

PAID = [*SIGNED, a_payment(100)]
AGAIN: Json = {"_id": "again"}
ALL_PAID = stands(paid=100, advance=("paid", 100, 100))
NEXT_YEAR: Json = {"on": "2024-03-01"}


def came_back(cents: int) -> Money:
    """The order keeps its figures; what came back is released, and available."""
    return on_one_line(
        100,
        figures(granted=100, paid=100 - cents, released=cents),
        {"C/advance": ("paid", 100, 100)},
        available=cents,
        paid=100 - cents,
    )


def exceeds(room: int, asked: int) -> Json:
    return {"convention": "C", "room_cents": room, "asked_cents": asked}


ORDER_ROWS = [
    Row("asked back: nothing moves", [*PAID, a_recovery(100)], "accepted", ALL_PAID, entries=[]),
    Row(
        "a cent more than was paid",
        [*PAID, a_recovery(101)],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(100, 101),
    ),
    Row(
        "before anything was paid",
        [*SIGNED, a_recovery(1)],
        "recovery_exceeds",
        stands(ordered=100, advance=("issued", 100, 0)),
        facts=exceeds(0, 1),
    ),
    Row(
        "several orders of one number add up",
        [*PAID, a_recovery(60), a_recovery(40, **AGAIN)],
        "accepted",
        ALL_PAID,
    ),
    Row(
        "and may not exceed what was paid",
        [*PAID, a_recovery(60), a_recovery(41, **AGAIN)],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(40, 41),
    ),
    Row(
        "what another recovery asks back already is no room",
        [*PAID, a_recovery(60), a_recovery(41, recovery="S")],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(40, 41),
    ),
    Row(
        "what came back already is paid no more",
        [*PAID, a_recovery(60), a_collection(60), a_recovery(41, recovery="S")],
        "recovery_exceeds",
        came_back(60),
        facts=exceeds(40, 41),
    ),
    Row(
        "by lines: what was paid on each",
        [*PAID, a_recovery(lines=[an_amount(1, "490")])],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(0, 1),
    ),
    Row(
        "by lines, all of it",
        [*PAID, a_recovery(lines=[an_amount(100)])],
        "accepted",
        ALL_PAID,
    ),
    Row(
        "a convention that nobody knows is waited for",
        [a_vote(100), a_recovery()],
        "waits for convention C",
        on_one_line(100, available=100),
    ),
]

COLLECTION_ROWS = [
    Row(
        "it came: credit is reopened, no entry is written",
        [*PAID, a_recovery(30), a_collection(30)],
        "accepted",
        came_back(30),
        entries=[],
    ),
    Row(
        "in two parts",
        [*PAID, a_recovery(30), a_collection(10), a_collection(20, **AGAIN)],
        "accepted",
        came_back(30),
    ),
    Row(
        "a cent more than was asked back",
        [*PAID, a_recovery(30), a_collection(31)],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(30, 31),
    ),
    Row(
        "a cent more than is still awaited",
        [*PAID, a_recovery(30), a_collection(10), a_collection(21, **AGAIN)],
        "recovery_exceeds",
        came_back(10),
        facts=exceeds(20, 21),
    ),
    Row(
        "on a line on which nothing was paid",
        [*PAID, a_recovery(30), a_collection(lines=[an_amount(30, "490")])],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(0, 30),
    ),
    Row(
        "what came back may be paid to others: an award takes it",
        [*PAID, a_recovery(30), a_collection(30), an_award(30, grant="H")],
        "accepted",
        on_one_line(
            100,
            figures(granted=100, paid=70, released=30),
            {"C/advance": ("paid", 100, 100)},
            reserved=30,
            paid=70,
        ),
    ),
    Row(
        "from a suspended convention too",
        [*PAID, a_suspension(), a_recovery(30), a_collection(30)],
        "accepted",
        came_back(30),
    ),
    Row(
        "it came in a later year: revenue, and no credit",
        [*PAID, a_recovery(30), a_collection(30, **NEXT_YEAR)],
        "accepted",
        ALL_PAID,
        flags=[("recovery_is_revenue", {"convention": "C", "recovery": "R", "amount_cents": 30})],
        entries=[],
    ),
    Row(
        "and it is not asked back a second time",
        [*PAID, a_recovery(30), a_collection(30, **NEXT_YEAR), a_recovery(71, recovery="S")],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(70, 71),
    ),
    Row(
        "it came before it was asked back: it waits",
        [*PAID, a_collection(30)],
        "waits for recovery C/R",
        ALL_PAID,
    ),
    Row(
        "it waits for its own number",
        [*PAID, a_recovery(30, recovery="S"), a_collection(30)],
        "waits for recovery C/R",
        ALL_PAID,
    ),
    Row(
        "on a convention that nobody knows it waits for both at once",
        [a_vote(100), a_collection(30)],
        "waits for recovery C/R",
        on_one_line(100, available=100),
    ),
    Row(
        "it goes on when it is asked back",
        [*PAID, a_collection(30), a_recovery(30)],
        "accepted",
        came_back(30),
    ),
    Row(
        "it goes on into a refusal when less is asked back",
        [*PAID, a_collection(30), a_recovery(29)],
        "recovery_exceeds",
        ALL_PAID,
        facts=exceeds(29, 30),
    ),
    Row(
        "everything came before the convention",
        [a_vote(100), an_award(100), a_collection(30), a_recovery(30), a_convention(100)],
        "recovery_exceeds",
        stands(ordered=100, advance=("issued", 100, 0)),
        facts=exceeds(0, 30),
    ),
]

ROWS = [*ORDER_ROWS, *COLLECTION_ROWS]


@each_row(ORDER_ROWS)
def test_rule_27_what_is_asked_back_was_paid(row: Row) -> None:
    check(row)


@each_row(COLLECTION_ROWS)
def test_rule_27_what_comes_back_reopens_credit_in_its_year(row: Row) -> None:
    check(row)


REPORT = [("activity_report", 2022)]
CEILING = a_convention(
    instalments=[
        an_instalment(60),
        an_instalment(40, "balance", documents=REPORT, ceiling=True),
    ]
)


def test_rule_22_a_ceiling_counts_what_was_had_net_of_recoveries() -> None:
    before = [a_vote(100), an_award(100), CEILING, a_payment(60)]
    report = a_report(eligible_cost_cents=70)
    for collected in (a_collection(20), a_collection(20, **NEXT_YEAR)):
        scenario = Scenario(*before, a_recovery(20), collected, report)
        assert ("issued", 30, 0) == scenario.orders()["C/balance"]
    assert ("issued", 10, 0) == Scenario(*before, a_recovery(20), report).orders()["C/balance"]


def test_rule_22_an_order_held_back_is_for_what_the_recovery_in_hand_leaves_room_for() -> None:
    instalments = [
        an_instalment(600_000, "1"),
        an_instalment(400_000, "2", documents=REPORT, ceiling=True),
    ]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        a_payment(600_000, "G/1"),
        an_award(1_300_001, grant="H"),
        a_report(convention="G", eligible_cost_cents=700_000),
        a_recovery(200_000, convention="G"),
        a_withdrawal(grant="H"),
        a_collection(200_000, convention="G"),
    )
    assert ("issued", 300_000, 0) == scenario.orders()["G/2"]


def test_rule_27_revenue_is_no_less_revenue_where_its_event_lets_an_order_go() -> None:
    instalments = [an_instalment(600_000, "1"), an_instalment(400_000, "2", documents=REPORT)]
    scenario = Scenario(
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_000_000, requires_convention=False, instalments=instalments),
        a_payment(600_000, "G/1"),
        an_award(1_300_001, grant="H"),
        a_report(convention="G"),
        a_recovery(200_000, convention="G"),
        a_withdrawal(grant="H"),
        a_collection(200_000, convention="G", **NEXT_YEAR),
    )
    assert (["recovery_is_revenue"], "issued") == (scenario.flags(), scenario.orders()["G/2"][0])
    scenario.tell(a_recovery(400_001, convention="G", recovery="S"))
    assert exceeds(400_000, 400_001) | {"convention": "G"} == facts_of(scenario)


def test_rule_13_a_grant_that_was_asked_back_keeps_its_name() -> None:
    """All came back: nothing is paid any more, but its recovery needs its convention."""
    alone = an_award(100, requires_convention=False)
    scenario = Scenario(a_vote(100), a_new_account(), alone, a_payment(40, "G/1"))
    scenario.tell(an_acknowledgement("rejected", "G/1"))
    scenario.tell(a_recovery(40, convention="G"))
    scenario.tell(a_collection(40, convention="G"))
    scenario.tell(a_convention(60))
    assert "convention_exists" == scenario.answer()
    scenario.tell(a_notification(convention="G"))
    assert "accepted" == scenario.answer()
