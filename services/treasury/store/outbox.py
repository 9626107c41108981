"""Messages that leave: written in the transaction of their cause, sent afterwards, in order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, func, insert, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.store.tables import outbox

BYTES_MAX: Final = 32 * 1024 * 1024
"""The most bytes of messages in memory at once: each that issues a slip holds its PES file."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A CloudEvent in structured mode, for a topic of the contract; its key is the budget."""

    message_id: str
    topic: str
    budget: str
    value: bytes


class Queue(NamedTuple):
    """The messages of a budget for a topic, which leave in order."""

    topic: str
    budget: str


@dataclass(frozen=True, slots=True)
class UnsentMessage:
    """A message of the outbox with its place there."""

    number: int
    message: Outgoing

    @property
    def queue(self) -> Queue:
        """The queue in which it stands."""
        return Queue(self.message.topic, self.message.budget)


async def put(connection: AsyncConnection, messages: Iterable[Outgoing], now: datetime) -> None:
    """Add messages; their ids must be new."""
    rows = [
        {
            "message_id": each.message_id,
            "topic": each.topic,
            "budget": each.budget,
            "value": each.value,
            "made_at": now,
        }
        for each in messages
    ]
    if rows:
        await connection.execute(insert(outbox), rows)


async def unsent(
    connection: AsyncConnection,
    at_most: int,
    paused: Collection[Queue] = (),
    topic: str | None = None,
) -> Sequence[UnsentMessage]:
    """The oldest messages that were not sent, locked until the end of the transaction.

    They are at most so many, and no more bytes than `BYTES_MAX`; one at least, if there is any.
    Those of paused queues are passed over, and those of other topics where one is named.
    """
    waiting = (
        select(outbox.c.number, func.length(outbox.c.value))
        .where(_waits(paused), true() if topic is None else outbox.c.topic == topic)
        .order_by(outbox.c.number)
        .limit(at_most)
        .with_for_update()
    )
    numbers: list[int] = []
    size = 0
    for number, length in (await connection.execute(waiting)).all():
        size += length
        if numbers and size > BYTES_MAX:
            break
        numbers.append(number)
    wanted = select(outbox).where(outbox.c.number.in_(numbers)).order_by(outbox.c.number)
    return [
        UnsentMessage(row.number, Outgoing(row.message_id, row.topic, row.budget, row.value))
        for row in await connection.execute(wanted)
    ]


async def has_unsent(connection: AsyncConnection, paused: Collection[Queue] = ()) -> bool:
    """True while a message was not sent, but for those of paused queues; nothing is locked."""
    asked = select(outbox.c.number).where(_waits(paused)).limit(1)
    return (await connection.execute(asked)).first() is not None


def _waits(paused: Collection[Queue]) -> ColumnElement[bool]:
    waits = outbox.c.sent_at.is_(None)
    return waits & tuple_(outbox.c.topic, outbox.c.budget).not_in(paused) if paused else waits


async def is_unsent(connection: AsyncConnection, message_id: str) -> bool:
    """True while this message was not sent; of one that never was here, False."""
    asked = select(outbox.c.number).where(
        outbox.c.message_id == message_id, outbox.c.sent_at.is_(None)
    )
    return (await connection.execute(asked)).first() is not None


async def list_sent(connection: AsyncConnection, topic: str) -> Sequence[bytes]:
    """All messages that were sent to this topic, in their order."""
    asked = select(outbox.c.value).where(outbox.c.topic == topic, outbox.c.sent_at.is_not(None))
    return (await connection.execute(asked.order_by(outbox.c.number))).scalars().all()


async def mark_sent(connection: AsyncConnection, numbers: Sequence[int], now: datetime) -> None:
    """Note that these were sent."""
    await connection.execute(update(outbox).where(outbox.c.number.in_(numbers)).values(sent_at=now))
