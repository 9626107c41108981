"""The console as a browser meets it: the real application over uvicorn, a read model in a file."""

import asyncio
import faulthandler
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from services.api.access.caller import EVERYBODY, Caller, Entities, Scope
from services.api.adapters.ports import JournalEnd, lag_source
from services.api.adapters.read_model import open_read_model
from services.api.app import create_app
from services.api.code_names import city_names
from services.api.http.components import Components, open_treasury
from services.api.today import live
from services.dev.local_broker import free_port
from services.embedded.journal_readers import EmbeddedProjector
from services.projector.engine import make_engine
from tests.api.environment import HandClock, Kept, KeptAudit, KeptBytes, Known
from tests.api.treasury_scene import settings_of
from tests.browser import scenario
from tests.browser.treasury import CONFIG_FILE, a_treasury
from tests.builders import Json, encoded
from tests.waiting import WAIT_S, eventually, run_apart

NOW: Final = datetime(2023, 7, 20, 12, 2, 19, tzinfo=UTC)
"""8 seconds behind the last event of the scenario."""

OPERATOR_KEY: Final = "test-key-of-an-operator"
READER_KEY: Final = "test-key-of-a-reader"
NEIGHBOUR_KEY: Final = "test-key-of-another-city"
CALLERS: Final = {
    OPERATOR_KEY: Caller("key:operator", dict.fromkeys(Scope, EVERYBODY), "Opératrice"),
    READER_KEY: Caller("key:reader", {Scope.READ: EVERYBODY}, "Lecteur"),
    NEIGHBOUR_KEY: Caller(
        "key:neighbour", {Scope.READ: Entities.parse(["21590512600017"])}, "Roubaix"
    ),
}
ACCESS: Final = Known(CALLERS)
FREE: Final[list[FastAPI]] = []
"""Applications that no console has: one is made in a second, which is long for each test."""

NAMES: Final = Path(__file__).parents[2] / "deploy" / "names.example.yaml"
DRAIN_S: Final = 10
POLL_S, AGAIN_MS = 0.2, 100
"""How often the console looks whether the accounts have moved, and when a page that was cut off
asks again: more often than for people, as tests wait for it often.
"""


@dataclass
class Ends:
    """Where the journal ends, as far as anybody knows."""

    known: Mapping[int, JournalEnd] | None = None

    async def __call__(self) -> Mapping[int, JournalEnd] | None:
        return self.known


@dataclass
class Console:
    """A console that runs, and what stands behind it."""

    url: str
    database: str
    records: list[bytes]
    served: "Served | None" = None
    audit: KeptAudit = field(default_factory=KeptAudit)
    ends: Ends = field(default_factory=Ends)
    original_bytes: KeptBytes = field(default_factory=KeptBytes)
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))

    def publish(self, *events: Json) -> None:
        """The journal of the scenario goes on with these events."""
        self.records = scenario.the_journal(*map(encoded, events))
        self.ends.known = end_of(self.records)
        project(self.database, self.records)


def end_of(records: Sequence[bytes]) -> Mapping[int, JournalEnd]:
    """Where a journal of these records ends."""
    return {0: JournalEnd(len(records), len(records))}


def project(database: str, records: Sequence[bytes]) -> None:
    """Have the read model hold these records, from wherever it stands."""

    async def behind(read: int) -> Sequence[bytes]:
        return records[read:]

    async def go() -> None:
        engine = make_engine(database)
        try:
            await EmbeddedProjector(engine, behind).follow()
        finally:
            await engine.dispose()

    run_apart(go())


def a_read_model(folder: Path) -> Path:
    """The read model of the scenario in a file, with its treasury beside it."""
    path = folder / "read-model.sqlite"
    project(f"sqlite+aiosqlite:///{path}", scenario.the_journal())
    run_apart(a_treasury(folder))
    return path


class Served:
    """An application that listens; it may go away and come back in its place."""

    def __init__(
        self, parts: Callable[[], Components], *, reused: bool = True, port: int = 0
    ) -> None:
        self._parts = parts
        self._app = FREE.pop() if FREE and reused else create_app(parts())
        self._port = port or free_port()
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, and wait until it does."""
        listening = socket.create_server(("127.0.0.1", self._port))
        self._app.state.components = self._parts()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app, log_config=None, lifespan="off", timeout_graceful_shutdown=DRAIN_S
            )
        )
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listening),), daemon=True
        )
        self._thread.start()
        eventually(lambda: self._server.started, "the console did not start", pause_s=0.01)

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        parts = self._app.state.components
        try:
            await self._server.serve(sockets=[listening])
        finally:
            await parts.engine.dispose()
            if parts.treasury is not None:
                await parts.treasury.store.dispose()

    def stop(self) -> None:
        """Go away, as the real one does: pages that listen are closed, and nothing is cut off."""
        if not self._thread.is_alive():
            return
        self._server.should_exit = True
        self._loop.call_soon_threadsafe(self._app.state.components.leaving.set)
        self._thread.join(WAIT_S)
        if self._thread.is_alive():
            faulthandler.dump_traceback()
            for task in asyncio.all_tasks(self._loop):
                task.print_stack()
        assert not self._thread.is_alive(), "the console does not stop: what it does is on stderr"

    def leave(self) -> None:
        """Go away for good; the application is another console's then."""
        self.stop()
        FREE.append(self._app)


@contextmanager
def a_console(path: Path, *watches: str) -> Iterator[Console]:
    """The console of the scenario over its read model in this file, served until the block ends.

    `watches` are the addresses at which it asks who is behind.
    """
    database = f"sqlite+aiosqlite:///{path}"
    records = scenario.the_journal()
    audit, ends, original_bytes, clock = (
        KeptAudit(),
        Ends(end_of(records)),
        KeptBytes(),
        HandClock(),
    )
    clock.now = NOW

    def parts() -> Components:
        model = open_read_model(database)
        return Components(
            model,
            ACCESS,
            Kept(),
            audit,
            original_bytes,
            clock,
            journal_ends=ends,
            lag=lag_source(watches, clock),
            names=city_names(NAMES.read_text(encoding="utf-8")),
            treasury=open_treasury(
                settings_of(path.parent, database, path.with_name(CONFIG_FILE)), model, clock
            ),
        )

    paces = live.POLL_EVERY_S, live.AGAIN_MS
    live.POLL_EVERY_S, live.AGAIN_MS = POLL_S, AGAIN_MS
    served = Served(parts)
    try:
        yield Console(served.url, database, records, served, audit, ends, original_bytes, clock)
    finally:
        served.leave()
        live.POLL_EVERY_S, live.AGAIN_MS = paces
