"""Rows of slips and pieces, and the orders that stand on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.domain.slips import SIRET_DIGITS, SlipState, SlipType
from services.treasury.store.database import split_in_parts
from services.treasury.store.tables import orders, pieces, slips


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A slip as it stands in the tables, without its file."""

    slip_id: str
    budget: str
    slip_type: SlipType
    state: SlipState
    number: int | None
    """None until it is issued."""
    piece_count: int
    amount_cents: int
    cumulative_cents: int | None
    prepared_at: datetime
    prepared_by: str
    issued_on: date | None
    issued_at: datetime | None
    issued_by: str | None
    exported_at: datetime | None
    exported_by: str | None
    answered_at: datetime | None
    answer: Any
    file_name: str | None
    file_sha256: str | None


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece (mandat) of a slip as it stands in the tables."""

    position: int
    payment_order: str
    number: int | None
    amount_cents: int
    line_cents: tuple[int, ...]


class PieceContent(Protocol):
    """A piece to be written: its order, and its number once it is issued."""

    @property
    def payment_order(self) -> str: ...
    @property
    def line_cents(self) -> tuple[int, ...]: ...
    @property
    def number(self) -> int | None: ...


_COLUMNS = [slips.c[each.name] for each in fields(SlipRow)]


def slip_of(row: RowMapping) -> SlipRow:
    """The slip of a row."""
    members = {each.name: row[each.name] for each in fields(SlipRow)}
    members["slip_type"] = SlipType(row["slip_type"])
    members["state"] = SlipState(row["state"])
    return SlipRow(**members)


def is_of_entities(
    budget: ColumnElement[str], sirets: frozenset[str] | None
) -> ColumnElement[bool]:
    """True of budgets of these entities; of all where it is None, rows without budget too.

    These tables have no list of budgets as the read model has: a budget's id begins with its SIRET.
    """
    if sirets is None:
        return true()
    return func.substr(budget, 1, SIRET_DIGITS).in_(sorted(sirets))


async def find_slip(
    connection: AsyncConnection, slip_id: str, *, locked: bool = False
) -> SlipRow | None:
    """A slip by its id; locked until the end of the transaction."""
    asked = select(*_COLUMNS).where(slips.c.slip_id == slip_id)
    if locked:
        asked = asked.with_for_update()
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else slip_of(row)


async def list_slips(connection: AsyncConnection, which: ColumnElement[bool]) -> list[SlipRow]:
    """These slips, the newest first."""
    asked = select(*_COLUMNS).where(which).order_by(slips.c.prepared_at.desc(), slips.c.slip_id)
    return [slip_of(row) for row in (await connection.execute(asked)).mappings()]


async def list_pieces(connection: AsyncConnection, slip_id: str) -> list[PieceRow]:
    """The pieces of a slip, in their order."""
    columns = [pieces.c[each.name] for each in fields(PieceRow)]
    asked = select(*columns).where(pieces.c.slip_id == slip_id).order_by(pieces.c.position)
    return [
        PieceRow(row.position, row.payment_order, row.number, row.amount_cents, tuple(row[-1]))
        for row in await connection.execute(asked)
    ]


async def write_pieces(
    connection: AsyncConnection, slip_id: str, budget: str, written: Iterable[PieceContent]
) -> None:
    """Write the pieces of a slip, in this order, instead of those that it has."""
    rows = [
        {
            "slip_id": slip_id,
            "position": position,
            "budget": budget,
            "payment_order": each.payment_order,
            "number": each.number,
            "amount_cents": sum(each.line_cents),
            "line_cents": list(each.line_cents),
        }
        for position, each in enumerate(written, start=1)
    ]
    await connection.execute(delete(pieces).where(pieces.c.slip_id == slip_id))
    await connection.execute(insert(pieces), rows)


def place_of(slip_type: SlipType) -> ColumnElement[str]:
    """The column that names the slip of this type on which an order stands."""
    return orders.c.slip_id if slip_type is SlipType.PAYMENT else orders.c.cancelling_slip_id


def its_orders(slip_id: str, budget: str) -> ColumnElement[bool]:
    """Orders that the pieces of a slip name."""
    named = select(pieces.c.payment_order).where(pieces.c.slip_id == slip_id)
    return and_(orders.c.budget == budget, orders.c.payment_order.in_(named))


async def list_orders(connection: AsyncConnection, slip_id: str) -> Sequence[str]:
    """The orders of a slip's pieces."""
    asked = select(pieces.c.payment_order).where(pieces.c.slip_id == slip_id)
    return (await connection.execute(asked)).scalars().all()


async def take_orders(
    connection: AsyncConnection,
    slip_id: str,
    budget: str,
    slip_type: SlipType,
    names: Sequence[str],
) -> int:
    """Have these orders stand on a slip; the number of those that stood on none."""
    place = place_of(slip_type)
    return await _place(connection, budget, names, place, place.is_(None), slip_id)


async def release_orders(
    connection: AsyncConnection,
    slip_id: str,
    budget: str,
    slip_type: SlipType,
    names: Sequence[str],
) -> None:
    """Have these orders of a slip stand on none."""
    place = place_of(slip_type)
    await _place(connection, budget, names, place, place == slip_id, None)


async def _place(
    connection: AsyncConnection,
    budget: str,
    names: Sequence[str],
    place: ColumnElement[str],
    which: ColumnElement[bool],
    now_on: str | None,
) -> int:
    """Change the place of those of these orders that are at another; return their number.

    They are named: by its statistics from before this slip, PostgreSQL would go through all of the
    slip's pieces again for each order.
    """
    placed = 0
    for some in split_in_parts(names):
        named = orders.c.payment_order.in_(some)
        changed = update(orders).where(orders.c.budget == budget, named, which)
        placed += (await connection.execute(changed.values({place: now_on}))).rowcount
    return placed


async def note_taken_back(
    connection: AsyncConnection, slip_id: str, budget: str, payment_order: str, *, rejected: bool
) -> None:
    """Have an order stand on the slip that takes it back, or on none where its piece is rejected.

    One that stands on another by now stays there.
    """
    before, now = (slip_id, None) if rejected else (None, slip_id)
    place = orders.c.cancelling_slip_id
    which = and_(
        orders.c.budget == budget,
        orders.c.payment_order == payment_order,
        place.is_not_distinct_from(before),
    )
    await connection.execute(update(orders).where(which).values({place: now}))


async def cancel_slip(
    connection: AsyncConnection, slip_id: str, budget: str, slip_type: SlipType
) -> None:
    """Note that a slip is cancelled: its orders stand on none."""
    its = update(slips).where(slips.c.slip_id == slip_id)
    await connection.execute(its.values(state=SlipState.CANCELLED))
    names = await list_orders(connection, slip_id)
    await release_orders(connection, slip_id, budget, slip_type, names)


async def note_exported(connection: AsyncConnection, slip_id: str, at: datetime, by: str) -> None:
    """Note who took the file of a slip, and when."""
    its = update(slips).where(slips.c.slip_id == slip_id)
    await connection.execute(its.values(exported_at=at, exported_by=by))


async def piece_numbers(connection: AsyncConnection, slip_id: str) -> Sequence[int]:
    """The numbers of a slip's pieces."""
    asked = select(pieces.c.number).where(pieces.c.slip_id == slip_id)
    return (await connection.execute(asked)).scalars().all()
