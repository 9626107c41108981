"""Outcomes for everybody who listens: positions in the journal, and what lies between two.

The end of the journal is asked for once a second, however many listen. A page of outcomes between
two positions never changes, so those who may see the same and stand at the same place share it.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.adapters.clock_and_chance import Clock, TtlCache
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.adapters.read_model import begin_reading
from services.api.journal.records import RecordDetail, detail_of
from services.api.queries.rows import Entities, same, visible
from services.projector.tables import journal, positions

PATTERN: Final = r"^[0-9]{1,10}-[0-9]{1,18}(\.[0-9]{1,10}-[0-9]{1,18})*$"
"""`0-13.1-7`: of partition 0 all before offset 13 was read, of partition 1 all before offset 7."""

CHARACTERS_MAX: Final = 20_000
"""Of 500 partitions and more."""


class Position(NamedTuple):
    """The next offset of each partition, by partition; a partition that is not there is unread."""

    offsets: tuple[tuple[int, int], ...] = ()

    @classmethod
    def from_offsets(cls, offsets: Iterable[tuple[int, int]]) -> "Position":
        """The position with these next offsets."""
        return cls(tuple(sorted(offsets)))

    @classmethod
    def read(cls, text: str) -> "Position":
        """The position that is spelled so.

        Raises:
            ValueError: the text spells none.
        """
        if len(text) > CHARACTERS_MAX or re.fullmatch(PATTERN, text) is None:
            raise ValueError(text)
        parts = (part.split("-") for part in text.split("."))
        return cls.from_offsets((int(partition), int(offset)) for partition, offset in parts)

    def __str__(self) -> str:
        """As `read` reads it."""
        return ".".join(f"{partition}-{offset}" for partition, offset in self.offsets)

    def replace_offset(self, partition: int, offset: int) -> "Position":
        """The position with another next offset in one partition."""
        return Position.from_offsets({**dict(self.offsets), partition: offset}.items())

    def list_unread(self, end: "Position") -> list[tuple[int, int, int]]:
        """Partitions in which something is left up to `end`: partition, next offset and end."""
        own = dict(self.offsets)
        left = ((partition, own.get(partition, 0), last) for partition, last in end.offsets)
        return [each for each in left if each[1] < each[2]]


RECORDS_MAX: Final = 200
"""Records that one page holds: each may have a megabyte."""

SPAN: Final = 5_000
"""Offsets that one query passes: where few records are asked for, an index gives all of them."""

RECORD: Final = TypeAdapter(RecordDetail)


class Outcome(NamedTuple):
    """The outcome of one record: its JSON, and the position behind it."""

    key: str
    """`<budget>/<sequence>`, which names the record for ever."""
    position: Position
    event_time: datetime | None
    """Of a dead letter none."""
    content: bytes


class Page(NamedTuple):
    """Outcomes in the order of each partition, and the position behind all that was passed."""

    outcomes: tuple[Outcome, ...]
    position: Position


async def read_end(conn: AsyncConnection) -> Position:
    """The position behind all that the read model has."""
    rows = await _ends.rows(conn)
    return Position.from_offsets((row["partition"], row["next_offset"]) for row in rows)


async def read_page(
    conn: AsyncConnection, entities: Entities, budget: str | None, after: Position, end: Position
) -> Page:
    """The next outcomes after a position and before another, of a budget or of all.

    It may hold none although some follow: then its position has moved on.
    """
    outcomes: list[Outcome] = []
    position = after
    for partition, first, last in after.list_unread(end):
        left = RECORDS_MAX - len(outcomes)
        if left == 0:
            break
        until = min(last, first + SPAN)
        rows = await _records_from_to.rows(
            conn,
            entities=entities,
            budget=budget,
            partition=partition,
            first=first,
            until=until,
            limit=left,
        )
        for row in rows:
            position = position.replace_offset(partition, row["journal_offset"] + 1)
            key = f"{row['budget']}/{row['sequence']}"
            content = RECORD.dump_json(detail_of(row))
            outcomes.append(Outcome(key, position, row["event_time"], content))
        if len(rows) < left:
            position = position.replace_offset(partition, until)
    return Page(tuple(outcomes), position)


@PreparedQuery
def _ends() -> Select[Any]:
    return select(positions.c.partition, positions.c.next_offset)


@PreparedQuery
def _records_from_to(
    entities: Parameters | None,
    budget: Parameter | None,
    partition: Parameter,
    first: Parameter,
    until: Parameter,
    limit: Parameter,
) -> Select[Any]:
    return (
        select(journal)
        .where(visible(journal.c.budget, entities), journal.c.partition == partition)
        .where(journal.c.journal_offset >= first, journal.c.journal_offset < until)
        .where(*same(journal, budget=budget))
        .order_by(journal.c.journal_offset)
        .limit(limit)
    )


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
        """The next outcomes after a position, as `page` gives them."""
        key = (entities, budget, after, end)
        reading = self._pages.get(key)
        if reading is None:
            reading = self._pages[key] = asyncio.create_task(
                self._read(lambda conn: read_page(conn, entities, budget, after, end))
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
        return await self._read(read_end)

    async def _read(self, ask: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        async with self._connections, self._engine.connect() as connection:
            await begin_reading(connection)
            return await ask(connection)
