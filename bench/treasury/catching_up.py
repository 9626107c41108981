"""Orders that wait on the topic, taken by `ecluse treasury run` into empty tables."""

import asyncio
import time
from typing import Final

from sqlalchemy import func, select

from bench.kafka.figures import Figures
from bench.kafka.processes import BenchFailed, Child, family_cpu_s, peak_bytes
from bench.kafka.topics import create, settings_of
from bench.kafka.workers import COMMAND
from bench.treasury.made_orders import messages
from events.topics import PAYMENT_ORDERS
from services.runtime.kafka.publishing import Receipts, publish
from services.runtime.ops.settings import Settings
from services.treasury.store.database import TreasuryStore, treasury_address
from services.treasury.store.tables import orders, positions

LIMIT_S: Final = 150.0
LOOK_S: Final = 0.1


async def feed(bootstrap: str, prefix: str, count: int) -> Settings:
    """The topics under this prefix, with so many orders.

    Raises:
        BenchFailed: not all of them were acknowledged.
    """
    settings, receipts = settings_of(bootstrap, prefix), Receipts()
    await create(settings)
    await publish(settings, PAYMENT_ORDERS, messages(count), receipts)
    if receipts.count != count:
        raise BenchFailed(f"{receipts.count} of {count} orders were acknowledged")
    return settings


async def caught_up(settings: Settings, url: str, count: int) -> Figures:
    """The figures of a process that takes all orders into new tables beside this read model.

    The clock runs from its start to the last order in the tables.

    Raises:
        BenchFailed: it ended, or has not taken all of them.
    """
    own_url = treasury_address(url, None)
    store = TreasuryStore(own_url)
    await store.prepare()
    environment = {
        "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
        "ECLUSE_INSTANCE": "bench",
        "ECLUSE_HEALTH_PORT": "0",
        "ECLUSE_TREASURY_URL": own_url,
        "ECLUSE_LOG_LEVEL": "INFO",
    }
    try:
        began_s = time.perf_counter()
        with Child([*COMMAND, "treasury", "run"], environment) as treasury:
            first_s = None
            while (taken := await _taken(store)) < count:
                treasury.check()
                now_s = time.perf_counter()
                if taken and first_s is None:
                    first_s = now_s
                if now_s - began_s > LIMIT_S:
                    raise BenchFailed(f"{taken} of {count} orders were taken in {LIMIT_S:g} s")
                await asyncio.sleep(LOOK_S)
            took_s = time.perf_counter() - began_s
            row = {"cpu_s": family_cpu_s(treasury.pid), "peak_bytes": peak_bytes(treasury.pid)}
        async with store.reading() as connection:
            stored = await connection.scalar(select(func.count()).select_from(orders))
    finally:
        await store.dispose()
    if stored != count:
        raise BenchFailed(f"{stored} of {count} orders are in the tables")
    until_first_s = (first_s or began_s + took_s) - began_s
    return {"orders": count, "took_s": took_s, "until_first_s": until_first_s, **row}


async def _taken(store: TreasuryStore) -> int:
    """The number of records read of the topic: one row a partition is asked."""
    asked = select(func.coalesce(func.sum(positions.c.next_offset), 0))
    async with store.reading() as connection:
        found = await connection.scalar(asked.where(positions.c.topic == PAYMENT_ORDERS))
    return int(found or 0)
