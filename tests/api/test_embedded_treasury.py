"""The treasury without Kafka: orders from the journal beside it, its events to the ledger."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Select, insert, select

from events.topics import EVENTS, SLIPS
from services.embedded.ledger_process import EmbeddedLedger
from services.embedded.treasury import EmbeddedTreasury
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import JournalRecord
from services.projector.engine import make_engine
from services.projector.tables import payment_orders
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import ClusterError
from services.treasury.domain.slips import SlipProblem, SlipType
from services.treasury.returns.returns import FileOutcome, Returns
from services.treasury.settings import TreasurySettings
from services.treasury.slips.slips import Slips
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing, put
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import orders, outbox, own_events
from tests.api.embedded_ledger import a_ledger
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_new_account,
    a_payment,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.treasury.orders import a_config
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.waiting import eventually_async

NOON = datetime(2023, 6, 1, 12, tzinfo=UTC)
OURS: Json = {"_source": "urn:ecluse:treasury"}
YEAR = (a_vote(), an_award(), a_convention())
NEXT = (an_award(grant="H", _id="award/H"), a_convention(grant="H", convention="D", _id="D"))


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
        self.store = TreasuryStore.build(own)
        self._read_model = make_engine(own.url)
        self.slips = Slips(self.store, self._read_model, a_config(), lambda: NOON)

    async def asked(self, question: Select[Any]) -> list[tuple[Any, ...]]:
        async with self.store.reading() as connection:
            return [tuple(row) for row in await connection.execute(question)]

    async def taken(self) -> dict[str, int]:
        return dict(await self.asked(select(orders.c.payment_order, orders.c.cancelled)))

    async def has(self, order: str) -> bool:
        return order in await self.taken()

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

    async def take(self, content: bytes) -> FileOutcome:
        """A return of the accountant."""
        returns = Returns(self.store, a_config(), lambda: NOON)
        return await returns.take(BytesIO(content), "retour.xml", "anne")

    async def issued(self) -> SlipRow:
        """A slip of the orders that are ready, whose message has left."""
        draft = await self.slips.prepare(BUDGET, SlipType.PAYMENT, "anne")
        assert draft is not None
        slip = await self.slips.issue(draft.slip_id, "anne")
        await eventually_async(lambda: self.slips.has_left(slip.slip_id), "it has left")
        return slip

    async def close(self) -> None:
        await self.treasury.close()
        await self.store.dispose()
        await self._read_model.dispose()


@asynccontextmanager
async def a_town(folder: Path) -> AsyncGenerator[Town]:
    """The town of this folder at work, until the block ends."""
    async with a_ledger(folder) as ledger:
        town = Town(folder, ledger)
        try:
            await town.treasury.open()
            working = asyncio.create_task(town.treasury.run())
            try:
                yield town
            finally:
                working.cancel()
                await asyncio.wait([working])
        finally:
            await town.close()


async def test_orders_come_from_the_journal_once_over_restarts(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await publish(town.ledger, *YEAR)

        async def is_taken() -> bool:
            return await town.taken() == {"C/advance": 0}

        await eventually_async(is_taken, "the order")
    async with a_town(tmp_path) as town:
        assert {"C/advance": 0} == await town.taken()
        await publish(town.ledger, a_withdrawal())

        async def is_cancelled() -> bool:
            return await town.taken() == {"C/advance": 1}

        await eventually_async(is_cancelled, "cancelled")


async def test_what_the_accountant_answered_is_decided_and_refusals_are_read_back(
    tmp_path: Path,
) -> None:
    async with a_town(tmp_path) as town:
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


def a_paid_piece(dated_on: str, paid_on: str) -> bytes:
    """A return of the first slip's piece, paid in full."""
    line = Line("1000.00", (Paid("1000.00", paid_on),), "1", "1000.00")
    head = {"DteStr": dated_on, "IdPost": "059999", "CodColl": "350"}
    return a_return(a_slip(Mandat(1, (line,))), head=head)


async def open_and_close(folder: Path) -> None:
    async with a_town(folder):
        pass


def lose(folder: Path, name: str) -> None:
    for each in folder.glob(f"{name}*"):
        each.unlink()


async def first_slip(town: Town) -> None:
    """A slip that was sent."""
    await publish(town.ledger, a_vote(200_000), *YEAR[1:])
    await eventually_async(lambda: town.has("C/advance"), "the order")
    slip = await town.issued()
    assert (1, slip.file_name) == (slip.number, (await town.slips.export(slip.slip_id, "b")).name)


async def test_lost_tables_are_made_again_with_the_slips_that_were_sent(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await first_slip(town)
        sent = await town.slips.export(f"{BUDGET}-S1", "anne")
    lose(tmp_path, "treasury.db")
    async with a_town(tmp_path) as town:
        assert [] == await town.slips.waiting(None)
        (slip,) = await town.slips.list_all(None)
        assert (f"{BUDGET}-S1", 1, "restore") == (slip.slip_id, slip.number, slip.exported_by)
        assert sent == await town.slips.export(slip.slip_id, "anne")
        await publish(town.ledger, *NEXT)
        await eventually_async(lambda: town.has("D/advance"), "the next order")
        assert 2 == (await town.issued()).number
    lose(tmp_path, "treasury.db")
    async with a_town(tmp_path) as town:
        assert [1, 2] == sorted(each.number or 0 for each in await town.slips.list_all(None))


async def test_lost_tables_know_again_what_was_published_of_returns(tmp_path: Path) -> None:
    """A payment that a later return has on another day: of two the ledger gets one."""
    second = a_paid_piece("2023-06-12", "2023-06-10")
    async with a_town(tmp_path) as town:
        await first_slip(town)
        assert 2 == (await town.take(a_paid_piece("2023-06-05", "2023-06-02"))).events
        assert 0 == (await town.take(second)).events
        asked = select(outbox.c.number).where(outbox.c.sent_at.is_(None))

        async def has_left() -> bool:
            return not await town.asked(asked)

        await eventually_async(has_left, "the ledger has the events")
        # Others may name the treasury on Kafka: these are none of its own.
        await publish(town.ledger, a_vote(1, _id="vote/2", **OURS), a_payment(1, _id="x", **OURS))
    lose(tmp_path, "treasury.db")
    async with a_town(tmp_path) as town:
        assert 2 == len(await town.asked(select(own_events.c.event_id)))
        taken = await town.take(second)
        assert (0, ["less_paid"]) == (taken.events, [each.kind for each in taken.opened])


async def test_an_event_at_which_the_ledger_fails_keeps_no_slip_from_leaving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = Ledger.handle

    def fail(self: Ledger, raw: RawRecord) -> list[JournalRecord]:
        assert b"guilty" not in (raw.value or b""), "a bug of ours"
        return handle(self, raw)

    monkeypatch.setattr(Ledger, "handle", fail)
    async with a_town(tmp_path) as town:
        await publish(town.ledger, *YEAR)
        await eventually_async(lambda: town.has("C/advance"), "the order")
        await town.put(a_payment(1, _id="guilty", **OURS))
        await town.issued()
        waiting = select(outbox.c.message_id).where(outbox.c.sent_at.is_(None))
        assert [("guilty",)] == await town.asked(waiting)


async def test_an_order_whose_account_was_replaced_asks_a_person_and_so_do_tables_made_again(
    tmp_path: Path,
) -> None:
    async with a_town(tmp_path) as town:
        await publish(town.ledger, *YEAR, a_new_account())
        await eventually_async(lambda: town.has("C/advance"), "the order")
        (waiting,) = await town.slips.waiting(None)
        assert 4 == waiting.to_confirm
        await town.slips.confirm(BUDGET, "C/advance", "anne", 4)
        assert [()] == [each.reasons for each in await town.slips.waiting(None)]
    lose(tmp_path, "treasury.db")
    async with a_town(tmp_path) as town:
        (waiting,) = await town.slips.waiting(None)
        assert (4, None) == (waiting.to_confirm, waiting.confirmation)
        assert await town.slips.prepare(BUDGET, SlipType.PAYMENT, "anne") is None


async def test_lost_tables_that_another_opens_first_make_no_slip(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await first_slip(town)
    lose(tmp_path, "treasury.db")
    async with a_ledger(tmp_path) as ledger:
        town = Town(tmp_path, ledger)
        try:
            await town.store.prepare()
            with pytest.raises(SlipProblem) as refused:
                await town.slips.prepare(BUDGET, SlipType.PAYMENT, "anne")
            assert "start the treasury's process" in refused.value.text.msgid
        finally:
            await town.close()


async def test_a_journal_that_was_imported_keeps_the_slips_of_the_tables(tmp_path: Path) -> None:
    """It has none of them: they are in the tables alone."""
    async with a_town(tmp_path) as town:
        await first_slip(town)
    with connect(tmp_path / "ledger.db") as imported:
        imported.execute("DELETE FROM messages")
    imported.close()
    await open_and_close(tmp_path)
    lose(tmp_path, "treasury.db")
    async with a_town(tmp_path) as town:
        assert [f"{BUDGET}-S1"] == [each.slip_id for each in await town.slips.list_all(None)]


async def test_tables_of_another_journal_are_refused(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await publish(town.ledger, *YEAR)
    await open_and_close(tmp_path)  # All is taken when it opens.
    for name in ("ledger.db", "read.db"):
        lose(tmp_path, name)
    with pytest.raises(ClusterError, match="Do not delete this file"):
        await open_and_close(tmp_path)
