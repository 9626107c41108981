"""`ecluse personal-data`: every place that holds a person's name or account."""

import asyncio
import json
import re
import zlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from gzip import decompress
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import quote

import typer
from aiokafka.structs import ConsumerRecord, TopicPartition
from sqlalchemy import URL, Connection, MetaData, Table, inspect, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from events.texts import _, ngettext, parts_of
from services.api.access.store import access_address
from services.api.settings import ApiSettings
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import (
    EXIT_NOT_THERE,
    bad_option,
    exit_with,
    print_json,
    show_spinner,
)
from services.cli.terminal.screen import Screen
from services.projector.database_errors import raising_unreachable, reason_of
from services.projector.engine import engine_address, make_engine, our_address
from services.projector.settings import read_address
from services.projector.sql import POSTGRESQL
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topics import connect
from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore

NUMBER_MIN: Final = 5
"""The least characters of a number that is looked for inside others, such as an account's last."""

GZIP: Final = b"\x1f\x8b"
"""The beginning of what is compressed by gzip."""

_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES: Final = str.maketrans({"~": "~0", "/": "~1"})


class Occurrence(NamedTuple):
    """A text that holds what is looked for."""

    pointer: str
    """The JSON pointer of the text (RFC 6901); empty where the value is the text itself. A text
    that holds JSON is pointed into like any other member."""
    text: str


class SearchTerm:
    """A name, in any order of its parts and without accents or case; or a number, in any groups."""

    def __init__(self, name: str) -> None:
        """Look for `name`; ValueError where it has nothing to look for."""
        self._parts = _parts(name)
        if not self._parts:
            raise ValueError(f"nothing to look for in {name!r}")
        joined = "".join(self._parts)
        is_number = len(joined) >= NUMBER_MIN and any(map(str.isdigit, joined))
        self._number = joined if is_number else None

    def is_in(self, text: str) -> bool:
        """True where the text holds all parts of the name, or the number."""
        parts = _parts(text)
        if self._number is not None and self._number in "".join(parts):
            return True
        return set(self._parts) <= set(parts)

    def occurrences(self, value: Any, pointer: str = "") -> Iterator[Occurrence]:
        """Every text of a value that holds it: names of members too, and JSON inside of text."""
        if isinstance(value, bytes):
            found = (list(self.occurrences(each, pointer)) for each in _decode(_unzip(value)))
            yield from next(filter(None, found), [])
        elif isinstance(value, str):
            inner = _json(value)
            if inner is not None:
                yield from self.occurrences(inner, pointer)
            elif self.is_in(value):
                yield Occurrence(pointer, value)
        elif isinstance(value, int | float):
            yield from self.occurrences(str(value), pointer)
        elif isinstance(value, Mapping | _Members):
            for name, each in value.items() if isinstance(value, Mapping) else value:
                inside = f"{pointer}/{name.translate(_ESCAPES)}"
                if self.is_in(name):
                    yield Occurrence(inside, name)
                yield from self.occurrences(each, inside)
        elif isinstance(value, list | tuple):
            for at, each in enumerate(value):
                yield from self.occurrences(each, f"{pointer}/{at}")


def _parts(text: str) -> list[str]:
    if "\\u" in text:  # JSON that cannot be read keeps its escapes.
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return parts_of(text)


def _unzip(raw: bytes) -> bytes:
    """Decompress the PES file in a slip's row."""
    if not raw.startswith(GZIP):
        return raw
    try:
        return decompress(raw)
    except (OSError, EOFError, zlib.error):
        return raw


def _decode(raw: bytes) -> Iterator[str]:
    """Bytes as text: in UTF-8, and if they are not, as programs of Windows may have meant them."""
    yield raw.decode(errors="replace")
    try:
        raw.decode()
    except UnicodeDecodeError:
        yield raw.decode("cp1252", errors="replace")
        yield raw.decode("utf-16", errors="replace")


class _Members(list[tuple[str, Any]]):
    """The members of an object, those that are named twice too."""


def _json(text: str) -> Any:
    """The object or list that a text holds; None where it holds none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


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

personal_data_app = typer.Typer(cls=Group, no_args_is_help=True)


@personal_data_app.callback()
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


@personal_data_app.command("find", cls=Command)
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
        term = SearchTerm(name)
    except ValueError as error:
        raise bad_option("NAME", NO_NAME) from error
    addresses = _files(db) if db else _addresses()
    with show_spinner(SEARCHING):
        searched, found = asyncio.run(_search(term, addresses, with_topics=not db))
    if not searched:
        exit_with(NO_TABLES, EXIT_NOT_THERE)
    if as_json:
        print_json({"searched": searched, "places": [each.row() for each in found]})
        return
    _show(Screen(), searched, found, has_database=bool(addresses))


def _show(
    screen: Screen, searched: list[str], holders: list[Holder], *, has_database: bool
) -> None:
    table = screen.table("personal_data", ("where", "place", "member", "detail"))
    for each in holders:  # All: none may be left out of the answer to a person.
        screen.add(table, *each.row().values())
    screen.show(table)
    screen.say(SEARCHED.render({"where": ", ".join(searched)}))
    if not has_database:
        screen.say(NO_DATABASE)
    screen.say(FOUND.render(len(holders)) if holders else NOT_FOUND)


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
    term: SearchTerm, addresses: Iterable[str], *, with_topics: bool
) -> tuple[list[str], list[Holder]]:
    searched: dict[str, None] = {}
    found: list[Holder] = []
    sources = [_rows(term, each) for each in addresses]
    if with_topics:
        sources.insert(0, _records(term, Settings()))
    for source in sources:
        async with aclosing(source) as holders:
            async for searched_name, holder in holders:
                searched[searched_name] = None
                if holder is not None:
                    found.append(holder)
    return list(searched), found


Searched = tuple[str, Holder | None]
"""A topic or table that is searched, or a place in it."""


async def _records(term: SearchTerm, settings: Settings) -> AsyncGenerator[Searched]:
    """The committed records of all topics: keys, headers and values."""
    async with connect(settings) as cluster:
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
                        for member, occurrence in _search_record(term, record):
                            at = f"{place.partition}/{record.offset}"
                            yield place.topic, Holder(place.topic, at, member, occurrence)


def _search_record(term: SearchTerm, record: ConsumerRecord) -> Iterable[tuple[str, Occurrence]]:
    parts = [("key", record.key), *record.headers, ("value", record.value)]
    for member, value in parts:
        for each in term.occurrences(value):
            yield member, each


async def _rows(term: SearchTerm, address: str) -> AsyncGenerator[Searched]:
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
                        for each in term.occurrences(value):
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
