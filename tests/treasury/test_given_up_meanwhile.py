"""A slip that is given up while a return that names it is being taken, on PostgreSQL."""

import asyncio
import io
import threading
from typing import Final

import pytest
from sqlalchemy import text

from services.treasury.returns.returns import SLICE, FileOutcome, Returns
from tests.treasury.databases import opened
from tests.treasury.desk import NOON, Desk, refusal
from tests.treasury.orders import a_config
from tests.treasury.return_files import Line, Mandat, a_return, a_slip
from tests.waiting import WAIT_S, eventually_async, run

HEAD: Final = {"IdPost": "059999", "CodColl": "350"}
LINE: Final = Line("1000.00", count=None, total=None)
OURS: Final = a_slip(Mandat(1, (LINE,)))
OTHERS: Final = a_slip(*(Mandat(number, (LINE,)) for number in range(SLICE * 2)), number=77)

WAITS: Final = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


class _Held(io.BytesIO):
    """A file whose last part comes once it is let go: our piece, in the first, is taken before."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._last = len(content) - 1
        self.is_half_read, self.goes_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() < self._last:
            assert size is not None
            return super().read(min(size, self._last - self.tell()))
        self.is_half_read.set()
        assert self.goes_on.wait(WAIT_S)
        return super().read(size)


@pytest.mark.rest
def test_a_refused_slip_is_not_given_up_while_a_return_that_names_it_is_taken(
    treasury_on_postgresql: str,
) -> None:
    file = _Held(a_return(OURS, OTHERS, head=HEAD))

    async def take() -> FileOutcome:
        async with opened(treasury_on_postgresql) as both:
            returns = Returns(both.store, a_config(), lambda: NOON)
            return await returns.take(file, "retour.xml", "folder")

    async def give_up() -> None:
        async with opened(treasury_on_postgresql) as both:
            desk = Desk(both, a_config())
            await desk.orders("A/advance")
            slip = await desk.sent()
            await desk.refused(slip)
            taking = asyncio.create_task(asyncio.to_thread(asyncio.run, take()))
            await asyncio.to_thread(file.is_half_read.wait, WAIT_S)
            said = asyncio.create_task(refusal(desk.slips.cancel(slip.slip_id, "anne")))

            async def has_come_far() -> bool:
                async with both.store.reading() as connection:
                    return bool(said.done() or await connection.scalar(WAITS))

            await eventually_async(has_come_far, "the slip is neither kept nor given up")
            file.goes_on.set()
            taken = await taking
            assert ("taken", 1) == (taken.outcome, taken.events)
            assert "names a piece of it" in await said
            assert {} == await desk.waiting()

    run(give_up())
