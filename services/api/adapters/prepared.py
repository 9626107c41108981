"""Queries that are made once for each shape of their arguments, and then only run.

SQLAlchemy builds, compiles and runs a query in seven times what PostgreSQL's driver takes for it
(measured: 239 µs and 36). What is asked often is built and compiled once, and the database is asked
by its driver; SQLite's answers from a thread, to which SQLAlchemy would go five times.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Never, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    CursorResult,
    Dialect,
    RowMapping,
    Select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import TypeEngine

from services.api.adapters.read_model import driver_of, fetch_rows
from services.projector.sql import POSTGRESQL

SHAPES_MAX: Final = 512
"""Shapes that are kept: each argument may be None or not, and a list is of some length."""

ROUNDED_MAX: Final = 1024
"""Longest list whose length is rounded: PostgreSQL takes 32,767 parameters."""

ROWS_AT_ONCE: Final = 200
"""Rows that are read or made in one go: some milliseconds, then others have their turn."""

Row = Mapping[Any, Any]
Query = Select[Any] | CompoundSelect[Any]
Build = Callable[..., Query]
Convert = Callable[[Any], Any]
Shape: TypeAlias = "str | tuple[type[Any], tuple[Shape, ...]] | None"
"""An argument without its values: None, `VALUE`, or a tuple of shapes."""

VALUE: Final = "value"


class Parameter(BindParameter[Any]):
    """A parameter of SQL in place of a value: Python cannot ask what it equals, nor if it is true.

    SQLAlchemy's own refuses the second alone.
    """

    inherit_cache = True
    __hash__ = BindParameter.__hash__

    def __eq__(self, _other: object) -> Never:
        """Refuse to be compared.

        Raises:
            TypeError: always.
        """
        raise TypeError("a query is built without its values; only a column compares with them")

    __ne__ = __eq__


Parameters = Sequence[Parameter]


class PreparedQuery:
    """A query by the function that builds it: each argument is given to it as parameters of SQL.

    None stays None; a tuple stays one, of parameters; any other collection becomes a list of them.
    The function decides by None and by lengths alone: no value is there to ask.
    """

    def __init__(self, build: Build) -> None:
        self._build = build

    async def rows(self, connection: AsyncConnection, **arguments: Any) -> Sequence[Row]:
        """All rows of the query with these arguments."""
        dialect, driver = connection.dialect, driver_of(connection)
        return await _fetch_rows(driver, dialect, *self._build_query(arguments))

    async def first(self, connection: AsyncConnection, **arguments: Any) -> Row | None:
        """The first row, if there is any."""
        return next(iter(await self.rows(connection, **arguments)), None)

    async def alone(self, engine: AsyncEngine, **arguments: Any) -> Sequence[Row]:
        """All rows, over a connection that is taken for this question alone.

        Raises:
            SQLAlchemyError, OSError: the database does not answer.
        """
        if engine.dialect.name != POSTGRESQL:
            # By SQLAlchemy: a file has tables in a schema under their names alone.
            query, values = self._build_query(arguments)
            named = {str(number): value for number, value in enumerate(values)}
            async with engine.connect() as connection:
                return (await connection.execute(query, named)).mappings().all()
        try:
            taken = await engine.raw_connection()
        except engine.dialect.loaded_dbapi.Error as error:
            raise DBAPIError("", None, error) from error  # As `connect` has it.
        try:
            return await _fetch_rows(
                taken.driver_connection, engine.dialect, *self._build_query(arguments)
            )
        finally:
            taken.close()

    def _build_query(self, arguments: Mapping[str, Any]) -> tuple[Query, list[Any]]:
        """The query for arguments of this shape, and their values."""
        values: list[Any] = []
        shapes = tuple((name, _shape(given, values)) for name, given in arguments.items())
        return _query(self._build, shapes), values


async def read_in_parts(result: CursorResult[Any]) -> list[RowMapping]:
    """All rows of a result; other requests go on in between, since a file has 50,000."""
    found: list[RowMapping] = []
    for part in result.mappings().partitions(ROWS_AT_ONCE):
        found += part
        if len(part) == ROWS_AT_ONCE:
            await asyncio.sleep(0)
    return found


class _CompiledQuery(NamedTuple):
    """A query in the SQL of a database."""

    text: str
    places: tuple[int | None, ...]
    """Place of each parameter's value among those given; None where the query itself has it."""
    constants: tuple[Any, ...]
    writers: tuple[Convert | None, ...]
    """Functions that write a parameter's value as the driver takes it, as a day in SQLite."""
    columns: tuple[str, ...]
    readers: Mapping[str, Convert]
    """Readers of what the driver gives in another form, as JSON; by column."""

    def order_values(self, values: Sequence[Any]) -> list[Any]:
        """The values of the parameters."""
        each = zip(self.places, self.constants, self.writers, strict=True)
        given = ((constant if at is None else values[at], write) for at, constant, write in each)
        return [value if write is None else write(value) for value, write in given]

    def read(self, rows: Sequence[Any]) -> Sequence[Row]:
        """The rows, with each value in the form that its column has."""
        if rows and isinstance(rows[0], tuple):
            rows = [dict(zip(self.columns, row, strict=True)) for row in rows]
        if not self.readers:
            return rows
        readers = self.readers.items()
        return [{**row, **{name: of(row[name]) for name, of in readers}} for row in rows]


async def _fetch_rows(
    driver: Any, dialect: Dialect, query: Query, values: Sequence[Any]
) -> Sequence[Row]:
    compiled = _compile(query, dialect)
    return compiled.read(await fetch_rows(driver, compiled.text, *compiled.order_values(values)))


def _shape(value: Any, values: list[Any]) -> Shape:
    """The shape of an argument; its values are added to `values`."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return type(value), tuple(_shape(each, values) for each in value)
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        each = list(value)
        if len(each) <= ROUNDED_MAX:
            # Of lengths only powers of two: to name the last one again asks for nothing more.
            each += each[-1:] * ((1 << max(len(each) - 1, 0).bit_length()) - len(each))
        values += each
        return list, (VALUE,) * len(each)
    values.append(value)
    return VALUE


def _parameters(shape: Shape, names: Callable[[], Parameter]) -> Any:
    """Parameters in place of an argument of this shape."""
    if shape is None:
        return None
    if isinstance(shape, str):
        return names()
    kind, shapes = shape
    parts = [_parameters(each, names) for each in shapes]
    # A named tuple takes its parts one by one.
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


@lru_cache(SHAPES_MAX)
def _query(build: Build, shapes: tuple[tuple[str, Shape], ...]) -> Query:
    count = iter(range(1_000_000))

    def next_one() -> Parameter:
        return Parameter(str(next(count)), None)

    return build(**{name: _parameters(shape, next_one) for name, shape in shapes})


@lru_cache(SHAPES_MAX)
def _compile(query: Query, dialect: Dialect) -> _CompiledQuery:
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    names = compiled.positiontup or []
    # Values of a list that the query itself has are none of these: they are text.
    writers = {
        name: _kind(each, dialect).bind_processor(dialect) for name, each in compiled.binds.items()
    }
    kinds = {str(column.key): _kind(column, dialect) for column in query.selected_columns}
    readers = {name: kind.result_processor(dialect, None) for name, kind in kinds.items()}
    return _CompiledQuery(
        str(compiled),
        tuple(int(name) if name.isdecimal() else None for name in names),
        tuple(compiled.params[name] for name in names),
        tuple(writers.get(name) for name in names),
        tuple(kinds),
        {name: reader for name, reader in readers.items() if reader is not None},
    )


def _kind(element: ColumnElement[Any], dialect: Dialect) -> TypeEngine[Any]:
    """The type of a column or parameter as a database has it."""
    return element.type.dialect_impl(dialect)
