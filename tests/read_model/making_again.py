"""A rebuild of the read model, without a broker."""

from events.topics import JOURNAL
from services.projector.database import Position, take, write
from services.projector.migrations import prepare
from services.projector.rebuild import NEXT, both_engines, switch
from services.projector.rows.fold import Fold


async def make_again(url: str, records: list[bytes]) -> None:
    """The same journal in the tables beside, its last record when all wait; and the switch."""
    async with both_engines(url) as (running, made):
        await prepare(made, NEXT)
        position, *_ = await take(made, JOURNAL, 0)
        fold = Fold(0)

        async def project(start: int, end: int) -> None:
            for offset in range(start, end):
                fold.add(offset, records[offset])
            at = Position(end, end - 1, topic=JOURNAL, partition=0, epoch=position.epoch)
            await write(made, fold.take_changes(), at, start)

        await project(0, len(records) - 1)
        shown = 0

        async def catch_up() -> None:
            """Whoever sees the tables as they are before the second call sees too little."""
            nonlocal shown
            shown += 1
            if shown == 2:
                await project(len(records) - 1, len(records))

        await switch(running, made, catch_up)
