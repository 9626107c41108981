"""The treasury without Kafka: orders from the journal beside it, its events to the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Select, insert, select

from events.topics import EVENTS, SLIPS
from services.embedded.ledger_process import EmbeddedLedger
from services.embedded.treasury import EmbeddedTreasury
from services.projector.database import an_engine
from services.projector.tables import payment_orders
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import ClusterError
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing, put
from services.treasury.store.tables import orders, outbox, own_events
from tests.api.embedded_ledger import in_a_ledger
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_payment,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.waiting import eventually_async

NOON = datetime(2023, 6, 1, 12, tzinfo=UTC)
OURS: Json = {"_source": "urn:ecluse:treasury"}
YEAR = (a_vote(), an_award(), a_convention())


async def publish(ledger: EmbeddedLedger, *events: Json) -> None:
    await ledger.publish([Message(BUDGET.encode(), encoded(each)) for each in events])


class Town:
    """A ledger with its treasury, in one folder."""

    def __init__(self, folder: Path, ledger: EmbeddedLedger) -> None:
        own = TreasurySettings(
            database_url=SecretStr(f"sqlite:///{folder / 'read.db'}"),
            treasury_url=SecretStr(f"sqlite:///{folder / 'treasury.db'}"),
            treasury_poll_s=0.05,
        )
        self.ledger = ledger
        self.treasury = EmbeddedTreasury(own, ledger, lambda: NOON)
        self.store = TreasuryStore.of(own)
        self._read_model = an_engine(own.url)

    async def asked(self, question: Select[Any]) -> list[tuple[Any, ...]]:
        async with self.store.reading() as connection:
            return [tuple(row) for row in await connection.execute(question)]

    async def taken(self) -> dict[str, int]:
        return dict(await self.asked(select(orders.c.payment_order, orders.c.cancelled)))

    async def state(self) -> str:
        """Of order C/advance in the read model."""
        async with self._read_model.connect() as connection:
            asked = select(payment_orders.c.state)
            return str((await connection.execute(asked)).scalar_one())

    async def put(self, *events: Json) -> None:
        """What a return makes: the events in the outbox, and a row for each."""
        rows = [
            {
                "event_id": each["id"],
                "budget": BUDGET,
                "payment_order": each["data"]["payment_order"],
                "event_type": each["type"],
                "facts": {},
                "made_at": NOON,
            }
            for each in events
        ]
        async with self.store.transaction() as connection:
            await connection.execute(insert(own_events), rows)
            messages = [Outgoing(each["id"], EVENTS, BUDGET, encoded(each)) for each in events]
            await put(connection, messages, NOON)

    async def close(self) -> None:
        await self.treasury.close()
        await self.store.dispose()
        await self._read_model.dispose()


def in_town(folder: Path, body: Callable[[Town], Awaitable[None]]) -> None:
    async def go(ledger: EmbeddedLedger) -> None:
        town = Town(folder, ledger)
        try:
            await town.treasury.open()
            working = asyncio.create_task(town.treasury.run())
            try:
                await body(town)
            finally:
                working.cancel()
                await asyncio.wait([working])
        finally:
            await town.close()

    in_a_ledger(folder, go)


def test_orders_come_from_the_journal_once_over_restarts(tmp_path: Path) -> None:
    async def first(town: Town) -> None:
        await publish(town.ledger, *YEAR)

        async def is_taken() -> bool:
            return await town.taken() == {"C/advance": 0}

        await eventually_async(is_taken, "the order")

    async def again(town: Town) -> None:
        assert {"C/advance": 0} == await town.taken()
        await publish(town.ledger, a_withdrawal())

        async def is_cancelled() -> bool:
            return await town.taken() == {"C/advance": 1}

        await eventually_async(is_cancelled, "cancelled")

    in_town(tmp_path, first)
    in_town(tmp_path, again)


def test_what_the_accountant_answered_is_decided_and_refusals_are_read_back(tmp_path: Path) -> None:
    async def body(town: Town) -> None:
        await publish(town.ledger, *YEAR)
        await town.put(
            an_acknowledgement(**OURS),
            a_payment(100_000, _id="paid/1", **OURS),
            a_payment(1, "C/unknown", _id="paid/2", **OURS),
        )
        async with town.store.transaction() as connection:
            await put(connection, [Outgoing("slip/issued", SLIPS, BUDGET, b"{}")], NOON)

        async def is_answered() -> bool:
            refused = select(own_events.c.event_id).where(own_events.c.event_id == "paid/2")
            found = await town.asked(refused.add_columns(own_events.c.refusal))
            return found[0][1] is not None

        await eventually_async(is_answered, "the refusal")
        assert "paid" == await town.state()
        asked = select(own_events.c.event_id, own_events.c.refusal)
        refusals = {name: refusal for name, refusal in await town.asked(asked) if refusal}
        assert ["paid/2"] == list(refusals)
        assert "unknown_payment_order" == refusals["paid/2"]["code"]
        assert "C/unknown" in refusals["paid/2"]["message"]["fr"]
        unsent = select(outbox.c.message_id).where(outbox.c.sent_at.is_(None))
        assert [] == await town.asked(unsent), "slips have no reader here"

    in_town(tmp_path, body)


def test_tables_of_another_journal_are_refused(tmp_path: Path) -> None:
    async def fill(town: Town) -> None:
        await publish(town.ledger, *YEAR)

    async def nothing(_town: Town) -> None:
        pass

    in_town(tmp_path, fill)
    in_town(tmp_path, nothing)  # All is taken when it opens.
    for name in ("ledger.db", "read.db"):
        for each in tmp_path.glob(f"{name}*"):
            each.unlink()
    with pytest.raises(ClusterError, match="not the journal"):
        in_town(tmp_path, nothing)
