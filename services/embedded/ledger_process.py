"""The embedded ledger: decides, stores and projects in the API's process, without Kafka.

An event is decided and committed to its file before its request is answered; then it is projected.
Deadline events are written here too: there is no watch. After a failure the next start projects
what is missing: the journal is the truth.
"""

import asyncio
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from events.topics import EVENTS
from services.api.adapters.clock_and_chance import Clock
from services.api.adapters.ports import JournalEnd
from services.due.deadline_events import DeadlineEvent
from services.embedded.journal_readers import PARTITION, EmbeddedProjector, JournalDeadlines
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Batch, Position, StoreError
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Source
from services.ledger.files.replay import (
    BATCH_LINES,
    FILE_PARTITION,
    Progress,
    read_internal_events,
    replay,
)
from services.ledger.files.stores import SqliteStore
from services.runtime.kafka.publishing import Message

Report = Callable[[int, int], None]
"""Called with what is done, and with all."""

HALF: Final = 50
"""Per cent of the work of a start that deciding is said to be; projecting is the other half."""

NEARLY: Final = 2 * HALF - 1
"""Per cent of a start that has not ended."""


class EventFile(NamedTuple):
    """A file of events, under the name by which the journal knows it."""

    path: Path
    name: str


class StoppedWhileLoading(Exception):
    """The process ends: what was committed stays, the rest is read the next time."""


class Loading:
    """The progress of a start, reported to the terminal and to whoever asks the API."""

    def __init__(self, bytes_total: int = 0, report: Report = lambda _done, _all: None) -> None:
        self._bytes_total, self._bytes_read = bytes_total, 0
        self._projected = 0.0
        self._report = report
        self._is_stopped = False
        self._is_over = False

    @property
    def percent(self) -> int | None:
        """Per cent of the work that is done; None once all of it is."""
        if self._is_over:
            return None
        read = self._bytes_read / self._bytes_total if self._bytes_total else 1.0
        return min(NEARLY, int(HALF * (min(read, 1.0) + self._projected)))

    def count_bytes(self, handled: int) -> None:
        """Count bytes of the files that were decided.

        Raises:
            StoppedWhileLoading: nobody waits for the rest any more.
        """
        if self._is_stopped:
            raise StoppedWhileLoading
        self._bytes_read += handled
        self._report_percent()

    def show_projected(self, records: int, of: int) -> None:
        """Say how many records of the journal are in the tables."""
        self._projected = records / of if of else 1.0
        self._report_percent()

    def end(self) -> None:
        """All is loaded."""
        self._is_over = True

    def stop(self) -> None:
        """Have the thread that decides stop at the next line."""
        self._is_stopped = True

    def _report_percent(self) -> None:
        self._report(self.percent or 0, 2 * HALF)


RETRY_S: Final = 2.0
"""The pause before tables that could not be written are tried again."""

CHECK_S: Final = 60.0
"""The interval of checks for passed deadlines, which are a day or thirty days long."""

BATCH: Final = 1000
"""The most records projected in one transaction."""

MESSAGES: Final = 16
"""The most kept messages in memory at once: one that issues a slip holds its file."""

Result = TypeVar("Result")

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Core:
    """Ledger and store, used by one thread only: SQLite's connections belong to their thread."""

    def __init__(self, path: Path) -> None:
        self._store = SqliteStore(path)
        self._ledger: Ledger = open_ledger(self._store)
        topics = {position.topic: position for position in self._store.positions()}
        self._next = topics[EVENTS].next_offset if EVENTS in topics else 0

    def load(self, path: Path, name: str, progress: Progress) -> None:
        """Decide the events of a file not read yet, as `ecluse replay` does."""
        with self._restore_on_failure(), path.open("rb") as stream:
            replay(self._store, name, stream, self._ledger, progress)

    def take(self, messages: Iterable[Message]) -> None:
        """Decide and commit these events.

        Raises:
            StoreError: they could not be written; batches before may have been.
            AssertionError: a bug of ours; nothing of its batch was written.
        """
        waiting, taken = iter(messages), 0
        while True:
            with self._restore_on_failure():
                count = self._commit(waiting, taken)
            if not count:
                return
            taken += count
            self._read_internal_events()

    def post(self, deadline_events: Iterable[DeadlineEvent]) -> None:
        """Store and decide these deadline events.

        Raises:
            StoreError: they could not be written, or not be decided.
        """
        self._store.commit(
            Batch(internal_events=[each.value for each in deadline_events]), VERSIONS
        )
        self._read_internal_events()

    def count(self) -> int:
        """The number of records in the journal."""
        return self._store.count()

    def journal_behind(self, read: int, most: int) -> list[bytes]:
        """At most `most` records of the journal after the first `read` ones."""
        return list(self._store.journal_behind(read, most))

    def keep(self, topic: str, values: Iterable[bytes]) -> None:
        """Keep messages of others, of which their tables are made again."""
        self._store.keep(topic, values)

    def messages(self, topic: str, behind: int, most: int) -> list[tuple[int, bytes]]:
        """The kept messages of a topic behind this number, at most so many."""
        return self._store.messages(topic, behind, most)

    def last_message(self, topic: str) -> bytes | None:
        """The latest kept message of a topic."""
        return self._store.last_message(topic)

    def _read_internal_events(self) -> None:
        """Decide the internal events: openings of next year's budgets, passed deadlines.

        A bug of ours in one fails no request: the requests' events are stored, and the internal
        event waits in its file for a fixed program. It is tried each time that they are read.

        Raises:
            StoreError: it could not be written.
        """
        try:
            read_internal_events(self._store, self._ledger, BATCH_LINES)
        except Exception as error:
            # Memory ran ahead of the file; a failing restore is no error of this event.
            self._ledger = open_ledger(self._store)
            if isinstance(error, StoreError):
                raise
            log.critical("internal_event_waits", exc_info=error)

    def _commit(self, waiting: Iterator[Message], taken: int) -> int:
        """Decide and commit the next of a request's events, behind its first `taken` ones.

        A batch ends with a closing: its internal events are decided behind it (rules, 32).
        Return the size of the batch.
        """
        count, last = 0, b""
        for message in islice(waiting, BATCH_LINES):
            count, last = count + 1, message.value
            source = Source(EVENTS, FILE_PARTITION, self._next + count - 1)
            try:
                self._ledger.handle(RawRecord(last, source))
            except Exception:
                # Nothing of its batch is written: the others can be sent without this one.
                log.critical("event_failed", of_the_request=taken + count)
                raise
            if self._ledger.batch.internal_events:
                break
        if count:
            behind = self._next + count
            position = Position(EVENTS, FILE_PARTITION, behind, sha256(last).hexdigest())
            self._store.commit(self._ledger.commit_batch([position]), VERSIONS)
            self._next = behind
        return count

    def records_at(self, places: Collection[Source]) -> dict[Source, RawRecord]:
        """The dead letters that were read there."""
        found = {}
        for each in self._store.dead_letters():
            source = Source(each.topic, each.partition, each.offset)
            if source in places:
                is_whole = len(each.value) == each.length_bytes
                length_bytes = -1 if is_whole else each.length_bytes
                found[source] = RawRecord(each.value, source, length_bytes=length_bytes)
        return found

    def close(self) -> None:
        self._store.close()

    @contextmanager
    def _restore_on_failure(self) -> Generator[None]:
        """Restore the ledger from the file after an error: no code rolls anything back."""
        try:
            yield
        except BaseException:
            self._ledger = open_ledger(self._store)
            raise


class EmbeddedLedger:
    """Core and projector together; the publisher and the dead letters' bytes of the API."""

    def __init__(self, ledger: Path, engine: AsyncEngine) -> None:
        self._path = ledger
        self._projector = EmbeddedProjector(engine, self.journal_behind)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._lock = asyncio.Lock()
        self._behind = False
        self._closing = False
        self._kept = 0
        """The number of records in the journal."""
        self._works: set[asyncio.Task[None]] = set()
        self._deadlines = JournalDeadlines(ledger)
        self._core: Core

    async def open(self, files: Iterable[EventFile] = (), loading: Loading | None = None) -> None:
        """Restore the ledger, decide what was not read of these files, project what is not yet.

        Raises:
            Stop: a file is not as it must be.
        """
        loading = loading or Loading()
        self._core = await self._run_in_thread(lambda: Core(self._path))
        for each in files:
            await self._run_in_thread(partial(self._core.load, *each, loading.count_bytes))
        records = await self._run_in_thread(self._core.count)
        await self._catch_up(lambda projected: loading.show_projected(projected, records))

    async def publish(self, messages: Iterable[Message]) -> None:
        """Decide and commit these events, then project them.

        Raises:
            StoreError: they could not be written.
            AssertionError: a bug of ours; nothing of its batch was written.
        """
        await self._do_whole(lambda: self._core.take(messages))

    async def watch(self, clock: Clock) -> None:
        """Write deadline events, at once and then every minute, with retries, until cancelled."""
        while True:
            try:
                await self.write_deadline_events(clock)
            except Exception:
                log.exception("deadline_events_postponed")
            await asyncio.sleep(CHECK_S)

    async def write_deadline_events(self, clock: Clock) -> None:
        """Write and decide the deadline events due by now, as the watch does.

        Events sent before this moment are decided first: one may meet a deadline.
        """
        try:
            await self._follow()  # Slow the first time, so not under the lock.
            until = clock()
            async with self._lock:
                await self._follow()
                deadline_events = await asyncio.to_thread(self._deadlines.deadline_events, until)
            for start in range(0, len(deadline_events), BATCH_LINES):
                some = deadline_events[start : start + BATCH_LINES]
                await self._do_whole(partial(self._core.post, some))
                self._deadlines.wrote(some)
                for each in some:
                    facts = {"kind": each.kind, "due_on": each.due_on.isoformat()}
                    log.info("deadline_event_written", budget=each.budget, **facts)
        except BaseException:
            # It may have been written all the same: the file is read again.
            self._deadlines = JournalDeadlines(self._path)
            raise

    async def _follow(self) -> None:
        while await asyncio.to_thread(self._deadlines.follow):
            pass

    async def _do_whole(self, work: Callable[[], None]) -> None:
        """Decide and project the events of `work`, even if the caller is cancelled meanwhile."""
        task = asyncio.create_task(self._do(work))
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        await asyncio.shield(task)

    async def _do(self, work: Callable[[], None]) -> None:
        async with self._lock:
            try:
                await self._run_in_thread(work)
            finally:  # Also behind an error: batches before it may have been committed.
                await self._project()

    async def _project(self) -> None:
        """Project what was written, or have it tried again: the events are stored all the same."""
        try:
            self._kept = await self._run_in_thread(self._core.count)
            if not self._behind:
                await self._projector.follow()
        except Exception:
            log.exception("projection_failed", records=self._kept - self._projector.next_offset)
            self._fall_behind()

    def _fall_behind(self) -> None:
        """Start to catch up the tables from the journal."""
        if not self._behind:
            self._behind = True
            mending = asyncio.create_task(self._mend())
            self._works.add(mending)
            mending.add_done_callback(self._works.discard)

    async def _mend(self) -> None:
        while self._behind and not self._closing:
            async with self._lock:
                try:
                    await self._catch_up()
                except Exception:
                    log.exception("projection_failed")
            if self._behind:
                await asyncio.sleep(RETRY_S)

    async def _catch_up(self, report: Callable[[int], None] = lambda _records: None) -> None:
        """Project the records that the tables lack, from the journal."""
        await self._projector.follow(report)
        self._behind, self._kept = False, self._projector.next_offset

    async def journal_behind(self, read: int) -> list[bytes]:
        """The next records of the journal behind its first ones, as many as a batch holds."""
        return await self._run_in_thread(partial(self._core.journal_behind, read, BATCH))

    async def keep(self, topic: str, values: Iterable[bytes]) -> None:
        """Keep messages of others beside the journal, as their topic would.

        Raises:
            StoreError: they could not be written.
        """
        await self._run_in_thread(lambda: self._core.keep(topic, values))

    async def messages(self, topic: str, behind: int) -> list[tuple[int, bytes]]:
        """The next kept messages of a topic behind this number, each with its own."""
        return await self._run_in_thread(lambda: self._core.messages(topic, behind, MESSAGES))

    async def last_message(self, topic: str) -> bytes | None:
        """The latest kept message of a topic."""
        return await self._run_in_thread(lambda: self._core.last_message(topic))

    async def journal_ends(self) -> Mapping[int, JournalEnd]:
        """The number of records in the journal: its one partition ends there."""
        return {PARTITION: JournalEnd(self._kept, self._kept)}

    async def original_bytes(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The bytes of the dead letter that was read there."""
        place = Source(topic, partition, offset)
        found = (await self.source_records([place])).get(place)
        return None if found is None else found.value

    async def source_records(self, places: Collection[Source]) -> Mapping[Source, RawRecord]:
        """The dead letters that were read at these places."""
        return await self._run_in_thread(lambda: self._core.records_at(frozenset(places)))

    async def close(self) -> None:
        """Finish running tasks, and close the files."""
        self._closing = True
        if self._works:
            await asyncio.wait(self._works)
        if hasattr(self, "_core"):
            await self._run_in_thread(self._core.close)
        self._thread.shutdown()

    async def _run_in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
