"""Rights in PostgreSQL: deploy/database-rights.yaml as the SQL that gives them, and as a page."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.projector.sql import POSTGRESQL
from services.runtime.kafka import acls
from services.runtime.ops.errors import ClusterError
from services.texts.translation import error_text

FILE: Final = acls.FILE.with_name("database-rights.yaml")

EVERY_TABLE: Final = "*"
NAME: Final = "NAME"
"""Stands for a role of the file where the form of its name on a server is said."""

EVERYBODY: Final = "PUBLIC"
WRITE: Final = "SELECT, INSERT, UPDATE, DELETE"

BYTES_MAX: Final = 63
"""The length of a name in PostgreSQL."""

NO_ROLES = _("a file of SQLite has no roles: whoever may read the file reads all of it")


class Role(BaseModel):
    """The rights of one role."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    description: str
    owns: list[str] = []
    makes_schemas: bool = False
    reads: dict[str, list[str]] = {}
    """Tables by schema."""
    writes: list[str] = []
    """Schemas of others whose tables it reads and writes, all of them."""


class Rights(BaseModel):
    """All roles of a deployment, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    roles: dict[str, Role]


@cache
def read_rights(file: Path = FILE) -> Rights:
    """The rights of deploy/database-rights.yaml, read once.

    Raises:
        OSError: the file is not there.
        pydantic.ValidationError: it does not say what it must; the message names where.
    """
    return Rights.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def statements(rights: Rights, form: str) -> list[str]:
    """The SQL that gives the roles these rights, and takes what else they have on these schemas.

    It may run again and again. Roles are called as `form` says, which holds NAME. Named tables that
    are not there yet are passed over.
    """
    assert is_form(rights, form), "else all roles are one, or their names end the SQL around them"
    names = {name: _quote(form.replace(NAME, name)) for name in rights.roles}
    owners = {schema: names[name] for name, role in rights.roles.items() for schema in role.owns}
    found = [MAKE.format(role=each, literal=_literal(each)) for each in names.values()]
    ours = ", ".join(f"{_literal(each)}::regrole" for each in names.values())
    found += [LEAVE_EACH_OTHER.format(ours=ours), CLOSE_DATABASE]
    for schema, owner in owners.items():
        found += _own_schema(schema, owner)
        found += _reading(EVERYBODY, schema, owner, [])
    for name, role in rights.roles.items():
        found.append(_grant_on_database(names[name], may_create=role.makes_schemas))
        for schema, owner in owners.items():
            if schema not in role.owns:
                found += _reading(names[name], schema, owner, role.reads.get(schema, []))
                if schema in role.writes:
                    found += _writing(names[name], schema, owner)
    return found


def is_form(rights: Rights, form: str) -> bool:
    """True if by this form each role has a name of its own, as a server takes it.

    PostgreSQL cuts what is longer; a `$` could end the SQL in which a name stands.
    """
    return (
        NAME in form
        and "$" not in form
        and form.isprintable()
        and all(len(form.replace(NAME, name).encode()) <= BYTES_MAX for name in rights.roles)
    )


MAKE: Final = """\
DO $$ BEGIN IF to_regrole({literal}) IS NULL THEN CREATE ROLE {role} LOGIN; \
IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \
THEN GRANT {role} TO CURRENT_USER; END IF; END IF; END $$"""
"""A role is made; whoever is no superuser must be its member to give it anything."""

LEAVE_EACH_OTHER: Final = """\
DO $$ DECLARE change text; BEGIN FOR change IN \
SELECT format('REVOKE %s FROM %s%s CASCADE', \
roleid::regrole, member::regrole, ' GRANTED BY ' || quote_ident(rolname)) \
FROM pg_auth_members LEFT JOIN pg_roles ON grantor = pg_roles.oid \
WHERE roleid IN ({ours}) AND member IN ({ours}) \
LOOP EXECUTE change; END LOOP; END $$"""
"""No role of the file is a member of another: it would have the rights of both."""

CLOSE_DATABASE: Final = """\
DO $$ BEGIN EXECUTE format(\
'REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$"""

GIVE_ALL: Final = """\
DO $$ DECLARE change text; BEGIN FOR change IN \
SELECT format('ALTER TABLE %s OWNER TO %s', oid::regclass, {role}) FROM pg_class \
WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') \
AND relowner <> {role}::regrole \
UNION ALL SELECT format('ALTER ROUTINE %s OWNER TO %s', oid::regprocedure, {role}) FROM pg_proc \
WHERE pronamespace = '{schema}'::regnamespace AND proowner <> {role}::regrole \
LOOP EXECUTE change; END LOOP; END $$"""
"""Tables, views and functions of a schema go to a role; sequences and indexes go with tables."""


def _own_schema(schema: str, owner: str) -> list[str]:
    """The schema with all that is in it belongs to this role."""
    return [
        f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}",
        f"ALTER SCHEMA {schema} OWNER TO {owner}",
        GIVE_ALL.format(schema=schema, role=_literal(owner)),
    ]


def _grant_on_database(role: str, *, may_create: bool) -> str:
    change = "GRANT CREATE ON DATABASE %1$I TO %2$s"
    if not may_create:
        change = "REVOKE CREATE ON DATABASE %1$I FROM %2$s"
    all_ = (
        "GRANT CONNECT ON DATABASE %1$I TO %2$s;"
        f" REVOKE TEMPORARY ON DATABASE %1$I FROM %2$s; {change}"
    )
    return f"DO $$ BEGIN EXECUTE format('{all_}', current_database(), {_literal(role)}); END $$"


def _reading(role: str, schema: str, owner: str, tables: list[str]) -> list[str]:
    """This role reads these tables of another's schema, and has no other right on it.

    What is to come is granted wherever its owner makes it, not in this schema alone: a rebuild
    makes the tables in another, which takes the name.
    """
    to_come = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
    found = [
        f"REVOKE ALL ON SCHEMA {schema} FROM {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        f"{to_come} REVOKE ALL ON TABLES FROM {role}",
        f"{to_come} IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {role}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
        f"{to_come} IN SCHEMA {schema} REVOKE ALL ON SEQUENCES FROM {role}",
    ]
    if not tables:
        return found
    found.append(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    if EVERY_TABLE in tables:
        return [
            *found,
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"{to_come} GRANT SELECT ON TABLES TO {role}",
        ]
    return [
        *found,
        *(
            f"DO $$ BEGIN IF to_regclass('{schema}.{table}') IS NOT NULL"
            f" THEN GRANT SELECT ON {schema}.{table} TO {role}; END IF; END $$"
            for table in tables
        ),
    ]


def _writing(role: str, schema: str, owner: str) -> list[str]:
    """This role also reads and writes all tables of another's schema, those to come too.

    It makes and changes none. Numbers of rows come from sequences.
    """
    to_come = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT {WRITE} ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"{to_come} GRANT {WRITE} ON TABLES TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"{to_come} GRANT USAGE ON SEQUENCES TO {role}",
    ]


def _quote(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _literal(value: str) -> str:
    return "'{}'".format(value.replace("'", "''"))


async def apply(
    engine: AsyncEngine, rights: Rights, form: str, passwords: Path | None = None
) -> list[str]:
    """Give the rights in one transaction; return the named tables that are not there yet.

    Each role gets the password that stands in a file of its name, where a folder is named.

    Raises:
        ClusterError: the database is a file, or a file of a password is not there.
    """
    if engine.dialect.name != POSTGRESQL:
        raise ClusterError(str(engine.url.database), NO_ROLES)
    wanted = statements(rights, form)
    if passwords is not None:
        wanted += _passwords(rights, form, passwords)
    async with engine.begin() as connection:
        for statement in wanted:
            await connection.exec_driver_sql(statement)
        known = text("SELECT to_regclass(:name) IS NOT NULL")
        return [
            name
            for name in _list_tables(rights)
            if not (await connection.execute(known, {"name": name})).scalar_one()
        ]


def _passwords(rights: Rights, form: str, folder: Path) -> Iterator[str]:
    for name in rights.roles:
        try:
            password = (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ClusterError(str(folder / name), error_text(error)) from None
        role = _quote(form.replace(NAME, name))
        yield f"ALTER ROLE {role} PASSWORD {_literal(password)}"


def _list_tables(rights: Rights) -> list[str]:
    found = {
        f"{schema}.{table}": None
        for role in rights.roles.values()
        for schema, tables in role.reads.items()
        for table in tables
        if table != EVERY_TABLE
    }
    return list(found)


SECTION: Final = """
# Rights of each role in PostgreSQL

Of [deploy/database-rights.yaml](../deploy/database-rights.yaml): `ecluse database grants` prints
them as SQL, `--apply` gives them. What is not listed is refused.

| role | what it is | owns | reads | writes |
|---|---|---|---|---|
"""


def page() -> str:
    """docs/rights.md: the rights on Kafka, then those in PostgreSQL."""
    rows = []
    for name, role in read_rights().roles.items():
        owns = ", ".join(f"`{each}`" for each in role.owns)
        if role.makes_schemas:
            owns += ", and makes schemas"
        reads = "; ".join(
            f"all of `{schema}`"
            if EVERY_TABLE in tables
            else f"of `{schema}`: {', '.join(f'`{each}`' for each in tables)}"
            for schema, tables in role.reads.items()
        )
        writes = ", ".join(f"all of `{each}`" for each in role.writes)
        cells = (f"`{name}`", role.description, owns or "–", reads or "–", writes or "–")
        rows.append(f"| {' | '.join(cells)} |\n")
    return acls.page(acls.read_rights()) + SECTION + "".join(rows)


if __name__ == "__main__":
    acls.PAGE.write_text(page(), encoding="utf-8")
