"""The position of the read model, asked once a moment for all who wait for it to move."""

import asyncio
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.adapters.read_model import revision

POLL_EVERY_S: Final = 0.2
"""Time for which a position is taken for the present one: so many wait, one asks."""


class SharedPosition:
    """The position as it was found a moment ago; each who waits takes what another has found."""

    def __init__(self) -> None:
        self._slot = asyncio.Lock()
        self._found: tuple[str | None, float] | None = None

    async def now(self, engine: AsyncEngine) -> str | None:
        """A text that changes whenever the read model does; None while it does not answer."""
        async with self._slot:
            now_s = asyncio.get_running_loop().time()
            if self._found is not None and now_s - self._found[1] < POLL_EVERY_S:
                return self._found[0]
            try:
                async with engine.connect() as connection:
                    position = await revision(connection)
            except (SQLAlchemyError, OSError, TimeoutError):
                position = None
            self._found = position, asyncio.get_running_loop().time()
            return position
