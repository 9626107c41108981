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

from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.treasury import TREASURY
from services.treasury.domain.own_events import event_id, payment_facts, state_facts
from services.treasury.store.database import in_parts
from services.treasury.store.tables import own_events, pieces

EQUAL_MAX: Final = 20
"""Equal payments of a line on a day that are looked for."""

AT_ONCE: Final = 500
"""Events that are looked up together."""


class _Event(msgspec.Struct):
    type: str
    time: datetime
    data: dict[str, Any]


class _Record(msgspec.Struct):
    budget: str
    outcome: str
    event_id: str | None
    event_source: str | None
    event: msgspec.Raw


class _Own(NamedTuple):
    budget: str
    event_id: str
    event: _Event


class _Piece(NamedTuple):
    number: int
    lines: int
    """Their number; they count from 1."""


_read: Final = msgspec.json.Decoder(_Record).decode
_read_event: Final = msgspec.json.Decoder(_Event | None).decode


async def restore_own_events(connection: AsyncConnection, records: Iterable[bytes]) -> int:
    """Write the rows of own events that are missing; return how many were new.

    Slips are in the tables already: an id comes of the piece and its line, which no event names. An
    event whose id is that of no piece is none of the treasury's: `ecluse reconcile` names it.
    """
    own = list(_own_of(records))
    return sum([await _restore(connection, some) for some in in_parts(own, AT_ONCE)])


def _own_of(records: Iterable[bytes]) -> Iterator[_Own]:
    """The events that the ledger took in the treasury's name, of the types of its own."""
    for each in map(_read, records):
        if each.event_id and (each.outcome, each.event_source) == ("accepted", TREASURY):
            event = _read_event(each.event)
            if event is not None and event.type in {
                PaymentOrderAcknowledged.TYPE,
                PaymentExecuted.TYPE,
            }:
                yield _Own(each.budget, each.event_id, event)


async def _restore(connection: AsyncConnection, own: Sequence[_Own]) -> int:
    names = [each.event_id for each in own]
    asked = select(own_events.c.event_id).where(own_events.c.event_id.in_(names))
    known = set((await connection.execute(asked)).scalars())
    missing = {each.event_id: each for each in own if each.event_id not in known}
    its_pieces = await _pieces(connection, missing.values())
    rows = [
        {
            "event_id": name,
            "budget": each.budget,
            "payment_order": each.event.data["payment_order"],
            "event_type": each.event.type,
            "facts": facts,
            "made_at": each.event.time,
        }
        for name, each in missing.items()
        if (facts := _facts(each, its_pieces)) is not None
    ]
    if rows:
        await connection.execute(insert(own_events), rows)
    return len(rows)


async def _pieces(
    connection: AsyncConnection, own: Iterable[_Own]
) -> Mapping[tuple[str, str], list[_Piece]]:
    """The pieces of the orders that these events are about."""
    orders = {each.event.data["payment_order"] for each in own}
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


def _facts(
    own: _Own, its_pieces: Mapping[tuple[str, str], Sequence[_Piece]]
) -> dict[str, Any] | None:
    """The facts of which the id of an event came; None where it came of none of ours."""
    event = own.event
    of_order = its_pieces.get((own.budget, event.data["payment_order"]), ())
    possible = (facts for each in of_order for facts in _possible(event, each))
    its = (each for each in possible if event_id(own.budget, event.type, each) == own.event_id)
    return next(its, None)


def _possible(event: _Event, piece: _Piece) -> Iterator[dict[str, Any]]:
    data = event.data
    if event.type == PaymentOrderAcknowledged.TYPE:
        yield state_facts(piece.number, data)
    else:
        on = date.fromisoformat(data["executed_on"])
        for which in range(1, EQUAL_MAX + 1):
            for line in range(1, piece.lines + 1):
                yield payment_facts(piece.number, (line, on, data["amount_cents"]), which)
