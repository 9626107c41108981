"""Agents: one over each topic that the watch reads, feeding its tables record by record.

Each ends with its process (`process_exit`).
"""

import time
from typing import Any, Final, cast

from faust.types import StreamT

from events.topics import BALANCES, DEAD_LETTERS, JOURNAL, PAYMENT_ORDERS, REFUSALS
from services.watch.process.consumer import Slice
from services.watch.process.cpu_throttle import CpuTime
from services.watch.process.exit import ends_the_process
from services.watch.process.watch import Watch
from services.watch.tables.feed import Read, Record, Tables

AGENTS: Final[dict[str, tuple[str, Read]]] = {
    JOURNAL: ("journal", Tables.journal),
    BALANCES: ("balances", Tables.balance),
    PAYMENT_ORDERS: ("payment_orders", Tables.payment_order),
    REFUSALS: ("refusals", Tables.refusal),
    DEAD_LETTERS: ("dead_letters", Tables.dead_letter),
}
"""The agent of each topic, and the function that processes a record."""


def add_agents(watch: Watch) -> None:
    """Add an agent for each topic."""
    for topic, (name, read) in AGENTS.items():
        _add_agent(watch, topic, name, read)


def _add_agent(watch: Watch, topic: str, name: str, read: Read) -> None:
    # Not acked: the group holds no offset, each table its own.
    on_cluster: Any = watch.topic(
        watch.settings.topic(topic), key_type=bytes, value_type=bytes, acks=False
    )
    tables = watch.own_tables

    @watch.agent(on_cluster, name=name, concurrency=1)
    @ends_the_process(lambda: watch.is_stopping)
    async def follow(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            some = cast(Slice, event.message)
            for each in some.records:
                record = Record(
                    each.partition,
                    each.offset,
                    each.key,
                    each.value,
                    each.headers,
                    each.timestamp / 1000,
                )
                for found in read(tables, record):
                    watch.report(found)
            pause_s = watch.cpu_throttle.pause_s(CpuTime(time.monotonic(), time.process_time()))
            if pause_s > 0:
                await watch.sleep(pause_s)
