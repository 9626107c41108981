"""The statements that write a batch, made once from the tables: for PostgreSQL and for SQLite.

PostgreSQL takes new rows by COPY and merged ones as arrays (`unnest`), each table in one statement;
SQLite takes both row by row.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import Column, Date, Table, make_url

from services.projector.rows.changes import FIRST_COUNTS, REPLACED_IF, Row
from services.projector.tables import metadata
from services.projector.tables.columns import Instant

POSTGRESQL: Final = "postgresql"
_postgresql: Final = make_url("postgresql+asyncpg://").get_dialect()()
_sqlite: Final = make_url("sqlite+aiosqlite://").get_dialect()()

_UNDER_THE_GRANT: Final = "budget = :budget AND convention = :grant"

_TAKEN_OVER: Final = (
    "UPDATE instalments SET convention = :convention, left_out_by = :convention,"
    f" instalment = :grant || '/' || instalment WHERE {_UNDER_THE_GRANT}"
)

RENAMED: Final = (
    _TAKEN_OVER,
    f"DELETE FROM obligations WHERE {_UNDER_THE_GRANT}",
    f"UPDATE conventions SET convention = :convention WHERE {_UNDER_THE_GRANT}",
    f"UPDATE convention_lines SET convention = :convention WHERE {_UNDER_THE_GRANT}",
    f"UPDATE documents SET convention = :convention WHERE {_UNDER_THE_GRANT}",
)
"""A convention takes the place of a grant that stood alone; its schedule comes with it.

What the grant had planned goes on under names of its own: an order may hold it (rules, 13).
"""

REJECTED: Final = (
    "UPDATE documents SET received_on = NULL"
    " WHERE budget = :budget AND convention = :convention AND kind = :kind AND year = :year"
)
"""Rejected documents count as not received (rules, 24)."""

WITHDRAWN: Final = (
    "UPDATE conventions SET state = 'withdrawn'"
    " WHERE budget = :budget AND grant_ref = :grant AND sequence < :sequence"
)
"""The conventions that stood on an award fall with it (rules, 17)."""

HELD: Final = (
    "EXISTS (SELECT 1 FROM payment_orders AS held WHERE held.budget = instalments.budget"
    " AND held.convention IN (instalments.convention, (SELECT continues FROM conventions AS own"
    " WHERE own.budget = instalments.budget AND own.convention = instalments.convention))"
    " AND instalments.instalment = CASE held.convention WHEN instalments.convention"
    " THEN held.instalment ELSE held.convention || '/' || held.instalment END"
    " AND held.sequence < {at} AND NOT (held.state = 'rejected' AND held.state_sequence < {at}))"
)
"""True of an instalment that a live order held at a record (rules, 15), under whichever name."""

REPLANNED: Final = (
    "UPDATE instalments SET left_out_by = :amendment WHERE budget = :budget"
    " AND convention = :convention AND sequence < :sequence"
    " AND (left_out_by IS NULL OR left_out_by = convention)"
    f" AND NOT {HELD.format(at=':sequence')}"
)
"""Instalments planned before an amendment, not by it, and held by no order, are left out (rules,
15)."""


def table(name: str) -> Table:
    """A table by its name."""
    return metadata.tables[name]


def keys(name: str) -> tuple[str, ...]:
    """The columns of a table's key."""
    return tuple(column.name for column in table(name).primary_key)


def columns(name: str) -> tuple[str, ...]:
    """All columns of a table."""
    return tuple(column.name for column in table(name).columns)


@cache
def non_key_columns(name: str) -> tuple[str, ...]:
    """The columns of a table that are no part of its key."""
    return tuple(each for each in columns(name) if each not in keys(name))


def _list_names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _values(name: str, written: Sequence[str], dialect: str) -> str:
    """The rows of a statement: arrays, or one row of values."""
    if dialect == POSTGRESQL:
        return f"SELECT * FROM {_arrays(name, written)}"
    return f"VALUES ({', '.join('?' * len(written))})"


def _arrays(name: str, written: Sequence[str]) -> str:
    types = (_plain(table(name).columns[each]) for each in written)
    return f"unnest({', '.join(f'${n}::{kind}[]' for n, kind in enumerate(types, start=1))})"


def _plain(column: Column[Any]) -> str:
    """The type of a column, without how it is ordered."""
    return column.type.compile(_postgresql).split(" COLLATE ")[0]


@cache
def adding(name: str, dialect: str) -> str:
    """Rows that grow."""
    written = (*keys(name), *non_key_columns(name))
    grown = ", ".join(
        f'"{each}" = {name}."{each}" + excluded."{each}"' for each in non_key_columns(name)
    )
    return (
        f"INSERT INTO {name} ({_list_names(written)}) {_values(name, written, dialect)}"
        f" ON CONFLICT ({_list_names(keys(name))}) DO UPDATE SET {grown}"
    )


@cache
def upsert(name: str, members: tuple[str, ...], dialect: str, *, offered: bool = False) -> str:
    """Upsert of these columns; offered rows do not replace others."""
    written = (*keys(name), *members)
    new = _assign(name, members, 'excluded."{}"')
    then = f"DO UPDATE SET {new}" if members else "DO NOTHING"
    if offered:
        state = REPLACED_IF[name]
        then = "DO NOTHING" if state is None else f"{then} WHERE {name}.state = '{state}'"
    # SQLite takes an ON behind a bare SELECT for a join's; VALUES has no such doubt.
    return (
        f"INSERT INTO {name} ({_list_names(written)}) {_values(name, written, dialect)}"
        f" ON CONFLICT ({_list_names(keys(name))}) {then}"
    )


@cache
def patching(name: str, members: tuple[str, ...], dialect: str) -> str:
    """Columns of rows that there are; values come as the members, then the key."""
    if dialect != POSTGRESQL:
        found = " AND ".join(f'"{each}" = ?' for each in keys(name))
        assigned = _assign(name, members, "?")
        return f"UPDATE {name} SET {assigned} WHERE {found}"
    written = (*members, *keys(name))
    found = " AND ".join(f'{name}."{each}" = changed."{each}"' for each in keys(name))
    assigned = _assign(name, members, 'changed."{}"')
    return (
        f"UPDATE {name} SET {assigned}"
        f" FROM {_arrays(name, written)} AS changed ({_list_names(written)}) WHERE {found}"
    )


def _assign(name: str, members: Iterable[str], value: str) -> str:
    """The SET clause of an upsert; a column in `FIRST_COUNTS` keeps its first value."""
    first = FIRST_COUNTS.get(name)
    kept = f'coalesce({name}."{first}", {value})'
    return ", ".join(
        f'"{each}" = {(kept if each == first else value).format(each)}' for each in members
    )


@cache
def appending(name: str) -> str:
    """New rows, one by one."""
    written = columns(name)
    return f"INSERT INTO {name} ({_list_names(written)}) VALUES ({', '.join('?' * len(written))})"


def refilling(name: str, made: str) -> tuple[str, str]:
    """SQLite: statements that replace the rows of a table by those of another file."""
    listed = _list_names(columns(name))
    filled = f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM {made}.{name}"
    return f"DELETE FROM main.{name}", filled


@cache
def _spellings(name: str, written: tuple[str, ...]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """SQLAlchemy's conversions of days and instants for SQLite, by their place in a row.

    It is kept: a batch names few days.
    """
    kinds = (table(name).columns[each].type.dialect_impl(_sqlite) for each in written)
    spells = (
        each.bind_processor(_sqlite) if isinstance(each, Date | Instant) else None for each in kinds
    )
    return tuple(
        (place, lru_cache(spell)) for place, spell in enumerate(spells) if spell is not None
    )


def spell_rows(name: str, written: tuple[str, ...], rows: Sequence[Row]) -> Sequence[Row]:
    """Rows as SQLite holds them: days and instants are texts there."""
    spellings = _spellings(name, written)
    if not spellings:
        return rows
    values: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for place, spell in spellings:
        values[place] = map(spell, values[place])
    return list(zip(*values, strict=True))
