"""An operator's process that prepares and issues slips until no order waits: `… URL NAME`."""

import asyncio
import sys
from datetime import UTC, datetime

from services.runtime.ops.errors import Unreachable
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.slips.slips import Slips
from tests.builders import BUDGET
from tests.treasury.databases import opened
from tests.treasury.orders import a_config

ORDERS_OF_A_SLIP = 5
NOON = datetime(2023, 6, 3, 12, tzinfo=UTC)


async def work(url: str, name: str) -> None:
    async with opened(url) as both:
        slips = Slips(both.store, both.read_model, a_config(), lambda: NOON)
        print("working", flush=True)
        while True:
            prepared = await slips.prepare(BUDGET, SlipType.PAYMENT, name, ORDERS_OF_A_SLIP)
            # Drafts of one that was killed are issued too, whoever comes first.
            drafts = [
                each for each in await slips.list_all(None) if each.state is SlipState.PREPARED
            ]
            for each in drafts:
                try:
                    await slips.issue(each.slip_id, name)
                except (SlipProblem, Unreachable) as error:
                    print(type(error).__name__, flush=True)
            if prepared is None and not drafts:
                return


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
