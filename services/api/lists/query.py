"""Rows of the read model by filters: of whose budgets, in which order, from which place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, FromClause, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.lists import Sorting, select_sorted_page
from services.api.queries.rows import Entities, all_rows, make_each, row_as, total, visible

T = TypeVar("T")
"""A row."""


class Rows(NamedTuple):
    """The rows that filters ask for, before they are paged."""

    query: Select[Any]
    table: FromClause
    """Its tables, without a filter: the row at which a page begins is looked up there."""
    identity: Sequence[ColumnElement[Any]]
    """Columns that no two rows have alike; the budget comes first."""
    sorting: Sorting


@dataclass(frozen=True, slots=True)
class Totals:
    """Number of rows, and sums of their amounts by column."""

    count: int
    cents: Mapping[str, int]


def sort_by(columns: Mapping[str, Sequence[ColumnElement[Any]]], sort: str) -> Sorting:
    """The order of this name; a minus before it is the reverse."""
    return Sorting(columns[sort.removeprefix("-")], sort.startswith("-"))


class Query(Generic[T]):
    """A query by the class of its rows, and the function that builds it from the filters.

    A row of another entity's budget is none of its rows, whatever the filters are.
    """

    def __init__(self, row: type[T], build: Callable[..., Rows]) -> None:
        self.row = row
        self._build = build

    async def __call__(
        self,
        conn: AsyncConnection,
        entities: Entities,
        *,
        after: Sequence[Any] | None = None,
        limit: int | None = None,
        backwards: bool = False,
        **filters: Any,
    ) -> list[T]:
        """A page of the rows: those behind the one whose identity is `after`.

        With `backwards` those before it, in the same order.
        """
        rows = self._build(**filters)
        page = select_sorted_page(
            rows.query.where(visible(rows.identity[0], entities)),
            rows.sorting,
            rows.identity,
            rows.table,
            entities=None if entities is None else list(entities),
            after=after,
            limit=limit,
            backwards=backwards,
        )
        found = await make_each(await all_rows(conn, page), partial(row_as, self.row))
        return found[::-1] if backwards else found

    async def totals(
        self, conn: AsyncConnection, entities: Entities, columns: Sequence[str], **filters: Any
    ) -> Totals:
        """Number of all rows, whatever page they are on, and the sums of these columns."""
        rows = self._build(**filters)
        summed = (each for each in rows.query.selected_columns if each.key in columns)
        # What is not summed need not be made, nor a table be read for it alone.
        query = rows.query.with_only_columns(rows.identity[0], *summed)
        found = query.where(visible(rows.identity[0], entities)).subquery("found")
        sums = (total(found.c[name]).label(name) for name in columns)
        row = (await conn.execute(select(func.count(), *sums).select_from(found))).one()
        return Totals(row[0], dict(zip(columns, row[1:], strict=True)))
