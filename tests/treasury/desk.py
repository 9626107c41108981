"""An operator's desk: slips of one budget, handled step by step."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Table, insert, select, update

from events.payments import PaymentExecuted
from events.texts import Translatable
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.slips.orders import claim
from services.treasury.slips.slips import Slips
from services.treasury.store.outbox import mark_sent, unsent
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import outbox, own_events, slips
from tests.builders import BUDGET
from tests.treasury.databases import Opened, opened
from tests.treasury.orders import a_config, an_order, issued

NOON: Final = datetime(2023, 6, 3, 12, tzinfo=UTC)
PAYMENT: Final = SlipType.PAYMENT
CANCELLATION: Final = SlipType.CANCELLATION


class Desk:
    """A treasury with its slips: each test does with them what an operator would."""

    def __init__(self, both: Opened, config: TreasuryConfig) -> None:
        self.both = both
        self._now = NOON
        self.slips = Slips(both.store, both.read_model, config, self._clock)

    def _clock(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    async def orders(self, *names: str, **more: Any) -> None:
        await issued(self.both, *(an_order(name, **more) for name in names))

    async def waiting(self) -> dict[str, str | None]:
        """The orders that wait, with the reason of each in English."""
        return {
            each.payment_order: each.reason if each.reason is None else in_english(each.reason)
            for each in await self.slips.waiting(None)
        }

    async def prepared(self, slip_type: SlipType = PAYMENT) -> SlipRow:
        found = await self.slips.prepare(BUDGET, slip_type, "anne")
        assert found is not None
        return found

    async def issued(self, slip_type: SlipType = PAYMENT) -> SlipRow:
        return await self.slips.issue((await self.prepared(slip_type)).slip_id, "anne")

    async def sent(self, slip_type: SlipType = PAYMENT) -> SlipRow:
        slip = await self.issued(slip_type)
        await self.slips.export(slip.slip_id, "anne")
        return slip

    async def refused(self, slip: SlipRow) -> None:
        """The gateway has refused a slip."""
        await self.answered(slip, SlipState.REFUSED)

    async def answered(self, slip: SlipRow, state: SlipState) -> None:
        """The gateway has answered."""
        async with self.both.store.transaction() as connection:
            its = update(slips).where(slips.c.slip_id == slip.slip_id)
            await connection.execute(its.values(state=state, answered_at=NOON))

    async def returned(self, name: str, line: int, amount_cents: int) -> None:
        """A return named a payment of an order, which is on its way to the ledger."""
        row = {
            "event_id": f"{name}/{line}",
            "budget": BUDGET,
            "payment_order": name,
            "event_type": PaymentExecuted.TYPE,
            "facts": {"piece": 1, "line": line, "on": "2023-06-02", "amount_cents": amount_cents},
            "made_at": NOON,
        }
        await self.add(own_events, row)

    async def add(self, table: Table, row: dict[str, Any]) -> None:
        """Add what a return has brought to the tables."""
        async with self.both.store.transaction() as connection:
            await connection.execute(insert(table), [row])

    async def on(self, slip: SlipRow) -> list[tuple[str, int | None, tuple[int, ...]]]:
        """The pieces of a slip: order, number, amounts of its lines."""
        return [
            (each.payment_order, each.number, each.line_cents)
            for each in await self.slips.pieces(slip.slip_id)
        ]

    async def values(self) -> list[bytes]:
        """The messages of the outbox, in their order."""
        async with self.both.store.reading() as connection:
            asked = select(outbox.c.value).order_by(outbox.c.number)
            return list((await connection.execute(asked)).scalars())

    async def sent_messages(self) -> list[str]:
        """The ids in the outbox, in their order."""
        async with self.both.store.reading() as connection:
            asked = select(outbox.c.message_id).order_by(outbox.c.number)
            return list((await connection.execute(asked)).scalars())


Work = Callable[[Desk], Awaitable[None]]
At = Callable[..., None]


@pytest.fixture
def at_a_desk(treasury_url: str) -> At:
    """What is done at a desk with empty tables, on both databases."""

    def run(work: Work, config: TreasuryConfig | None = None) -> None:
        async def go() -> None:
            async with opened(treasury_url) as both:
                await work(Desk(both, config or a_config()))

        asyncio.run(go())

    return run


async def refusal(doing: Awaitable[Any]) -> str:
    """Why something is not done, in English."""
    with pytest.raises(SlipProblem) as found:
        await doing
    return in_english(found.value.text)


def in_english(text: Translatable) -> str:
    """A text as an English reader has it."""
    return translate(text, Language.EN)


async def reads(both: Opened, topic: str) -> None:
    """A process of the treasury reads its orders here."""
    async with both.store.transaction() as connection:
        await claim(connection, topic, 0)


async def all_sent(both: Opened) -> None:
    """The process has sent the messages."""
    async with both.store.transaction() as connection:
        found = await unsent(connection, 10)
        await mark_sent(connection, [each.number for each in found], NOON)
