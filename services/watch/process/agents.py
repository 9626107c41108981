"""Agents: one over each topic that the watch reads, feeding its tables record by record.

Each ends with its process (`exit`).
"""

import time
from typing import Any, cast

from faust.types import StreamT

from services.lag.present.figures import short_topic
from services.runtime.agents.consumer import Slice
from services.runtime.agents.exit import ends_the_process
from services.watch.process.watch import Watch
from services.watch.settings import WATCHED
from services.watch.tables.feed import Record


def add_agents(watch: Watch) -> None:
    """Add an agent for each topic that the watch reads."""
    for topic in WATCHED:
        _add_agent(watch, topic)


def _add_agent(watch: Watch, topic: str) -> None:
    name = short_topic(topic).replace("-", "_")
    # Not acked: the group holds no offset, each table its own.
    on_cluster: Any = watch.topic(
        watch.settings.topic(topic), key_type=bytes, value_type=bytes, acks=False
    )
    tables = watch.own_tables

    @watch.agent(on_cluster, name=name, concurrency=1)
    @ends_the_process(watch.role, lambda: watch.is_stopping)
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
                for found in tables.read(topic, record):
                    watch.report(found)
            pause_s = watch.cpu_throttle.pause_s(time.monotonic(), time.process_time())
            if pause_s > 0:
                await watch.sleep(pause_s)
