"""The schema of the read model: brought to what this program knows, version by version."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.texts import _
from services.projector.database_errors import when_reachable
from services.projector.engine import SCHEMA, engine_address, make_engine
from services.projector.sql import POSTGRESQL
from services.runtime.ops.errors import ClusterError

MIGRATION_LOCK: Final = 0x45636C75
"""The number of PostgreSQL's advisory lock under which one process at a time brings a schema up."""

TOO_NEW = _("its schema ({version}) is of a newer Écluse: upgrade this one")


async def prepare_at(url: str, patience_s: float = 0.0) -> None:
    """Prepare the database at this address; a version that fills tables takes as long as it does.

    A server that is away is waited for, `patience_s` at most.

    Raises:
        Unreachable: the database does not answer.
        ClusterError: it is of a newer program, or the address asks for a TLS that cannot be.
    """
    engine = make_engine(url, limited=False)
    try:
        await when_reachable(engine_address(engine), partial(prepare, engine), patience_s)
    finally:
        await engine.dispose()


async def prepare(engine: AsyncEngine, schema: str = SCHEMA) -> None:
    """Make the tables, or bring them to the newest version; ClusterError where one is newer."""
    async with engine.begin() as connection:
        await bring_up(connection, schema, Path(__file__).parent, "read model")


async def prepare_beside(
    engine: AsyncEngine, schema: str, versions: Path, version_table: str, patience_s: float
) -> None:
    """Prepare a schema beside the read model; a server that is away is waited for, `patience_s`.

    Raises:
        Unreachable: the database does not answer.
        ClusterError: it is of a newer program.
    """
    name = engine_address(engine)

    async def ask() -> None:
        async with engine.begin() as connection:
            await bring_up(connection, schema, versions, name, version_table)

    await when_reachable(name, ask, patience_s)


async def bring_up(
    connection: AsyncConnection,
    schema: str,
    versions: Path,
    name: str,
    version_table: str | None = None,
) -> None:
    """Bring a schema up in this transaction, one process at a time, however long that takes.

    It is made where PostgreSQL lacks it; SQLite has a file instead.

    Args:
        connection: to its database, in a transaction that has done nothing yet.
        schema: its name in PostgreSQL.
        versions: the folder of its migrations, whose env.py takes connection and schema.
        name: the name of the schema in messages.
        version_table: the table with its version, which stands in it; else alembic's own.

    Raises:
        ClusterError: a newer program has been here.
    """
    is_postgresql = connection.dialect.name == POSTGRESQL
    if is_postgresql:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        known = text("SELECT count(*) FROM pg_namespace WHERE nspname = :schema")
        found = await connection.execute(known, {"schema": schema})
        if not found.scalar_one():  # Else the right to make one is not needed.
            await connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    else:  # Python's driver begins nothing before DDL: half a version would stay.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = Config()
    config.set_main_option("script_location", str(versions))
    config.attributes["schema"] = own_schema = schema if is_postgresql else None
    table: dict[str, Any] = {}
    if version_table is not None:
        table = {"version_table": version_table, "version_table_schema": own_schema}
    await connection.run_sync(partial(_upgrade, config, name, table))


def _upgrade(config: Config, name: str, table: Mapping[str, Any], connection: Connection) -> None:
    """Run the versions that are missing, of those that this program knows."""
    config.attributes["connection"] = connection
    known = _versions(config)
    version = version_of(connection, table)
    if version is not None and version not in known:
        raise ClusterError(name, TOO_NEW.render({"version": version}))
    command.upgrade(config, "head")


def list_versions(versions: Path = Path(__file__).parent) -> list[str]:
    """The versions of a schema that this program knows, by the folder of its migrations.

    The newest first.
    """
    config = Config()
    config.set_main_option("script_location", str(versions))
    return _versions(config)


def _versions(config: Config) -> list[str]:
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]


def version_of(connection: Connection, table: Mapping[str, Any]) -> str | None:
    """The version of a schema; None where there is none. Nothing is written."""
    return MigrationContext.configure(connection, opts=dict(table)).get_current_revision()


def run_versions(metadata: MetaData, version_table: str) -> None:
    """Run the versions as `bring_up` has it: the env.py of a schema with a table of its version."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        version_table=version_table,
        version_table_schema=attributes["schema"],
        include_schemas=True,
    )
    with context.begin_transaction():
        context.run_migrations()
