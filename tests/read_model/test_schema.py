"""The migrations make exactly the tables that the program knows, and refuse what it does not."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import pytest
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from services.projector.engine import make_engine
from services.projector.migrations import prepare
from services.projector.tables import metadata
from services.runtime.ops.errors import ClusterError
from tests.builders import Scenario
from tests.read_model.databases import Server
from tests.read_model.filling import RECORDED, fill, golden, query, read, rows_of
from tests.read_model.late_documents import LATE_AGAIN

Found = TypeVar("Found")


def _index(found: ReflectedIndex) -> str:
    options = found.get("dialect_options", {})
    named = {name: str(value) for name, value in options.items()}
    return str({**found, "dialect_options": sorted(named.items())})


STORAGE = (
    "SELECT relname, reloptions FROM pg_class"
    " WHERE relnamespace = 'ecluse_read'::regnamespace AND relkind = 'r'"
)


def _storage(connection: Connection) -> dict[str, list[str]]:
    """The storage parameters of each table, which SQLite has not."""
    if connection.dialect.name != "postgresql":
        return {}
    return {name: sorted(options or ()) for name, options in connection.execute(text(STORAGE))}


def shape(connection: Connection) -> dict[str, object]:
    """All that the database says of its tables."""
    found, storage = inspect(connection), _storage(connection)
    return {
        name: (
            [{**each, "type": str(each["type"])} for each in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted(map(_index, found.get_indexes(name))),
            [each["column_names"] for each in found.get_unique_constraints(name)],
            found.get_table_comment(name) if connection.dialect.name == "postgresql" else None,
            storage.get(name),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def inspected(url: str, ask: Callable[[Connection], Found]) -> Found:
    async def go() -> Found:
        engine = make_engine(url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(ask)
        finally:
            await engine.dispose()

    return asyncio.run(go())


def made_at_once(connection: Connection) -> dict[str, object]:
    """The tables as the program knows them."""
    for name in shape(connection):
        connection.execute(text(f"DROP TABLE {name}"))
    metadata.create_all(connection)
    return shape(connection)


def test_the_migrations_make_the_tables_of_the_program(read_model_url: str) -> None:
    migrated = inspected(read_model_url, shape)
    assert len(metadata.tables) == len(migrated)
    assert migrated == inspected(read_model_url, made_at_once)


def prepared_again(url: str, times: int = 1) -> None:
    async def go() -> None:
        engine = make_engine(url)
        try:
            await asyncio.gather(*(prepare(engine) for _ in range(times)))
        finally:
            await engine.dispose()

    asyncio.run(go())


def change(url: str, *statements: str) -> None:
    def go(connection: Connection) -> None:
        for each in statements:
            connection.execute(text(each))

    inspected(url, go)


def test_several_workers_that_start_at_once_make_the_tables_once(
    postgresql_server: Server,
) -> None:
    url = postgresql_server.a_database()
    prepared_again(url, times=4)
    assert len(metadata.tables) == len(inspected(url, shape))


def test_a_role_that_owns_the_tables_need_not_own_the_database(
    postgresql_server: Server, postgresql_url: str
) -> None:
    database = make_url(postgresql_url).database or ""
    role = f"writer_{database}"
    postgresql_server.run(f"CREATE ROLE {role} LOGIN", database)
    for name in (*metadata.tables, "alembic_version"):
        postgresql_server.run(f"ALTER TABLE ecluse_read.{name} OWNER TO {role}", database)
    postgresql_server.run(f"GRANT USAGE ON SCHEMA ecluse_read TO {role}", database)
    prepared_again(postgresql_url.replace("postgres@", f"{role}@"))


def test_it_changes_nothing_where_the_tables_are_there(read_model_url: str) -> None:
    prepared_again(read_model_url)
    assert "0009" == query(read_model_url, "SELECT version_num FROM alembic_version")


UNINDEXED = ("DROP INDEX orders_by_previous", "DROP INDEX conventions_by_former_name")
"""Takes away what version 0008 adds."""

FOLDED = ("acts", "conventions", "grants", "payment_orders")
UNFOLDED = (
    *UNINDEXED,
    "DROP INDEX acts_by_number",
    "DROP INDEX orders_by_name",
    "DROP INDEX orders_by_amount",
    "DROP INDEX payments_by_amount",
    *(f"ALTER TABLE {name} DROP COLUMN folded" for name in FOLDED),
)
"""Takes away what version 0007 adds, and later ones."""


WITHOUT_SETTLING = (
    "DROP TABLE reviews",
    *(f"DROP INDEX {each}" for each in ("refusals_to_do", "flags_to_do")),
    *(
        f"ALTER TABLE {table} DROP COLUMN {column}"
        for table in ("refusals", "review_flags")
        for column in ("awaits", "settled_sequence")
    ),
)
"""The tables as they were before version 0006."""

ONE_LATEST_TIME = "ALTER TABLE positions RENAME COLUMN latest_event_time TO last_event_time"


class Older(NamedTuple):
    """Tables of an older program: what it had not, and which of them the migrations fill."""

    version: str
    taken: tuple[str, ...]
    filled: tuple[str, ...]


OLDER = {
    "folded names": Older("0006", UNFOLDED, FOLDED),
    "signatories": Older("0008", ("UPDATE conventions SET folded = 'x'",), ("conventions",)),
    "instalments that orders held": Older(
        "0007",
        (
            *UNINDEXED,
            (
                "UPDATE instalments SET left_out_by = '1' WHERE left_out_by IS NULL AND EXISTS"
                " (SELECT 1 FROM journal WHERE journal.budget = instalments.budget"
                " AND journal.convention = instalments.convention"
                " AND journal.sequence > instalments.sequence AND outcome = 'accepted'"
                " AND event_type = 'ecluse.convention.amended.v1')"
            ),
        ),
        ("instalments",),
    ),
    "days of orders": Older(
        "0001",
        (
            "UPDATE payment_orders SET state_on = acknowledged_on",
            "ALTER TABLE payment_orders DROP COLUMN acknowledged_on",
            ONE_LATEST_TIME,
            "DROP TABLE mentions",
            *UNFOLDED,
            *WITHOUT_SETTLING,
        ),
        ("payment_orders",),
    ),
    "mentions of records": Older(
        "0003", ("DROP TABLE mentions", *UNFOLDED, *WITHOUT_SETTLING), ("mentions",)
    ),
    "what was settled": Older("0005", (*UNFOLDED, *WITHOUT_SETTLING), ("refusals", "review_flags")),
}


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER)
def test_tables_of_an_older_program_get_what_it_had_not(
    name: str, older: Older, read_model_url: str
) -> None:
    fill(read_model_url, golden(name))
    before = read(read_model_url)
    version = f"UPDATE alembic_version SET version_num = '{older.version}'"
    change(read_model_url, *older.taken, version)
    prepared_again(read_model_url)
    after = read(read_model_url)
    assert [before[each] for each in older.filled] == [after[each] for each in older.filled]


def test_late_documents_of_an_older_program_get_a_row_each(read_model_url: str) -> None:
    fill(read_model_url, rows_of(Scenario(*LATE_AGAIN)))
    rows = read(read_model_url)["review_flags"]
    assert [(4, 1), (4, 2), (7, 1)] == [(row["sequence"], row["item"]) for row in rows]
    change(
        read_model_url,
        "DELETE FROM review_flags WHERE item = 2",
        """UPDATE review_flags SET facts = '{"documents": "both"}' WHERE sequence = 4""",
        *UNFOLDED,
        *WITHOUT_SETTLING,
        "UPDATE alembic_version SET version_num = '0005'",
    )
    prepared_again(read_model_url)
    assert rows == read(read_model_url)["review_flags"]


def test_tables_of_an_older_program_get_their_latest_event_time(
    read_model_url: str,
) -> None:
    """They kept the time of the last event, which may be dated before others."""
    fill(read_model_url, golden("turns-2023"))
    latest = query(read_model_url, "SELECT max(event_time) FROM journal")

    change(
        read_model_url,
        ONE_LATEST_TIME,
        "UPDATE positions SET last_event_time = NULL",
        "DROP TABLE mentions",
        *UNFOLDED,
        *WITHOUT_SETTLING,
        "UPDATE alembic_version SET version_num = '0002'",
    )
    prepared_again(read_model_url)
    assert latest == query(read_model_url, "SELECT max(latest_event_time) FROM positions")
    assert "0009" == query(read_model_url, "SELECT version_num FROM alembic_version")


def test_tables_of_a_newer_program_are_left_alone(read_model_url: str) -> None:
    change(read_model_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ClusterError, match="9999"):
        prepared_again(read_model_url)


def test_comments_tell_an_analyst_what_a_table_is(postgresql_url: str) -> None:
    asked = "SELECT obj_description('ecluse_read.moves'::regclass)"
    assert metadata.tables["moves"].comment == query(postgresql_url, asked)
