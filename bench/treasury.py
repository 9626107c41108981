"""5,000 payment orders of three lines from waiting to a PES file, and the console's page of them.

`python -m bench.treasury [ORDERS]`: CPU time and memory. SQLite, one process; what fills the tables
is not counted.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import func, select

from bench.world import siret
from events.outbound import PaymentOrderIssued
from services.api.adapters.read_model import open_read_model
from services.api.adapters.treasury import Treasury
from services.api.app import create_app
from services.api.http.components import Components
from services.runtime.processing.cycle_collection import for_a_command
from services.treasury.application.returns import Returns
from services.treasury.application.slips import Slips
from services.treasury.domain.slips import SlipType
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import outbox
from tests.api.environment import HandClock, Kept, KeptAudit, KeptBytes, Known, asking
from tests.builders import BUDGET
from tests.treasury.databases import in_files, opened
from tests.treasury.orders import a_config, an_order, issued

ORDERS: Final = 5_000
NOON: Final = datetime(2023, 6, 3, 12, tzinfo=UTC)
KIB_PER_MIB: Final = 1024
Result = TypeVar("Result")


def an_advance(number: int) -> PaymentOrderIssued:
    body = siret(number)
    return an_order(
        f"CONV-2023-{number:05d}/advance",
        (1_000_000 + number, 500_000 + 7 * number, 250_000 + 13 * number),
        beneficiary={"name": f"Association des habitants du quartier {number}", "siret": body},
        title=f"Convention pluriannuelle d'objectifs {number}",
    )


async def timed(step: str, work: Awaitable[Result]) -> Result:
    started_s = time.process_time()
    result = await work
    print(f"{step:<10} {time.process_time() - started_s:7.2f} s of CPU")
    return result


async def page(url: str, store: TreasuryStore, slips: Slips) -> None:
    """The console's page of the orders that wait, as it is after the first time."""
    config, clock = a_config(), HandClock(NOON)
    treasury = Treasury(store, slips, Returns(store, config, clock), config)
    model = open_read_model(url)
    parts = Components(model, Known(), Kept(), KeptAudit(), KeptBytes(), clock, treasury=treasury)
    async with asking(create_app(parts)) as client:
        await client.get("/console/treasury")
        shown = await timed("page", client.get("/console/treasury"))
        assert shown.status_code == HTTPStatus.OK


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_PER_MIB


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = in_files(Path(folder))
        async with opened(url) as both:
            for first in range(1, count + 1, 1_000):
                numbers = range(first, min(first + 1_000, count + 1))
                await issued(both, *(an_advance(each) for each in numbers))
            slips = Slips(both.store, both.read_model, a_config(), lambda: NOON)
            before_mib, started_s = peak_mib(), time.process_time()
            waiting = await timed("waiting", slips.waiting(None))
            assert len(waiting) == count
            await page(url, both.store, slips)
            draft = await timed("prepare", slips.prepare(BUDGET, SlipType.PAYMENT, "bench"))
            assert draft is not None
            slip = await timed("issue", slips.issue(draft.slip_id, "bench"))
            file = await timed("export", slips.export(slip.slip_id, "bench"))
            print(f"{'all':<10} {time.process_time() - started_s:7.2f} s of CPU")
            asked = select(func.max(func.length(outbox.c.value)))
            async with both.store.reading() as connection:
                message_bytes = (await connection.execute(asked)).scalar_one()
    print(f"{slip.piece_count} pieces, file of {len(file.content):,} bytes, message of", end=" ")
    print(f"{message_bytes:,} bytes; peak memory {peak_mib()} MiB ({before_mib} before)")


if __name__ == "__main__":
    for_a_command()
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS))
