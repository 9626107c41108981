"""Outcomes of an event: all that was ever received under its id."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.journal.records import RecordDetail, record_detail
from services.api.queries.figures import same
from services.api.queries.rows import Entities, Name, visible
from services.projector.tables import journal

REPEATS = frozenset({"duplicate"})
REUSED = "event_id_reused"


@dataclass(frozen=True, slots=True)
class Identity:
    """An event: budget, source and id. Its outcome is the latest, repeats left aside."""

    budget: str
    event_source: Name
    event_id: Name
    outcome: str
    records: tuple[RecordDetail, ...]
    """All its records in order: of a parked one two, repeats and reuses of its id too."""


async def outcomes(
    conn: AsyncConnection,
    entities: Entities,
    event_id: str,
    *,
    budget: str | None = None,
    source: str | None = None,
) -> tuple[Identity, ...]:
    """Outcomes of every event of that id, by budget and source; empty where none is seen."""
    query = select(journal).where(
        visible(journal.c.budget, entities), journal.c.event_id == event_id
    )
    query = query.where(*same(journal, budget=budget, event_source=source)).order_by(
        journal.c.budget, journal.c.sequence
    )
    found: dict[tuple[str, str], list[RecordDetail]] = {}
    for row in (await conn.execute(query)).mappings():
        key = (row["budget"], row["event_source"] or "")
        found.setdefault(key, []).append(record_detail(row))
    return tuple(
        Identity(of_budget, source, event_id, _latest(records).outcome, tuple(records))
        for (of_budget, source), records in sorted(found.items())
    )


def _latest(records: list[RecordDetail]) -> RecordDetail:
    """The record that says what became of the event itself."""
    own = [each for each in records if not _is_repeat(each)]
    return (own or records)[-1]


def _is_repeat(record: RecordDetail) -> bool:
    reused = record.refusal is not None and record.refusal.code == REUSED
    return record.outcome in REPEATS or reused
