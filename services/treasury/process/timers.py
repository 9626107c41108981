"""Periodic work of the treasury: offsets, outbox, and the jobs on its tables.

Each runs by itself, so that one that waits delays no other.
"""

from typing import Final

import structlog

from services.runtime.ops.errors import Unreachable
from services.treasury.process.app import Treasury
from services.treasury.process.offsets import EVERY_S, Offsets

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


def add_timers(treasury: Treasury) -> None:
    """Add all timers."""
    poll_s = treasury.own.treasury_poll_s

    async def send() -> None:
        partitions = treasury.partitions
        assert partitions is not None, "it is known since the start"
        try:
            await treasury.sender.run(treasury.now(), partitions)
        except Unreachable as error:
            log.warning("outbox_postponed", error=str(error))

    async def ask() -> None:
        await treasury.metrics.ask(treasury.own_store)

    treasury.every(poll_s, "figures", ask)
    treasury.every(EVERY_S, "offsets", Offsets(treasury).run)
    treasury.every(poll_s, "outbox", send)
    for name, job in treasury.jobs.by_name.items():
        treasury.every(poll_s, name, job)
