"""The schema of the read model: brought to what this program knows, version by version."""

from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.projector.database import SCHEMA, an_engine, where
from services.projector.database_errors import reaching
from services.projector.sql import POSTGRESQL
from services.runtime.ops.errors import ClusterError

LOCK: Final = 0x45636C75
"""The number of PostgreSQL's advisory lock under which one process at a time brings a schema up."""

TOO_NEW = _("its schema ({version}) is of a newer Écluse: upgrade this one")


async def prepare_at(url: str) -> None:
    """Prepare the database at this address; a version that fills tables takes as long as it does.

    Raises:
        Unreachable: the database does not answer.
        ClusterError: it is of a newer program, or the address asks for a TLS that cannot be.
    """
    engine = an_engine(url, limited=False)
    try:
        async with reaching(where(engine)):
            await prepare(engine)
    finally:
        await engine.dispose()


async def prepare(engine: AsyncEngine, schema: str = SCHEMA) -> None:
    """Make the tables, or bring them to the newest version; ClusterError where one is newer."""
    async with engine.begin() as connection:
        if engine.dialect.name == POSTGRESQL:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            known = text("SELECT count(*) FROM pg_namespace WHERE nspname = :schema")
            found = await connection.execute(known, {"schema": schema})
            if not found.scalar_one():  # Else the right to make one is not needed.
                await connection.execute(text(f'CREATE SCHEMA "{schema}"'))
        else:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    check_version(connection, config, "read model")
    command.upgrade(config, "head")


def check_version(connection: Connection, config: Config, name: str, **table: Any) -> None:
    """That this program knows the version of a schema.

    Args:
        connection: to its database.
        config: of the migrations.
        name: of the schema in messages.
        table: alembic's options about the table with the version.

    Raises:
        ClusterError: a newer program has been here.
    """
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    version = MigrationContext.configure(connection, opts=table).get_current_revision()
    if version is not None and version not in known:
        raise ClusterError(name, TOO_NEW.render({"version": version}))
