"""Queries made once: one for each shape of arguments, and the values of this call alone."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, select
from sqlalchemy.ext.asyncio import create_async_engine

from services.api.adapters import prepared
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.adapters.read_model import open_read_model

NUMBERS = Table("numbers", MetaData(), Column("number", Integer), Column("name", String))
ROWS = [{"number": each, "name": f"n{each}"} for each in range(10)]


class Bounds(NamedTuple):
    first: Any = None
    last: Any = None


def a_query(built: list[Any]) -> PreparedQuery:
    def build(names: Parameters | None, bounds: Bounds, number: Parameter | None) -> Select[Any]:
        built.append((names, bounds, number))
        query = select(NUMBERS.c.number).order_by(NUMBERS.c.number)
        if names is not None:
            query = query.where(NUMBERS.c.name.in_(names))
        if bounds.first is not None:
            query = query.where(NUMBERS.c.number >= bounds.first)
        return query if number is None else query.where(NUMBERS.c.number == number)

    return PreparedQuery(build)


def found(query: PreparedQuery, **arguments: Any) -> list[int]:
    async def go() -> list[int]:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.connect() as connection:
            await connection.run_sync(NUMBERS.metadata.create_all)
            await connection.execute(NUMBERS.insert(), ROWS)
            rows = await query.rows(connection, **arguments)
        await engine.dispose()
        return [row["number"] for row in rows]

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("names", "bounds", "number", "expected"),
    [
        (None, Bounds(), None, list(range(10))),
        ({"n3", "n5"}, Bounds(), None, [3, 5]),
        (["n1", "n2", "n3"], Bounds(2), None, [2, 3]),
        (frozenset(), Bounds(), None, []),
        (None, Bounds(8), None, [8, 9]),
        (None, Bounds(), 0, [0]),
    ],
)
def test_a_query_has_the_values_of_its_call(
    names: Any, bounds: Bounds, number: int | None, expected: list[int]
) -> None:
    assert expected == found(a_query([]), names=names, bounds=bounds, number=number)


def test_a_shape_is_built_once_and_lists_are_of_few_lengths() -> None:
    built: list[Any] = []
    query = a_query(built)
    for count in (5, 6, 7, 8):
        names = [f"n{each}" for each in range(count)]
        assert list(range(count)) == found(query, names=names, bounds=Bounds(), number=None)
    assert 1 == len(built)
    assert 8 == len(built[0][0])
    assert [1] == found(query, names=None, bounds=Bounds(), number=1)
    assert [2] == found(query, names=None, bounds=Bounds(), number=2)
    assert 2 == len(built)


@pytest.mark.parametrize(
    "decide",
    [
        bool,
        lambda number: number == 0,
        lambda number: number != 0,
        lambda number: number in (1, 2),
        lambda number: number < 1,
    ],
)
def test_a_query_that_decides_by_a_value_is_not_built(decide: Callable[[Parameter], bool]) -> None:
    def build(number: Parameter) -> Select[Any]:
        query = select(NUMBERS.c.number)
        return query if decide(number) else query.where(NUMBERS.c.number == number)

    with pytest.raises(TypeError):
        PreparedQuery(build)._build_query({"number": 0})


def test_postgresql_is_given_values_in_the_order_of_its_parameters() -> None:
    dialect = open_read_model("postgresql://nobody@localhost/nothing").dialect
    query, given = PreparedQuery(
        lambda name, number: select(NUMBERS.c.number).where(
            NUMBERS.c.number == number, NUMBERS.c.name == "constant", NUMBERS.c.name == name
        )
    )._build_query({"name": "n1", "number": 1})
    compiled = prepared._compile(query, dialect)
    assert [1, "constant", "n1"] == compiled.order_values(given)


def test_others_have_their_turn_between_the_parts_of_a_long_answer() -> None:
    every = [{"number": each, "name": ""} for each in range(3 * prepared.ROWS_AT_ONCE + 1)]

    async def go() -> tuple[list[int], int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.connect() as connection:
            await connection.run_sync(NUMBERS.metadata.create_all)
            await connection.execute(NUMBERS.insert(), every)
            result = await connection.execute(select(NUMBERS.c.number).order_by(NUMBERS.c.number))
            waiting = asyncio.create_task(others())
            rows = await prepared.read_in_parts(result)
            waiting.cancel()
        await engine.dispose()
        return [row["number"] for row in rows], turns

    numbers, turns = asyncio.run(go())
    assert [each["number"] for each in every] == numbers
    assert 3 == turns
