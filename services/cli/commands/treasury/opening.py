"""The databases of the treasury's commands: its own tables, and the read model."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.projector.database import an_engine
from services.projector.sql import POSTGRESQL
from services.runtime.ops.errors import Stop
from services.treasury.config.accountant import TreasuryConfig, read_config
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore

NO_READ_MODEL: Final = _("there is no read model there")


class Treasury(NamedTuple):
    """The treasury's tables, the read model, and the file of ECLUSE_TREASURY_FILE."""

    store: TreasuryStore
    read_model: AsyncEngine
    config: TreasuryConfig


@asynccontextmanager
async def opened(db: str | None) -> AsyncGenerator[Treasury]:
    """The databases of an address, or of the settings; the tables are made where there are none.

    Raises:
        Stop: there is no read model, a database does not answer, or the file cannot be read.
    """
    settings = TreasurySettings()
    if db is not None:
        settings = settings.model_copy(update={"database_url": SecretStr(db)})
    file = settings.treasury_file
    config = TreasuryConfig() if file is None else read_config(file)
    read_model = an_engine(settings.url)
    _check_file(read_model)
    store = TreasuryStore.of(settings)
    try:
        await store.prepare()
        yield Treasury(store, read_model, config)
    finally:
        await store.dispose()
        await read_model.dispose()


def _check_file(read_model: AsyncEngine) -> None:
    """Stop where there is no file: SQLite would make an empty one."""
    path = read_model.url.database or ""
    if read_model.dialect.name != POSTGRESQL and not Path(path).exists():
        raise Stop(path, NO_READ_MODEL)
