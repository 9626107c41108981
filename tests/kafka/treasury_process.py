"""`ecluse treasury run` as a process of its own, and what is in its tables."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, make_url
from sqlalchemy.schema import DropSchema

from events.topics import PAYMENT_ORDERS
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing, put
from services.treasury.store.tables import SCHEMA
from tests.builders import BUDGET, a_convention, a_vote, an_award, encoded
from tests.kafka.cluster import Cluster
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process
from tests.unit.ledger.wire import Wire

NOON: Final = datetime(2023, 6, 1, 12, tzinfo=UTC)
RUN: Final = (ECLUSE, "treasury", "run")


class Treasurer(Process):
    """One `ecluse treasury run` on these tables."""

    def __init__(
        self, cluster: Cluster, url: str, folder: Path, name: str = "treasury", /, **env: str
    ) -> None:
        own = {
            "ECLUSE_INSTANCE": name,
            "ECLUSE_TREASURY_URL": url,
            "ECLUSE_TREASURY_POLL_S": "0.3",
            "ECLUSE_SESSION_TIMEOUT_S": "3",
            "ECLUSE_LOG_LEVEL": "INFO",
        }
        super().__init__(RUN, folder, name, cluster.environment | own | env)


def _an_order() -> dict[str, Any]:
    wire = Wire()
    wire.tell(a_vote(), an_award(), a_convention())
    (value,) = [each.value for each in wire.sent if each.topic == PAYMENT_ORDERS]
    assert value is not None
    order: dict[str, Any] = json.loads(value)
    return order


AN_ORDER: Final = _an_order()


def an_order_message(budget: str = BUDGET, name: str = "C/advance") -> bytes:
    """A payment order as the ledger issues it, for a budget and under a number."""
    data = AN_ORDER["data"] | {"budget": budget, "payment_order": name}
    return encoded(AN_ORDER | {"id": f"{budget}/{name}", "partitionkey": budget, "data": data})


def publish_orders(cluster: Cluster, orders: Iterable[tuple[str, str]]) -> None:
    """Orders by budget and number, each on the partition of its budget."""
    sent = [cluster.sent(an_order_message(*each)) for each in orders]
    cluster.write(sent, PAYMENT_ORDERS, transaction="ledger")


def put_all(url: str, messages: Iterable[Outgoing]) -> None:
    """Messages into the outbox, as their cause would write them."""

    async def go() -> None:
        store = TreasuryStore(url)
        try:
            await store.prepare()
            async with store.transaction() as connection:
                await put(connection, messages, NOON)
        finally:
            await store.dispose()

    asyncio.run(go())


def asked(url: str, question: Select[Any]) -> list[Any]:
    """The rows that the treasury's tables give."""

    async def go() -> list[Any]:
        store = TreasuryStore(url)
        try:
            async with store.reading() as connection:
                return list((await connection.execute(question)).all())
        finally:
            await store.dispose()

    return asyncio.run(go())


def lose_tables(url: str) -> None:
    """Drop the treasury's tables with all that is in them; nobody works on them."""

    async def go() -> None:
        store = TreasuryStore(url)
        try:
            async with store.transaction() as connection:
                await connection.execute(DropSchema(SCHEMA, cascade=True))
        finally:
            await store.dispose()

    file = make_url(url).database if url.startswith("sqlite") else None
    if file is None:
        asyncio.run(go())
    else:
        for each in Path(file).parent.glob(f"{Path(file).name}*"):
            each.unlink()
