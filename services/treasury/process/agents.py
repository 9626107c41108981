"""Agents: one over each topic that the treasury reads, taking its records slice by slice."""

from typing import Any, cast

from faust.types import StreamT

from services.lag.present.figures import short_topic
from services.runtime.agents.consumer import Slice
from services.runtime.agents.exit import ends_the_process
from services.treasury.process.app import Treasury
from services.treasury.process.intake import READ


def add_agents(treasury: Treasury) -> None:
    """Add an agent for each topic that the treasury reads."""
    for topic in READ:
        _add_agent(treasury, topic)


def _add_agent(treasury: Treasury, topic: str) -> None:
    name = short_topic(topic).replace("-", "_")
    # Not acked: the place is in the tables, and the group's offset is committed behind it.
    on_cluster: Any = treasury.topic(
        treasury.settings.topic(topic), key_type=bytes, value_type=bytes, acks=False
    )

    @treasury.agent(on_cluster, name=name, concurrency=1)
    @ends_the_process(treasury.role, lambda: treasury.is_stopping)
    async def take(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            some = cast(Slice, event.message)
            place = treasury.in_the_contract(some.tp)
            await treasury.intake.take(place, some)
