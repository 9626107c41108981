"""Refusals, parked events, dead letters; and their numbers by reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.queries.figures import same
from services.api.queries.rows import Entities, Name, behind, shown, visible
from services.api.queries.verdicts import (
    Verdict,
    dead_letter_verdict,
    refusal_verdict,
    wait_verdict,
)
from services.projector.tables import dead_letters, parked, refusals

NEWEST: Final = ("event_time", "budget", "sequence")
"""Refused and parked events are read from the newest on; the rest of the key parts equals."""


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that was refused, and what to do."""

    budget: str
    sequence: int
    event_id: Name
    event_source: Name
    event_type: str
    event_time: datetime
    refusal: Verdict


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that waits for another, or waited until the record `ended_sequence`."""

    budget: str
    sequence: int
    event_id: Name
    event_source: Name
    event_type: str
    event_time: datetime
    waits_for_kind: str
    waits_for_id: Name | None
    wait: Verdict
    ended_sequence: int | None
    ended_outcome: str | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be read: where it stands, and why. `chain` is `_dead.<partition>`."""

    chain: str
    sequence: int
    source_topic: str
    source_partition: int
    source_offset: int
    reason: str
    event_sha256: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ByReason:
    """Number of events of one reason."""

    code: str
    count: int


async def refused(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    code: str | None = None,
    event_type: str | None = None,
    after: tuple[datetime, str, int] | None = None,
    limit: int | None = None,
) -> list[RefusedEvent]:
    """Refused events, the newest first."""
    query = _newest(refusals, entities, after, limit)
    query = query.where(*same(refusals, budget=budget, code=code, event_type=event_type))
    return [
        RefusedEvent(*_event(row), refusal_verdict(row["code"], row["facts"]))
        for row in (await conn.execute(query)).mappings()
    ]


async def waiting_events(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    kind: str | None = None,
    ended: bool = False,
    after: tuple[datetime, str, int] | None = None,
    limit: int | None = None,
) -> list[WaitingEvent]:
    """Events that wait, the newest first; with `ended` those that wait no more."""
    query = _newest(parked, entities, after, limit).where(_has_ended(ended))
    query = query.where(*same(parked, budget=budget, waits_for_kind=kind))
    return [_parked(row) for row in (await conn.execute(query)).mappings()]


async def unreadable(
    conn: AsyncConnection,
    entities: Entities,
    *,
    code: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int | None = None,
) -> list[DeadLetter]:
    """Dead letters by chain and number. They name no entity: who may not see all sees none."""
    key = (dead_letters.c.budget, dead_letters.c.sequence)
    query = select(dead_letters).where(visible(dead_letters.c.budget, entities), behind(key, after))
    query = query.where(*same(dead_letters, code=code))
    rows = (await conn.execute(query.order_by(*key).limit(limit))).mappings()
    return [_dead_letter(row) for row in rows]


async def one_dead_letter(
    conn: AsyncConnection, entities: Entities, chain: str, sequence: int
) -> DeadLetter | None:
    """One dead letter; None where the caller can see none."""
    query = select(dead_letters).where(
        visible(dead_letters.c.budget, entities),
        dead_letters.c.budget == chain,
        dead_letters.c.sequence == sequence,
    )
    row = (await conn.execute(query)).mappings().first()
    return None if row is None else _dead_letter(row)


async def refusals_by_code(conn: AsyncConnection, entities: Entities) -> list[ByReason]:
    """Number of refused events by code, the most frequent first."""
    return await _counted(conn, refusals.c.code, visible(refusals.c.budget, entities))


async def parked_by_kind(conn: AsyncConnection, entities: Entities) -> list[ByReason]:
    """Number of parked events by what they wait for, the most frequent first."""
    condition = visible(parked.c.budget, entities) & _has_ended(ended=False)
    return await _counted(conn, parked.c.waits_for_kind, condition)


async def dead_letters_by_code(conn: AsyncConnection, entities: Entities) -> list[ByReason]:
    """Number of dead letters by code, the most frequent first."""
    seen = visible(dead_letters.c.budget, entities)
    return await _counted(conn, dead_letters.c.code, seen)


async def _counted(
    conn: AsyncConnection, code: ColumnElement[str], condition: ColumnElement[bool]
) -> list[ByReason]:
    count = func.count().label("count")
    query = select(code, count).where(condition).group_by(code).order_by(count.desc(), code)
    return [ByReason(*row) for row in await conn.execute(query)]


def _newest(
    table: Table, entities: Entities, after: tuple[Any, ...] | None, limit: int | None
) -> Select[Any]:
    key = [table.c[name] for name in NEWEST]
    return (
        select(table)
        .where(visible(table.c.budget, entities), behind(key, after, descending=True))
        .order_by(*(column.desc() for column in key))
        .limit(limit)
    )


def _has_ended(ended: bool) -> ColumnElement[bool]:
    column = parked.c.ended_sequence
    return column.is_not(None) if ended else column.is_(None)


def _event(row: RowMapping) -> tuple[str, int, str, str, str, datetime]:
    return (
        row["budget"],
        row["sequence"],
        row["event_id"],
        row["event_source"],
        row["event_type"],
        row["event_time"],
    )


def _parked(row: RowMapping) -> WaitingEvent:
    kind, name = row["waits_for_kind"], row["waits_for_id"]
    wait = wait_verdict(kind, name)
    return WaitingEvent(*_event(row), kind, name, wait, row["ended_sequence"], row["ended_outcome"])


def _dead_letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(
        row["budget"],
        row["sequence"],
        row["source_topic"],
        row["source_partition"],
        row["source_offset"],
        shown(row["reason"]) or "",
        row["event_sha256"],
        dead_letter_verdict(row["reason"], row["facts"]),
    )
