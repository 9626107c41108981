"""The posting table: what happens to orders and recoveries, as debits and credits."""

from datetime import date

import pytest

from services.treasury.entries.rules import as_booked
from services.treasury.pes.accountant import Accounts
from tests.builders import (
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import read_table
from tests.unit.treasury.booking import Booked, balances, entries, last, read_row, subject

TWO_LINES = [an_amount(60), an_amount(40, "490")]


def ordered(*lines: Json) -> list[Json]:
    """A grant, its convention and the one order of it."""
    amounts = list(lines) or [an_amount(100)]
    return [
        a_vote(appropriations=amounts),
        an_award(lines=amounts),
        a_convention(instalments=[an_instalment(lines=amounts)]),
    ]


def booked(kind: str, debit: str, credit: str, cents: int, operation: str = "489") -> list[Booked]:
    """A debit and the same as a credit."""
    return [Booked(kind, debit, operation, cents), Booked(kind, credit, operation, -cents)]


ORDER, ON_TWO_LINES = ordered(), ordered(*TWO_LINES)

ROWS = read_table(
    """
    a vote is no entry
        vote
        => nothing
    nor is a commitment
        vote; award
        => nothing
    an order is expense, owed to the creditor
        ORDER
        => order_issued 100 on 489: debit 65748, credit 4671
    each line of it by itself
        ON_TWO_LINES
        => order_issued 60 on 489: debit 65748, credit 4671;
           order_issued 40 on 490: debit 65748, credit 4671
    taken in charge: nothing
        ORDER; C/advance taken_in_charge
        => nothing
    paid: no more owed, and less at the Treasury
        ORDER; payment 100
        => payment_executed 100 on 489: debit 4671, credit 515
    paid in part: the lines in their order
        ON_TWO_LINES; payment 70
        => payment_executed 60 on 489: debit 4671, credit 515;
           payment_executed 10 on 490: debit 4671, credit 515
    rejected: the reverse
        ORDER; C/advance rejected
        => order_given_back 100 on 489: debit 4671, credit 65748
    paid in part and rejected: of what is not paid
        ORDER; payment 30; C/advance rejected
        => order_given_back 70 on 489: debit 4671, credit 65748
    issued again: as the first time
        ORDER; C/advance rejected; new account
        => order_issued 100 on 489: debit 65748, credit 4671
    cancelled, as the award fell: the reverse
        ORDER; withdrawal
        => order_given_back 100 on 489: debit 4671, credit 65748
    rejected once the year is closed: ordered, committed and available in one record
        ORDER; C/advance taken_in_charge; closing none; C/advance rejected
        => order_given_back 100 on 489: debit 4671, credit 65748
    paid once the year is closed
        ORDER; C/advance taken_in_charge; closing none; payment 100
        => payment_executed 100 on 489: debit 4671, credit 515
    a closing is no entry
        ORDER; payment 100; closing none
        => nothing
    what is refused is none
        ORDER; payment 101
        => nothing
    asked back in the year: less expense, owed by the beneficiary
        ORDER; payment 100; recovery 40
        => recovery_ordered 40 on 489: debit 46721, credit 65748
    asked back later: revenue
        ORDER; payment 100; recovery 40, on 2024-02-01
        => recovery_ordered 40 on 489: debit 46721, credit 773
    asked back once the year is closed: revenue, whatever its day
        ORDER; payment 100; closing none; recovery 40
        => recovery_ordered 40 on 489: debit 46721, credit 773
    come back
        ORDER; payment 100; recovery 40; collection 40
        => recovery_collected 40 on 489: debit 515, credit 46721
    come back later
        ORDER; payment 100; recovery 40; collection 40, on 2024-02-01
        => recovery_collected 40 on 489: debit 515, credit 46721
    asked back and come once the year is closed
        ORDER; payment 100; closing none; recovery 40; collection 40 on 489
        => recovery_collected 40 on 489: debit 515, credit 46721
""",
    globals(),
    read_row,
)


@pytest.mark.parametrize(
    ("events", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_what_happens_is_posted(events: list[Json], expected: list[Booked]) -> None:
    assert expected == last(*events)


def test_a_line_has_its_place_and_what_it_is_about() -> None:
    *_, debit, credit = entries(Scenario(*ORDER))[-1]
    assert "21590350100017-00-2023/3/1" == debit.entry_id
    assert "21590350100017-00-2023/3/2" == credit.entry_id
    assert date(2023, 6, 1) == debit.booked_on
    assert ("C", "C/advance", None) == subject(debit)
    codes = {"chapter": "65", "article": "65748", "function": "61", "operation": "489"}
    assert codes == debit.line
    assert codes.items() <= debit.row.items()
    assert (3, 1, None) == tuple(debit.row[name] for name in ("sequence", "item", "recovery"))
    *_, recovered = entries(Scenario(*ORDER, a_payment(100), a_recovery(40)))[-1]
    assert ("C", None, "R") == subject(recovered)


HELD_BACK = [
    a_vote(9_000_000),
    a_new_account(),
    an_award(
        1_500_060,
        requires_convention=False,
        instalments=[
            an_instalment(name="now", lines=[an_amount(60)]),
            an_instalment(name="later", trigger="notification", lines=[an_amount(1_500_000)]),
        ],
    ),
    an_award(1_500_000, grant="H", act=an_act("2023-04-13")),
    a_notification(convention="G"),
    a_withdrawal(grant="H", act=an_act("2023-04-13")),
    a_payment(60, "G/now"),
]
"""An order held back while awards were above the limit, which waited for an event of its own: the
payment issues it."""

ALONE: Json = {"requires_convention": False, "act": an_act("2022-12-15")}
LATER: Json = {"_time": "2024-01-25T10:00:00+01:00"}
"""The time of an event: its day may be an earlier one."""

DAYS: list[tuple[str, list[Json], list[str]]] = [
    (
        "an order of an award of the year before: on its own day, in its own year",
        [a_vote(), a_new_account(), an_award(100, **ALONE, _time="2023-01-09T10:00:00+01:00")],
        ["2023-01-09"],
    ),
    ("an order of a convention: not on the day of its signature", ordered(), ["2023-06-01"]),
    (
        "rejected: on the day that the accountant names",
        [*ordered(), an_acknowledgement("rejected", on="2023-07-03", **LATER)],
        ["2023-07-03"],
    ),
    (
        "rejected once the year is closed, which decommits in the same record: no less",
        [
            *ordered(),
            an_acknowledgement(),
            a_closing(),
            an_acknowledgement("rejected", on="2024-01-20", **LATER),
        ],
        ["2024-01-20"],
    ),
    (
        "cancelled, as the award fell: on the day of the event, not of the act that falls",
        [*ordered(), a_withdrawal(_time="2023-09-01T10:00:00+02:00")],
        ["2023-09-01"],
    ),
    (
        "paid: on the day of the payment",
        [*ordered(), a_payment(100, executed_on="2023-07-17", **LATER)],
        ["2023-07-17"],
    ),
    (
        "asked back: on the day of the order",
        [*ordered(), a_payment(100), a_recovery(40, on="2023-10-02", **LATER)],
        ["2023-10-02"],
    ),
    (
        "come back on another line than asked: moved and collected on the day of the money",
        [
            *ordered(*TWO_LINES),
            a_payment(100),
            a_recovery(40, lines=[an_amount(40)]),
            a_collection(40, lines=[an_amount(40, "490")], on="2023-11-02", **LATER),
        ],
        ["2023-11-02"],
    ),
]


@pytest.mark.parametrize(("events", "days"), [row[1:] for row in DAYS], ids=[r[0] for r in DAYS])
def test_each_kind_of_entry_has_the_day_that_an_accountant_takes(
    events: list[Json], days: list[str]
) -> None:
    lines = entries(Scenario(*events))[-1]
    assert days == sorted({each.booked_on.isoformat() for each in lines})


def test_rule_14_a_payment_and_the_order_that_it_issues_have_each_their_day() -> None:
    lines = entries(Scenario(*HELD_BACK))[-1]
    assert [("payment_executed", "2023-05-30"), ("order_issued", "2023-06-01")] == list(
        dict.fromkeys((each.kind.value, each.booked_on.isoformat()) for each in lines)
    )


FORMER, OWN, OTHER = date(2022, 12, 15), date(2023, 6, 1), date(2023, 6, 2)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({}, OWN),
        ({1: OWN}, OWN),
        ({1: FORMER}, FORMER),
        ({1: FORMER, 2: FORMER}, FORMER),
        ({1: FORMER, 2: OWN}, OWN),
        ({1: FORMER, 2: OTHER}, OWN),
        ({3: FORMER}, FORMER),
    ],
    ids=["none", "new", "former", "all former", "both", "another day", "one that is of no record"],
)
def test_the_lines_of_a_record_keep_the_day_on_which_0_1_0_booked_it(
    there: dict[int, date], expected: date
) -> None:
    lines = entries(Scenario(*ordered()))[-1]
    assert [expected] * 2 == [each.booked_on for each in as_booked(lines, FORMER, there)]


def test_of_a_record_on_one_day_those_that_are_there_say_nothing_of_its_orders() -> None:
    """Its payment has the same day by both readings: whoever booked it, the order has its own."""
    paid, _, issued, _ = lines = entries(Scenario(*HELD_BACK))[-1]
    assert lines == as_booked(lines, paid.booked_on, {1: paid.booked_on, 2: paid.booked_on})
    assert paid.booked_on != issued.booked_on


def test_rule_13_an_order_of_a_grant_keeps_its_name_under_the_convention() -> None:
    alone = [
        an_instalment(name="now", lines=[an_amount(60)]),
        an_instalment(name="balance", trigger="notification", lines=[an_amount(2_000_000)]),
    ]
    over_the_limit = [
        a_vote(9_000_000),
        a_new_account(),
        an_award(2_000_060, requires_convention=False, instalments=alone),
        an_award(2_000_000, grant="H"),
        a_convention(2_000_000, _id="c"),
        a_payment(60, "G/now"),
    ]
    history = Scenario(*over_the_limit)
    paid = entries(history)[-1][0]
    assert ("C", "G/now", None) == subject(paid)


def test_rule_14_a_payment_may_have_the_next_order_issued() -> None:
    assert [
        *booked("payment_executed", "4671", "515", 60),
        *booked("order_issued", "65748", "4671", 1_500_000),
    ] == last(*HELD_BACK)
    expected = booked("recovery_ordered", "46721", "65748", 60)
    assert expected == last(*HELD_BACK, a_recovery(60, convention="G"))


def test_the_sums_of_a_year_are_what_the_ledger_has() -> None:
    history = Scenario(*ordered(*TWO_LINES), a_payment(70), a_recovery(50), a_collection(45))
    assert {
        ("65748", "489"): 10,  # 60 were paid there: 50 are asked back
        ("65748", "490"): 40,
        ("46721", "489"): 5,
        ("515", "489"): -15,
        ("515", "490"): -10,
        ("4671", "490"): -30,
    } == balances(history)


def test_accounts_are_those_of_the_article_and_the_year() -> None:
    accounts = Accounts.model_validate(
        [{"creditors": {"657": "4672", "65748": "4673"}}, {"from_year": 2024, "creditor": "4679"}]
    )
    ((debit, credit),) = [each for each in entries(Scenario(*ordered()), accounts) if each]
    assert ("65748", "4673") == (debit.account, credit.account)
