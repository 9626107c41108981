"""Slips, their pieces, returns and findings: SQL over the treasury's own tables.

Every question is bounded to the entities of its caller: `entities` holds SIRETs, None is all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.rows import Entities, Facts, Name, all_rows, first_row, page_rows, row_as
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.store import tables
from services.treasury.store.slips import is_of_entities

slips: Final = tables.slips.c
pieces: Final = tables.pieces.c
states: Final = tables.piece_states.c
found_out: Final = tables.findings.c
events: Final = tables.own_events.c
returns: Final = tables.returns.c


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip (bordereau) as it stands, without its file."""

    slip_id: str
    budget: str
    slip_type: str
    state: str
    number: int | None
    piece_count: int
    amount_cents: int
    cumulative_cents: int | None
    prepared_at: dt.datetime
    prepared_by: str
    issued_on: dt.date | None
    issued_by: str | None
    exported_at: dt.datetime | None
    exported_by: str | None
    answered_at: dt.datetime | None
    answer: Facts
    file_name: str | None
    file_sha256: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece (mandat) of a slip: an order, and what the accountant said of it last."""

    slip_id: str
    position: int
    payment_order: Name
    number: int | None
    amount_cents: int
    state: str | None
    """None where no return has named it."""
    state_on: dt.date | None
    reason: Facts


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement of a return that is no event: for a person to look at."""

    finding_id: str
    kind: str
    budget: str | None
    slip_id: str | None
    payment_order: Name | None
    facts: Facts
    file_name: Name | None
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    closed_by: str | None
    closing_reason: Name | None


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event made of a return, and the refusal of the ledger where it refused it."""

    event_id: str
    payment_order: Name
    event_type: str
    facts: Facts
    made_at: dt.datetime
    refusal: Facts


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A file of the accountant that was read."""

    sha256: str
    file_name: Name
    kind: str
    received_at: dt.datetime
    received_by: str
    dated_on: dt.date | None
    outcome: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class WholeSlip:
    """A slip with its pieces, the events made of returns about them, and what was found."""

    slip: Slip
    pieces: tuple[Piece, ...]
    events: tuple[OwnEvent, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class OnSlip:
    """A slip on which an order stands or stood, with its piece there."""

    slip: Slip
    piece: Piece


@dataclass(frozen=True, slots=True)
class OrderAtTreasury:
    """An order as the treasury knows it."""

    slips: tuple[OnSlip, ...]
    """The newest first."""
    events: tuple[OwnEvent, ...]

    @property
    def sent(self) -> Slip | None:
        """The slip by which the accountant was asked to pay it: returns may tell of it."""
        for each in self.slips:
            slip = each.slip
            is_live = slip.state in {SlipState.ISSUED, SlipState.ACCEPTED}
            if slip.slip_type == SlipType.PAYMENT and is_live and slip.exported_at is not None:
                return slip
        return None


SLIP: Final = [each for each in slips if each.name in Slip.__dataclass_fields__]
"""The columns of a slip: those of its file stay where they are."""

PIECE: Final = [
    *(each for each in pieces if each.name in Piece.__dataclass_fields__),
    states.state,
    states.state_on,
    states.reason,
]
WITH_STATES: Final = tables.pieces.outerjoin(
    tables.piece_states,
    and_(states.slip_id == pieces.slip_id, states.piece_number == pieces.number),
)


async def list_slips(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    state: str | None = None,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> list[Slip]:
    """Slips, the newest first; the key of a row is when it was prepared, and its id."""
    found = select(*SLIP).where(is_of_entities(slips.budget, entities))
    if budget is not None:
        found = found.where(slips.budget == budget)
    if state is not None:
        found = found.where(slips.state == state)
    key = (slips.prepared_at, slips.slip_id)
    rows = await page_rows(conn, found, key, after, limit, descending=True, backwards=backwards)
    return [row_as(Slip, row) for row in rows]


async def slip(conn: AsyncConnection, entities: Entities, slip_id: str) -> Slip | None:
    """A slip by its id."""
    row = await first_row(
        conn, select(*SLIP).where(is_of_entities(slips.budget, entities), slips.slip_id == slip_id)
    )
    return None if row is None else row_as(Slip, row)


async def whole_slip(conn: AsyncConnection, entities: Entities, slip_id: str) -> WholeSlip | None:
    """A slip with all that is known of it."""
    found = await slip(conn, entities, slip_id)
    if found is None:
        return None
    rows = await all_rows(
        conn,
        select(*PIECE)
        .select_from(WITH_STATES)
        .where(pieces.slip_id == slip_id)
        .order_by(pieces.position),
    )
    orders = select(pieces.payment_order).where(pieces.slip_id == slip_id)
    known = await _events(conn, found.budget, events.payment_order.in_(orders))
    about = await findings(conn, entities, slip_id=slip_id, is_open=None)
    return WholeSlip(
        found,
        tuple(row_as(Piece, row) for row in rows),
        known,
        tuple(about),
    )


async def find_order_slips(
    conn: AsyncConnection, budget: str, payment_order: str
) -> OrderAtTreasury:
    """The slips on which an order stands or stood, and the events made of returns about it.

    Who asks may see the order.
    """
    of_it = (pieces.budget == budget, pieces.payment_order == payment_order)
    rows = await all_rows(conn, select(*PIECE).select_from(WITH_STATES).where(*of_it))
    by_slip = {row["slip_id"]: row_as(Piece, row) for row in rows}
    stands_on = await all_rows(
        conn,
        select(*SLIP)
        .where(slips.slip_id.in_(list(by_slip)))
        .order_by(slips.prepared_at.desc(), slips.slip_id.desc()),
    )
    known = await _events(conn, budget, events.payment_order == payment_order)
    return OrderAtTreasury(
        tuple(OnSlip(row_as(Slip, row), by_slip[row["slip_id"]]) for row in stands_on), known
    )


async def find_paying_slips(
    conn: AsyncConnection, orders: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Slip]:
    """The last slip by which each of these orders was to be paid, by budget and order.

    A draft is one, and one that the gateway refused; one that was cancelled is none. Who asks may
    see the orders.
    """
    rows = await all_rows(
        conn,
        select(*SLIP, pieces.payment_order)
        .join_from(tables.pieces, tables.slips, slips.slip_id == pieces.slip_id)
        .where(
            tuple_(pieces.budget, pieces.payment_order).in_(orders),
            slips.slip_type == SlipType.PAYMENT,
            slips.state != SlipState.CANCELLED,
        )
        .order_by(slips.prepared_at, slips.slip_id),
    )
    return {(row["budget"], row["payment_order"]): row_as(Slip, row) for row in rows}


async def _events(
    conn: AsyncConnection, budget: str, of_orders: ColumnElement[bool]
) -> tuple[OwnEvent, ...]:
    """The events made of returns about some orders of a budget, in the order of their making."""
    rows = await all_rows(
        conn,
        select(*events)
        .where(events.budget == budget, of_orders)
        .order_by(events.made_at, events.event_id),
    )
    return tuple(row_as(OwnEvent, row) for row in rows)


async def findings(
    conn: AsyncConnection,
    entities: Entities,
    *,
    is_open: bool | None = True,
    budget: str | None = None,
    slip_id: str | None = None,
    finding_id: str | None = None,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> list[Finding]:
    """Findings, the newest first; the key of a row is when it was opened, and its id."""
    found = select(*found_out).where(is_of_entities(found_out.budget, entities))
    if is_open is not None:
        found = found.where(found_out.closed_at.is_(None) == is_open)
    if budget is not None:
        found = found.where(found_out.budget == budget)
    if slip_id is not None:
        found = found.where(found_out.slip_id == slip_id)
    if finding_id is not None:
        found = found.where(found_out.finding_id == finding_id)
    key = (found_out.opened_at, found_out.finding_id)
    rows = await page_rows(conn, found, key, after, limit, descending=True, backwards=backwards)
    return [row_as(Finding, row) for row in rows]


async def open_findings(conn: AsyncConnection, entities: Entities) -> int:
    """The number of findings that nobody has closed."""
    count = await conn.scalar(
        select(func.count()).where(
            is_of_entities(found_out.budget, entities), found_out.closed_at.is_(None)
        )
    )
    return count or 0


async def return_files(
    conn: AsyncConnection,
    *,
    after: tuple[Any, ...] | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> list[ReturnFile]:
    """Files of the accountant, the newest first: of all entities, for who may see all."""
    key = (returns.received_at, returns.sha256)
    rows = await page_rows(
        conn, select(*returns), key, after, limit, descending=True, backwards=backwards
    )
    return [row_as(ReturnFile, row) for row in rows]
