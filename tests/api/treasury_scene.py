"""Two towns at the treasury: orders in its tables beside a read model, and a server over both."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from events import topics
from events.outbound import PaymentOrderIssued
from services.api.access.caller import Access, Caller, Entities, Scope
from services.api.adapters.read_model import open_read_model
from services.api.app import create_app
from services.api.http.components import Components, open_treasury
from services.treasury.settings import TreasurySettings
from services.treasury.slips.messages import note_compared
from services.treasury.store.database import TREASURY_FILE, TreasuryStore
from services.treasury.store.tables import orders
from tests.api.environment import (
    LILLE,
    ROUBAIX,
    HandClock,
    Kept,
    KeptAudit,
    KeptBytes,
    Known,
    asking,
)
from tests.api.reads.answers import ACCESS as READERS
from tests.api.reads.two_entities import of_lille, of_roubaix
from tests.builders import Json, encoded
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of_events
from tests.unit.ledger.wire import Wire
from tests.waiting import run_apart

LILLE_TREASURY: Final = "test-key-of-the-treasury-of-lille"
ROUBAIX_TREASURY: Final = "test-key-of-the-treasury-of-roubaix"
READER: Final = "test-key-that-reads-lille"
ACCESS: Final = Known(
    {
        **READERS.callers,
        LILLE_TREASURY: Caller(
            "key:treasury",
            dict.fromkeys((Scope.READ, Scope.TREASURY), Entities.parse([LILLE])),
            "Anne",
        ),
        ROUBAIX_TREASURY: Caller(
            "key:roubaix", dict.fromkeys((Scope.READ, Scope.TREASURY), Entities.parse([ROUBAIX]))
        ),
        READER: Caller("key:reader", {Scope.READ: Entities.parse([LILLE])}),
    }
)
NOW: Final = datetime(2023, 6, 5, 9, tzinfo=UTC)
CONFIG: Final = f"""\
entities:
  "{LILLE}":
    budgets:
      "00": {{IdPost: "059999", CodCol: "350"}}
  "{ROUBAIX}":
    budgets:
      "00": {{IdPost: "059999", CodCol: "512"}}
"""

Visit = Callable[[httpx.AsyncClient], Awaitable[Any]]


@dataclass
class Scene:
    """A server over two towns' treasury, in files of this test."""

    folder: Path
    read_model: str
    audit: KeptAudit
    config: Path | None
    access: Access = field(default_factory=lambda: ACCESS)

    def tell(self, *events: Json) -> None:
        """Have this happen in both towns' year too: it is in a read model that is made again."""
        count = len(list(self.folder.glob("again-*.db")))
        again = self.folder / f"again-{count}.db"
        self.read_model = _filled(again, [*_unanswered(), *events])

    @property
    def own(self) -> TreasurySettings:
        return settings_of(self.folder, self.read_model, self.config)

    @asynccontextmanager
    async def visitor(
        self, key: str | None, language: str = "en"
    ) -> AsyncGenerator[httpx.AsyncClient]:
        """Somebody with this key."""
        engine, clock = open_read_model(self.read_model), HandClock(NOW)
        treasury = open_treasury(self.own, engine, clock)
        parts = Components(
            engine, self.access, Kept(), self.audit, KeptBytes(), clock, treasury=treasury
        )
        async with asking(create_app(parts), key, language) as client:
            client.headers["accept"] = "text/html,application/json"
            try:
                yield client
            finally:
                if treasury is not None:
                    await treasury.store.dispose()

    async def visit(self, key: str | None, visit: Visit, language: str = "en") -> Any:
        """What somebody with this key does, and what comes of it."""
        async with self.visitor(key, language) as client:
            return await visit(client)

    def asked(self, key: str | None, visit: Visit, language: str = "en") -> Any:
        """The same where no event loop runs."""
        return asyncio.run(self.visit(key, visit, language))


def a_scene(folder: Path, *, configured: bool = True) -> Scene:
    """Both towns, each with the advance of its convention waiting for a slip.

    Its orders were not answered: what the accountant did in the towns' years is left out.
    """
    events = _unanswered()
    read_model = _filled(folder / "read.db", events)
    config = folder / "treasury.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    scene = Scene(folder, read_model, KeptAudit(), config if configured else None)
    run_apart(fill_orders(scene.own, issued(events)))
    return scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Both towns, in files of this test."""
    return a_scene(tmp_path)


def _unanswered() -> list[Json]:
    return [
        each
        for each in (*of_roubaix(), *of_lille())
        if not each["type"].startswith(("ecluse.payment-order.", "ecluse.payment."))
    ]


def _filled(file: Path, events: Sequence[Json]) -> str:
    read_model = in_a_file(file)
    fill(read_model, journal_of_events(map(encoded, events)))
    return read_model


def issued(events: Sequence[Json | bytes]) -> list[dict[str, Any]]:
    """The orders that these events lead to, as rows of the treasury's table."""
    wire = Wire()
    wire.tell(*events)
    read = msgspec.json.Decoder(PaymentOrderIssued)
    rows = []
    for sent in wire.sent:
        if sent.topic == topics.PAYMENT_ORDERS and sent.value is not None:
            data = msgspec.json.encode(msgspec.json.decode(sent.value)["data"])
            order = read.decode(data)
            rows.append(
                {
                    "budget": order.budget,
                    "payment_order": order.payment_order,
                    "message": data,
                    "amount_cents": order.amount_cents,
                    "issued_on": order.issued_on,
                    "due_on": order.due_on,
                }
            )
    return rows


def settings_of(folder: Path, read_model: str, codes: Path | None) -> TreasurySettings:
    """The settings of a treasury whose tables are in a file of this folder."""
    given: dict[str, Any] = {
        "database_url": SecretStr(read_model),
        "treasury_url": SecretStr(f"sqlite:///{folder / TREASURY_FILE}"),
        "treasury_file": codes,
    }
    return TreasurySettings(**given)


async def fill_orders(own: TreasurySettings, rows: list[dict[str, Any]]) -> None:
    store = TreasuryStore.build(own)
    try:
        await store.prepare()
        async with store.transaction() as connection:
            await note_compared(connection)
            await connection.execute(insert(orders), rows)
    finally:
        await store.dispose()
