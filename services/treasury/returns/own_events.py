"""Events made of returns, made known again to lost tables by the journal's records of them.

Else the returns, read once more, would be published anew where they changed meanwhile: the tables
would not know which of two payments the ledger has.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.journal import read_head
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.treasury import TREASURY
from services.treasury.returns.rules import event_id, payment_facts, state_facts
from services.treasury.store.database import split_in_parts
from services.treasury.store.tables import own_events, pieces

EQUAL_MAX: Final = 20
"""Equal payments of a line on a day that are looked for."""

AT_ONCE: Final = 500
"""Events that are looked up together."""

OWN_TYPES: Final = frozenset({PaymentOrderAcknowledged.TYPE, PaymentExecuted.TYPE})

_read_data: Final = msgspec.json.Decoder(dict[str, Any]).decode


class OwnEventRow(NamedTuple):
    """An event made of a return, as it stands in the tables."""

    event_id: str
    budget: str
    payment_order: str
    event_type: str
    facts: dict[str, Any]
    made_at: datetime


async def write_own_events(connection: AsyncConnection, rows: Sequence[OwnEventRow]) -> None:
    """Write the rows of own events: when they are made, and when tables are restored."""
    await connection.execute(insert(own_events), [each._asdict() for each in rows])


class _OwnEvent(NamedTuple):
    budget: str
    event_id: str
    event_type: str
    time: datetime
    data: dict[str, Any]


class _Piece(NamedTuple):
    number: int
    lines: int
    """Their number; they count from 1."""


async def restore_own_events(connection: AsyncConnection, records: Iterable[bytes]) -> int:
    """Write the rows of own events that are missing; return how many were new.

    Slips are in the tables already: an id comes of the piece and its line, which no event names. An
    event whose id is that of no piece is none of the treasury's: `ecluse reconcile` names it.
    """
    own = list(_read_own(records))
    return sum([await _restore(connection, some) for some in split_in_parts(own, AT_ONCE)])


def _read_own(records: Iterable[bytes]) -> Iterator[_OwnEvent]:
    """The events that the ledger took in the treasury's name, of the types of its own."""
    for each in map(read_head, records):
        event = each.event
        if event is None or not each.event_id or each.event_source != TREASURY:
            continue
        if each.outcome == "accepted" and event.type in OWN_TYPES:
            time = msgspec.convert(event.time, datetime)
            yield _OwnEvent(each.budget, each.event_id, event.type, time, _read_data(event.data))


async def _restore(connection: AsyncConnection, own: Sequence[_OwnEvent]) -> int:
    names = [each.event_id for each in own]
    asked = select(own_events.c.event_id).where(own_events.c.event_id.in_(names))
    known = set((await connection.execute(asked)).scalars())
    missing = {each.event_id: each for each in own if each.event_id not in known}
    its_pieces = await _read_pieces(connection, missing.values())
    rows = [
        # When it was made nobody knows any more: its own day stands for that.
        OwnEventRow(
            name, each.budget, each.data["payment_order"], each.event_type, facts, each.time
        )
        for name, each in missing.items()
        if (facts := _find_facts(each, its_pieces)) is not None
    ]
    if rows:
        await write_own_events(connection, rows)
    return len(rows)


async def _read_pieces(
    connection: AsyncConnection, own: Iterable[_OwnEvent]
) -> Mapping[tuple[str, str], list[_Piece]]:
    """The pieces of the orders that these events are about."""
    orders = {each.data["payment_order"] for each in own}
    asked = select(
        pieces.c.budget, pieces.c.payment_order, pieces.c.number, pieces.c.line_cents
    ).where(
        pieces.c.budget.in_({each.budget for each in own}),
        pieces.c.payment_order.in_(orders),
        pieces.c.number.is_not(None),
    )
    found = defaultdict[tuple[str, str], list[_Piece]](list)
    for row in await connection.execute(asked):
        piece = _Piece(row.number, len(row.line_cents))
        found[row.budget, row.payment_order].append(piece)
    return found


def _find_facts(
    own: _OwnEvent, its_pieces: Mapping[tuple[str, str], Sequence[_Piece]]
) -> dict[str, Any] | None:
    """The facts of which the id of an event came; None where it came of none of ours."""
    of_order = its_pieces.get((own.budget, own.data["payment_order"]), ())
    possible = (facts for each in of_order for facts in _list_possible(own, each))
    its = (each for each in possible if event_id(own.budget, own.event_type, each) == own.event_id)
    return next(its, None)


def _list_possible(own: _OwnEvent, piece: _Piece) -> Iterator[dict[str, Any]]:
    data = own.data
    if own.event_type == PaymentOrderAcknowledged.TYPE:
        yield state_facts(piece.number, data)
    else:
        on = date.fromisoformat(data["executed_on"])
        for which in range(1, EQUAL_MAX + 1):
            for line in range(1, piece.lines + 1):
                yield payment_facts(piece.number, (line, on, data["amount_cents"]), which)
