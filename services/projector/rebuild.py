"""The read model made again from the journal, beside the running one, then put into its place.

What was made stays when this is stopped: the next run goes on behind it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.topics import JOURNAL
from services.projector.database import engine_address
from services.projector.database_errors import raising_unreachable
from services.projector.migrations import prepare
from services.projector.processor import BATCH_RECORDS, ProjectorProcessor
from services.projector.sql import POSTGRESQL
from services.projector.switch import NEXT, both_engines, check_owner, drop_unfinished, switch
from services.runtime.kafka.topics import check
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress

SIDE_BY_SIDE: Final = 4
"""Partitions projected at once into PostgreSQL: one is written while another is read.
SQLite has one writer."""

Report = Callable[[int, int], None]
"""Hears how many offsets of the journal are in the new tables, and how many there are."""

log: Final = structlog.stdlib.get_logger("ecluse.projector")


class Rebuild:
    """All partitions of the journal, projected into new tables."""

    def __init__(self, report: Report, side_by_side: int = 1) -> None:
        self._report = report
        self._side_by_side = asyncio.Semaphore(side_by_side)
        self._works: list[ProjectorProcessor] = []
        self._ends: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self.records = 0

    async def open(self, works: list[ProjectorProcessor]) -> None:
        """Take every partition, where an earlier run has left it."""
        for work in works:
            await work.open()
            self._works.append(work)
            self._next[work.place] = work.position.next_offset
            _, self._ends[work.place] = await work.reader.bounds(work.place)

    async def catch_up(self) -> None:
        """Read each partition to its end, as it is when its reading begins."""
        tasks = [asyncio.create_task(self._catch_up(work)) for work in self._works]
        try:
            await asyncio.gather(*tasks)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _catch_up(self, work: ProjectorProcessor) -> None:
        async with self._side_by_side:
            start = self._next[work.place]
            _, self._ends[work.place] = await work.reader.bounds(work.place)
            if start >= self._ends[work.place]:
                return
            pending = 0
            async for records in work.reader.to_the_end(work.place, start):
                for record in records:
                    work.handle(record)
                    pending += 1
                    if pending == BATCH_RECORDS or work.is_full:
                        await self._commit(work, pending)
                        pending = 0
            if pending:
                await self._commit(work, pending)

    async def _commit(self, work: ProjectorProcessor, count: int) -> None:
        await work.commit()
        self.records += count
        self._next[work.place] = work.position.next_offset
        done = sum(self._next.values())
        self._report(done, max(done, sum(self._ends.values())))


async def rebuild(settings: Settings, url: str, report: Report, *, anew: bool = False) -> int:
    """Make the read model again; how many records that took now.

    With `anew` nothing is kept of what an earlier run made and did not bring to its end.

    Raises:
        ClusterError: the cluster, the database or its schema is not as it must be.
        WriterFailed, Fenced: the database went away, or another rebuild has taken this one over.
    """
    count = await check(settings, (JOURNAL,))
    async with AsyncExitStack() as stack:
        running, made = await stack.enter_async_context(both_engines(url))
        again = Rebuild(report, SIDE_BY_SIDE if made.dialect.name == POSTGRESQL else 1)
        async with raising_unreachable(engine_address(running)):
            await check_owner(running)
            await prepare(running)
            if anew:
                await drop_unfinished(running, made)
            await prepare(made, NEXT)
        works = [ProjectorProcessor(settings, made, number, Progress()) for number in range(count)]
        for work in works:
            stack.push_async_callback(work.close)
        await again.open(works)
        await again.catch_up()
        log.info("read_model_rebuilt", records=again.records)
        async with raising_unreachable(engine_address(running)):
            await switch(running, made, again.catch_up)
        log.info("read_model_switched", records=again.records)
    return again.records
