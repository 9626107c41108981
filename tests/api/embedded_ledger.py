"""A ledger without Kafka for one test: its file and its read model in one folder."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from services.embedded.ledger_process import EmbeddedLedger
from services.embedded.loading import EventFile
from services.projector.database import make_engine


async def nothing_more(_ledger: EmbeddedLedger) -> None:
    """All that is to be done is to load the files."""


def in_a_ledger(
    folder: Path,
    what: Callable[[EmbeddedLedger], Awaitable[None]],
    files: Iterable[EventFile] = (),
) -> None:
    """Open the ledger of this folder, load these files, do that, and close it again."""

    async def go() -> None:
        engine = make_engine(f"sqlite:///{folder / 'read.db'}")
        ledger = EmbeddedLedger(folder / "ledger.db", engine)
        try:
            await ledger.open(files)
            await what(ledger)
        finally:
            await ledger.close()
            await engine.dispose()

    asyncio.run(go())
