"""The posting table: what happens to orders and recoveries, as debits and credits."""

from datetime import date

import pytest

from services.treasury.config.accounts import Accounts
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
from tests.unit.treasury.booking import Booked, balances, entries, last

NEXT_YEAR: Json = {"on": "2024-02-01"}
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


ISSUED = booked("order_issued", "65748", "4671", 100)
GIVEN_BACK = booked("order_given_back", "4671", "65748", 100)

ROWS = [
    ("a vote is no entry", [a_vote()], []),
    ("nor is a commitment", [a_vote(), an_award()], []),
    ("an order is expense, owed to the creditor", ordered(), ISSUED),
    (
        "each line of it by itself",
        ordered(*TWO_LINES),
        [
            *booked("order_issued", "65748", "4671", 60),
            *booked("order_issued", "65748", "4671", 40, "490"),
        ],
    ),
    ("taken in charge: nothing", [*ordered(), an_acknowledgement()], []),
    (
        "paid: no more owed, and less at the Treasury",
        [*ordered(), a_payment(100)],
        booked("payment_executed", "4671", "515", 100),
    ),
    (
        "paid in part: the lines in their order",
        [*ordered(*TWO_LINES), a_payment(70)],
        [
            *booked("payment_executed", "4671", "515", 60),
            *booked("payment_executed", "4671", "515", 10, "490"),
        ],
    ),
    ("rejected: the reverse", [*ordered(), an_acknowledgement("rejected")], GIVEN_BACK),
    (
        "paid in part and rejected: of what is not paid",
        [*ordered(), a_payment(30), an_acknowledgement("rejected")],
        booked("order_given_back", "4671", "65748", 70),
    ),
    (
        "issued again: as the first time",
        [*ordered(), an_acknowledgement("rejected"), a_new_account()],
        ISSUED,
    ),
    ("cancelled, as the award fell: the reverse", [*ordered(), a_withdrawal()], GIVEN_BACK),
    (
        "rejected once the year is closed: ordered, committed and available in one record",
        [*ordered(), an_acknowledgement(), a_closing(), an_acknowledgement("rejected")],
        GIVEN_BACK,
    ),
    (
        "paid once the year is closed",
        [*ordered(), an_acknowledgement(), a_closing(), a_payment(100)],
        booked("payment_executed", "4671", "515", 100),
    ),
    ("a closing is no entry", [*ordered(), a_payment(100), a_closing()], []),
    ("what is refused is none", [*ordered(), a_payment(101)], []),
    (
        "asked back in the year: less expense, owed by the beneficiary",
        [*ordered(), a_payment(100), a_recovery(40)],
        booked("recovery_ordered", "46721", "65748", 40),
    ),
    (
        "asked back later: revenue",
        [*ordered(), a_payment(100), a_recovery(40, **NEXT_YEAR)],
        booked("recovery_ordered", "46721", "773", 40),
    ),
    (
        "asked back once the year is closed: revenue, whatever its day",
        [*ordered(), a_payment(100), a_closing(), a_recovery(40)],
        booked("recovery_ordered", "46721", "773", 40),
    ),
    (
        "come back",
        [*ordered(), a_payment(100), a_recovery(40), a_collection(40)],
        booked("recovery_collected", "515", "46721", 40),
    ),
    (
        "come back later",
        [*ordered(), a_payment(100), a_recovery(40), a_collection(40, **NEXT_YEAR)],
        booked("recovery_collected", "515", "46721", 40),
    ),
    (
        "asked back and come once the year is closed",
        [
            *ordered(),
            a_payment(100),
            a_closing(),
            a_recovery(40),
            a_collection(lines=[an_amount(40)]),
        ],
        booked("recovery_collected", "515", "46721", 40),
    ),
]


@pytest.mark.parametrize(
    ("events", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_what_happens_is_posted(events: list[Json], expected: list[Booked]) -> None:
    assert expected == last(*events)


def test_a_line_has_its_place_and_what_it_is_about() -> None:
    *_, debit, credit = entries(Scenario(*ordered()))[-1]
    assert "21590350100017-00-2023/3/1" == debit.entry_id
    assert "21590350100017-00-2023/3/2" == credit.entry_id
    assert date(2023, 5, 15) == debit.booked_on
    assert ("C", "C/advance", None) == debit.about
    *_, recovered = entries(Scenario(*ordered(), a_payment(100), a_recovery(40)))[-1]
    assert ("C", None, "R") == recovered.about


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
    assert ("C", "G/now", None) == paid.about


def test_rule_14_a_payment_may_have_the_next_order_issued() -> None:
    """It was held back while awards were above the limit, and waits for an event of its own."""
    alone = [
        an_instalment(name="now", lines=[an_amount(60)]),
        an_instalment(name="later", trigger="notification", lines=[an_amount(1_500_000)]),
    ]
    held_back = [
        a_vote(9_000_000),
        a_new_account(),
        an_award(1_500_060, requires_convention=False, instalments=alone),
        an_award(1_500_000, grant="H", act=an_act("2023-04-13")),
        a_notification(convention="G"),
        a_withdrawal(grant="H", act=an_act("2023-04-13")),
        a_payment(60, "G/now"),
    ]
    assert [
        *booked("payment_executed", "4671", "515", 60),
        *booked("order_issued", "65748", "4671", 1_500_000),
    ] == last(*held_back)
    expected = booked("recovery_ordered", "46721", "65748", 60)
    assert expected == last(*held_back, a_recovery(60, convention="G"))


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
