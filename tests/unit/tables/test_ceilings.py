"""Rules 22 and 23: what a ceiling lets an instalment pay, and how it is shared, to the cent."""

from typing import Any

import pytest

from tests.builders import (
    Json,
    a_convention,
    a_line,
    a_report,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import Row, check, each_row, reader_of

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


read_rows = reader_of(globals())

CEILING_ROWS = read_rows("""
    costs above the grant
        SIGNED; report certified_accounts 2022, eligible_cost_cents 150
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40; no entries
    costs of just the grant
        SIGNED; report certified_accounts 2022, eligible_cost_cents 100
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40; no entries
    costs a cent below the grant: the balance is a cent less, which is released
        SIGNED; report certified_accounts 2022, eligible_cost_cents 99
        => 489 for C: 100 = 1 available + 99 ordered; C/advance issued 60; C/balance issued 39;
           decommitment 489 1 C
    costs a cent above the advance
        SIGNED; report certified_accounts 2022, eligible_cost_cents 61
        => 489 for C: 100 = 39 available + 61 ordered; C/advance issued 60; C/balance issued 1;
           decommitment 489 39 C
    costs of just the advance: no order, the balance is settled and released
        SIGNED; report certified_accounts 2022, eligible_cost_cents 60
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60; decommitment 489 40 C
    costs below the advance: a recovery is due
        SIGNED; report certified_accounts 2022, eligible_cost_cents 50
        => flag recovery_due: convention C, amount_cents 10;
           489 for C: 100 = 40 available + 60 ordered; C/advance issued 60; decommitment 489 40 C
    accounts that prove nothing are a cost of 0: all of the advance is owed back
        SIGNED; report certified_accounts 2022, eligible_cost_cents 0
        => flag recovery_due: convention C, amount_cents 60;
           489 for C: 100 = 40 available + 60 ordered; C/advance issued 60; decommitment 489 40 C
    a settled balance stays settled when corrected accounts come
        SIGNED; report certified_accounts 2022, eligible_cost_cents 50; accounts 100, id corrected
        => 489 for C: 100 = 40 available + 60 ordered; C/advance issued 60; no entries
    corrected accounts with a lower cost, once the balance is ordered, raise no flag
        SIGNED; report certified_accounts 2022, eligible_cost_cents 100; accounts 50, id corrected
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40; no entries
    no document gives a cost: the full amount
        SIGNED; report certified_accounts 2022
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40
    an instalment without ceiling pays its amount, whatever the cost
        vote 100; award 100; convention [advance 60, balance 40 against certified_accounts 2022];
        report certified_accounts 2022, eligible_cost_cents 50
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40
    a document that the instalment does not list gives no cost
        SIGNED; report, eligible_cost_cents 50; report certified_accounts 2022
        => 489 for C: 100 ordered; C/advance issued 60; C/balance issued 40
    of two documents that give a cost the last received counts
        BOTH_DOCUMENTS; report certified_accounts 2022, eligible_cost_cents 80;
        report, eligible_cost_cents 90
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 60; C/balance issued 30
    the last received counts, though it is the first listed that came first
        BOTH_DOCUMENTS; report, eligible_cost_cents 90;
        report certified_accounts 2022, eligible_cost_cents 80
        => 489 for C: 100 = 20 available + 80 ordered; C/advance issued 60; C/balance issued 20
    one document alone gives a cost, the last received none
        BOTH_DOCUMENTS; report certified_accounts 2022, eligible_cost_cents 80; report
        => 489 for C: 100 = 20 available + 80 ordered; C/advance issued 60; C/balance issued 20
    corrected accounts give the cost, if they come in time
        BOTH_DOCUMENTS; report certified_accounts 2022, eligible_cost_cents 80;
        accounts 90, id corrected; report
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 60; C/balance issued 30
    a copy that gives no cost leaves the one that was given
        BOTH_DOCUMENTS; report certified_accounts 2022, eligible_cost_cents 80;
        report certified_accounts 2022, id copy; report
        => 489 for C: 100 = 20 available + 80 ordered; C/advance issued 60; C/balance issued 20
    of three costs the last received counts, whichever document gave it
        BOTH_DOCUMENTS; report certified_accounts 2022, eligible_cost_cents 80;
        accounts 70, id copy; report, eligible_cost_cents 90
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 60; C/balance issued 30
    what is paid counts as had, as what is ordered does
        SIGNED; payment 60; report certified_accounts 2022, eligible_cost_cents 90
        => 489 for C: 100 = 10 available + 30 ordered + 60 paid; C/advance paid 60;
           C/balance issued 30; decommitment 489 10 C
    a rejected advance is not had: it is ordered again first, then the balance counts it
        SIGNED; C/advance rejected; report certified_accounts 2022, eligible_cost_cents 90
        => 489 for C: 100 = 10 available + 90 ordered; C/advance rejected 60; C/advance/2 issued 60;
           C/balance issued 30
    two balances under one ceiling: the second has what the first leaves
        vote 100; award 100; convention [advance 20,
        B1 40 against certified_accounts 2022 with ceiling,
        B2 40 against certified_accounts 2022 with ceiling];
        report certified_accounts 2022, eligible_cost_cents 70
        => 489 for C: 100 = 30 available + 70 ordered; C/advance issued 20; C/B1 issued 40;
           C/B2 issued 10; decommitment 489 30 C
    the ceiling waits with its instalment for the bank account
        vote 100; award 100; convention [advance 60,
        balance 40 against certified_accounts 2022 with ceiling], no bank_account;
        report certified_accounts 2022, eligible_cost_cents 50
        => 489 for C: 100 committed; no entries
    and counts when the account comes
        vote 100; award 100; convention [advance 60,
        balance 40 against certified_accounts 2022 with ceiling], no bank_account;
        report certified_accounts 2022, eligible_cost_cents 90; new account
        => 489 for C: 100 = 10 available + 90 ordered; C/advance issued 60; C/balance issued 30;
           decommitment 489 10 C
    another convention brings the account: both are paid, the first under its ceiling
        vote 150; award 100; award 50, grant H; convention [advance 60,
        balance 40 against certified_accounts 2022 with ceiling], no bank_account;
        report certified_accounts 2022, eligible_cost_cents 90; convention 50, convention D, grant H
        => 489: 150 = 10 available + 140 ordered; C on 489: 100 = 10 released + 90 ordered;
           D on 489: 50 ordered; C/advance issued 60; C/balance issued 30; D/advance issued 50;
           legal_commitment 489 50 D; decommitment 489 10 C
""")

THREE = [an_amount(1), an_amount(1, "490"), an_amount(1, "1978")]
FIVE_ON_TWO = [an_amount(3, services={"EMPLOI": 2, "JEUNESSE": 1}), an_amount(2, "490")]


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

SHARES: list[tuple[Row, list[Json]]] = [
    (
        Row(
            "nothing is cut: each line pays its own",
            paid_by(THREE, 3),
            "489 for C: 1 ordered; 490 for C: 1 ordered; 1978 for C: 1 ordered; C/balance issued 3",
        ),
        [pays(1), pays(1, "490"), pays(1, "1978")],
    ),
    (
        Row(
            "two cents over three lines of one",
            paid_by(THREE, 2),
            "489 for C: 1 available; 490 for C: 1 ordered; 1978 for C: 1 ordered; "
            "C/balance issued 2",
        ),
        [pays(1, "490"), pays(1, "1978")],
    ),
    (
        Row(
            "one cent over three lines of one",
            paid_by(THREE, 1),
            "489 for C: 1 available; 490 for C: 1 available; 1978 for C: 1 ordered; "
            "C/balance issued 1",
        ),
        [pays(1, "1978")],
    ),
    (
        Row(
            "four cents over lines of three and two: ⌊4·3/5⌋ and the rest",
            paid_by(FIVE_ON_TWO, 4),
            "489 for C: 3 = 1 available + 2 ordered; 490 for C: 2 ordered; C/balance issued 4",
        ),
        [pays(2, EMPLOI=1, JEUNESSE=1), pays(2, "490")],
    ),
    (
        Row(
            "two cents over lines of three and two; a department that gets nothing is left out",
            paid_by(FIVE_ON_TWO, 2),
            "489 for C: 3 = 2 available + 1 ordered; 490 for C: 2 = 1 available + 1 ordered; "
            "C/balance issued 2",
        ),
        [pays(1, JEUNESSE=1), pays(1, "490")],
    ),
    (
        Row(
            "five cents inside a line of ten, over departments of three, three and four",
            paid_by([an_amount(10, services=TEN)], 5),
            "489 for C: 10 = 5 available + 5 ordered; C/balance issued 5",
        ),
        [pays(5, EMPLOI=1, JEUNESSE=2, RI=2)],
    ),
    (
        Row(
            "nothing is cut: each department pays its own",
            paid_by([an_amount(10, services=TEN)], 10),
            "489 for C: 10 ordered; C/balance issued 10",
        ),
        [pays(10, EMPLOI=3, JEUNESSE=3, RI=4)],
    ),
]

ROWS = CEILING_ROWS


@each_row(CEILING_ROWS)
def test_rule_22_a_ceiling_pays_the_cost_less_what_was_had(row: Row) -> None:
    check(row)


@pytest.mark.parametrize(("row", "paid"), SHARES, ids=[row.says for row, _ in SHARES])
def test_rule_23_what_is_cut_is_released_line_by_line_exactly(row: Row, paid: list[Json]) -> None:
    [order] = check(row).summary()["payment_orders"]
    assert paid == order["lines"]


def test_rule_23_departments_that_do_not_add_up_to_their_line_still_share_all_of_it() -> None:
    line = an_amount(10, services={"EMPLOI": 1, "JEUNESSE": 2})
    scenario = check(
        Row(
            "one and two are stated of ten",
            [a_vote(10), an_award(10), a_convention(instalments=[an_instalment(lines=[line])])],
            "flag figures_differ: of services, instalment advance, line 489, stated_cents 10, "
            "sum_cents 3; 489 for C: 10 ordered; C/advance issued 10",
        )
    )
    [order] = scenario.summary()["payment_orders"]
    assert [pays(10, EMPLOI=3, JEUNESSE=7)] == order["lines"]
