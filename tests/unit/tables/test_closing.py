"""Rule 30: a year is closed, and what it had committed is carried over or lapses."""

from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    OTHER_ESTABLISHMENT,
    Json,
    Scenario,
    a_beneficiary,
    a_closing,
    a_collection,
    a_convention,
    a_notification,
    a_recovery,
    a_report,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables import years
from tests.unit.tables.rows import Row, check, each_row, entries_of, reader_of
from tests.unit.tables.years import PAID

read_rows = reader_of(globals(), vars(years))

CLOSING_ROWS = read_rows("""
    a named convention's balance is carried over
        PAID; closing [C]
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60; carry_over 489 40 C
    all is carried over
        PAID; closing all
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60; carry_over 489 40 C
    nothing is carried over: the balance is decommitted
        PAID; closing none
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60; decommitment 489 40 C
    an order that the accountant took in charge may stay open
        TAKEN; closing all
        => 489 for C: 100 = 60 ordered + 40 carried_over; C/advance taken_in_charge 60
    a rejected order's money is committed, and is carried over with the rest
        REJECTED; closing all
        => 489 for C: 100 carried_over; C/advance rejected 60; carry_over 489 100 C
    of a rejected order what was paid stays paid
        HALVES; payment 10; C/advance rejected; closing all
        => 489 for C: 100 = 10 paid + 90 carried_over; C/advance rejected 60 (10 paid)
    a convention with nothing remaining is named in vain
        PAID; report activity_report 2023, eligible_cost_cents 60; closing [C]
        => 489 for C: 100 = 40 available + 60 paid; C/advance paid 60; no entries
    what is only reserved lapses: its convention was never signed
        vote 100; award 100; closing all
        => 489: 100 available; decommitment 489 100
    of an award the part without convention lapses, the rest is carried over
        vote 100; award 100; convention 70, no bank_account; closing all
        => 489: 100 = 30 available + 70 carried_over; C on 489: 70 carried_over;
           carry_over 489 70 C; decommitment 489 30
    what is only reserved lapses, and the order of the same grant may still be paid
        vote 100; award 100; convention 60; C/advance taken_in_charge; closing all
        => 489: 100 = 40 available + 60 ordered; C on 489: 60 ordered; C/advance taken_in_charge 60;
           decommitment 489 40
    two grants lapse on one line: an entry for each, since each has its act
        vote 100; award 60, act 2023-06-01, grant H; award 40; closing none
        => 489: 100 available; decommitment 489 40; decommitment 489 60
    a grant without convention is carried over under its reference
        vote 100; ALONE; closing [G]
        => 489 for G: 100 carried_over; carry_over 489 100 G
    of two conventions one is named
        vote 100; award 100; convention 70, no bank_account;
        convention 30, convention D, no bank_account; closing [D]
        => 489: 100 = 70 available + 30 carried_over; C on 489: 70 released;
           D on 489: 30 carried_over; decommitment 489 70 C; carry_over 489 30 D
    a budget of which nothing was ever said
        closing all
        => no money
""")

REFUSED_ROWS = read_rows("""
    an order was issued, and the accountant has not answered
        HALVES; closing all
        => refused orders_outstanding: payment_orders [C/advance];
           489 for C: 100 = 40 committed + 60 ordered; C/advance issued 60
    the accountant holds an order
        TAKEN; C/advance on_hold; closing all
        => refused orders_outstanding: payment_orders [C/advance];
           489 for C: 100 = 40 committed + 60 ordered; C/advance on_hold 60
    a convention is named that the budget does not know
        PAID; closing [C, D]
        => refused unknown_convention: convention D; 489 for C: 100 = 40 committed + 60 paid;
           C/advance paid 60
    a convention is named by its grant
        PAID; closing [G]
        => refused unknown_convention: convention G; 489 for C: 100 = 40 committed + 60 paid;
           C/advance paid 60
""")

ROWS = [*CLOSING_ROWS, *REFUSED_ROWS]


@each_row(CLOSING_ROWS)
def test_rule_30_what_is_committed_is_carried_over_or_lapses(row: Row) -> None:
    check(row)


@each_row(REFUSED_ROWS)
def test_rule_30_a_year_that_is_not_over_is_not_closed(row: Row) -> None:
    check(row)


def test_rule_30_outstanding_orders_are_named_in_order() -> None:
    orders = [
        an_award(1, grant=name, requires_convention=False, _id=name) for name in ("H", "A", "Z")
    ]
    account: Json = {"bank_account": {"iban": "FR7610278027150004578690110", "holder": "x"}}
    scenario = Scenario(
        a_vote(100), an_award(97), a_convention(97, **account), *orders, a_closing("none")
    )
    assert {"payment_orders": ["A/1", "C/advance", "H/1", "Z/1"]} == (
        None if scenario.last.refusal is None else scenario.last.refusal["facts"]
    )


def test_rule_34_the_entries_of_a_closing_bear_its_own_day_not_that_of_its_telling() -> None:
    for carry_over in ("all", "none"):
        scenario = Scenario(*PAID, a_closing(carry_over, closed_on="2024-01-29"))
        assert ["2024-01-29"] == [row["effective_on"] for row in scenario.last.commitment_entries]


def test_rule_34_an_entry_of_what_lapses_rests_on_the_act_that_gave_it() -> None:
    acts = {"G": an_act("2023-04-12"), "H": an_act("2023-06-01", number="7")}
    awards = [an_award(50, grant=grant, act=act) for grant, act in acts.items()]
    scenario = Scenario(a_vote(100), *awards, a_closing("none"))
    assert [("decommitment", "489", 50, None)] * 2 == entries_of(scenario)
    found = [entry["act"] for entry in scenario.last.commitment_entries]
    assert [{"number": None} | act for act in acts.values()] == found
    assert {"2024-01-31"} == {entry["effective_on"] for entry in scenario.last.commitment_entries}
    ids = [f"{BUDGET}/4/{index}" for index in (1, 2)]
    assert ids == [entry["entry_id"] for entry in scenario.last.commitment_entries]


def test_rule_30_lines_lapse_in_the_order_of_their_codes_absent_ones_first() -> None:
    lines = [
        an_amount(1, "490"),
        an_amount(2, "489"),
        an_amount(3, None),
        an_amount(4, line={"chapter": "65", "article": "65748"}),
    ]
    waiting = an_instalment(name="balance", documents=[("evaluation", 2023)], lines=lines)
    awarded = [a_vote(100), an_award(lines=lines)]
    for signed in ([a_convention(instalments=[waiting])], []):
        scenario = Scenario(*awarded, *signed, a_closing("none"))
        assert [4, 3, 2, 1] == [entry["amount_cents"] for entry in scenario.last.commitment_entries]


def test_rule_30_what_still_waits_is_refused_behind_the_closing_oldest_first() -> None:
    waiting = [a_notification(convention="X"), a_report(convention="Y"), a_convention(grant="Z")]
    scenario = Scenario(a_vote(100), *waiting)
    records = scenario.tell(a_closing("none"))
    assert ["accepted", "refused", "refused", "refused"] == [str(each.outcome) for each in records]
    assert [None, 2, 3, 4] == [each.resumes for each in records]
    assert [2, 3, 4] == [each.source.offset for each in records[1:]]
    codes = {each.refusal["code"] for each in records[1:] if each.refusal is not None}
    assert {"fiscal_year_closed"} == codes
    assert {"accepted": 2, "refused": 3, "parked": 0} == {
        name: count
        for name, count in scenario.summary()["outcomes"].items()
        if name in {"accepted", "refused", "parked"}
    }


def test_rule_30_a_recovery_that_still_waits_is_refused_as_all_that_waits() -> None:
    """A closed year goes on taking recoveries, but none that came before their convention."""
    waiting = [a_collection(1, convention="X"), a_recovery(1, convention="X")]
    scenario = Scenario(*PAID, *waiting, a_collection(60))
    codes = [each.refusal["code"] for each in scenario.tell(a_closing("all"))[1:] if each.refusal]
    assert ["fiscal_year_closed"] * 3 == codes
    assert 0 == scenario.summary()["outcomes"]["parked"]


def test_rule_30_conventions_are_carried_over_in_order_of_signature() -> None:
    scenario = Scenario(
        a_vote(90),
        an_award(90, lines=[an_amount(45), an_amount(45, "1978")]),
        *(
            a_convention(
                convention=name,
                bank_account=...,
                instalments=[an_instalment(lines=[an_amount(15), an_amount(15, "1978")])],
            )
            for name in ("C", "A", "B")
        ),
        a_vote(stage="supplementary", appropriations=[an_amount(90)]),
        a_closing("all"),
    )
    assert "waits" not in scenario.answer()
    named = [each["data"]["convention"] for each in scenario.internal_events()]
    assert ["C", "A", "B"] == named
    assert [("1978", 15), ("489", 15)] == [
        (each["line"]["operation"], each["amount_cents"])
        for each in scenario.internal_events()[0]["data"]["lines"]
    ]


def test_rule_30_a_year_may_be_closed_that_was_never_voted() -> None:
    """What came from the year before was all that it had."""
    scenario = Scenario(*PAID, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_closing("none", budget=NEXT_BUDGET))
    assert "accepted" == scenario.answer()
    assert {"appropriated": 40, "available": 40} == scenario.line(budget=NEXT_BUDGET)


def test_two_establishments_of_one_body_are_carried_apart() -> None:
    other = a_beneficiary(siret=OTHER_ESTABLISHMENT)
    scenario = Scenario(
        a_vote(100),
        an_award(60),
        an_award(40, grant="H", beneficiary=other),
        a_convention(60, instalments=[an_instalment(60, documents=[("evaluation", 2023)])]),
        a_convention(40, convention="D", grant="H", beneficiary=other, bank_account=...),
        a_closing("all"),
    )
    first, second = (each["data"] for each in scenario.internal_events())
    assert ("bank_account" in first, "bank_account" in second) == (True, False)
