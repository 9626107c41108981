"""A ledger without Kafka for one test: its file and its read model in one folder."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from services.embedded.ledger_process import EmbeddedLedger, EventFile
from services.ledger.files.stores import SqliteStore
from services.projector.engine import make_engine


def journal_in(folder: Path) -> list[bytes]:
    """The records of the journal of this folder."""
    store = SqliteStore(folder / "ledger.db", create=False)
    try:
        return [row.record for row in store.journal()]
    finally:
        store.close()


async def nothing_more(_ledger: EmbeddedLedger) -> None:
    """All that is to be done is to load the files."""


@asynccontextmanager
async def a_ledger(folder: Path, files: Iterable[EventFile] = ()) -> AsyncGenerator[EmbeddedLedger]:
    """The ledger of this folder, which has loaded these files, until the block ends."""
    engine = make_engine(f"sqlite:///{folder / 'read.db'}")
    ledger = EmbeddedLedger(folder / "ledger.db", engine)
    try:
        await ledger.open(files)
        yield ledger
    finally:
        await ledger.close()
        await engine.dispose()


def in_a_ledger(
    folder: Path,
    what: Callable[[EmbeddedLedger], Awaitable[None]],
    files: Iterable[EventFile] = (),
) -> None:
    """Do that in the ledger of this folder, where no event loop runs."""

    async def go() -> None:
        async with a_ledger(folder, files) as ledger:
            await what(ledger)

    asyncio.run(go())
