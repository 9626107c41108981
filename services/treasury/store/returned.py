"""Payments and rejections by the accountant of orders that were cancelled, as returns have them."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.payments import PaymentExecuted
from services.treasury.domain.returns import REJECTED
from services.treasury.store.tables import (
    orders,
    own_events,
    piece_payments,
    piece_states,
    pieces,
)

CLOSED: Final = "payment_order_closed"
"""The ledger's refusal of a payment of an order that was cancelled meanwhile."""

OrderName = tuple[str, str]
"""Budget and payment order."""


class Returned(NamedTuple):
    """The accountant's answers on an order."""

    by_line: Mapping[int, int] = {}
    """Cents paid by IdLigne, from 1; a line of which no return says anything is left out."""
    refused_cents: int = 0
    """Payments that the ledger refused, for it had cancelled the order by then."""
    is_rejected: bool = False
    """The accountant has rejected its piece: nothing of it is left to take back."""


NOTHING: Final = Returned()


async def returned_of(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> dict[OrderName, Returned]:
    """The answers on these orders; those of which no return says anything are left out.

    Of a line the newest return counts: a payment that it names no more is none. Where none is kept
    of it, in tables that were made again, the events count that were made of returns.
    """
    by_line, rejected = await _newest(connection, which)
    listed = {(name, line) for name, lines in by_line.items() for line in lines}
    refused_cents = Counter[OrderName]()
    for name, facts, code in await _payments(connection, which):
        line, cents = facts["line"], facts["amount_cents"]
        if code == CLOSED:
            refused_cents[name] += cents
        if (name, line) not in listed:
            by_line[name][line] += cents
    return {
        name: Returned(by_line.get(name, {}), refused_cents[name], name in rejected)
        for name in {*by_line, *rejected}
    }


async def _payments(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> list[tuple[OrderName, Mapping[str, Any], str | None]]:
    """The payments of which events were made, with the code by which the ledger refused one."""
    of = own_events.c
    its = and_(orders.c.budget == of.budget, orders.c.payment_order == of.payment_order)
    asked = select(of.budget, of.payment_order, of.facts, of.refusal).join(orders, its)
    rows = await connection.execute(asked.where(which, of.event_type == PaymentExecuted.TYPE))
    return [
        ((row.budget, row.payment_order), row.facts, (row.refusal or {}).get("code"))
        for row in rows
    ]


async def _newest(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> tuple[dict[OrderName, Counter[int]], set[OrderName]]:
    """Cents paid of each line by the newest return, and the orders whose piece is rejected."""
    its_piece = and_(
        pieces.c.slip_id == orders.c.slip_id,
        pieces.c.budget == orders.c.budget,
        pieces.c.payment_order == orders.c.payment_order,
    )
    its_state = and_(
        piece_states.c.slip_id == pieces.c.slip_id, piece_states.c.piece_number == pieces.c.number
    )
    its_payments = and_(
        piece_payments.c.slip_id == pieces.c.slip_id,
        piece_payments.c.piece_number == pieces.c.number,
    )
    asked = (
        select(
            orders.c.budget,
            orders.c.payment_order,
            piece_states.c.state,
            piece_payments.c.listed,
        )
        .select_from(orders)
        .join(pieces, its_piece)
        .join(piece_states, its_state, isouter=True)
        .join(piece_payments, its_payments, isouter=True)
    )
    by_line: dict[OrderName, Counter[int]] = defaultdict(Counter)
    rejected = set[OrderName]()
    for budget, name, state, listed in await connection.execute(asked.where(which)):
        if state == REJECTED:
            rejected.add((budget, name))
        for line, (_file_on, payments) in (listed or {}).items():
            by_line[budget, name][int(line)] = sum(cents * n for _on, cents, n in payments)
    return by_line, rejected
