"""Reconciliation: nothing of any history, and each planted fault with its records."""

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Table, insert, text

from services.treasury.reconciliation.discrepancy import Discrepancy
from services.treasury.store.tables import orders, own_events, pieces, slips
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_collection,
    a_payment,
    a_recovery,
    an_acknowledgement,
    an_amount,
)
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import NOW, book, differences, in_both
from tests.treasury.databases import Opened
from tests.unit.tables.event_notation import read_events

FIRST, SECOND = [an_amount(60), an_amount(40, "490")], [an_amount(10), an_amount(5, "490")]
TWO_ORDERS = read_events("""
    vote 1_000 on 489 + 1_000 on 490; award 70 on 489 + 45 on 490;
    convention [advance 60 on 489 + 40 on 490, balance 10 on 489 + 5 on 490]
""")
"""Orders C/advance of 60 and 40, and C/balance of 10 and 5, issued by record 3."""


def reconciled(url: str, *events: Json, faults: Iterable[str] = (), **more: Any) -> list[Json]:
    """The differences of a history, after rows of the treasury's tables were changed."""
    fill(url, rows_of(Scenario(*TWO_ORDERS, *events)))

    async def go(both: Opened) -> list[Discrepancy]:
        await book(both)
        async with both.store.transaction() as connection:
            for table, rows in more.get("rows", {}).items():
                await connection.execute(insert(table), rows)
            schema = "ecluse_treasury." if both.store.is_postgresql else ""
            for each in faults:
                await connection.execute(text(each.replace("@", schema)))
        return await differences(both, more.get("totals"))

    return [facts(each) for each in asyncio.run(in_both(url, go))]


def facts(each: Discrepancy) -> Json:
    """A difference in brief, without what it does not have."""
    members = {
        "kind": each.kind.value,
        "operation": each.codes and each.codes[3],
        "order": each.payment_order,
        "account": each.account,
        "side": each.side,
        "expected": each.expected_cents,
        "found": each.found_cents,
        "records": each.records,
        "entry": each.entry_id and int(each.entry_id.rpartition("/")[2]),
        "changes": tuple(each.changes),
    }
    return {name: value for name, value in members.items() if value not in {None, ()}}


PAID = [a_payment(70), a_recovery(50), a_collection(45)]


def test_of_a_history_that_was_booked_nothing_differs(treasury_url: str) -> None:
    assert [] == reconciled(treasury_url, *PAID)


def test_a_read_model_of_fewer_records_than_were_booked_is_another_one(treasury_url: str) -> None:
    further = "UPDATE @booked SET sequence = 99"
    assert [{"kind": "other_journal", "records": (99,)}] == reconciled(
        treasury_url, faults=[further]
    )


def test_records_that_are_not_booked_yet_are_no_difference(treasury_url: str) -> None:
    behind = "UPDATE @booked SET sequence = 4", "DELETE FROM @accounting_entries WHERE sequence > 4"
    assert [] == reconciled(treasury_url, *PAID, faults=behind)


Rows = dict[Table, list[Json]]
"""Rows of the treasury's tables."""


def a_slip(number: int, state: str = "issued", **more: Any) -> Json:
    row: Json = {
        "slip_id": f"{BUDGET}/01/{number}",
        "budget": BUDGET,
        "slip_type": "01",
        "state": state,
        "number": number,
        "piece_count": 1,
        "amount_cents": 1,
        "prepared_at": NOW,
        "prepared_by": "Martine AUBERT",
    }
    return row | more


def on_slips(*places: tuple[str, int, int], states: Iterable[str] = ()) -> Rows:
    """Rows of orders on slips: an order, the number of its slip, its cents."""
    numbers = sorted({number for _, number, _ in places})
    of_slips = [a_slip(number) for number in numbers]
    for slip, state in zip(of_slips, states, strict=False):
        slip["state"] = state
    for slip in of_slips:
        slip["amount_cents"] = sum(cents for _, number, cents in places if number == slip["number"])
    of_pieces = [
        {
            "slip_id": f"{BUDGET}/01/{number}",
            "position": position,
            "budget": BUDGET,
            "payment_order": order,
            "number": position,
            "amount_cents": cents,
            "line_cents": [cents],
        }
        for position, (order, number, cents) in enumerate(places, start=1)
    ]
    of_orders = {
        order: {
            "budget": BUDGET,
            "payment_order": order,
            "message": b"{}",
            "amount_cents": cents,
            "issued_on": date(2023, 5, 15),
            "due_on": date(2023, 7, 14),
            "slip_id": f"{BUDGET}/01/{number}",
        }
        for order, number, cents in places
    }
    return {slips: of_slips, pieces: of_pieces, orders: list(of_orders.values())}


def a_return_of(order: str) -> Json:
    """A row of what a return says of an order; the ledger has not read the event yet."""
    made: Json = {"event_type": "ecluse.payment-order.acknowledged.v1", "facts": {}, "made_at": NOW}
    return {"event_id": order, "budget": BUDGET, "payment_order": order} | made


ADVANCE, BALANCE = ("C/advance", 1, 100), ("C/balance", 1, 15)
ACCEPTED = an_acknowledgement(order="C/balance")


@pytest.mark.parametrize(
    ("rows", "events", "expected"),
    [
        pytest.param(on_slips(ADVANCE, BALANCE), [], [], id="both are on a slip"),
        pytest.param({}, [ACCEPTED], [], id="nobody sends slips"),
        pytest.param(on_slips(ADVANCE), [], [], id="the second waits"),
        pytest.param(on_slips(BALANCE, states=["prepared"]), [], [], id="a draft is not sent"),
        pytest.param(
            on_slips(BALANCE),
            [],
            [{"kind": "on_no_slip", "order": "C/advance", "expected": 100, "records": (3,)}],
            id="the treasury lacks the first, though the second was sent",
        ),
        pytest.param(
            on_slips(BALANCE), [an_acknowledgement("rejected")], [], id="the first was rejected"
        ),
        pytest.param(
            on_slips(BALANCE), [an_acknowledgement()], [], id="the first went otherwise, before"
        ),
        pytest.param(on_slips(ADVANCE), [ACCEPTED], [], id="the second went otherwise, after"),
        pytest.param(
            on_slips(ADVANCE) | {own_events: [a_return_of("C/balance")]},
            [ACCEPTED],
            [{"kind": "on_no_slip", "order": "C/balance", "expected": 15, "records": (3,)}],
            id="the second is on none, though a return has it",
        ),
        pytest.param(
            on_slips(ADVANCE, BALANCE, ("C/balance", 2, 15)),
            [],
            [{"kind": "on_several_slips", "order": "C/balance", "records": (3,)}],
            id="it is on two",
        ),
        pytest.param(
            on_slips(ADVANCE, ("C/balance", 1, 16)),
            [],
            [
                {
                    "kind": "slip_amount_differs",
                    "order": "C/balance",
                    "expected": 15,
                    "found": 16,
                    "records": (3,),
                }
            ],
            id="a cent too much",
        ),
        pytest.param(
            on_slips(ADVANCE, BALANCE, ("C/other", 1, 7)),
            [],
            [{"kind": "unknown_on_slip", "order": "C/other", "found": 7}],
            id="the ledger never issued it",
        ),
    ],
)
def test_each_order_stands_on_one_slip_with_its_amount(
    rows: Rows, events: list[Json], expected: list[Json], treasury_in_files: str
) -> None:
    assert expected == reconciled(treasury_in_files, *events, rows=rows)


@pytest.mark.parametrize("order", ["C/advance", "C/balance"])
@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE @orders SET slip_id = NULL",
        "UPDATE @orders SET slip_id = 'another'",
        "DELETE FROM @orders",
        "DELETE FROM @pieces",
    ],
)
def test_an_order_that_left_its_slip_is_found(fault: str, order: str, treasury_url: str) -> None:
    """Its own row and the slip's piece must both say where it is, the last order's as well."""
    both = on_slips(ADVANCE, BALANCE)
    found = reconciled(treasury_url, rows=both, faults=[f"{fault} WHERE payment_order = '{order}'"])
    cents = {"C/advance": 100, "C/balance": 15}[order]
    expected = {"kind": "on_no_slip", "order": order, "expected": cents, "records": (3,)}
    assert [expected] == [each for each in found if each["kind"] != "slip_total_differs"]


def test_an_order_that_lost_the_only_slip_is_found(treasury_in_files: str) -> None:
    gone = "DELETE FROM @pieces", "DELETE FROM @slips"
    found = reconciled(treasury_in_files, rows=on_slips(ADVANCE), faults=gone)
    assert [{"kind": "on_no_slip", "order": "C/advance", "expected": 100, "records": (3,)}] == found
