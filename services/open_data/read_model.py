"""Conventions of a read model at an address: all questions see one moment of it."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError

from events.texts import _
from services.open_data.conventions import Convention, Scope, read
from services.projector.database import engine_address, make_engine
from services.projector.database_errors import is_temporary, raising_unreachable
from services.projector.settings import DatabaseSettings
from services.projector.snapshot import begin_snapshot
from services.projector.sql import POSTGRESQL
from services.runtime.ops.errors import Stop

NO_READ_MODEL: Final = _("there is no read model there")


async def conventions_at(url: str | None, scope: Scope) -> list[Convention]:
    """The conventions of the read model at `url`, else at that of ECLUSE_DATABASE_URL.

    Raises:
        Stop: the database does not answer, or holds no read model.
    """
    settings = DatabaseSettings() if url is None else DatabaseSettings(database_url=SecretStr(url))
    engine = make_engine(settings.url)
    if engine.dialect.name != POSTGRESQL:
        _is_there(engine.url.database or "")
    try:
        async with raising_unreachable(engine_address(engine)), engine.connect() as connection:
            await begin_snapshot(connection)
            return await read(connection, scope)
    except DatabaseError as error:
        if is_temporary(error):
            raise
        raise Stop(engine_address(engine), NO_READ_MODEL) from error
    finally:
        await engine.dispose()


def _is_there(file: str) -> None:
    """Stop where SQLite would make an empty file."""
    if not Path(file).exists():
        raise Stop(file, NO_READ_MODEL)
