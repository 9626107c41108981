"""The ledger in this process, for a small town without Kafka: it decides, keeps and projects.

An event is decided at once and committed to its file before anybody is told; then it is projected.
That a day has passed it tells itself, by the watch's deadline events: there is no watch here.
Whatever fails in between, the next start projects what is missing: the journal is the truth.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.topics import EVENTS
from services.api.adapters.clock import Clock
from services.api.adapters.ports import JournalEnd
from services.due.deadline_events import DeadlineEvent
from services.embedded.deadlines import OwnDeadlines
from services.embedded.projection import PARTITION, EmbeddedProjector
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Batch, Position, StoreError, Versions
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Source
from services.ledger.files.replay import (
    BATCH_LINES,
    FILE_PARTITION,
    Progress,
    read_internal_events,
    replay,
)
from services.ledger.files.sqlite import SqliteStore
from services.runtime.kafka.publishing import Message

RETRY_S: Final = 2.0
"""How long tables that could not be written wait for the next try."""

LOOK_S: Final = 60.0
"""How often it looks what has passed: what is due is due by a day, or after thirty."""

Result = TypeVar("Result")

log: Final = structlog.stdlib.get_logger("ecluse.api")


class TellingStore(SqliteStore):
    """A store that tells what it has committed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.told: list[bytes] | None = None
        """Where it tells, the journal records of the commits since then."""

    def commit(self, batch: Batch, versions: Versions) -> None:
        """Write the batch, then tell."""
        super().commit(batch, versions)
        if self.told is not None:
            self.told += [row.record for row in batch.records]


class Core:
    """Ledger and store, used by one thread only: SQLite's connections belong to their thread."""

    def __init__(self, path: Path) -> None:
        self._store = TellingStore(path)
        self._ledger: Ledger = open_ledger(self._store)
        topics = {position.topic: position for position in self._store.positions()}
        self._next = topics[EVENTS].next_offset if EVENTS in topics else 0

    def load(self, path: Path, name: str, progress: Progress) -> None:
        """Decide the events of a file that were not read yet, as `ecluse replay` does."""
        with self._restored_if_it_fails(), path.open("rb") as stream:
            replay(self._store, name, stream, self._ledger, progress)

    def take(self, messages: Iterable[Message]) -> list[bytes]:
        """Decide and commit these events; return the journal records, those of deadline events too.

        Raises:
            StoreError: they could not be written; batches before may have been.
            AssertionError: a bug of ours; nothing of its batch was written.
        """
        with self._telling() as told:
            with self._restored_if_it_fails():
                waiting, taken = iter(messages), 0
                while batch := list(islice(waiting, BATCH_LINES)):
                    self._commit(batch, taken)
                    taken += len(batch)
            self._read_internal_events()
        return told

    def post(self, deadline_events: Iterable[DeadlineEvent]) -> list[bytes]:
        """Keep these deadline events beside the ledger's own, and decide them; the journal records.

        Raises:
            StoreError: they could not be written, or not be decided.
        """
        with self._telling() as told:
            self._store.commit(
                Batch(internal_events=[each.value for each in deadline_events]), VERSIONS
            )
            self._read_internal_events()
        return told

    @contextmanager
    def _telling(self) -> Generator[list[bytes]]:
        """The journal records that are committed meanwhile."""
        told = self._store.told = []
        try:
            yield told
        finally:
            self._store.told = None

    def _read_internal_events(self) -> None:
        """Decide what was written to the ledger: next year's budgets open, deadlines have passed.

        A deadline event that a bug of ours stops is nobody's who sends events: they are kept, and
        it waits in its file for a program that was mended. Each time that deadline events are read
        it is tried.

        Raises:
            StoreError: it could not be written.
        """
        try:
            read_internal_events(self._store, self._ledger, BATCH_LINES)
        except Exception as error:
            # As everywhere here; and a ledger that cannot be restored is no deadline event's
            # matter.
            self._ledger = open_ledger(self._store)
            if isinstance(error, StoreError):
                raise
            log.critical("internal_event_waits", exc_info=error)

    def _commit(self, messages: list[Message], taken: int) -> None:
        """Decide and commit these, the events of a request behind its first `taken` ones."""
        for offset, message in enumerate(messages, start=self._next):
            source = Source(EVENTS, FILE_PARTITION, offset)
            try:
                self._ledger.handle(RawRecord(message.value, source))
            except Exception:
                # Nothing of its batch is written: whoever leaves this one out may send the others.
                log.critical("event_failed", of_the_request=taken + offset - self._next + 1)
                raise
        behind = self._next + len(messages)
        last = sha256(messages[-1].value).hexdigest()
        position = Position(EVENTS, FILE_PARTITION, behind, last)
        self._store.commit(self._ledger.commit_batch([position]), VERSIONS)
        self._next = behind

    def bytes_at(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The bytes of the dead letter that was read there."""
        for deadline_event in self._store.dead_letters():
            if (deadline_event.topic, deadline_event.partition, deadline_event.offset) == (
                topic,
                partition,
                offset,
            ):
                return deadline_event.value
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    @contextmanager
    def _restored_if_it_fails(self) -> Generator[None]:
        """Memory that ran ahead of the file is thrown away: no code rolls anything back."""
        try:
            yield
        except BaseException:
            self._ledger = open_ledger(self._store)
            raise


class SmallTown:
    """Core and projector together; the publisher and the dead letters' bytes of the API."""

    def __init__(self, ledger: Path, engine: AsyncEngine) -> None:
        self._path = ledger
        self._engine = engine
        self._projector = EmbeddedProjector(engine)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._turn = asyncio.Lock()
        self._behind = False
        self._closing = False
        self._kept = 0
        """How many records the journal holds."""
        self._works: set[asyncio.Task[None]] = set()
        self._deadlines = OwnDeadlines(ledger)
        self._core: Core

    async def open(self) -> None:
        """Restore the ledger, and project what was not projected yet.

        Raises:
            Stop: a file is not as it must be.
        """
        self._core = await self._in_thread(lambda: Core(self._path))
        await self._catch_up()

    async def load(self, path: Path, name: str, progress: Progress) -> None:
        """Decide and project the events of a file; nothing that was read before is read again."""
        async with self._turn:
            await self._in_thread(lambda: self._core.load(path, name, progress))
            await self._catch_up()

    async def publish(self, messages: Iterable[Message]) -> None:
        """Decide and commit these events, then project them.

        Raises:
            StoreError: they could not be written.
            AssertionError: a bug of ours; nothing of its batch was written.
        """
        await self._done_whole(lambda: self._core.take(messages))

    async def watch(self, clock: Clock) -> None:
        """Write deadline events, at once and then every minute, until cancelled.

        What fails is tried again: nobody waits for it.
        """
        while True:
            try:
                await self.tell_what_passed(clock)
            except Exception:
                log.exception("deadline_events_postponed")
            await asyncio.sleep(LOOK_S)

    async def tell_what_passed(self, clock: Clock) -> None:
        """Write and decide the deadline events about all that has passed by now, as the watch does.

        Whoever sent something before this moment is heard first: a deadline event says what did not
        come.
        """
        try:
            await self._follow()  # Long over a journal that was not read yet, and nobody waits.
            until = clock()
            async with self._turn:
                await self._follow()
                deadline_events = await asyncio.to_thread(self._deadlines.deadline_events, until)
            for start in range(0, len(deadline_events), BATCH_LINES):
                some = deadline_events[start : start + BATCH_LINES]
                await self._done_whole(partial(self._core.post, some))
                self._deadlines.wrote(some)
                for each in some:
                    facts = {"kind": each.kind, "due_on": each.due_on.isoformat()}
                    log.info("deadline_event_written", budget=each.budget, **facts)
        except BaseException:
            # It may have been written all the same: the file tells.
            self._deadlines = OwnDeadlines(self._path)
            raise

    async def _follow(self) -> None:
        while await asyncio.to_thread(self._deadlines.follow):
            pass

    async def _done_whole(self, work: Callable[[], list[bytes]]) -> None:
        """Have this decided and projected, whoever goes away meanwhile."""
        task = asyncio.create_task(self._do(work))
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        await asyncio.shield(task)

    async def _do(self, work: Callable[[], list[bytes]]) -> None:
        async with self._turn:
            try:
                records = await self._in_thread(work)
            except BaseException:
                self._fall_behind()  # Batches before may have been committed.
                raise
            self._kept += len(records)
            if self._behind:
                return  # They are in the journal that is being caught up with.
            try:
                await self._projector.project(records)
            except Exception:
                # The events are kept, and that is what was asked.
                log.exception("projection_failed", records=len(records))
                self._fall_behind()

    def _fall_behind(self) -> None:
        """Have the tables made whole from the journal, as soon as that can be done."""
        if not self._behind:
            self._behind = True
            mending = asyncio.create_task(self._mend())
            self._works.add(mending)
            mending.add_done_callback(self._works.discard)

    async def _mend(self) -> None:
        while self._behind and not self._closing:
            async with self._turn:
                try:
                    await self._catch_up()
                except Exception:
                    log.exception("projection_failed")
            if self._behind:
                await asyncio.sleep(RETRY_S)

    async def _catch_up(self) -> None:
        """Project whatever the tables do not have yet, from the journal."""
        self._projector = EmbeddedProjector(self._engine)
        read = await self._projector.open()
        reading = SqliteStore(self._path, create=False)
        try:
            new = await self._projector.catch_up(row.record for row in reading.journal())
        finally:
            reading.close()
        self._behind, self._kept = False, read + new

    async def journal_ends(self) -> Mapping[int, JournalEnd]:
        """How many records the journal holds: its one partition ends there."""
        return {PARTITION: JournalEnd(self._kept, self._kept)}

    async def __call__(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The bytes of the dead letter that was read there."""
        return await self._in_thread(lambda: self._core.bytes_at(topic, partition, offset))

    async def close(self) -> None:
        """Finish what is under way, and let go of the files."""
        self._closing = True
        if self._works:
            await asyncio.wait(self._works)
        if hasattr(self, "_core"):
            await self._in_thread(self._core.close)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
