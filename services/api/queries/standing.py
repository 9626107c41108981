"""How far the read model is, and what became of all that was received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.topics import JOURNAL
from services.api.ports import JournalEnd
from services.projector.tables import fates, positions


@dataclass(frozen=True, slots=True)
class Held:
    """A record at which a partition is held: it failed twice, and waits for a person."""

    offset: int | None
    event_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Fates:
    """Records by what became of them. `read` counts those that stand in the read model."""

    read: int
    accepted: int
    duplicate: int
    refused: int
    parked: int
    dead_letter: int

    @property
    def adds_up(self) -> bool:
        """Whether each record ended as exactly one of them."""
        ended = self.accepted + self.duplicate + self.refused + self.parked + self.dead_letter
        return self.read == ended


@dataclass(frozen=True, slots=True)
class PartitionStanding:
    """One partition of the journal, as far as the read model has it."""

    topic: str
    partition: int
    next_offset: int
    last_offset: int | None
    last_event_time: datetime | None
    held: Held | None
    fates: Fates
    in_flight: int | None
    """Journal offsets not yet read, which bounds the records from above; None: nobody knows."""
    received: int | None
    """What was read and what is in flight; None where the latter is unknown."""
    adds_up: bool
    """False too where the journal ends before what was read of it: it is another journal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All partitions together."""

    partitions: tuple[PartitionStanding, ...]
    fates: Fates
    in_flight: int | None
    received: int | None
    last_event_time: datetime | None
    """The latest time of an event that stands in the read model."""
    holds: int
    adds_up: bool


async def standing(conn: AsyncConnection, ends: Mapping[int, JournalEnd] | None = None) -> Standing:
    """Where the read model stands.

    `ends` says where each partition of the journal ends; None where nobody knows.
    """
    counted = {row.partition: row for row in await conn.execute(select(fates))}
    read: list[PartitionStanding] = []
    query = select(positions).order_by(positions.c.topic, positions.c.partition)
    for row in await conn.execute(query):
        of_it = counted.pop(row.partition, None)
        known = Fates(*of_it[1:]) if of_it is not None else Fates(0, 0, 0, 0, 0, 0)
        end = None if ends is None else ends.get(row.partition)
        in_flight = None if end is None else _unread(end, row.next_offset)
        held = None
        if row.held_offset is not None:
            held = Held(row.held_offset, row.held_event_id, row.held_error)
        read.append(
            PartitionStanding(
                row.topic,
                row.partition,
                row.next_offset,
                row.last_offset,
                row.last_event_time,
                held,
                known,
                in_flight,
                None if in_flight is None else known.read + in_flight,
                known.adds_up and (in_flight is None or in_flight >= 0),
            )
        )
    seen = {each.partition for each in read}
    unseen = sorted(({} if ends is None else ends).items())
    read += [_not_begun(partition, end) for partition, end in unseen if partition not in seen]
    return _in_all(read)


def _not_begun(partition: int, end: JournalEnd) -> PartitionStanding:
    """A partition of which nothing was read: all of it is in flight."""
    nothing = Fates(0, 0, 0, 0, 0, 0)
    return PartitionStanding(
        JOURNAL, partition, 0, None, None, None, nothing, end.last, end.last, adds_up=True
    )


def _unread(end: JournalEnd, next_offset: int) -> int:
    """How far it is to the last record; below zero where more was read than there is."""
    if end.last <= next_offset <= end.end:
        return 0
    return (end.last if next_offset < end.last else end.end) - next_offset


async def mark(conn: AsyncConnection) -> str:
    """What changes whenever anything in the read model does: how far each partition is in it."""
    columns = (
        positions.c.topic,
        positions.c.partition,
        positions.c.generation,
        positions.c.next_offset,
    )
    rows = await conn.execute(select(*columns).order_by(*columns[:2]))
    return ";".join("/".join(map(str, row)) for row in rows)


def _in_all(read: list[PartitionStanding]) -> Standing:
    sums = Fates(
        sum(each.fates.read for each in read),
        sum(each.fates.accepted for each in read),
        sum(each.fates.duplicate for each in read),
        sum(each.fates.refused for each in read),
        sum(each.fates.parked for each in read),
        sum(each.fates.dead_letter for each in read),
    )
    waiting = [each.in_flight for each in read if each.in_flight is not None]
    in_flight = sum(waiting) if read and len(waiting) == len(read) else None
    times = [each.last_event_time for each in read if each.last_event_time is not None]
    return Standing(
        tuple(read),
        sums,
        in_flight,
        None if in_flight is None else sums.read + in_flight,
        max(times, default=None),
        sum(each.held is not None for each in read),
        all(each.adds_up for each in read),
    )
