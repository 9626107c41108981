"""Samples of the databases: version, schema, rights, disk, clock and certificate; nothing written.

A file of SQLite is opened to be read only, and one that is not there is not made.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from events.texts import _
from services.api.access import store as keys
from services.api.access import tables as key_tables
from services.doctor import judge
from services.doctor.certificates import judge_shown
from services.doctor.judge import Finding, Part, Privilege, not_made, ok, trouble, unknown
from services.doctor.scope import KEYS, READ_MODEL, TREASURY, Scope, run_check
from services.doctor.variables import hide_secrets
from services.projector.database_errors import raising_unreachable
from services.projector.database_rights import EVERY_TABLE, Role, read_rights
from services.projector.engine import SCHEMA, open_postgresql, our_address
from services.projector.migrations import list_versions, version_of
from services.projector.sql import POSTGRESQL
from services.treasury.store import database as treasury_store
from services.treasury.store import tables as treasury_tables

POSTGRESQL_MIN: Final = (14,)
"""`ecluse database grants` names who granted a membership, as servers know from this version on."""

SQLITE_MIN: Final = (3, 35)
"""`RETURNING` came with it."""

NO_RIGHT: Final = asyncpg.InsufficientPrivilegeError

ANSWER_S: Final = 5.0

NEXT: Final = ("version", "schema", "disk")
"""The checks that need a database that answers."""

ROLE_FORM: Final = "ecluse_{}"
"""The names of roles, unless `ecluse database grants --as` says otherwise."""

NO_FILE = _("the file is not there: start {maker}, which makes it")
NO_FILE_YET = _("the file is made at the start of {maker}")
NOT_READABLE = _("this role may not read the version of the schema: the role that owns it may")
SIZE_ALONE = _(
    "the database takes {used_mb:.0f} MB; how much is free there PostgreSQL does not say: look at"
    " its volume"
)


class Tables(NamedTuple):
    """The tables of one purpose: where they are, and who makes them."""

    what: str
    url: str
    schema: str
    versions: tuple[str, ...]
    """Those that this program knows, the newest first."""
    version_table: str
    maker: str


def tables_of(scope: Scope, urls: Mapping[str, str]) -> Iterator[Tables]:
    """The tables that are examined; `urls` by READ_MODEL, KEYS and TREASURY."""
    of_keys = tuple(list_versions(keys.MIGRATIONS))
    of_treasury = tuple(list_versions(treasury_store.MIGRATIONS))
    for what, schema, versions, table, maker in (
        (READ_MODEL, SCHEMA, tuple(list_versions()), "alembic_version", "ecluse projector"),
        (KEYS, key_tables.SCHEMA, of_keys, key_tables.VERSION_TABLE, "ecluse api"),
        (
            TREASURY,
            treasury_tables.SCHEMA,
            of_treasury,
            treasury_tables.VERSION_TABLE,
            "ecluse treasury run",
        ),
    ):
        if what in urls and scope.uses(what):
            yield Tables(what, urls[what], schema, versions, table, maker)


async def examine(scope: Scope, urls: Mapping[str, str]) -> list[Finding]:
    """Examine each database."""
    by_url = sorted(tables_of(scope, urls), key=lambda each: each.url)
    found: list[Finding] = []
    for url, tables in groupby(by_url, key=lambda each: each.url):
        found += await _database(scope, url, list(tables))
    return found


async def _database(scope: Scope, url: str, tables: Sequence[Tables]) -> list[Finding]:
    missing = _missing_file(url)
    if missing is not None:
        return [_no_file(scope, missing, each) for each in tables]
    found = await run_check(Part.DATABASES, "database", _examine_tables(scope, url, tables))
    if len(found) == 1:  # Else it answered.
        found += not_made(Part.DATABASES, NEXT, hide_secrets(url))
    return found


def _missing_file(url: str) -> Path | None:
    """The file of SQLite that is not there."""
    address = our_address(url)
    file = Path(address.database or "")
    return file if address.get_backend_name() != POSTGRESQL and not file.exists() else None


def _no_file(scope: Scope, file: Path, tables: Tables) -> Finding:
    if scope.before_start:
        text_of_file = NO_FILE_YET.render({"maker": tables.maker})
        return ok(Part.DATABASES, "schema", text_of_file, str(file))
    return trouble(Part.DATABASES, "schema", NO_FILE.render({"maker": tables.maker}), str(file))


def _read_only(url: str) -> AsyncEngine:
    """An engine that writes nothing, and changes no mode of a file."""
    address = our_address(url)
    if address.get_backend_name() == POSTGRESQL:
        return open_postgresql(
            address,
            {
                "application_name": "ecluse-doctor",
                "default_transaction_read_only": "on",
                "statement_timeout": f"{ANSWER_S:.0f}s",
            },
            connect_s=ANSWER_S,
            answer_s=ANSWER_S,
            poolclass=NullPool,
        )
    file = quote(str(Path(address.database or "").absolute()))
    uri = f"sqlite+aiosqlite:///file:{file}?mode=ro&uri=true"
    return create_async_engine(uri, connect_args={"timeout": ANSWER_S}, poolclass=NullPool)


async def _examine_tables(scope: Scope, url: str, tables: Sequence[Tables]) -> list[Finding]:
    engine, name = _read_only(url), hide_secrets(url)
    found: list[Finding] = []
    try:
        async with raising_unreachable(name), engine.connect() as connection:
            if connection.dialect.name == POSTGRESQL:
                found += await _postgresql(scope, connection, name)
            else:
                found += _sqlite(Path(our_address(url).database or ""), name)
            for each in tables:
                found.append(await _schema(scope, connection, name, each))
            if connection.dialect.name == POSTGRESQL:
                found += await _rights(scope, connection, name, [each.schema for each in tables])
    finally:
        await engine.dispose()
    return found


def _sqlite(file: Path, name: str) -> list[Finding]:
    space = shutil.disk_usage(file.parent)
    return [
        judge.database(name, "SQLite", sqlite3.sqlite_version_info, SQLITE_MIN),
        judge.disk(Part.DATABASES, space.total, space.free, str(file.parent)),
    ]


async def _postgresql(scope: Scope, connection: AsyncConnection, name: str) -> list[Finding]:
    before_s = scope.clock()
    row = (await connection.execute(text(ABOUT))).one()
    after_s = scope.clock()
    version = divmod(int(row.version), 10_000)
    found = [judge.database(name, "PostgreSQL", version, POSTGRESQL_MIN)]
    if row.standby:
        found.append(trouble(Part.DATABASES, "standby", judge.STANDBY, name))
    folder = None if row.folder is None else Path(row.folder)
    if folder is not None and folder.is_dir():  # The server is on this machine.
        space = shutil.disk_usage(folder)
        found.append(judge.disk(Part.DATABASES, space.total, space.free, str(folder)))
    else:
        facts = {"used_mb": int(row.used_bytes) / 1e6}
        found.append(unknown(Part.DATABASES, "disk", SIZE_ALONE.render(facts), name))
    theirs_s = row.now.timestamp()
    found.append(judge.clock(Part.DATABASES, "PostgreSQL", before_s, theirs_s, after_s, name))
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    # asyncpg has no method of its own for it.
    tls = driver._transport.get_extra_info("ssl_object")  # noqa: SLF001
    return found + ([] if tls is None else judge_shown(name, tls, scope.clock))


ABOUT: Final = """\
SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS standby,
 clock_timestamp() AS now, pg_database_size(current_database()) AS used_bytes,
 CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
 THEN current_setting('data_directory') END AS folder"""
"""The folder of its data is known to few roles."""


async def _schema(scope: Scope, connection: AsyncConnection, name: str, tables: Tables) -> Finding:
    of_postgresql = connection.dialect.name == POSTGRESQL
    table: dict[str, Any] = {"version_table": tables.version_table}
    if of_postgresql:
        table["version_table_schema"] = tables.schema
    place = f"{name}, {tables.what}"
    try:
        found = await connection.run_sync(partial(_version, table))
    except DBAPIError as error:
        if not isinstance(getattr(error.orig, "__cause__", None), NO_RIGHT):
            raise
        await connection.rollback()
        return unknown(Part.DATABASES, "schema", NOT_READABLE, place)
    start = scope.before_start
    return judge.schema(place, found, tables.versions, tables.maker, before_start=start)


def _version(table: Mapping[str, Any], connection: Connection) -> str | None:
    return version_of(connection, table)


# ---------------------------------------------------------------- rights

ALL_RIGHTS: Final = """\
SELECT 'database ' || current_database(), NULL, asked,
 has_database_privilege(:role, current_database(), asked)
 FROM unnest(ARRAY['CREATE']) AS asked
UNION ALL SELECT nspname, NULL, asked, has_schema_privilege(:role, oid, asked)
 FROM pg_namespace, unnest(ARRAY['USAGE', 'CREATE']) AS asked WHERE nspname LIKE 'ecluse\\_%'
UNION ALL SELECT nspname, relname, asked, CASE WHEN asked = 'OWNERSHIP'
 THEN pg_has_role(:role, relowner, 'USAGE') ELSE has_table_privilege(:role, c.oid, asked) END
 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace,
 unnest(ARRAY['OWNERSHIP', 'SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS asked
 WHERE nspname LIKE 'ecluse\\_%' AND relkind IN ('r', 'p')
UNION ALL SELECT nspname, relname, asked, has_sequence_privilege(:role, c.oid, asked)
 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, unnest(ARRAY['USAGE']) AS asked
 WHERE nspname LIKE 'ecluse\\_%' AND relkind = 'S'"""
"""Database or schema, table or sequence of it, a right, and whether the role has it."""


async def _rights(
    scope: Scope, connection: AsyncConnection, name: str, schemas: Sequence[str]
) -> list[Finding]:
    """Of a role its own; else those of each role of deploy/database-rights.yaml that is there."""
    found: list[Finding] = []
    for role, rights in read_rights().roles.items():
        if scope.role is not None and role != scope.role:
            continue
        known_as = await _name_of(scope, connection, role)
        if known_as is not None:
            rows = (await connection.execute(text(ALL_RIGHTS), {"role": known_as})).all()
            privileges = {Privilege(*each): has for *each, has in rows}
            wants, absent = _wants(rights, schemas, sorted(privileges, key=_place))
            has = frozenset(each for each, has in privileges.items() if has)
            found += judge.privileges(name, known_as, wants, has, absent)
    return found


def _place(privilege: Privilege) -> tuple[str, str, str]:
    """The database first: no schema of ours is before it."""
    return privilege.schema, privilege.table or "", privilege.right


async def _name_of(scope: Scope, connection: AsyncConnection, role: str) -> str | None:
    if scope.role is not None:
        return str((await connection.execute(text("SELECT current_user"))).scalar_one())
    there = text("SELECT to_regrole(:name) IS NOT NULL")
    named = ROLE_FORM.format(role)
    is_there = (await connection.execute(there, {"name": named})).scalar_one()
    return named if is_there else None


def _wants(
    rights: Role, schemas: Sequence[str], privileges: Sequence[Privilege]
) -> tuple[list[Privilege], list[str]]:
    """The privileges that a role needs on these schemas, and the names that will need some later.

    Of what is there `privileges` has every right; the first is the one to make schemas.
    """
    wants: list[Privilege] = []
    absent: list[str] = []
    for schema in schemas:
        there = [each for each in privileges if each.schema == schema]
        tables = {each.table for each in there if each.right == "SELECT"}
        if schema in rights.owns:
            if rights.makes_schemas or not there:
                wants.append(privileges[0])
            wants += there
        elif schema in rights.writes:
            wants += [each for each in there if each.right not in {"CREATE", "OWNERSHIP"}]
            absent += [] if tables else [schema]
        elif schema in rights.reads:
            names = rights.reads[schema]
            read = tables if EVERY_TABLE in names else {*names}
            wants += [each for each in there if each.table is None and each.right == "USAGE"]
            wants += [each for each in there if each.table in read and each.right == "SELECT"]
            absent += sorted(f"{schema}.{each}" for each in read - tables) if tables else [schema]
    return wants, absent
