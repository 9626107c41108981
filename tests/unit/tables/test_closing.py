"""Rule 30: a year is closed, and what it had committed is carried over or lapses."""

from typing import Any

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
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Figures, Money, Row, check, each_row, entries_of

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)], ceiling=True)
HALVES: list[Json] = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), BALANCE]),
]
"""A grant of 100 cents: 60 at signature, 40 when the report of 2023 is there."""

TAKEN = [*HALVES, an_acknowledgement()]
PAID = [*TAKEN, a_payment(60)]
REJECTED = [*HALVES, an_acknowledgement("rejected")]
ISSUED: dict[str, tuple[str, int, int]] = {"C/advance": ("issued", 60, 0)}


def stands(line: Figures, share: Figures, **orders: tuple[str, int, int]) -> Money:
    named = {f"C/{name.replace('_', '/')}": order for name, order in orders.items()}
    return Money(
        {"489": {"appropriated": 100} | line}, {"C": {"489": {"granted": 100} | share}}, named
    )


def carried(**advance: Any) -> Money:
    """The advance as it stands, the balance carried over."""
    figures = {**advance["share"], "carried_over": 40}
    return stands(figures, figures, advance=advance["order"])


OUTSTANDING = stands(
    {"committed": 40, "ordered": 60},
    {"remaining": 40, "ordered": 60},
    advance=("issued", 60, 0),
)
CARRIED = carried(share={"paid": 60}, order=("paid", 60, 60))
LAPSED = stands(
    {"available": 40, "paid": 60}, {"released": 40, "paid": 60}, advance=("paid", 60, 60)
)

ALONE = an_award(100, requires_convention=False, instalments=[an_instalment(60), BALANCE])

CLOSING_ROWS = [
    Row(
        "a named convention's balance is carried over",
        [*PAID, a_closing(["C"])],
        "accepted",
        CARRIED,
        entries=[("carry_over", "489", 40, "C")],
    ),
    Row(
        "all is carried over",
        [*PAID, a_closing("all")],
        "accepted",
        CARRIED,
        entries=[("carry_over", "489", 40, "C")],
    ),
    Row(
        "nothing is carried over: the balance is decommitted",
        [*PAID, a_closing("none")],
        "accepted",
        LAPSED,
        entries=[("decommitment", "489", 40, "C")],
    ),
    Row(
        "an order that the accountant took in charge may stay open",
        [*TAKEN, a_closing("all")],
        "accepted",
        carried(share={"ordered": 60}, order=("taken_in_charge", 60, 0)),
    ),
    Row(
        "a rejected order's money is committed, and is carried over with the rest",
        [*REJECTED, a_closing("all")],
        "accepted",
        stands({"carried_over": 100}, {"carried_over": 100}, advance=("rejected", 60, 0)),
        entries=[("carry_over", "489", 100, "C")],
    ),
    Row(
        "of a rejected order what was paid stays paid",
        [*HALVES, a_payment(10), an_acknowledgement("rejected"), a_closing("all")],
        "accepted",
        stands(
            {"carried_over": 90, "paid": 10},
            {"carried_over": 90, "paid": 10},
            advance=("rejected", 60, 10),
        ),
    ),
    Row(
        "a convention with nothing remaining is named in vain",
        [*PAID, a_report(year=2023, eligible_cost_cents=60), a_closing(["C"])],
        "accepted",
        LAPSED,
        entries=[],
    ),
    Row(
        "what is only reserved lapses: its convention was never signed",
        [a_vote(100), an_award(100), a_closing("all")],
        "accepted",
        Money({"489": {"appropriated": 100, "available": 100}}),
        entries=[("decommitment", "489", 100, None)],
    ),
    Row(
        "of an award the part without convention lapses, the rest is carried over",
        [a_vote(100), an_award(100), a_convention(70, bank_account=...), a_closing("all")],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 30, "carried_over": 70}},
            {"C": {"489": {"granted": 70, "carried_over": 70}}},
        ),
        entries=[("carry_over", "489", 70, "C"), ("decommitment", "489", 30, None)],
    ),
    Row(
        "what is only reserved lapses, and the order of the same grant may still be paid",
        [
            a_vote(100),
            an_award(100),
            a_convention(instalments=[an_instalment(60)]),
            an_acknowledgement(),
            a_closing("all"),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 40, "ordered": 60}},
            {"C": {"489": {"granted": 60, "ordered": 60}}},
            {"C/advance": ("taken_in_charge", 60, 0)},
        ),
        entries=[("decommitment", "489", 40, None)],
    ),
    Row(
        "two grants lapse on one line: an entry for each, since each has its act",
        [
            a_vote(100),
            an_award(60, grant="H", act=an_act("2023-06-01")),
            an_award(40),
            a_closing("none"),
        ],
        "accepted",
        Money({"489": {"appropriated": 100, "available": 100}}),
        entries=[("decommitment", "489", 40, None), ("decommitment", "489", 60, None)],
    ),
    Row(
        "a grant without convention is carried over under its reference",
        [a_vote(100), ALONE, a_closing(["G"])],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "carried_over": 100}},
            {"G": {"489": {"granted": 100, "carried_over": 100}}},
        ),
        entries=[("carry_over", "489", 100, "G")],
    ),
    Row(
        "of two conventions one is named",
        [
            a_vote(100),
            an_award(100),
            a_convention(70, bank_account=...),
            a_convention(30, convention="D", bank_account=...),
            a_closing(["D"]),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 100, "available": 70, "carried_over": 30}},
            {
                "C": {"489": {"granted": 70, "released": 70}},
                "D": {"489": {"granted": 30, "carried_over": 30}},
            },
        ),
        entries=[("decommitment", "489", 70, "C"), ("carry_over", "489", 30, "D")],
    ),
    Row("a budget of which nothing was ever said", [a_closing("all")], "accepted", Money()),
]

REFUSED_ROWS = [
    Row(
        "an order was issued, and the accountant has not answered",
        [*HALVES, a_closing("all")],
        "orders_outstanding",
        OUTSTANDING,
        facts={"payment_orders": ["C/advance"]},
    ),
    Row(
        "the accountant holds an order",
        [*TAKEN, an_acknowledgement("on_hold"), a_closing("all")],
        "orders_outstanding",
        stands(
            {"committed": 40, "ordered": 60},
            {"remaining": 40, "ordered": 60},
            advance=("on_hold", 60, 0),
        ),
        facts={"payment_orders": ["C/advance"]},
    ),
    Row(
        "a convention is named that the budget does not know",
        [*PAID, a_closing(["C", "D"])],
        "unknown_convention",
        stands(
            {"committed": 40, "paid": 60}, {"remaining": 40, "paid": 60}, advance=("paid", 60, 60)
        ),
        facts={"convention": "D"},
    ),
    Row(
        "a convention is named by its grant",
        [*PAID, a_closing(["G"])],
        "unknown_convention",
        stands(
            {"committed": 40, "paid": 60}, {"remaining": 40, "paid": 60}, advance=("paid", 60, 60)
        ),
        facts={"convention": "G"},
    ),
]

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
