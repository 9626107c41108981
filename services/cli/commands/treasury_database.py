"""The treasury's tables and the read model, for the commands that work on them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from services.cli.terminal.texts import NO_READ_MODEL
from services.runtime.ops.errors import Stop

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from services.treasury.pes.accountant import TreasuryConfig
    from services.treasury.store.database import TreasuryStore

AtDatabase = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Database of the read model; else ECLUSE_DATABASE_URL."
    ),
]


class TreasuryDatabases(NamedTuple):
    """Both databases, and the settings of ECLUSE_TREASURY_FILE."""

    store: "TreasuryStore"
    read_model: "AsyncEngine"
    config: "TreasuryConfig"


@asynccontextmanager
async def open_treasury(db: str | None) -> AsyncGenerator[TreasuryDatabases]:
    """The treasury's tables beside this read model, or at ECLUSE_TREASURY_URL.

    Raises:
        Stop: a database does not answer, there is no read model, or the file of settings is not as
            it must be.
    """
    # Only here: `--help` would wait for a database's library.
    from pydantic import SecretStr  # noqa: PLC0415

    from services.projector.engine import make_engine  # noqa: PLC0415
    from services.treasury.pes.accountant import TreasuryConfig, read_config  # noqa: PLC0415
    from services.treasury.settings import TreasurySettings  # noqa: PLC0415
    from services.treasury.store.database import TreasuryStore  # noqa: PLC0415

    settings = TreasurySettings()
    if db is not None:
        settings = settings.model_copy(update={"database_url": SecretStr(db)})
    path = settings.treasury_file
    config = TreasuryConfig() if path is None else read_config(path)
    read_model = make_engine(settings.url)
    _check_file(read_model)
    store = TreasuryStore.build(settings)
    try:
        await _check(read_model)
        await store.prepare()
        yield TreasuryDatabases(store, read_model, config)
    finally:
        await store.dispose()
        await read_model.dispose()


def _check_file(read_model: "AsyncEngine") -> None:
    """Stop where the file is not there: SQLite would make an empty one."""
    file = read_model.url.database
    if read_model.dialect.name == "sqlite" and file is not None and not Path(file).exists():
        raise Stop(file, NO_READ_MODEL)


async def _check(read_model: "AsyncEngine") -> None:
    """Stop where there is no read model."""
    from sqlalchemy import select  # noqa: PLC0415 # as above
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415

    from services.projector.database_errors import is_temporary, raising_unreachable  # noqa: PLC0415
    from services.projector.engine import engine_address  # noqa: PLC0415
    from services.projector.tables import payment_orders  # noqa: PLC0415

    async with raising_unreachable(engine_address(read_model)), read_model.connect() as connection:
        try:
            await connection.execute(select(payment_orders.c.budget).limit(1))
        except DatabaseError as error:
            if is_temporary(error):
                raise
            raise Stop(engine_address(read_model), NO_READ_MODEL) from error
