"""Payment orders in the tables, and how far each partition was read, under its epoch.

Who is assigned a partition raises its epoch, and writes with it. Whoever finds another epoch has
lost the partition: a former owner that was frozen writes nothing any more.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.domain.findings import Finding, event_refused
from services.treasury.slips.order_messages import (
    CANCELLED,
    CancelledOrder,
    IssuedOrder,
    OwnRefusal,
    UnreadableMessage,
)
from services.treasury.store.database import Clock, inserting, split_in_parts
from services.treasury.store.findings import open_findings
from services.treasury.store.tables import orders, own_events, positions

CLOSED: Final = "payment_order_closed"
"""The ledger's refusal of an event about an order of which nothing is awaited any more."""

ADDED_AT_ONCE: Final = 1_000
"""Orders in one statement: below what both databases take."""


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 # it dates findings; nothing is decided by it


class Overtaken(Exception):
    """Another process has raised the epoch of a partition: it is not ours any more."""


class Position(NamedTuple):
    """The position of a partition in the tables, and the epoch of its owner."""

    next_offset: int
    epoch: int


async def claim(connection: AsyncConnection, topic: str, partition: int) -> Position:
    """Raise the epoch of a partition: from now on only its new owner writes."""
    start = {"topic": topic, "partition": partition, "next_offset": 0, "epoch": 1}
    claimed = (
        inserting(connection, positions)
        .values(start)
        .on_conflict_do_update(
            index_elements=list(positions.primary_key), set_={"epoch": positions.c.epoch + 1}
        )
        .returning(positions.c.next_offset, positions.c.epoch)
    )
    row = (await connection.execute(claimed)).one()
    return Position(row.next_offset, row.epoch)


async def lock(connection: AsyncConnection, topic: str, partition: int, epoch: int) -> int:
    """The next offset of a partition, which nobody else moves until the end of the transaction.

    Raises:
        Overtaken: the epoch of the partition is another one.
    """
    mine = _is(topic, partition) & (positions.c.epoch == epoch)
    asked = select(positions.c.next_offset).where(mine).with_for_update()
    next_offset = (await connection.execute(asked)).scalar_one_or_none()
    if next_offset is None:
        raise Overtaken(f"{topic}/{partition}")
    return int(next_offset)


async def advance(
    connection: AsyncConnection, topic: str, partition: int, next_offset: int
) -> None:
    """Move a locked partition on."""
    moved = update(positions).where(_is(topic, partition)).values(next_offset=next_offset)
    await connection.execute(moved)


async def are_of_a_process(connection: AsyncConnection) -> bool:
    """True where a process takes the orders, and sends what leaves."""
    return (await connection.execute(select(positions.c.topic).limit(1))).first() is not None


def _is(topic: str, partition: int) -> ColumnElement[bool]:
    return (positions.c.topic == topic) & (positions.c.partition == partition)


async def take(
    connection: AsyncConnection, messages: Iterable[IssuedOrder | CancelledOrder]
) -> int:
    """Add issued orders, each once, and mark cancelled ones; the number that were new.

    Raises:
        UnreadableMessage: an order is cancelled that was never issued.
    """
    issued, cancelled = [], []
    for each in messages:
        if isinstance(each, IssuedOrder):
            issued.append(_row(each))
        else:
            cancelled.append(each)
    new = await _add(connection, issued)
    # By name: two that cancel the same orders lock them in one order.
    for each in sorted(cancelled, key=lambda each: (each.budget, each.payment_order)):
        of_it = (orders.c.budget == each.budget) & (orders.c.payment_order == each.payment_order)
        found = await connection.execute(update(orders).where(of_it).values(cancelled=1))
        if found.rowcount != 1:
            name = f"{each.budget}/{each.payment_order}"
            raise UnreadableMessage(f"an order is cancelled that was never issued: {name}")
    return new


async def _add(connection: AsyncConnection, rows: list[dict[str, Any]]) -> int:
    new = 0
    for some in split_in_parts(rows, ADDED_AT_ONCE):
        added = (
            inserting(connection, orders)
            .values(some)
            .on_conflict_do_nothing(index_elements=list(orders.primary_key))
            .returning(orders.c.payment_order)
        )
        new += len((await connection.execute(added)).all())
    return new


def _row(issued: IssuedOrder) -> dict[str, Any]:
    order = issued.order
    return {
        "budget": order.budget,
        "payment_order": order.payment_order,
        "message": issued.data,
        "amount_cents": order.amount_cents,
        "issued_on": order.issued_on,
        "due_on": order.due_on,
        "traceparent": issued.traceparent,
    }


async def note_refusals(
    connection: AsyncConnection, refusals: Iterable[OwnRefusal], clock: Clock = _now
) -> None:
    """Keep the ledger's refusals of own events, and open a finding of each.

    Not of the state of a cancelled order: the accountant's answer to it is no news to anybody.

    An event that is not in the tables was made by an earlier life of them: its finding keeps the
    refusal until a return makes the event again.
    """
    found = list[Finding]()
    for each in refusals:
        of_it = own_events.c.event_id == each.event_id
        noted = update(own_events).where(of_it).values(refusal=each.facts)
        named = noted.returning(own_events.c.payment_order, own_events.c.facts)
        order, happened = (await connection.execute(named)).one_or_none() or (None, {})
        if not ("state" in happened and _is_of_cancelled(each)):
            facts = each.facts
            found.append(event_refused(each.event_id, facts, each.budget, order, happened))
    await open_findings(connection, found, None, clock())


def _is_of_cancelled(refused: OwnRefusal) -> bool:
    """True where the ledger refused an event because its order was cancelled."""
    code, facts = refused.facts["code"], refused.facts.get("facts", {})
    return bool(code == CLOSED and facts.get("state") == CANCELLED)
