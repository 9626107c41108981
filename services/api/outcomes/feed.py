"""Outcomes for everybody who listens: what several ask is read once.

The end of the journal is asked for once a second, however many listen. A page of outcomes between
two positions never changes, so those who may see the same and stand at the same place share it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.adapters.clock import Clock
from services.api.adapters.read_model import begin_reading
from services.api.adapters.ttl_cache import TtlCache
from services.api.outcomes import query
from services.api.outcomes.position import Position
from services.api.outcomes.query import Page
from services.api.queries.rows import Entities

POLL_EVERY_S: Final = 1.0
"""Time between two questions for the end of the journal."""

CONNECTIONS_MAX: Final = 2
"""Connections that all listeners take together: reads of a page or of a program go first."""

PAGES_MAX: Final = 8
"""Pages that are kept for those who ask next."""

KEPT_BYTES_MAX: Final = 4 * 1024 * 1024
"""The most bytes of a page that is kept: a record may have a megabyte, a page hundreds."""

Result = TypeVar("Result")


class Feed:
    """Reads outcomes for all listeners of a process.

    Raises:
        SQLAlchemyError, OSError, TimeoutError: from any method, while the database is away.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._connections = asyncio.Semaphore(CONNECTIONS_MAX)
        self._pages: OrderedDict[object, asyncio.Task[Page]] = OrderedDict()
        self.end = TtlCache(self._end, clock, lambda _: POLL_EVERY_S)
        """The end of the journal, as it was at most a second ago."""

    async def page(
        self, entities: Entities, budget: str | None, after: Position, end: Position
    ) -> Page:
        """The next outcomes after a position, as `query.page` gives them."""
        key = (entities, budget, after, end)
        reading = self._pages.get(key)
        if reading is None:
            reading = self._pages[key] = asyncio.create_task(
                self._read(lambda conn: query.page(conn, entities, budget, after, end))
            )
            reading.add_done_callback(partial(self._drop_large, key))
            while len(self._pages) > PAGES_MAX:
                self._pages.popitem(last=False)
        try:
            # Whoever goes away meanwhile does not take the page from the others.
            return await asyncio.shield(reading)
        except BaseException:
            if reading.done():
                self._pages.pop(key, None)  # The next one asks again.
            raise

    def _drop_large(self, key: object, reading: asyncio.Task[Page]) -> None:
        if reading.cancelled() or reading.exception() is not None:
            return
        if sum(len(each.content) for each in reading.result().outcomes) > KEPT_BYTES_MAX:
            self._pages.pop(key, None)

    async def _end(self) -> Position:
        return await self._read(query.end_of_journal)

    async def _read(self, ask: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        async with self._connections, self._engine.connect() as connection:
            await begin_reading(connection)
            return await ask(connection)
