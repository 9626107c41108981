"""The end of the journal in the read model, and the outcomes between two positions."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, Prepared
from services.api.journal.records import RecordDetail, detail_of
from services.api.outcomes.position import Position
from services.api.queries.rows import Entities, same, visible
from services.projector.tables import journal, positions

RECORDS_MAX: Final = 200
"""Records that one page holds: each may have a megabyte."""

SPAN: Final = 5_000
"""Offsets that one query passes: where few records are asked for, an index gives all of them."""

RECORD: Final = TypeAdapter(RecordDetail)


class Outcome(NamedTuple):
    """The outcome of one record: its JSON, and the position behind it."""

    key: str
    """`<budget>/<sequence>`, which names the record for ever."""
    position: Position
    event_time: datetime | None
    """Of a dead letter none."""
    content: bytes


class Page(NamedTuple):
    """Outcomes in the order of each partition, and the position behind all that was passed."""

    outcomes: tuple[Outcome, ...]
    position: Position


async def end_of_journal(conn: AsyncConnection) -> Position:
    """The position behind all that the read model has."""
    rows = await _ends.rows(conn)
    return Position.of((row["partition"], row["next_offset"]) for row in rows)


async def page(
    conn: AsyncConnection, entities: Entities, budget: str | None, after: Position, end: Position
) -> Page:
    """The next outcomes after a position and before another, of a budget or of all.

    It may hold none although some follow: then its position has moved on.
    """
    outcomes: list[Outcome] = []
    position = after
    for partition, first, last in after.behind(end):
        left = RECORDS_MAX - len(outcomes)
        if left == 0:
            break
        until = min(last, first + SPAN)
        rows = await _between.rows(
            conn,
            entities=entities,
            budget=budget,
            partition=partition,
            first=first,
            until=until,
            limit=left,
        )
        for row in rows:
            position = position.moved(partition, row["journal_offset"] + 1)
            key = f"{row['budget']}/{row['sequence']}"
            content = RECORD.dump_json(detail_of(row))
            outcomes.append(Outcome(key, position, row["event_time"], content))
        if len(rows) < left:
            position = position.moved(partition, until)
    return Page(tuple(outcomes), position)


@Prepared
def _ends() -> Select[Any]:
    return select(positions.c.partition, positions.c.next_offset)


@Prepared
def _between(
    entities: Parameters | None,
    budget: Parameter | None,
    partition: Parameter,
    first: Parameter,
    until: Parameter,
    limit: Parameter,
) -> Select[Any]:
    return (
        select(journal)
        .where(visible(journal.c.budget, entities), journal.c.partition == partition)
        .where(journal.c.journal_offset >= first, journal.c.journal_offset < until)
        .where(*same(journal, budget=budget))
        .order_by(journal.c.journal_offset)
        .limit(limit)
    )
