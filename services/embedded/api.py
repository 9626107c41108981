"""Core, read model, API and console in one process, its data in one directory."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.api.access.store import ACCESS_FILE, AccessStore
from services.api.access.webhook_store import Webhooks
from services.api.adapters.clock_and_chance import wall_clock
from services.api.adapters.ports import NoWatch
from services.api.adapters.read_model import open_read_model
from services.api.app import create_app
from services.api.http.components import Components, Treasury, open_treasury
from services.api.serving import Ready, access_of, serve
from services.api.settings import ApiSettings
from services.api.webhooks.runner import Runner, delivering
from services.embedded.ledger_process import EmbeddedLedger, EventFile, Loading, Report
from services.embedded.treasury import EmbeddedTreasury
from services.projector.engine import make_engine
from services.runtime.ops.errors import Stop
from services.runtime.ops.file_modes import restrict_file
from services.texts.translation import error_text
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TREASURY_FILE

LEDGER_FILE: Final = "ledger.db"
"""The journal: the one file that cannot be made again."""

READ_FILE: Final = "read.db"
LOCK_FILE: Final = "lock"
OUR_FILES: Final = (LEDGER_FILE, READ_FILE, ACCESS_FILE, TREASURY_FILE, LOCK_FILE)
"""The beginnings of the names of all our files there: SQLite adds suffixes."""

DRAIN_S: Final = 5

IN_USE = _("another Écluse works there already: stop it, or choose another --data")
NO_DIRECTORY = _("the directory cannot be opened ({error}): choose another --data")


async def serve_embedded(
    settings: ApiSettings,
    data: Path,
    files: list[EventFile],
    ready: Ready,
    report: Report = lambda _done, _all: None,
) -> None:
    """Run all of Écluse over this directory, until SIGTERM or SIGINT.

    The files are loaded while the API says how far it is; `ready` is called behind that.

    Raises:
        Stop: the directory is in use, a file in it is not as it must be, or the address is taken.
    """
    with _alone_in(data):
        clock = wall_clock
        store = AccessStore(f"sqlite:///{data / ACCESS_FILE}", clock)
        writing = make_engine(f"sqlite:///{data / READ_FILE}")
        reading = open_read_model(f"sqlite:///{data / READ_FILE}")
        embedded = EmbeddedLedger(data / LEDGER_FILE, writing)
        own = _build_treasury_settings(data)
        treasury = EmbeddedTreasury(own, embedded, clock)
        slips = open_treasury(own, reading, clock)
        loading = Loading(sum(each.path.stat().st_size for each in files), report)
        beside = AsyncExitStack()
        try:
            await store.prepare()
            parts = _components(settings, store, embedded, reading, slips)
            app = create_app(replace(parts, percent_loaded=lambda: loading.percent))
            assert parts.webhooks is not None
            runner = Runner(parts.webhooks, app.state.feed, clock, settings.allowed_webhook_hosts)

            async def load() -> None:
                await embedded.open(files, loading)
                await treasury.open()
                await beside.enter_async_context(_meanwhile(embedded.watch(clock), treasury.run()))
                await beside.enter_async_context(delivering(runner))
                loading.end()

            await serve(app, settings, ready, DRAIN_S, load)
        finally:
            loading.stop()
            await beside.aclose()
            await treasury.close()
            await embedded.close()
            await reading.dispose()
            await writing.dispose()
            await store.dispose()
            if slips is not None:
                await slips.store.dispose()


def _components(
    settings: ApiSettings,
    store: AccessStore,
    embedded: EmbeddedLedger,
    reading: AsyncEngine,
    slips: Treasury | None,
) -> Components:
    access, login = access_of(settings, store, wall_clock)
    return Components(
        reading,
        access,
        embedded,
        store,
        embedded.original_bytes,
        wall_clock,
        journal_ends=embedded.journal_ends,
        source_records=embedded.source_records,
        lag=NoWatch("one_process"),
        hosts=settings.hosts,
        over_tls=settings.over_tls,
        names=settings.names,
        login=login,
        webhooks=Webhooks(store, wall_clock),
        treasury=slips,
    )


def _build_treasury_settings(data: Path) -> TreasurySettings:
    """The treasury's settings, whose tables are in this directory too."""
    return TreasurySettings(
        database_url=SecretStr(f"sqlite:///{data / READ_FILE}"),
        treasury_url=SecretStr(f"sqlite:///{data / TREASURY_FILE}"),
    )


@asynccontextmanager
async def _meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Do this work beside, until the end."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)


@contextmanager
def _alone_in(data: Path) -> Generator[None]:
    """Lock the directory; the end of the process unlocks it.

    Raises:
        Stop: another process has locked it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)  # It holds IBANs.
        held = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Stop(data, NO_DIRECTORY.render({"error": error_text(error)})) from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stop(data, IN_USE) from error
        _restrict_ours(data)
        yield
    finally:
        os.close(held)


def _restrict_ours(data: Path) -> None:
    """Remove the rights of others to our files, and to the directory if it holds no others."""
    inside = [*data.iterdir()]
    ours = [each for each in inside if each.name.startswith(OUR_FILES)]
    for each in ours:
        restrict_file(each)
    if ours == inside:
        restrict_file(data)
