"""Status of the read model, and the outcomes of all that the ledger has decided.

A caller of all entities gets the counts of the projector. A caller of some gets those of their
budgets alone: what names no budget (dead letters, unread records, positions in the journal) is
unknown to them, and never 0. So is to everybody what waits before the ledger: a watch tells of it.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.topics import JOURNAL
from services.api.adapters.ports import JournalEnd
from services.api.queries.rows import Entities, mask_text, visible
from services.lag.judge.model import total
from services.lag.present.headline import Reading
from services.projector.tables import journal, outcomes, positions


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record at which a partition is held: it failed twice, and waits for a person."""

    offset: int | None
    event_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Records by what became of them. `read` counts those that stand in the read model.

    A parked one that was decided later counts once, by what it became.
    """

    read: int
    accepted: int
    duplicate: int
    refused: int
    parked: int
    dead_letter: int | None
    """None where nobody can say whose they are: they name no budget."""

    @property
    def adds_up(self) -> bool:
        """True if each record ended as exactly one of them."""
        ended = self.accepted + self.duplicate + self.refused + self.parked
        return self.read == ended + (self.dead_letter or 0)


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One partition of the journal, as far as the read model has it."""

    topic: str
    partition: int
    next_offset: int | None
    """None for who sees some entities only: places in the journal count the records of all."""
    last_offset: int | None
    latest_event_time: datetime | None
    """The latest that a sender wrote into an event that was read; the last may be dated earlier."""
    held: HeldRecord | None
    """For who sees some entities only, all in it is null: the record may be another's."""
    outcomes: OutcomeCounts
    unread: int | None
    """Journal offsets not yet read, which bounds the records from above; None: nobody knows."""
    decided: int | None
    """Records that were read, and those that are not yet; None where the latter is unknown."""
    adds_up: bool
    """False too where the journal ends before what was read of it: it is another journal."""


@dataclass(frozen=True, slots=True)
class ReadModelStatus:
    """All partitions together."""

    partitions: tuple[PartitionStatus, ...]
    outcomes: OutcomeCounts
    unread: int | None
    decided: int | None
    """Records of the journal: all that the ledger has decided, and nothing that waits before it."""
    has_all_decided: bool | None
    """True if the journal is read to its end, of all entities; None where nobody knows its end."""
    latest_event_time: datetime | None
    """The latest time of an event that stands in the read model, as its sender wrote it."""
    holds: int
    adds_up: bool

    def reading(self, *, sees_all: bool) -> Reading:
        """The same as the headline takes it."""
        return Reading(
            self.outcomes.read if sees_all else None,
            self.unread,
            self.has_all_decided,
            self.adds_up and not self.holds,
            self.latest_event_time,
            self.outcomes.read == 0,
        )


NOTHING: Final = OutcomeCounts(0, 0, 0, 0, 0, 0)
NOT_SHOWN: Final = HeldRecord(None, None, None)


async def read_model_status(
    conn: AsyncConnection,
    entities: Entities,
    ends: Mapping[int, JournalEnd] | None = None,
) -> ReadModelStatus:
    """Status of the read model, as far as the caller's entities go.

    `ends` says where each partition of the journal ends; None where nobody knows.
    """
    read = await _partitions(conn, ends)
    unread = [each.unread for each in read]
    has_all = None if None in unread or not read else not any(unread)
    if entities is None:
        return _add_up(read, has_all)
    own = await _count_by_partition(conn, entities)
    return _add_up([_as_seen(each, own) for each in read], has_all)


async def _partitions(
    conn: AsyncConnection, ends: Mapping[int, JournalEnd] | None
) -> list[PartitionStatus]:
    # Positions first, as every question: the switch to a read model made again locks them first.
    query = select(positions).order_by(positions.c.topic, positions.c.partition)
    rows = (await conn.execute(query)).all()
    counted = {
        row.partition: OutcomeCounts(*row[1:]) for row in await conn.execute(select(outcomes))
    }
    read = [
        _partition(row, counted.get(row.partition, NOTHING), (ends or {}).get(row.partition))
        for row in rows
    ]
    seen = {each.partition for each in read}
    unseen = sorted((ends or {}).items())
    return read + [_not_begun(partition, end) for partition, end in unseen if partition not in seen]


def _partition(row: Any, known: OutcomeCounts, end: JournalEnd | None) -> PartitionStatus:
    unread = None if end is None else _unread(end, row.next_offset)
    held = None
    if row.held_offset is not None:
        # An error repeats what it choked on.
        held = HeldRecord(row.held_offset, mask_text(row.held_event_id), mask_text(row.held_error))
    return PartitionStatus(
        row.topic,
        row.partition,
        row.next_offset,
        row.last_offset,
        row.latest_event_time,
        held,
        known,
        unread,
        None if unread is None else known.read + unread,
        known.adds_up and (unread is None or unread >= 0),
    )


async def _count_by_partition(
    conn: AsyncConnection, entities: Entities
) -> dict[int, tuple[OutcomeCounts, datetime | None]]:
    """Counts of the records of the caller's budgets, and their latest time, by partition."""

    def count_outcome(outcome: str) -> ColumnElement[int]:
        return func.count().filter(journal.c.outcome == outcome)

    # A record that ends the wait of another takes its place.
    resumed = func.count(journal.c.resumes)
    counts = (
        func.count() - resumed,
        count_outcome("accepted"),
        count_outcome("duplicate"),
        count_outcome("refused"),
        count_outcome("parked") - resumed,
        null(),
    )
    query = (
        select(journal.c.partition, func.max(journal.c.event_time), *counts)
        .where(visible(journal.c.budget, entities))
        .group_by(journal.c.partition)
    )
    return {
        partition: (OutcomeCounts(*counted), latest)
        for partition, latest, *counted in await conn.execute(query)
    }


def _as_seen(
    each: PartitionStatus, own: Mapping[int, tuple[OutcomeCounts, datetime | None]]
) -> PartitionStatus:
    """A partition for who sees some entities: that it is held, or adds up, concerns them too."""
    counted, latest = own.get(each.partition, (replace(NOTHING, dead_letter=None), None))
    return PartitionStatus(
        each.topic,
        each.partition,
        next_offset=None,
        last_offset=None,
        latest_event_time=latest,
        held=each.held and NOT_SHOWN,
        outcomes=counted,
        unread=None,
        decided=None,
        adds_up=each.adds_up and counted.adds_up,
    )


def _not_begun(partition: int, end: JournalEnd) -> PartitionStatus:
    """A partition of which nothing was read."""
    return PartitionStatus(
        JOURNAL, partition, 0, None, None, None, NOTHING, end.last, end.last, adds_up=True
    )


def _unread(end: JournalEnd, next_offset: int) -> int:
    """Distance to the last record; below zero where more was read than there is."""
    if end.last <= next_offset <= end.end:
        return 0
    return (end.last if next_offset < end.last else end.end) - next_offset


def _add_up(read: list[PartitionStatus], has_all_decided: bool | None) -> ReadModelStatus:
    counts = [astuple(NOTHING), *(astuple(each.outcomes) for each in read)]
    # Of dead letters alone the count may be unknown.
    sums = OutcomeCounts(*map(total, zip(*counts, strict=True)))  # type: ignore[arg-type]
    unread = total(each.unread for each in read)
    times = [each.latest_event_time for each in read if each.latest_event_time is not None]
    return ReadModelStatus(
        tuple(read),
        sums,
        unread,
        None if unread is None else sums.read + unread,
        has_all_decided,
        max(times, default=None),
        sum(each.held is not None for each in read),
        all(each.adds_up for each in read),
    )
