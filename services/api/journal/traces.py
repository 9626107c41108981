"""The trace of an event, a grant, a convention, an act or a payment order.

`services.trace.trace` tells it from the journal's own bytes, as `ecluse trace` does. All records
of the budgets concerned are read for that, so there is a limit.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, RowMapping, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.codec import reread
from events.envelope import Envelope, Event
from services.api.grants.conventions import Want
from services.api.journal.entries import CommitmentEntry
from services.api.journal.records import (
    Moved,
    OrderSnapshot,
    Source,
    entry,
    moved,
    order_snapshot,
)
from services.api.queries.rows import Entities, Name, visible
from services.api.queries.verdicts import Verdict, flag_verdict, refusal_verdict, wait_verdict
from services.ledger.application.restore import Folding
from services.ledger.domain.awaited import Awaited
from services.ledger.domain.journal import JournalRecord, read_record
from services.projector.tables import acts, journal
from services.trace.event_references import order_parts
from services.trace.index import Index
from services.trace.trace import Story, Told

RECORDS_MAX: Final = 20_000
"""Records that are read for one trace: some seconds of work."""

Result = TypeVar("Result")


class TooLong(Exception):
    """The budgets of the trace have more records than a request may read."""

    def __init__(self, records: int) -> None:
        super().__init__(f"{records} records")
        self.records = records


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record of a trace, with its part of it, and the parked events that it resumed."""

    budget: str
    sequence: int
    source: Source
    event_id: Name
    event_source: Name
    event_type: str
    event_time: str
    """With the offset that its sender gave it."""
    outcome: str
    resumes: int | None
    woken_by: int | None
    woke: tuple[int, ...]
    refusal: Verdict | None
    waits_for: Verdict | None
    review_flags: tuple[Verdict, ...]
    moves: tuple[Moved, ...]
    commitment_entries: tuple[CommitmentEntry, ...]
    payment_orders: tuple[OrderSnapshot, ...]


@dataclass(frozen=True, slots=True)
class StillAwaited:
    """Something that is still to come, and what it waits for."""

    budget: str
    subject: str
    """grant, instalment, payment_order, recovery, obligation or event."""
    id: Name
    convention: Name | None
    amount_cents: int | None
    due_on: date | None
    waits_for: tuple[Want, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace: the kinds of its reference, its records, what is still to come."""

    ref: Name
    kinds: tuple[str, ...]
    records: tuple[TracedRecord, ...]
    awaited: tuple[StillAwaited, ...]


async def traced(
    conn: AsyncConnection, entities: Entities, ref: str, *, budget: str | None = None
) -> Trace | None:
    """The trace of `ref`; None where the caller sees nothing of that name.

    Raises:
        TooLong: there are too many records to read.
    """
    named = await _budgets_that_name(conn, entities, ref)
    wanted = [each for each in named if budget in {None, each}]
    index = Index(ref, budget)
    read: dict[str, list[JournalRecord]] = {}
    while wanted:
        count = await records_of(conn, entities, [*read, *wanted])
        if count > RECORDS_MAX:
            raise TooLong(count)
        for each in wanted:
            rows = await _rows(conn, entities, each)
            read[each] = await _to_its_end(partial(_read, index, rows))
        wanted = [each for each in index.missing() if each not in read]
    if not index.found:
        return None
    return await _to_its_end(partial(_trace, index, read))


async def _to_its_end(work: Callable[[], Result]) -> Result:
    """Result of a thread. Whoever gives up waits too: a thread works on, and is counted."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


async def _budgets_that_name(conn: AsyncConnection, entities: Entities, ref: str) -> list[str]:
    convention = order_parts(ref).convention
    named = or_(
        journal.c.event_id == ref,
        journal.c.grant_ref == ref,
        journal.c.convention.in_({ref, convention}),
        journal.c.payment_order == ref,
    )
    query = (
        select(journal.c.budget)
        .where(visible(journal.c.budget, entities), named)
        .union(select(acts.c.budget).where(visible(acts.c.budget, entities), acts.c.number == ref))
    )
    return sorted(row.budget for row in await conn.execute(query))


async def records_of(conn: AsyncConnection, entities: Entities, names: Sequence[str]) -> int:
    """Number of records of these budgets that the caller may see."""
    seen = visible(journal.c.budget, entities)
    query = select(func.count()).where(seen, journal.c.budget.in_(names))
    return await conn.scalar(query) or 0


async def _rows(conn: AsyncConnection, entities: Entities, budget: str) -> Sequence[RowMapping]:
    seen: ColumnElement[bool] = visible(journal.c.budget, entities)
    query = (
        select(journal.c.record)
        .where(seen, journal.c.budget == budget)
        .order_by(journal.c.sequence)
    )
    return (await conn.execute(query)).mappings().all()


def _read(index: Index, rows: Iterable[RowMapping]) -> list[JournalRecord]:
    """The records of one chain, in order; the index observes each."""
    records = []
    for row in rows:
        record = read_record(bytes(row["record"]))
        index.hear(record, _envelope(record).data)
        records.append(record)
    return records


def _trace(index: Index, read: dict[str, list[JournalRecord]]) -> Trace:
    """The trace, and what the ledger still awaits after these records."""
    story, folding = index.story(), Folding(forgets=False)
    for budget in story.budgets:
        for record in read.get(budget, ()):
            received = folding.apply(record)
            assert received is not None, "a budget's records could be read"
            story.hear(record, received.envelope)
    story.told.sort(key=attrgetter("place"))
    return Trace(
        story.ref,
        tuple(kind.value for kind in story.kinds),
        tuple(_record(each, story) for each in story.told),
        tuple(_awaited(budget, each) for budget, each in story.awaited(folding.budgets)),
    )


def _envelope(record: JournalRecord) -> Envelope[Event]:
    return reread(record.event or b"").envelope


def _record(told: Told, story: Story) -> TracedRecord:
    record, envelope = told.record, told.envelope
    refusal, waits = record.refusal, record.waits_for
    return TracedRecord(
        record.budget,
        record.sequence,
        Source(*record.source),
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.time.isoformat(),
        record.outcome.value,
        record.resumes,
        told.woken_by,
        tuple(story.woke.get(told.place, ())),
        None if refusal is None else refusal_verdict(refusal["code"], refusal["facts"]),
        None if waits is None else wait_verdict(waits["kind"], waits["id"]),
        tuple(flag_verdict(each["code"], each["facts"]) for each in told.flags),
        tuple(moved(each) for each in told.moves),
        tuple(_entry(record, each) for each in told.entries),
        tuple(order_snapshot(each) for each in told.orders),
    )


def _entry(record: JournalRecord, row: dict[str, object]) -> CommitmentEntry:
    item = next(at for at, each in enumerate(record.commitment_entries, 1) if each is row)
    return entry(record, item, row)


def _awaited(budget: str, each: Awaited) -> StillAwaited:
    return StillAwaited(
        budget,
        each.subject,
        each.id,
        each.convention,
        each.amount_cents,
        each.due_on,
        tuple(Want(want.kind, want.id) for want in each.waits_for),
    )
