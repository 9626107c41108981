"""Payment orders and commitment entries: as the recorded summaries have them; what waits."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.api.journal import entries
from services.api.queries import orders
from tests.api.made import Made
from tests.api.queries.asked import HISTORIES, YEAR, ask, connected, line_row
from tests.builders import (
    IBAN,
    a_convention,
    a_new_account,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events

BUDGET = "21590350100017-00-2023"
THREE = [
    an_instalment(30_000, "first"),
    an_instalment(30_000, "second", trigger="notification"),
    an_instalment(40_000, "third"),
]


def summary_beside(history: Path) -> Any:
    name = history.name.replace("events.jsonl", "summary.json")
    return msgspec.json.decode(history.with_name(name).read_bytes())


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
def test_orders_and_entries_are_those_of_the_recorded_summary(made: Made, history: Path) -> None:
    url = made(journal_of(history))
    text = summary_beside(history)

    async def whole(conn: Any) -> tuple[list[Any], list[Any]]:
        listed = await orders.list_orders(conn, None)
        in_order = sorted(listed, key=lambda each: (each.budget, each.sequence))
        wholes = [
            await orders.one(conn, None, each.budget, each.payment_order) for each in in_order
        ]
        return wholes, await entries.list_commitment_entries(conn, None)

    found_orders, found_entries = ask(url, whole)
    in_order = sorted(text["payment_orders"], key=lambda row: (row["budget"], row["payment_order"]))
    rows = [order_row(each) for each in found_orders]
    assert in_order == sorted(rows, key=lambda row: (row["budget"], row["payment_order"]))
    assert text["commitment_entries"] == [entry_row(each) for each in found_entries]
    assert all(
        each.order.paid_cents == sum(paid.amount_cents for paid in each.payments)
        for each in found_orders
    )


def order_row(whole: orders.WholeOrder) -> dict[str, Any]:
    order = whole.order
    return {
        "payment_order": order.payment_order,
        "budget": order.budget,
        "convention": order.convention,
        "instalment": order.instalment,
        "amount_cents": order.amount_cents,
        "paid_cents": order.paid_cents,
        "state": order.state,
        "due_on": order.due_on.isoformat(),
        "lines": [
            {
                "line": line_row(each.line),
                "amount_cents": each.amount_cents,
                "services": each.services
                and [{"code": one.code, "amount_cents": one.amount_cents} for one in each.services],
            }
            for each in whole.lines
        ],
    }


def entry_row(entry: entries.CommitmentEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "budget": entry.budget,
        "kind": entry.kind,
        "line": line_row(entry.line),
        "amount_cents": entry.amount_cents,
        "convention": entry.convention,
    }


@pytest.mark.parametrize(
    ("today", "all_of", "due_soon", "overdue"),
    [
        # signed on 15 May: due on 14 July; 30,000 + 40,000 ordered, 10,000 of them paid
        ("2023-05-14", (2, 60_000), (0, 0), (0, 0)),
        ("2023-05-15", (2, 60_000), (2, 60_000), (0, 0)),
        ("2023-07-14", (2, 60_000), (2, 60_000), (0, 0)),
        ("2023-07-15", (2, 60_000), (0, 0), (2, 60_000)),
    ],
)
def test_orders_wait_with_what_is_left_to_pay_and_by_the_day_they_are_due_soon_or_late(
    made: Made,
    today: str,
    all_of: tuple[int, int],
    due_soon: tuple[int, int],
    overdue: tuple[int, int],
) -> None:
    journal = [
        a_vote(),
        an_award(),
        a_convention(instalments=THREE),
        an_acknowledgement(order="C/first"),
        a_payment(10_000, "C/first"),
    ]
    url = made(journal_of_events(map(encoded, journal)))
    day = date.fromisoformat(today)
    found = ask(url, lambda conn: orders.waiting(conn, None, day))
    assert orders.Counted(*all_of) == found.all
    assert orders.Counted(*due_soon) == found.due_soon
    assert orders.Counted(*overdue) == found.overdue
    assert orders.Counted(1, 40_000) == found.by_state["issued"]
    assert orders.Counted(1, 20_000) == found.by_state["taken_in_charge"]
    assert found.oldest is not None
    assert "C/first" == found.oldest.payment_order


def test_a_paid_order_waits_no_more(made: Made) -> None:
    url = made(journal_of(YEAR))
    found = ask(url, lambda conn: orders.waiting(conn, None, date(2023, 7, 1)))
    assert (orders.Counted(0, 0), None) == (found.all, found.oldest)


async def test_an_order_keeps_its_account_and_shows_its_ends_only(made_in_files: Made) -> None:
    events = [a_vote(), an_award(), a_convention(), a_new_account()]
    url = made_in_files(journal_of_events(map(encoded, events)))
    async with connected(url) as conn:
        (order,) = await orders.list_orders(conn, None)
        revealed = await orders.account_of(conn, None, BUDGET, "C/advance")
        elsewhere = frozenset({"21590512600017"})
        others = await orders.account_of(conn, elsewhere, BUDGET, "C/advance")
    assert "FR76…110" == order.bank_account.iban
    assert revealed is not None
    assert (IBAN, None) == (revealed[0], others)
