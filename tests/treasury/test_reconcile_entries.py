"""Reconciliation of entries: each planted fault with its record and by what the entry differs."""

import asyncio
from typing import Any

import pytest

from services.treasury.domain.postings import Role
from services.treasury.pes.accountant import Accounts
from services.treasury.reconciliation import entries
from services.treasury.reconciliation.discrepancy import Discrepancy
from services.treasury.reconciliation.reconcile import reconcile
from tests.builders import BUDGET, Json, Scenario, a_payment, a_recovery
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import book, in_both
from tests.treasury.databases import Opened
from tests.treasury.test_reconcile import PAID, TWO_ORDERS, reconciled

CHANGE = "UPDATE @accounting_entries SET {} WHERE sequence = {} AND item = {}"
ORDERED, PAYMENT = 3, 4
"""The records of the two orders, and of the payment of 70 behind them."""


def differs(sequence: int, item: int, *changes: tuple[str, Any, Any], **more: Any) -> Json:
    """An entry that differs, in brief."""
    return {
        "kind": "entry_differs",
        "records": (sequence,),
        "entry": item,
        "changes": changes,
        **more,
    }


OF_490 = {"operation": "490", "order": "C/advance"}
CREDITOR_490, TREASURY_490 = OF_490 | {"account": "4671"}, OF_490 | {"account": "515"}


def test_an_entry_one_cent_off_is_found_with_its_record(treasury_url: str) -> None:
    """Both of its lines were changed: the record balances still."""
    off = [
        CHANGE.format(f"{side} = {side} + 1", PAYMENT, item)
        for item, side in ((3, "debit_cents"), (4, "credit_cents"))
    ]
    at_fault = {"operation": "490", "records": (PAYMENT,)}
    assert [
        {"kind": "creditors_differ", "expected": 35, "found": 34, **at_fault},
        {"kind": "treasury_differs", "expected": 10, "found": 11, **at_fault},
        differs(PAYMENT, 3, ("debit_cents", 10, 11), **CREDITOR_490),
        differs(PAYMENT, 4, ("credit_cents", 10, 11), **TREASURY_490),
    ] == reconciled(treasury_url, a_payment(70), faults=off)


def test_one_line_of_an_entry_that_is_a_cent_off_is_no_balance(treasury_url: str) -> None:
    off = CHANGE.format("debit_cents = 61", ORDERED, 1)
    at_fault = {"operation": "489", "records": (ORDERED,)}
    entry = {"operation": "489", "order": "C/advance", "account": "65748"}
    assert [
        {"kind": "unbalanced", "expected": 115, "found": 116, "records": (ORDERED,)},
        {"kind": "expense_differs", "expected": 70, "found": 71, **at_fault},
        differs(ORDERED, 1, ("debit_cents", 60, 61), **entry),
    ] == reconciled(treasury_url, faults=[off])


def test_entries_that_are_missing_are_found(treasury_url: str) -> None:
    gone = "DELETE FROM @accounting_entries WHERE sequence = 5"
    at_fault = {"operation": "489", "records": (5,)}
    missing = {"kind": "entry_missing", "expected": 50, **at_fault}
    assert [
        {"kind": "expense_differs", "expected": 20, "found": 70, **at_fault},
        {"kind": "debtors_differ", "expected": 50, "found": 0, **at_fault},
        missing | {"account": "46721", "side": "debit", "entry": 1},
        missing | {"account": "65748", "side": "credit", "entry": 2},
    ] == reconciled(treasury_url, *PAID[:2], faults=[gone])


def test_a_cent_on_the_revenue_is_found(treasury_in_files: str) -> None:
    """Debtor and revenue: neither expense nor creditor nor Treasury has it."""
    later = a_recovery(50, on="2024-02-01")
    off = [
        CHANGE.format(f"{side} = {side} + 1", 5, item)
        for item, side in ((1, "debit_cents"), (2, "credit_cents"))
    ]
    line = {"operation": "489"}
    assert [
        {"kind": "debtors_differ", "expected": 50, "found": 51, "records": (5,), **line},
        differs(5, 1, ("debit_cents", 50, 51), account="46721", **line),
        differs(5, 2, ("credit_cents", 50, 51), account="773", **line),
    ] == reconciled(treasury_in_files, a_payment(70), later, faults=off)


@pytest.mark.parametrize(
    ("column", "value", "was"),
    [
        ("account", "4672", "4671"),
        ("booked_on", "2023-06-01", "2023-05-30"),
        ("convention", "C2", "C"),
        ("payment_order", "C/balance", "C/advance"),
        ("payment_order", None, "C/advance"),
        ("recovery", "R", None),
        ("kind", "order_given_back", "payment_executed"),
    ],
)
def test_what_no_sum_shows_is_found_of_a_single_entry(
    column: str, value: str | None, was: str | None, treasury_url: str
) -> None:
    """Another account, another day, another order: all sums by line are as they were."""
    set_to = f"{column} = NULL" if value is None else f"{column} = '{value}'"
    changed = {"order": value} if column == "payment_order" else {}
    if column == "account":
        changed = {"account": value}
    expected = differs(PAYMENT, 3, (column, was, value), **CREDITOR_490) | changed
    if expected["order"] is None:
        del expected["order"]
    fault = CHANGE.format(set_to, PAYMENT, 3)
    assert [expected] == reconciled(treasury_url, a_payment(70), faults=[fault])


FORMER_DAY = "booked_on = '2023-05-15'"
"""On which 0.1.0 booked the orders: their convention was signed then."""


def test_entries_that_0_1_0_booked_are_no_differences(treasury_url: str) -> None:
    former = f"UPDATE @accounting_entries SET {FORMER_DAY} WHERE sequence = {ORDERED}"
    assert [] == reconciled(treasury_url, *PAID, faults=[former])


def test_one_line_of_a_record_on_that_day_is_found(treasury_in_files: str) -> None:
    """A version books a record as a whole."""
    fault = CHANGE.format(FORMER_DAY, ORDERED, 1)
    changed = ("booked_on", "2023-06-01", "2023-05-15")
    line = {"operation": "489", "order": "C/advance", "account": "65748"}
    assert [differs(ORDERED, 1, changed, **line)] == reconciled(treasury_in_files, faults=[fault])


def test_two_faults_that_cancel_each_other_out_are_found(treasury_url: str) -> None:
    """A cent more on one order of a line, a cent less on the next: each sum is right."""
    both = [
        CHANGE.format(f"{side} = {side} {sign} 1", ORDERED, item)
        for items, sign in (((1, 2), "+"), ((5, 6), "-"))
        for item, side in zip(items, ("debit_cents", "credit_cents"), strict=True)
    ]
    found = reconciled(treasury_url, faults=both)
    assert [
        (1, "C/advance", (("debit_cents", 60, 61),)),
        (2, "C/advance", (("credit_cents", 60, 61),)),
        (5, "C/balance", (("debit_cents", 10, 9),)),
        (6, "C/balance", (("credit_cents", 10, 9),)),
    ] == [(each["entry"], each["order"], each["changes"]) for each in found]


@pytest.mark.parametrize("sequence", [1, ORDERED])
def test_entries_of_no_record_are_found(sequence: int, treasury_in_files: str) -> None:
    """A vote posts nothing, and two orders of two lines have no entry 21."""
    columns = "booked_on, kind, role, account, debit_cents, credit_cents, chapter, article"
    columns += ", function, operation, convention, payment_order, recovery, budget"
    twice = f"INSERT INTO @accounting_entries ({columns}, sequence, item)"
    twice += f" SELECT {columns}, {sequence}, item + 20"
    twice += f" FROM @accounting_entries WHERE sequence = {ORDERED} AND item <= 2"
    of_line = {"operation": "489", "found": 60, "records": (sequence,), "order": "C/advance"}
    unknown = {"kind": "entry_unknown", **of_line}
    assert [
        unknown | {"account": "65748", "side": "debit", "entry": 21},
        unknown | {"account": "4671", "side": "credit", "entry": 22},
    ] == reconciled(treasury_in_files, faults=[twice])[-2:]


def test_entries_of_an_account_that_the_settings_had_before_are_named(
    treasury_in_files: str,
) -> None:
    """They keep it; an order credited on one account and paid from another stays open on both."""
    fill(treasury_in_files, rows_of(Scenario(*TWO_ORDERS)))
    now = Accounts.model_validate([{"creditor": "46711"}])

    async def go(both: Opened) -> list[Discrepancy]:
        await book(both)
        return (await reconcile(both.store, both.read_model, now)).differences

    found = asyncio.run(in_both(treasury_in_files, go))
    assert [(f"{BUDGET}/3/{item}", (("account", "46711", "4671"),)) for item in (2, 4, 6, 8)] == [
        (each.entry_id, each.changes) for each in found
    ]
    assert "46711" == now.code(Role.CREDITOR, "65748", 2023)


def test_of_more_than_are_named_the_records_are(
    treasury_in_files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "NAMED", 3)
    found = reconciled(
        treasury_in_files, *PAID, faults=["UPDATE @accounting_entries SET booked_on = '2020-01-01'"]
    )
    assert ["entry_differs"] * 3 + ["more_entries_differ"] == [each["kind"] for each in found]
    assert (3, 4, 5, 6) == found[-1]["records"]
