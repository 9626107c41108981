"""Confirmations that an order is to be paid, whatever happened after it was issued."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.domain.order_changes import Confirmation
from services.treasury.store.database import in_parts
from services.treasury.store.tables import confirmations


async def note_confirmed(
    connection: AsyncConnection, budget: str, payment_order: str, confirmation: Confirmation
) -> None:
    """Keep what a person has confirmed, beside what was confirmed before."""
    row = {
        "budget": budget,
        "payment_order": payment_order,
        "record": confirmation.record,
        "confirmed_at": confirmation.at,
        "confirmed_by": confirmation.by,
    }
    await connection.execute(insert(confirmations), [row])


async def latest_confirmations(
    connection: AsyncConnection, budget: str, payment_orders: Sequence[str]
) -> dict[str, Confirmation]:
    """The confirmation of each of these orders that knew most; none of most orders."""
    of = confirmations.c
    latest: dict[str, Confirmation] = {}
    for some in in_parts(payment_orders):
        asked = select(of.payment_order, of.record, of.confirmed_at, of.confirmed_by)
        its = asked.where(of.budget == budget, of.payment_order.in_(some)).order_by(of.record)
        for name, *members in await connection.execute(its):
            latest[name] = Confirmation(*members)
    return latest
