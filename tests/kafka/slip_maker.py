"""An operator who makes slips again and again, in a process that may be killed at any moment."""

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime

from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.slips.slips import Slips
from tests.treasury.databases import Opened, opened
from tests.treasury.orders import a_config

PAUSE_S = 0.02
PIECES = 60


async def _make_all(made: Slips, budgets: list[str]) -> None:
    for budget in budgets:
        await made.prepare(budget, SlipType.PAYMENT, "anne", at_most=PIECES)
    for each in reversed(await made.list_all(None)):
        if each.state is SlipState.PREPARED:
            await made.issue(each.slip_id, "anne")
        elif each.state is SlipState.ISSUED and each.exported_at is None:
            with suppress(SlipProblem):  # The process is dead for longer than an export waits.
                await made.export(each.slip_id, "anne")


async def _work(both: Opened, budgets: list[str]) -> None:
    made = Slips(both.store, both.read_model, a_config(), lambda: datetime.now(UTC))  # noqa: TID251 # an operator has a clock
    while True:
        await _make_all(made, budgets)
        await asyncio.sleep(PAUSE_S)


async def main(read_model: str, *budgets: str) -> None:
    async with opened(read_model) as both:
        await _work(both, list(budgets))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
