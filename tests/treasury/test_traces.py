"""The trace of the event that issued an order, in what the treasury says of that order."""

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from services.treasury.slips.order_messages import IssuedOrder
from services.treasury.slips.orders import take
from services.treasury.store.tables import orders, outbox
from tests.treasury import sent_slips
from tests.treasury.desk import CANCELLATION, At, Desk
from tests.treasury.orders import an_order, is_now
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import a_piece_row, a_slip_row, at_desk

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def traced(desk: Desk, **traces: str | None) -> None:
    """The orders of these conventions were issued under these traces."""
    await desk.orders(*(f"{name}/advance" for name in traces))
    async with desk.both.store.transaction() as connection:
        for name, trace in traces.items():
            its = update(orders).where(orders.c.payment_order == f"{name}/advance")
            await connection.execute(its.values(traceparent=trace))


async def messages(desk: Desk) -> list[dict[str, Any]]:
    async with desk.both.store.reading() as connection:
        asked = select(outbox.c.value).order_by(outbox.c.number)
        return [json.loads(each) for each in await connection.scalars(asked)]


@pytest.mark.parametrize(
    ("traces", "expected"),
    [
        ({"A": TRACE}, TRACE),
        ({"A": TRACE, "B": TRACE}, TRACE),
        ({"A": TRACE, "B": OTHER}, None),
        ({"A": TRACE, "B": None}, None),
        ({"A": None}, None),
    ],
)
def test_a_slip_goes_on_with_the_trace_that_all_its_orders_have(
    traces: dict[str, str | None], expected: str | None, at_a_desk: At
) -> None:
    async def work(desk: Desk) -> None:
        await traced(desk, **traces)
        await desk.issued()
        (message,) = await messages(desk)
        assert expected == message.get("traceparent")

    at_a_desk(work)


def test_a_slip_that_takes_back_goes_on_with_it_too(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await traced(desk, A=TRACE)
        await desk.sent()
        await is_now(desk.both, "A/advance", "cancelled")
        await desk.issued(CANCELLATION)
        assert [TRACE, TRACE] == [each["traceparent"] for each in await messages(desk)]

    at_a_desk(work)


def test_what_a_return_says_of_an_order_goes_on_with_its_trace(treasury_url: str) -> None:
    slip = a_slip_row(12)
    rows = [a_piece_row(slip, 34, "C/advance"), a_piece_row(slip, 35, "D/advance")]
    pieces = [
        Mandat(row["number"], (Line("1000.00", (Paid("400.00"),), "1", "400.00"),)) for row in rows
    ]

    async def go(desk: sent_slips.Desk) -> None:
        await desk.send(slip, *rows)
        order = an_order("C/advance")
        async with desk.store.transaction() as connection:
            await take(connection, [IssuedOrder(order, msgspec.json.encode(order), TRACE)])
        await desk.take(a_return(a_slip(*pieces, number=12)))
        found = {
            (each["data"]["payment_order"], each.get("traceparent")) for each in await desk.events()
        }
        # The other one's was not known when it was taken.
        assert {("C/advance", TRACE), ("D/advance", None)} == found

    at_desk(treasury_url, go)
