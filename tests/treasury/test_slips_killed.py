"""Two processes make slips of the same orders, and are killed: no order is lost or twice on one."""

import asyncio
import subprocess
import sys
from collections import Counter
from typing import Final

import pytest
from sqlalchemy import select

from services.treasury.domain.slips import SlipState
from services.treasury.store.tables import orders, outbox, pieces, slips
from tests.leaks import leaks
from tests.treasury.databases import opened
from tests.treasury.orders import an_order, issued

ORDERS: Final = 400
KILLED_AFTER_S: Final = (0.15, 0.4, 0.05, 0.6, 0.25)
"""Five kills, at different points of the work."""

END_S: Final = 120


def a_worker(url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.treasury.slip_worker", url, name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


def issue_orders(url: str) -> None:
    async def go() -> None:
        async with opened(url) as both:
            await issued(both, *(an_order(f"C{n}/advance", (n + 1,)) for n in range(ORDERS)))

    asyncio.run(go())


def killed(process: subprocess.Popen[str], after_s: float) -> None:
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    ended(process)


def ended(process: subprocess.Popen[str]) -> None:
    """Wait for its end; no whole IBAN stands in what it printed and logged."""
    text, _ = process.communicate(timeout=END_S)
    assert [] == leaks(text)


@pytest.mark.rest
@pytest.mark.fault
@pytest.mark.timeout(400)
def test_two_processes_killed_five_times_leave_each_order_on_one_slip(treasury_url: str) -> None:
    issue_orders(treasury_url)
    other = a_worker(treasury_url, "benoit")
    for after_s in KILLED_AFTER_S:
        killed(a_worker(treasury_url, "anne"), after_s)
    killed(other, 0.3)
    for name in ("anne", "benoit"):
        process = a_worker(treasury_url, name)
        ended(process)
        assert process.returncode == 0
    asyncio.run(check(treasury_url))


async def check(url: str) -> None:
    async with opened(url) as both, both.store.reading() as connection:
        of_slips = list(await connection.execute(select(slips)))
        of_pieces = list(await connection.execute(select(pieces)))
        places = list((await connection.execute(select(orders.c.slip_id))).scalars())
        sent = list((await connection.execute(select(outbox.c.message_id))).scalars())
    assert {each.state for each in of_slips} == {SlipState.ISSUED}
    assert Counter(places) == {each.slip_id: each.piece_count for each in of_slips}
    assert sorted(each.payment_order for each in of_pieces) == sorted(
        f"C{number}/advance" for number in range(ORDERS)
    )
    assert sorted(each.number for each in of_slips) == [*range(1, len(of_slips) + 1)]
    assert sorted(each.number for each in of_pieces) == [*range(1, ORDERS + 1)]
    assert sorted(sent) == sorted(f"{each.slip_id}/issued" for each in of_slips)
    total_cents = 0
    for each in sorted(of_slips, key=lambda slip: slip.number):
        total_cents += each.amount_cents
        assert each.cumulative_cents == total_cents
