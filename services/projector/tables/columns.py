"""Columns that several tables share."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy import text as text_clause
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()


class Instant(TypeDecorator[datetime]):
    """An instant, in UTC: SQLite, which knows no offset, keeps and gives it all the same."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value to write."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value read, in UTC: SQLite gives it without offset."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Text: Final = String().with_variant(String(collation="C"), "postgresql")
"""A text; PostgreSQL orders it as SQLite does, by its code points, whatever its locale is."""

Cents: Final = BigInteger
Json: Final = JSON().with_variant(JSONB(), "postgresql")


HALF_FULL: Final = {"fillfactor": 50}
"""Fill factor of tables whose rows change often: PostgreSQL writes new versions beside the old, and
leaves the indexes alone (measured: docs/decisions/0012)."""


PLAIN_UP_TO_A_PAGE: Final = {"toast_tuple_target": 8160}
"""Storage of a table with long values: PostgreSQL would compress a row above 2 kB, which takes
longer than to write it. Above a page, 8 kB, it still does, and keeps the values apart."""


def key(name: str) -> Column[Any]:
    """A part of a table's key."""
    kind = BigInteger if name.endswith("sequence") else Integer
    numbered = kind is BigInteger or name in {"partition", "item", "position", "year"}
    return Column(name, kind if numbered else Text, primary_key=True, autoincrement=False)


def keys(*names: str) -> Sequence[Column[Any]]:
    """The parts of a table's key."""
    return [key(name) for name in names]


def line(*, in_key: bool = False) -> Sequence[Column[Any]]:
    """The four codes of a budget line (imputation)."""
    return [
        Column(name, Text, primary_key=in_key, nullable=False, server_default="")
        for name in ("chapter", "article", "function", "operation")
    ]


def cents(*names: str) -> Sequence[Column[Any]]:
    """Sums of money, which grow by moves."""
    return [Column(f"{name}_cents", Cents, nullable=False, server_default="0") for name in names]


def text(name: str, *, nullable: bool = True) -> Column[Any]:
    """A text."""
    return Column(name, Text, nullable=nullable)


def texts(*names: str, nullable: bool = True) -> Sequence[Column[Any]]:
    """Several texts."""
    return [text(name, nullable=nullable) for name in names]


def days(*names: str, nullable: bool = True) -> Sequence[Column[Any]]:
    """Several days."""
    return [Column(name, Date, nullable=nullable) for name in names]


def search_text() -> Column[Any]:
    """A text by which a row is found, folded (`events.texts`)."""
    return text("folded")


def beneficiary() -> Sequence[Column[Any]]:
    """The body that receives the money."""
    return texts("beneficiary", "siret", "representative")


def act() -> Sequence[Column[Any]]:
    """The act on which a row rests."""
    return [*texts("act_body", "act_number"), Column("act_on", Date)]


def index_where_named(index: str, name: str, *columns: str) -> Index:
    """An index of these columns over the rows that have a name, which most have not."""
    named = text_clause(f"{name} IS NOT NULL")
    return Index(index, *columns, postgresql_where=named, sqlite_where=named)
