"""Rules 22 and 23: what a ceiling lets an instalment pay, and how it is shared, to the cent."""

from typing import Any

from tests.builders import (
    Json,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Figures, Money, Row, check, each_row, figures

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)


def a_balance(amount_cents: int = 40, name: str = "balance", **more: Any) -> Json:
    documents = more.pop("documents", [ACCOUNTS])
    return an_instalment(amount_cents, name, documents=documents, ceiling=True, **more)


def signed(*instalments: Json, **more: Any) -> list[Json]:
    """Convention C over 100 cents, with these instalments."""
    return [a_vote(100), an_award(100), a_convention(instalments=list(instalments), **more)]


SIGNED = signed(an_instalment(60), a_balance())
BOTH_DOCUMENTS = signed(an_instalment(60), a_balance(documents=[ACTIVITY, ACCOUNTS]))


def accounts(eligible_cents: int | None, **more: Any) -> Json:
    return a_report(
        "certified_accounts",
        eligible_cost_cents=... if eligible_cents is None else eligible_cents,
        **more,
    )


def activity(eligible_cents: int | None, **more: Any) -> Json:
    return a_report(eligible_cost_cents=... if eligible_cents is None else eligible_cents, **more)


def stands(line: Figures, share: Figures, **orders: tuple[str, int, int]) -> Money:
    named = {f"C/{name.replace('_', '/')}": order for name, order in orders.items()}
    return Money(
        {"489": {"appropriated": 100} | line}, {"C": {"489": {"granted": 100} | share}}, named
    )


def issued(balance_cents: int) -> Money:
    """The advance of 60 is ordered; of the balance of 40 so much, the rest released."""
    cut = 40 - balance_cents
    ordered = 60 + balance_cents
    line, share = {"ordered": ordered}, {"ordered": ordered}
    if cut:
        line, share = line | {"available": cut}, share | {"released": cut}
    advance = ("issued", 60, 0)
    if balance_cents:
        return stands(line, share, advance=advance, balance=("issued", balance_cents, 0))
    return stands(line, share, advance=advance)


def recovery(amount_cents: int) -> tuple[str, Json]:
    return ("recovery_due", {"convention": "C", "amount_cents": amount_cents})


def released(cents: int) -> list[tuple[str, str, int, str | None]]:
    return [("decommitment", "489", cents, "C")]


PAID_60_30 = stands(
    {"available": 10, "ordered": 30, "paid": 60},
    {"released": 10, "ordered": 30, "paid": 60},
    advance=("paid", 60, 60),
    balance=("issued", 30, 0),
)

CEILING_ROWS = [
    Row("costs above the grant", [*SIGNED, accounts(150)], "accepted", issued(40), entries=[]),
    Row("costs of just the grant", [*SIGNED, accounts(100)], "accepted", issued(40), entries=[]),
    Row(
        "costs a cent below the grant: the balance is a cent less, which is released",
        [*SIGNED, accounts(99)],
        "accepted",
        issued(39),
        entries=released(1),
    ),
    Row(
        "costs a cent above the advance",
        [*SIGNED, accounts(61)],
        "accepted",
        issued(1),
        entries=released(39),
    ),
    Row(
        "costs of just the advance: no order, the balance is settled and released",
        [*SIGNED, accounts(60)],
        "accepted",
        issued(0),
        entries=released(40),
    ),
    Row(
        "costs below the advance: a recovery is due",
        [*SIGNED, accounts(50)],
        "accepted",
        issued(0),
        flags=[recovery(10)],
        entries=released(40),
    ),
    Row(
        "accounts that prove nothing are a cost of 0: all of the advance is owed back",
        [*SIGNED, accounts(0)],
        "accepted",
        issued(0),
        flags=[recovery(60)],
        entries=released(40),
    ),
    Row(
        "a settled balance stays settled when corrected accounts come",
        [*SIGNED, accounts(50), accounts(100, _id="corrected")],
        "accepted",
        issued(0),
        entries=[],
    ),
    Row(
        "corrected accounts with a lower cost, once the balance is ordered, raise no flag",
        [*SIGNED, accounts(100), accounts(50, _id="corrected")],
        "accepted",
        issued(40),
        entries=[],
    ),
    Row(
        "no document gives a cost: the full amount",
        [*SIGNED, accounts(None)],
        "accepted",
        issued(40),
    ),
    Row(
        "an instalment without ceiling pays its amount, whatever the cost",
        [
            *signed(an_instalment(60), a_balance() | {"ceiling": False}),
            accounts(50),
        ],
        "accepted",
        issued(40),
    ),
    Row(
        "a document that the instalment does not list gives no cost",
        [*SIGNED, activity(50), accounts(None)],
        "accepted",
        issued(40),
    ),
    Row(
        "of two documents that give a cost the last received counts",
        [*BOTH_DOCUMENTS, accounts(80), activity(90)],
        "accepted",
        issued(30),
    ),
    Row(
        "the last received counts, though it is the first listed that came first",
        [*BOTH_DOCUMENTS, activity(90), accounts(80)],
        "accepted",
        issued(20),
    ),
    Row(
        "one document alone gives a cost, the last received none",
        [*BOTH_DOCUMENTS, accounts(80), activity(None)],
        "accepted",
        issued(20),
    ),
    Row(
        "corrected accounts give the cost, if they come in time",
        [*BOTH_DOCUMENTS, accounts(80), accounts(90, _id="corrected"), activity(None)],
        "accepted",
        issued(30),
    ),
    Row(
        "a copy that gives no cost leaves the one that was given",
        [*BOTH_DOCUMENTS, accounts(80), accounts(None, _id="copy"), activity(None)],
        "accepted",
        issued(20),
    ),
    Row(
        "of three costs the last received counts, whichever document gave it",
        [*BOTH_DOCUMENTS, accounts(80), accounts(70, _id="copy"), activity(90)],
        "accepted",
        issued(30),
    ),
    Row(
        "what is paid counts as had, as what is ordered does",
        [*SIGNED, a_payment(60), accounts(90)],
        "accepted",
        PAID_60_30,
        entries=released(10),
    ),
    Row(
        "a rejected advance is not had: it is ordered again first, then the balance counts it",
        [*SIGNED, an_acknowledgement("rejected"), accounts(90)],
        "accepted",
        stands(
            {"available": 10, "ordered": 90},
            {"released": 10, "ordered": 90},
            advance=("rejected", 60, 0),
            advance_2=("issued", 60, 0),
            balance=("issued", 30, 0),
        ),
    ),
    Row(
        "two balances under one ceiling: the second has what the first leaves",
        [*signed(an_instalment(20), a_balance(name="B1"), a_balance(name="B2")), accounts(70)],
        "accepted",
        stands(
            {"available": 30, "ordered": 70},
            {"released": 30, "ordered": 70},
            advance=("issued", 20, 0),
            B1=("issued", 40, 0),
            B2=("issued", 10, 0),
        ),
        entries=released(30),
    ),
    Row(
        "the ceiling waits with its instalment for the bank account",
        [*signed(an_instalment(60), a_balance(), bank_account=...), accounts(50)],
        "accepted",
        stands({"committed": 100}, {"remaining": 100}),
        entries=[],
    ),
    Row(
        "and counts when the account comes",
        [*signed(an_instalment(60), a_balance(), bank_account=...), accounts(90), a_new_account()],
        "accepted",
        issued(30),
        entries=released(10),
    ),
    Row(
        "another convention brings the account: both are paid, the first under its ceiling",
        [
            a_vote(150),
            an_award(100),
            an_award(50, grant="H"),
            a_convention(instalments=[an_instalment(60), a_balance()], bank_account=...),
            accounts(90),
            a_convention(50, convention="D", grant="H"),
        ],
        "accepted",
        Money(
            {"489": {"appropriated": 150, "available": 10, "ordered": 140}},
            {
                "C": {"489": {"granted": 100, "released": 10, "ordered": 90}},
                "D": {"489": {"granted": 50, "ordered": 50}},
            },
            {
                "C/advance": ("issued", 60, 0),
                "C/balance": ("issued", 30, 0),
                "D/advance": ("issued", 50, 0),
            },
        ),
        entries=[("legal_commitment", "489", 50, "D"), ("decommitment", "489", 10, "C")],
    ),
]

THREE = [an_amount(1), an_amount(1, "490"), an_amount(1, "1978")]
FIVE_ON_TWO = [
    an_amount(3, services={"EMPLOI": 2, "JEUNESSE": 1}),
    an_amount(2, "490"),
]


def paid_by(lines: list[Json], eligible_cents: int) -> list[Json]:
    """A convention of one balance on these lines, and the accounts that set it off."""
    voted = [{"line": each["line"], "amount_cents": each["amount_cents"]} for each in lines]
    return [
        a_vote(appropriations=voted),
        an_award(lines=lines),
        a_convention(instalments=[a_balance(lines=lines)]),
        accounts(eligible_cents),
    ]


def pays(cents: int, operation: str = "489", **services: int) -> Json:
    parts = [{"code": code, "amount_cents": part} for code, part in services.items()]
    return {"line": a_line(operation), "amount_cents": cents, "services": parts or None}


TEN = {"EMPLOI": 3, "JEUNESSE": 3, "RI": 4}

SHARES: list[tuple[str, list[Json], int, list[Json]]] = [
    (
        "nothing is cut: each line pays its own",
        THREE,
        3,
        [pays(1), pays(1, "490"), pays(1, "1978")],
    ),
    ("two cents over three lines of one", THREE, 2, [pays(1, "490"), pays(1, "1978")]),
    ("one cent over three lines of one", THREE, 1, [pays(1, "1978")]),
    (
        "four cents over lines of three and two: ⌊4·3/5⌋ and the rest",
        FIVE_ON_TWO,
        4,
        [pays(2, EMPLOI=1, JEUNESSE=1), pays(2, "490")],
    ),
    (
        "two cents over lines of three and two; a department that gets nothing is left out",
        FIVE_ON_TWO,
        2,
        [pays(1, JEUNESSE=1), pays(1, "490")],
    ),
    (
        "five cents inside a line of ten, over departments of three, three and four",
        [an_amount(10, services=TEN)],
        5,
        [pays(5, EMPLOI=1, JEUNESSE=2, RI=2)],
    ),
    (
        "nothing is cut: each department pays its own",
        [an_amount(10, services=TEN)],
        10,
        [pays(10, EMPLOI=3, JEUNESSE=3, RI=4)],
    ),
]

ROWS = CEILING_ROWS


@each_row(CEILING_ROWS)
def test_rule_22_a_ceiling_pays_the_cost_less_what_was_had(row: Row) -> None:
    check(row)


def _share_row(says: str, lines: list[Json], eligible_cents: int, paid: list[Json]) -> Row:
    """What the lines get is ordered; what they lose is released; together, what was granted."""
    got = {each["line"]["operation"]: each["amount_cents"] for each in paid}
    money: dict[str, Figures] = {}
    shares: dict[str, Figures] = {}
    for each in lines:
        operation, granted = each["line"]["operation"], each["amount_cents"]
        ordered = got.get(operation, 0)
        cut = granted - ordered
        money[operation] = figures(appropriated=granted, available=cut, ordered=ordered)
        shares[operation] = figures(granted=granted, released=cut, ordered=ordered)
    orders = {"C/balance": ("issued", eligible_cents, 0)}
    return Row(
        says, paid_by(lines, eligible_cents), "accepted", Money(money, {"C": shares}, orders)
    )


@each_row([_share_row(*share) for share in SHARES])
def test_rule_23_what_is_cut_is_released_line_by_line_exactly(row: Row) -> None:
    [order] = check(row).summary()["payment_orders"]
    expected = next(paid for says, _, _, paid in SHARES if says == row.says)
    assert expected == order["lines"]


def test_rule_23_departments_that_do_not_add_up_to_their_line_still_share_all_of_it() -> None:
    line = an_amount(10, services={"EMPLOI": 1, "JEUNESSE": 2})
    scenario = check(
        Row(
            "one and two are stated of ten",
            [a_vote(10), an_award(10), a_convention(instalments=[an_instalment(lines=[line])])],
            "accepted",
            Money(
                {"489": {"appropriated": 10, "ordered": 10}},
                {"C": {"489": {"granted": 10, "ordered": 10}}},
                {"C/advance": ("issued", 10, 0)},
            ),
            flags=[
                (
                    "figures_differ",
                    {
                        "of": "services",
                        "instalment": "advance",
                        "line": a_line(),
                        "stated_cents": 10,
                        "sum_cents": 3,
                    },
                )
            ],
        )
    )
    [order] = scenario.summary()["payment_orders"]
    assert [pays(10, EMPLOI=3, JEUNESSE=7)] == order["lines"]
