"""The treasury's tables, empty, on both databases; no log lines."""

import asyncio

import pytest

from services.treasury.store.database import TreasuryStore
from tests import silence
from tests.read_model import databases

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url


@pytest.fixture(params=databases.BOTH)
def tables_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an empty database with the treasury's tables."""
    if request.param == databases.SQLITE:
        url = f"sqlite:///{tmp_path_factory.mktemp('treasury') / 'treasury.db'}"
    else:
        url = str(request.getfixturevalue("postgresql_url"))

    async def prepare() -> None:
        store = TreasuryStore(url)
        await store.prepare()
        await store.dispose()

    asyncio.run(prepare())
    return url
