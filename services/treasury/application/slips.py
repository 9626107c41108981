"""Slips (bordereaux) from the orders that wait to the file: each step is one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from events.treasury import PIECES_MAX
from services.treasury.domain.slips import SlipType, Waiting
from services.treasury.store.database import TreasuryStore
from services.treasury.store.slips import (
    PieceRow,
    SlipRow,
    find_slip,
    list_pieces,
    list_slips,
    of_entities,
)
from services.treasury.store.tables import slips

Clock = Callable[[], datetime]
"""Returns the present instant, with its offset."""


class Slips:
    """What is done with slips, by a person or by the schedule.

    Raises:
        SlipProblem: from any method, where what is asked cannot be done; nothing was changed.
        Unreachable: from any method, where a database does not answer.
    """

    def __init__(
        self, store: TreasuryStore, read_model: AsyncEngine, config: Any, clock: Clock
    ) -> None:
        self._store = store
        self._read_model = read_model
        self._config = config
        self._clock = clock

    async def waiting(
        self, sirets: frozenset[str] | None, budget: str | None = None
    ) -> list[Waiting]:
        """The orders that wait for a slip, of these entities or of all; the oldest first."""
        raise NotImplementedError

    async def prepare(
        self, budget: str, slip_type: SlipType, by: str, at_most: int = PIECES_MAX
    ) -> SlipRow | None:
        """Put the orders of a budget that are ready on a draft; None where there are none."""
        raise NotImplementedError

    async def issue(
        self, slip_id: str, by: str, *, number: int | None = None, first_piece: int | None = None
    ) -> SlipRow:
        """Number a draft and make its file: it never changes again."""
        raise NotImplementedError

    async def cancel(self, slip_id: str, by: str) -> SlipRow:
        """Give up a slip that is not in Hélios: its orders wait again."""
        raise NotImplementedError

    async def listed(
        self, sirets: frozenset[str] | None, budget: str | None = None
    ) -> list[SlipRow]:
        """The slips of these entities or of all, the newest first."""
        which = of_entities(slips.c.budget, sirets)
        if budget is not None:
            which &= slips.c.budget == budget
        async with self._store.reading() as connection:
            return await list_slips(connection, which)

    async def find(self, slip_id: str) -> SlipRow | None:
        """A slip by its id."""
        async with self._store.reading() as connection:
            return await find_slip(connection, slip_id)

    async def pieces(self, slip_id: str) -> list[PieceRow]:
        """The pieces of a slip, in their order."""
        async with self._store.reading() as connection:
            return await list_pieces(connection, slip_id)
