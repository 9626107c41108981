"""Made-up payment orders of three lines: as messages of the ledger, and in the tables.

`python -m bench.treasury.made_orders` fills tables; it is asked as a process of its own, so that
its memory counts nowhere else.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from bench.world import budget_id, siret
from events.envelope import Envelope
from events.outbound import PaymentOrderIssued
from services.runtime.kafka.publishing import Message
from tests.builders import BUDGET
from tests.treasury.databases import opened, with_tables
from tests.treasury.orders import an_order, issued

LINES: Final = 3
BUDGETS: Final = 500
"""Budgets that share the orders of a topic."""

BATCH: Final = 1_000
AT: Final = datetime(2023, 6, 3, 12, tzinfo=UTC)


def made_order(number: int, budget: str = BUDGET) -> PaymentOrderIssued:
    """An order of three lines; no two of them have the same beneficiary or amounts."""
    return an_order(
        f"CONV-2023-{number:06d}/advance",
        (1_000_000 + number, 500_000 + 7 * number, 250_000 + 13 * number),
        budget=budget,
        beneficiary={
            "name": f"Association des habitants du quartier {number}",
            "siret": siret(number),
        },
        title=f"Convention pluriannuelle d'objectifs {number}",
    )


def messages(count: int) -> Iterator[Message]:
    """So many orders as the ledger publishes them, budgets taking turns."""
    for number in range(count):
        order = made_order(number, budget_id(number % BUDGETS))
        envelope = Envelope(
            specversion="1.0",
            id=f"{order.budget}/{order.payment_order}",
            source="urn:ecluse:ledger",
            type=order.TYPE,
            time=AT,
            subject=order.payment_order,
            partitionkey=order.budget,
            datacontenttype="application/json",
            data=order,
        )
        yield Message(order.budget.encode(), msgspec.json.encode(envelope))


async def fill(url: str, count: int) -> None:
    """Have so many orders of one budget wait, known to treasury and read model."""
    async with opened(url) as both:
        for first in range(1, count + 1, BATCH):
            numbers = range(first, min(first + BATCH, count + 1))
            await issued(both, *map(made_order, numbers))


def main() -> None:
    question = json.load(sys.stdin)
    with_tables(question["url"])
    asyncio.run(fill(question["url"], question["count"]))
    sys.stdout.write("{}\n")


if __name__ == "__main__":
    main()
