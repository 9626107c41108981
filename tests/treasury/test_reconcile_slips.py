"""Slips against themselves and the ledger: planted faults, and what is done properly is none."""

import io
from typing import Any, Final

import pytest
from sqlalchemy import insert, text

from services.projector.tables import payment_order_lines
from services.treasury.domain.slips import SlipState
from services.treasury.pes.accountant import Accounts
from services.treasury.reconciliation.reconcile import ComparisonCounts, reconcile
from services.treasury.returns.returns import Returns
from services.treasury.store.database import inserting
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import booked, piece_states
from tests.builders import BUDGET, IBAN
from tests.treasury.books import differences
from tests.treasury.desk import CANCELLATION, NOON, At, Desk
from tests.treasury.orders import a_config, is_now
from tests.treasury.return_files import Line, Mandat, a_return, a_slip

A: Final = "A/advance"
PLACE: Final = {"chapter": "65", "article": "65748", "function": "", "operation": ""}


async def ordered(desk: Desk, name: str, *line_cents: int) -> None:
    """An order with its lines in the read model, of a budget of which nothing is booked."""
    async with desk.both.store.transaction() as connection:
        row = {"budget": BUDGET, "sequence": 0}
        await connection.execute(inserting(connection, booked).values(row).on_conflict_do_nothing())
    await desk.orders(name, line_cents=line_cents)
    of_it = {"budget": BUDGET, "payment_order": name, **PLACE}
    rows = [{**of_it, "position": n, "amount_cents": c} for n, c in enumerate(line_cents, 1)]
    async with desk.both.read_model.begin() as connection:
        await connection.execute(insert(payment_order_lines), rows)


async def found(desk: Desk) -> list[dict[str, Any]]:
    """The differences of slips in brief; nothing is booked here."""
    members = ("payment_order", "slip_id", "expected_cents", "found_cents")
    return [
        {"kind": each.kind.value}
        | {name: value for name in members if (value := getattr(each, name)) is not None}
        for each in await differences(desk.both)
    ]


async def changed(desk: Desk, statement: str) -> None:
    schema = "ecluse_treasury." if desk.both.store.is_postgresql else ""
    async with desk.both.store.transaction() as connection:
        await connection.execute(text(statement.replace("@", schema)))


async def cancelled_on_its_way(desk: Desk) -> None:
    await ordered(desk, A, 100, 50)
    await desk.sent()
    await is_now(desk.both, A, "cancelled", paid_cents=120)


def test_a_cancelled_order_is_a_difference_until_a_slip_takes_it_back(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await cancelled_on_its_way(desk)
        missing = {"kind": "not_taken_back", "payment_order": A, "expected_cents": 30}
        assert [missing] == await found(desk)
        await desk.sent(CANCELLATION)
        assert [] == await found(desk)
        await changed(desk, "UPDATE @orders SET cancelling_slip_id = NULL")
        assert [missing] == await found(desk)

    at_a_desk(work)


def test_an_order_whose_piece_the_accountant_rejected_is_a_difference_again(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await cancelled_on_its_way(desk)
        slip = await desk.sent(CANCELLATION)
        state = {"slip_id": slip.slip_id, "piece_number": 1, "state": "rejected"}
        days = {"dated_on": NOON.date(), "state_on": NOON.date()}
        await desk.add(piece_states, state | days)
        missing = {"kind": "not_taken_back", "payment_order": A, "expected_cents": 30}
        assert [missing] == await found(desk)
        await changed(desk, "UPDATE @orders SET cancelling_slip_id = NULL")
        await desk.sent(CANCELLATION)
        assert [] == await found(desk)

    at_a_desk(work)


def test_an_order_that_was_not_sent_or_that_the_accountant_rejected_is_none(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await ordered(desk, A, 100)
        slip = await desk.issued()
        await is_now(desk.both, A, "cancelled")
        assert [] == await found(desk)
        await desk.slips.cancel(slip.slip_id, "anne")
        await ordered(desk, "B/advance", 100)
        await desk.sent()
        await is_now(desk.both, "B/advance", "cancelled")
        assert ["not_taken_back"] == [each["kind"] for each in await found(desk)]
        rejected = {"EtatPce": "04", "DtePceRej": "2023-06-04", "DtePcePec": None}
        line = Line("1.00", count=None, total=None)
        content = a_return(
            a_slip(Mandat(1, (line,), rejected)), head={"IdPost": "059999", "CodColl": "350"}
        )
        taken = await Returns(desk.both.store, a_config(), lambda: NOON).take(
            io.BytesIO(content), "retour.xml", "anne"
        )
        assert 1 == taken.pieces
        assert [] == await found(desk)

    at_a_desk(work)


def test_a_piece_that_takes_back_something_else_is_found(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await cancelled_on_its_way(desk)
        slip = await desk.sent(CANCELLATION)
        its = f"WHERE slip_id = '{slip.slip_id}'"
        differs = {"kind": "taken_back_differs", "payment_order": A, "expected_cents": 30}
        await changed(desk, f"UPDATE @pieces SET line_cents = '[1, 29]' {its}")
        assert [differs | {"found_cents": 30}] == await found(desk)
        await changed(desk, f"UPDATE @pieces SET line_cents = '[0, 1]', amount_cents = 1 {its}")
        total = {"kind": "slip_total_differs", "slip_id": slip.slip_id}
        year = {"kind": "year_total_differs", "slip_id": slip.slip_id}
        sums = {"expected_cents": 1, "found_cents": 30}
        assert [differs | {"found_cents": 1}, total | sums, year | sums] == await found(desk)

    at_a_desk(work)


def test_a_piece_that_takes_back_what_nobody_cancelled_is_found(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await cancelled_on_its_way(desk)
        await desk.sent(CANCELLATION)
        await is_now(desk.both, A, "issued")
        differs = {"kind": "taken_back_differs", "payment_order": A}
        assert [differs | {"expected_cents": 0, "found_cents": 30}] == await found(desk)

    at_a_desk(work)


def test_an_order_that_waits_or_was_answered_otherwise_is_no_difference_and_is_counted(
    at_a_desk: At,
) -> None:
    """Whatever it waits for, and though a later one was sent: a nightly run finds nothing."""

    async def work(desk: Desk) -> None:
        await ordered(desk, A, 100)
        await is_now(desk.both, A, "paid", paid_cents=100)
        account = {"iban": IBAN, "holder": "Компания"}
        await desk.orders("B/advance", bank_account=account)
        await ordered(desk, "C/advance", 50, 25)
        await desk.sent()
        await ordered(desk, "D/advance", 10)
        await is_now(desk.both, "D/advance", "taken_in_charge")
        done = await reconcile(desk.both.store, desk.both.read_model, Accounts())
        expected = ComparisonCounts(slips=1, pieces=1, waiting=1, answered_otherwise=2)
        assert ([], expected) == (done.differences, done.compared)
        await desk.returned("D/advance", line=1, amount_cents=5)
        assert [{"kind": "on_no_slip", "payment_order": "D/advance", "expected_cents": 10}] == [
            each for each in await found(desk) if each["kind"] == "on_no_slip"
        ]

    at_a_desk(work)


async def two_slips(desk: Desk) -> tuple[SlipRow, SlipRow]:
    await ordered(desk, A, 100)
    first = await desk.sent()
    await ordered(desk, "B/advance", 50)
    return first, await desk.sent()


@pytest.mark.parametrize(
    ("fault", "kind", "sums"),
    [
        ("amount_cents = 51", "slip_total_differs", (50, 51)),
        ("cumulative_cents = 149", "year_total_differs", (150, 149)),
        ("cumulative_cents = 151", "year_total_differs", (150, 151)),
    ],
)
def test_a_total_that_is_not_the_sum_of_pieces_is_found(
    at_a_desk: At, fault: str, kind: str, sums: tuple[int, int]
) -> None:
    async def work(desk: Desk) -> None:
        _first, second = await two_slips(desk)
        assert [] == await found(desk)
        await changed(desk, f"UPDATE @slips SET {fault} WHERE slip_id = '{second.slip_id}'")
        totals = dict(zip(("expected_cents", "found_cents"), sums, strict=True))
        assert [{"kind": kind, "slip_id": second.slip_id, **totals}] == await found(desk)

    at_a_desk(work)


def test_totals_with_and_without_a_slip_that_was_refused_are_right(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        first, _counts_it = await two_slips(desk)
        await desk.answered(first, SlipState.REFUSED)
        await ordered(desk, "C/advance", 7)
        await desk.sent()
        assert [] == await found(desk)
        await desk.slips.cancel(first.slip_id, "anne")
        await desk.sent()
        assert [] == await found(desk)

    at_a_desk(work)
