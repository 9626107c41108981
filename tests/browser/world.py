"""The console as a browser meets it: the real application over uvicorn, a read model in a file."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvicorn

from services.api.access.caller import EVERYBODY, Caller, Entities, Scope
from services.api.app import create_app
from services.api.parts import Parts
from services.api.ports import JournalEnd
from services.api.read_model import open_read_model
from services.projector.database import an_engine
from services.projector.embedded import EmbeddedProjector
from tests.api.world import HandClock, Kept, KeptAudit, KeptBytes, Known
from tests.browser import town

NOW: Final = datetime(2023, 7, 20, 12, 2, 19, tzinfo=UTC)
"""8 seconds behind the last event of the town."""

OPERATOR_KEY: Final = "test-key-of-an-operator"
READER_KEY: Final = "test-key-of-a-reader"
NEIGHBOUR_KEY: Final = "test-key-of-another-town"
CALLERS: Final = {
    OPERATOR_KEY: Caller("key:operator", dict.fromkeys(Scope, EVERYBODY), "Opératrice"),
    READER_KEY: Caller("key:reader", {Scope.READ: EVERYBODY}, "Lecteur"),
    NEIGHBOUR_KEY: Caller(
        "key:neighbour", {Scope.READ: Entities.of(["21590512600017"])}, "Roubaix"
    ),
}
START_S: Final = 20.0


@dataclass
class Ends:
    """Where the journal ends, as far as anybody knows."""

    known: Mapping[int, JournalEnd] | None = None

    async def __call__(self) -> Mapping[int, JournalEnd] | None:
        return self.known


@dataclass
class World:
    """A console that runs, and what stands behind it."""

    url: str
    database: str
    records: list[bytes]
    audit: KeptAudit = field(default_factory=KeptAudit)
    ends: Ends = field(default_factory=Ends)
    original_bytes: KeptBytes = field(default_factory=KeptBytes)
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))

    def publish(self, records: Sequence[bytes]) -> None:
        """The journal goes on: these are all of its records."""
        self.records = list(records)
        self.ends.known = end_of(self.records)
        project(self.database, self.records)


def end_of(records: Sequence[bytes]) -> Mapping[int, JournalEnd]:
    """Where a journal of these records ends."""
    return {0: JournalEnd(len(records), len(records))}


def project(database: str, records: Sequence[bytes]) -> None:
    """Have the read model hold these records, from wherever it stands."""

    async def go() -> None:
        engine = an_engine(database)
        try:
            projector = EmbeddedProjector(engine)
            await projector.open()
            await projector.catch_up(records)
        finally:
            await engine.dispose()

    apart(go())


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Do it in a loop of its own: the browser's is running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@contextmanager
def a_console(folder: Path, *, checks: bool = True) -> Iterator[World]:
    """The town's console, served until the block ends."""
    database = f"sqlite+aiosqlite:///{folder / 'read-model.sqlite'}"
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    world = World(f"http://127.0.0.1:{port}", database, town.the_journal())
    world.ends.known = end_of(world.records)
    project(database, world.records)
    parts = Parts(
        open_read_model(database),
        Known(CALLERS, checks=checks),
        Kept(),
        world.audit,
        world.original_bytes,
        world.clock,
        journal_ends=world.ends,
    )
    config = uvicorn.Config(
        create_app(parts), log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        _wait_for(server)
        yield world
    finally:
        server.should_exit = True
        thread.join(START_S)
        apart(parts.engine.dispose())
        listening.close()


def _wait_for(server: uvicorn.Server) -> None:
    patience = time.monotonic() + START_S
    while not server.started:
        assert time.monotonic() < patience, "the console did not start"
        time.sleep(0.02)
