"""Rows and conditions that several queries share, in SQL of both databases."""

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import itemgetter
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

from pydantic import PlainSerializer
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    and_,
    cast,
    false,
    func,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from events.masking import mask, mask_name
from services.api.adapters.prepared import ROWS_AT_ONCE, read_in_parts
from services.projector.tables import budgets, journal

Entities = frozenset[str] | None
"""The SIRETs of the entities that a caller may see; None stands for all."""

Name = Annotated[str, PlainSerializer(mask_name, return_type=str)]
"""A name that a sender chose. The row keeps it as it is, for keys and links; an answer
spells it with the IBANs in it shortened (senders call events by them)."""

Facts = Annotated[Any, PlainSerializer(mask)]
"""What somebody else's file says, in JSON: an answer has it with the IBANs in it shortened."""

FreeText = Annotated[str, "free text"]
"""Text as people may see it: somebody may have written an IBAN into it, so a row that is read
has it masked."""

LINE = ("chapter", "article", "function", "operation")

SHOWN_FIRST, SHOWN_LAST = 4, 3
"""Characters of an IBAN that are shown: country and key, and the end that its owner knows."""

Row = TypeVar("Row")
Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget line (imputation)."""

    chapter: Name
    article: Name
    function: Name | None
    operation: Name | None


@dataclass(frozen=True, slots=True)
class Act:
    """The act on which something rests."""

    body: str
    number: Name | None
    date: dt.date


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """The beneficiary."""

    name: str
    siret: str
    representative: str | None


@dataclass(frozen=True, slots=True)
class MaskedAccount:
    """A bank account of which only the ends are shown."""

    iban: str
    bic: str | None
    holder: str


@dataclass(frozen=True, slots=True)
class Service:
    """The part of a line that one department finances."""

    code: Name
    amount_cents: int


def visible(budget: ColumnElement[Any], entities: Collection[Any] | None) -> ColumnElement[bool]:
    """True if a row's budget belongs to one of the caller's entities."""
    if entities is None:
        return true()
    if not entities:
        return false()
    return budget.in_(select(budgets.c.budget).where(budgets.c.entity.in_(list(entities))))


def row_as(kind: type[Row], row: Mapping[Any, Any], **more: Any) -> Row:
    """The row as an object of this class: `more`, then each field from the column of its name.

    A line, act, beneficiary, account or list of services is put together from its own columns.
    """
    its_class: Any = kind
    read = {name: of(row) for name, of in _readers(its_class).items() if name not in more}
    return kind(**read, **more)


async def make_each(rows: Iterable[Each], make: Callable[[Each], Row]) -> list[Row]:
    """Make an object of each row; other requests go on in between.

    A file has 50,000 rows: to make their objects takes a second and more.
    """
    found: list[Row] = []
    for row in rows:
        found.append(make(row))
        if not len(found) % ROWS_AT_ONCE:
            await asyncio.sleep(0)
    return found


@cache
def _readers(kind: type[Any]) -> Mapping[str, Callable[[Mapping[Any, Any]], Any]]:
    """By field of a class, the function that reads it."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _reader(field.name, hints[field.name]) for field in fields(kind)}


def _reader(name: str, hint: Any) -> Callable[[Mapping[Any, Any]], Any]:
    kinds = {hint, *get_args(hint)}
    if FreeText in kinds:
        return lambda row: mask_text(row[name])
    return next((PARTS[each] for each in kinds if each in PARTS), itemgetter(name))


def line_of(row: Mapping[Any, Any]) -> BudgetLine:
    """The line of a row; '' stands for a code that it does not have."""
    chapter, article, function, operation = (row.get(name) for name in LINE)
    return BudgetLine(chapter or "", article or "", function or None, operation or None)


def _act_of(row: Mapping[Any, Any]) -> Act | None:
    if row["act_body"] is None:
        return None
    return Act(mask_text(row["act_body"]) or "", row["act_number"], row["act_on"])


def _beneficiary_of(row: Mapping[Any, Any]) -> Beneficiary | None:
    if row["siret"] is None:
        return None
    name = mask_text(row["beneficiary"]) or ""
    return Beneficiary(name, row["siret"], mask_text(row["representative"]))


def _account_of(row: Mapping[Any, Any]) -> MaskedAccount:
    return MaskedAccount(shorten_iban(row["iban"]), row["bic"], mask_text(row["holder"]) or "")


def _services_of(row: Mapping[Any, Any]) -> tuple[Service, ...] | None:
    if row.get("services") is None:
        return None
    return tuple(Service(each["code"], each["amount_cents"]) for each in row["services"])


PARTS: Final[Mapping[Any, Callable[[Mapping[Any, Any]], Any]]] = {
    BudgetLine: line_of,
    Act: _act_of,
    Beneficiary: _beneficiary_of,
    MaskedAccount: _account_of,
    tuple[Service, ...]: _services_of,
}
"""What a row holds in several columns, or in one of JSON."""


def mask_text(text: str | None) -> str | None:
    """Free text as people may see it: somebody may have written an IBAN into it."""
    return None if text is None else str(mask(text))


def mask_name_or_none(name: str | None) -> str | None:
    """A name as people may see it, where no answer spells it: in a file."""
    return None if name is None else mask_name(name)


def shorten_iban(iban: str) -> str:
    """`FR76…110`: enough for its owner to know it, too little to pay to."""
    return f"{iban[:SHOWN_FIRST]}…{iban[-SHOWN_LAST:]}"


def total(amounts: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum of cents, 0 of none: PostgreSQL would make a decimal number of it."""
    return cast(func.coalesce(func.sum(amounts), 0), BigInteger)


def line_columns(table: FromClause) -> list[ColumnElement[Any]]:
    """The four codes of a line, in their order."""
    return [table.c[name] for name in LINE]


def record_of(table: FromClause) -> ColumnElement[bool]:
    """The record of the journal behind a row."""
    return and_(journal.c.budget == table.c.budget, journal.c.sequence == table.c.sequence)


def same(table: FromClause, **filters: Any | None) -> Iterable[ColumnElement[bool]]:
    """The filters that were asked for."""
    return [table.c[name] == value for name, value in filters.items() if value is not None]


def is_of_entity(budget: ColumnElement[Any], entity: str) -> ColumnElement[bool]:
    """True if a row's budget belongs to this entity."""
    return budget.in_(select(budgets.c.budget).where(budgets.c.entity == entity))


def is_between(
    column: ColumnElement[Any], first: Any | None, last: Any | None
) -> Iterable[ColumnElement[bool]]:
    """The bounds that were asked for; both count."""
    if first is not None:
        yield column >= first
    if last is not None:
        yield column <= last


async def all_rows(conn: AsyncConnection, query: Select[Any]) -> Sequence[RowMapping]:
    """All rows of a query."""
    return await read_in_parts(await conn.execute(query))


async def first_row(conn: AsyncConnection, query: Select[Any]) -> RowMapping | None:
    """The first row of a query, if it has any."""
    row: RowMapping | None = (await conn.execute(query)).mappings().first()
    return row


async def page_rows(
    conn: AsyncConnection,
    query: Select[Any],
    key: Sequence[ColumnElement[Any]],
    after: tuple[Any, ...] | None,
    limit: int | None,
    *,
    descending: bool = False,
    backwards: bool = False,
) -> Sequence[RowMapping]:
    """The rows behind the last one of the page before, in the order of their key.

    With `backwards` those that stand before the row of this key.
    """
    query = select_page(query, key, after, limit, descending=descending != backwards)
    found = await all_rows(conn, query)
    return found[::-1] if backwards else found


def select_page(
    query: Select[Any],
    key: Sequence[ColumnElement[Any]],
    after: tuple[Any, ...] | None,
    limit: Any,
    *,
    descending: bool = False,
) -> Select[Any]:
    """The query of a page: the rows behind the last one of the page before, ordered by a key."""
    if after is not None:
        typed = (type_coerce(each, column.type) for each, column in zip(after, key, strict=True))
        place, last = tuple_(*key), tuple_(*typed)
        query = query.where(place < last if descending else place > last)
    order = [column.desc() for column in key] if descending else key
    return query.order_by(*order).limit(limit)
