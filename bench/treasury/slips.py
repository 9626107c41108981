"""Orders from waiting to a PES file, in a process of its own: `python -m bench.treasury.slips`."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable
from typing import TypeVar

from sqlalchemy import func, select

from bench.kafka.figures import Figures
from bench.kafka.processes import peak_bytes
from bench.treasury.made_orders import AT
from services.treasury.domain.slips import SlipType
from services.treasury.slips.slips import Slips
from services.treasury.store.tables import outbox
from tests.builders import BUDGET
from tests.treasury.databases import Opened, opened
from tests.treasury.orders import a_config

Result = TypeVar("Result")


class _Steps:
    """Steps with their seconds, by the clock and of processor time."""

    def __init__(self) -> None:
        self.rows: dict[str, Figures] = {}

    async def timed(self, step: str, work: Awaitable[Result]) -> Result:
        began_s, had_s = time.perf_counter(), time.process_time()
        result = await work
        took_s = time.perf_counter() - began_s
        self.rows[step] = {"took_s": took_s, "cpu_s": time.process_time() - had_s}
        return result


async def measured(both: Opened, pid: int) -> Figures:
    """The figures of all orders that wait, put on one slip."""
    slips, steps = Slips(both.store, both.read_model, a_config(), lambda: AT), _Steps()
    waiting = await steps.timed("waiting", slips.waiting(None))
    draft = await steps.timed("prepare", slips.prepare(BUDGET, SlipType.PAYMENT, "bench"))
    assert draft is not None, "orders wait"
    slip = await steps.timed("issue", slips.issue(draft.slip_id, "bench"))
    file = await steps.timed("export", slips.export(slip.slip_id, "bench"))
    assert slip.piece_count == len(waiting), "none was kept back"
    asked = select(func.max(func.length(outbox.c.value)))
    async with both.store.reading() as connection:
        message_bytes = (await connection.execute(asked)).scalar_one()
    return {
        "pieces": slip.piece_count,
        "file_bytes": len(file.content),
        "message_bytes": message_bytes,
        "took_s": sum(each["took_s"] for each in steps.rows.values()),
        "cpu_s": sum(each["cpu_s"] for each in steps.rows.values()),
        "steps": steps.rows,
        "peak_bytes": peak_bytes(pid),
    }


async def answer(url: str, pid: int) -> Figures:
    """The figures of the orders in these tables."""
    async with opened(url) as both:
        return await measured(both, pid)


if __name__ == "__main__":
    found = asyncio.run(answer(json.load(sys.stdin)["url"], os.getpid()))
    sys.stdout.write(json.dumps(found) + "\n")
