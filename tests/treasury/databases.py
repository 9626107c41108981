"""Empty treasury's tables beside an empty read model: in files of SQLite, and on PostgreSQL."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.projector.engine import make_engine
from services.projector.tables import payment_orders
from services.treasury.slips.messages import note_compared
from services.treasury.store.database import TREASURY_FILE, TreasuryStore, treasury_address
from services.treasury.store.tables import metadata
from tests.read_model import databases


class Opened(NamedTuple):
    """Both databases, within one event loop."""

    store: TreasuryStore
    read_model: AsyncEngine


@asynccontextmanager
async def opened(read_model_url: str) -> AsyncIterator[Opened]:
    """The treasury's tables beside this read model, and it."""
    both = Opened(
        TreasuryStore(treasury_address(read_model_url, None)), make_engine(read_model_url)
    )
    try:
        yield both
    finally:
        await both.store.dispose()
        await both.read_model.dispose()


def with_tables(read_model_url: str) -> str:
    """The URL of the read model, once the treasury's tables stand beside it."""

    async def go() -> None:
        async with opened(read_model_url) as both:
            await both.store.prepare()
            async with both.store.transaction() as connection:
                await note_compared(connection)

    asyncio.run(go())
    return read_model_url


@cache
def _an_empty_file() -> bytes:
    """What stands in the file of empty tables: copied by new ones."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as apart:
        # In a thread of its own: whoever asks may be in a loop already.
        apart.submit(with_tables, f"sqlite+aiosqlite:///{folder}/read.db").result()
        return Path(folder, TREASURY_FILE).read_bytes()


def in_files(folder: Path) -> str:
    """The URL of a new read model in this folder, with the treasury's tables beside it."""
    folder.mkdir(exist_ok=True)
    (folder / TREASURY_FILE).write_bytes(_an_empty_file())
    return databases.in_a_file(folder / "read.db")


@pytest.fixture
def treasury_in_files(tmp_path: Path) -> str:
    """The URL of an empty read model; the treasury's empty tables stand beside it."""
    return in_files(tmp_path)


@pytest.fixture
def treasury_on_postgresql(postgresql_server: databases.Server) -> str:
    """The same in one database of this test."""
    return with_tables(postgresql_server.a_read_model())


@pytest.fixture(params=("in_files", pytest.param("on_postgresql", marks=pytest.mark.rest)))
def treasury_url(request: pytest.FixtureRequest) -> str:
    """The same test on both: the URL of the read model, beside which the tables stand."""
    return str(request.getfixturevalue(f"treasury_{request.param}"))


async def emptied(both: Opened) -> None:
    """Take all rows away again."""
    async with both.store.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
        await note_compared(connection)
    async with both.read_model.begin() as connection:
        await connection.execute(payment_orders.delete())
