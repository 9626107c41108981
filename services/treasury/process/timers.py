"""Periodic work of the treasury: offsets, outbox, and the jobs on its tables.

Each runs by itself, so that one that waits delays no other. A fault of our program in the work on
offsets ends the process; in a job it does not.
"""

from services.treasury.process.app import Treasury
from services.treasury.process.offsets import EVERY_S, Offsets


def add_timers(treasury: Treasury) -> None:
    """Add all timers."""
    poll_s = treasury.own.treasury_poll_s

    async def send() -> None:
        partitions = treasury.partitions
        assert partitions is not None, "it is known since the start"
        await treasury.sender.run(treasury.now(), partitions)

    async def ask() -> None:
        await treasury.metrics.ask(treasury.own_store)

    treasury.every(EVERY_S, "offsets", Offsets(treasury).run)
    treasury.jobs.add("figures", ask)
    treasury.jobs.add("outbox", send)
    for name, job in treasury.jobs.by_name.items():
        treasury.every(poll_s, name, job)
