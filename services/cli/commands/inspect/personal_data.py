"""`ecluse personal-data`: every place that holds a person's name or account."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote

import typer
from aiokafka.structs import ConsumerRecord, TopicPartition
from sqlalchemy import URL, Connection, MetaData, Table, inspect, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.texts import _, ngettext
from services.api.access.store import access_address
from services.api.settings import ApiSettings
from services.cli.records.occurrences import Occurrence, Wanted
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    bad_option,
    exit_with,
    print_json,
    show_spinner,
)
from services.cli.terminal.screen import Screen
from services.projector.database import engine_address, make_engine, our_address
from services.projector.database_errors import raising_unreachable, reason_of
from services.projector.settings import read_address
from services.projector.sql import POSTGRESQL
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topics import connected
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore

OUR_SCHEMAS: Final = "ecluse"
"""The beginning of our schemas' names in PostgreSQL: the read model's, also one that is being made
again, the one of access, and the treasury's."""

TEXT_MAX: Final = 200
"""The characters shown of a text that holds it."""

SEARCHING: Final = _("searching")
NO_NAME: Final = _("nothing in it can be looked for: name a person or a number")
SEARCHED: Final = _("Searched: {where}.")
NO_DATABASE: Final = _(
    "No database was searched: set ECLUSE_DATABASE_URL, or name a SQLite file with --db."
)
NO_TABLES: Final = _("Nothing was searched: there are no topics and no tables.")
NOT_FOUND: Final = _("Nothing that was searched holds it.")
FOUND: Final = ngettext("{count} place.", "{count} places.")

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def personal_data() -> None:
    """Personal data: where it stands (docs/personal-data.md says what, why and how long)."""


class Holder(NamedTuple):
    """A record or a row that holds what is looked for."""

    where: str
    """A topic, or a table with its database."""
    place: str
    """The partition and offset of a record, or the primary key of a row."""
    member: str
    """The part of a record, or the column of a row."""
    occurrence: Occurrence

    def row(self) -> dict[str, str]:
        """The place as a program reads it."""
        text = self.occurrence.text
        return {
            "where": self.where,
            "place": self.place,
            "member": f"{self.member}{self.occurrence.pointer}",
            "text": text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…",
        }


@app.command(cls=Command)
def find(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A person's name, in any order and case, accents or none; or an IBAN, a SIRET.",
        ),
    ],
    db: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            exists=True,
            dir_okay=False,
            help="SQLite file of a ledger, a read model or access; several times for several. "
            "Else Kafka and the database.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every record and row that holds a name or an account number.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX. The databases are those of
    ECLUSE_DATABASE_URL, ECLUSE_ACCESS_URL and ECLUSE_TREASURY_URL. Back-ups and exported files are
    not searched.
    """
    try:
        wanted = Wanted(name)
    except ValueError as error:
        raise bad_option("NAME", NO_NAME) from error
    addresses = _files(db) if db else _addresses()
    with show_spinner(SEARCHING):
        searched, found = asyncio.run(_search(wanted, addresses, with_topics=not db))
    if not searched:
        exit_with(NO_TABLES, EXIT_NOT_THERE)
    if as_json:
        print_json({"searched": searched, "places": [each.row() for each in found]})
        return
    _show(Screen(), searched, found, has_database=bool(addresses))


def _show(screen: Screen, searched: list[str], found: list[Holder], *, has_database: bool) -> None:
    table = screen.table("personal_data", ("where", "place", "member", "detail"))
    for each in found:  # All: none may be left out of the answer to a person.
        screen.add(table, *each.row().values())
    screen.show(table)
    screen.say(SEARCHED.render({"where": ", ".join(searched)}))
    if not has_database:
        screen.say(NO_DATABASE)
    screen.say(FOUND.render(len(found)) if found else NOT_FOUND)


def _files(paths: list[Path]) -> list[str]:
    urls = (URL.create("sqlite", database=str(path)) for path in paths)
    return [each.render_as_string() for each in urls]


def _addresses() -> list[str]:
    """The databases that the settings name; they have defaults, which name none."""
    settings = ApiSettings()
    named = settings.model_fields_set
    if "database_url" not in named:
        return [] if settings.access is None else [settings.access]
    found = [settings.url, access_address(settings.url, settings.access)]
    treasury = read_address(TreasuryStore.address_of(TreasurySettings()))
    # An installation without a treasury has no such file.
    if treasury.get_backend_name() == POSTGRESQL or Path(treasury.database or "").exists():
        found.append(treasury.render_as_string(hide_password=False))
    return list(dict.fromkeys(found))


async def _search(
    wanted: Wanted, addresses: Iterable[str], *, with_topics: bool
) -> tuple[list[str], list[Holder]]:
    searched: dict[str, None] = {}
    found: list[Holder] = []
    sources = [_rows(wanted, each) for each in addresses]
    if with_topics:
        sources.insert(0, _records(wanted, Settings()))
    for source in sources:
        async with aclosing(source) as holders:
            async for searched_name, holder in holders:
                searched[searched_name] = None
                if holder is not None:
                    found.append(holder)
    return list(searched), found


Searched = tuple[str, Holder | None]
"""A topic or table that is searched, or a place in it."""


async def _records(wanted: Wanted, settings: Settings) -> AsyncGenerator[Searched]:
    """The committed records of all topics: keys, headers and values."""
    async with connected(settings) as cluster:
        topics = await cluster.find(read_catalogue().topics)
    places = [
        TopicPartition(settings.topic(name), number)
        for name, topic in topics.items()
        for number in range(topic.partitions)
    ]
    async with Reader(settings, places, patient=True) as reader:
        for place in places:
            yield place.topic, None
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for record in chunk:
                        for member, occurrence in _in_record(wanted, record):
                            at = f"{place.partition}/{record.offset}"
                            yield place.topic, Holder(place.topic, at, member, occurrence)


def _in_record(wanted: Wanted, record: ConsumerRecord) -> Iterable[tuple[str, Occurrence]]:
    parts = [("key", record.key), *record.headers, ("value", record.value)]
    for member, value in parts:
        for each in wanted.occurrences(value):
            yield member, each


async def _rows(wanted: Wanted, address: str) -> AsyncGenerator[Searched]:
    """The rows of all tables of a database."""
    engine = _engine(address)
    try:
        async with raising_unreachable(engine_address(engine)), engine.connect() as connection:
            for table in await connection.run_sync(_tables):
                yield table.fullname, None
                rows = await connection.stream(select(table))
                async for row in rows.mappings():
                    key = "/".join(str(row[each.name]) for each in table.primary_key)
                    for column, value in row.items():
                        for each in wanted.occurrences(value):
                            yield table.fullname, Holder(table.fullname, key, str(column), each)
    except DatabaseError as error:
        raise Unreachable(engine_address(engine), reason_of(error)) from error
    finally:
        await engine.dispose()


def _engine(address: str) -> AsyncEngine:
    """An engine that changes nothing: not even the mode of a file."""
    url = our_address(address)
    if url.get_backend_name() == POSTGRESQL:
        return make_engine(address, limited=False)
    file = f"file:{quote(url.database or '')}"
    return create_async_engine(
        url.set(database=file).update_query_dict({"mode": "ro", "uri": "true"})
    )


def _tables(connection: Connection) -> list[Table]:
    """The tables as they are there: also those of a read model that is being made again."""
    found, metadata = inspect(connection), MetaData()
    is_postgresql = connection.dialect.name == POSTGRESQL
    schemas = found.get_schema_names() if is_postgresql else [None]
    for schema in schemas:
        if schema is None or schema.startswith(OUR_SCHEMAS):
            metadata.reflect(connection, schema=schema)
    return sorted(metadata.tables.values(), key=lambda each: each.fullname)
