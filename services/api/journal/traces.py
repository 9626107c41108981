"""The trace of an event, a grant, a convention, an act or a payment order.

Its records are found by the names that they mention (`NAMES`); `services.trace` makes the trace of
their bytes, as `ecluse trace` does. There is a limit to how many one request reads.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Any, Final, TypeVar

from sqlalchemy import CompoundSelect, Select, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import Event
from events.fiscal_years import FiscalYearClosed
from events.follow_up import RecordReviewed
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.grants.conventions import Want
from services.api.journal.entries import CommitmentEntry
from services.api.journal.records import Moved, OrderSnapshot, Source, decision_of
from services.api.queries.rows import Entities, FreeText, Name, mask_text, same, visible
from services.api.queries.verdicts import Verdict
from services.ledger.domain.awaited import AwaitedItem
from services.ledger.domain.journal import read_record
from services.projector.tables import journal, mentions, parked, reviews
from services.trace import trace as journal_trace
from services.trace.entries import Entry, Place, entry_of
from services.trace.search import Search, with_causes

RECORDS_MAX: Final = 20_000
"""Records read for one trace, at most: some seconds of work."""

NAMES: Final = (
    mentions.c.id,
    journal.c.event_id,
    journal.c.grant_ref,
    journal.c.convention,
    journal.c.payment_order,
)
"""Columns with the names under which a record is found; each has an index."""

Result = TypeVar("Result")


class TooLong(Exception):
    """The trace has more records than a request may read."""

    def __init__(self, records: int) -> None:
        super().__init__(f"{records} records")
        self.records = records


@dataclass(frozen=True, slots=True)
class Review:
    """A person's review of a record, or the note of a dead letter that was sent again."""

    chain: str | None
    """`_dead.<partition>` of a dead letter; None of a record of the budget."""
    sequence: int
    reviewed_by: FreeText | None
    reviewed_on: date
    comment: FreeText | None


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record of a trace, with its moves, entries, orders and flags that belong to it."""

    budget: str
    sequence: int
    source: Source
    event_id: Name
    event_source: Name
    event_type: str
    event_time: str
    """With the offset that its sender gave it."""
    traceparent: Name | None
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
    review: Review | None = None


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
    """A trace: the kinds of its reference, its records, everything still to come."""

    ref: Name
    kinds: tuple[str, ...]
    records: tuple[TracedRecord, ...]
    awaited: tuple[StillAwaited, ...]


async def find_trace(
    conn: AsyncConnection, entities: Entities, ref: str, *, budget: str | None = None
) -> Trace | None:
    """The trace of what is called `ref`; None where the caller sees nothing of that name.

    Raises:
        TooLong: there are too many records to read.
    """
    search = Search(ref, budget)
    named = await _budgets.rows(conn, entities=entities, ids=search.ids, budget=budget)
    search.budgets |= {each["budget"] for each in named}
    read: dict[Place, Entry] = {}
    while True:
        wanted = await _places(conn, entities, search)
        if len(wanted) > RECORDS_MAX:
            raise TooLong(len(wanted))
        rows = await _rows(conn, wanted - read.keys())
        if not await run_to_end(partial(_add_records, search, read, rows)):
            break
    if not search.index.budgets_by_kind:
        return None
    return await run_to_end(partial(_trace, search))


async def run_to_end(work: Callable[[], Result]) -> Result:
    """Run in a thread and wait for its end, if cancelled too: a thread runs on, and is counted."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


@PreparedQuery
def _budgets(
    entities: Parameters | None, ids: Parameters, budget: Parameter | None
) -> CompoundSelect[Any]:
    """The budgets in which a record mentions one of these names."""
    return union(
        *(
            select(name.table.c.budget)
            .where(visible(name.table.c.budget, entities), name.in_(ids))
            .where(*same(name.table, budget=budget))
            for name in NAMES
        )
    )


@PreparedQuery
def _mentioning(
    entities: Parameters | None, ids: Parameters, budgets: Parameters
) -> CompoundSelect[Any]:
    """The records that mention one of these names, and those that close a year."""
    found = [
        select(name.table.c.budget, name.table.c.sequence).where(
            visible(name.table.c.budget, entities),
            name.in_(ids),
            name.table.c.budget.in_(budgets),
        )
        for name in NAMES
    ]
    closings = select(journal.c.budget, journal.c.sequence).where(
        visible(journal.c.budget, entities),
        journal.c.budget.in_(budgets),
        journal.c.event_type == FiscalYearClosed.TYPE,
    )
    return union(*found, closings)


@PreparedQuery
def _select_resumed(entities: Parameters | None, budgets: Parameters) -> Select[Any]:
    return select(parked.c.budget, parked.c.ended_sequence, parked.c.sequence).where(
        visible(parked.c.budget, entities),
        parked.c.budget.in_(budgets),
        parked.c.ended_sequence.is_not(None),
    )


@PreparedQuery
def _reviewing(entities: Parameters | None, budgets: Parameters) -> Select[Any]:
    """The reviews of records of these budgets."""
    return select(reviews.c.budget, reviews.c.sequence, reviews.c.reviewed_sequence).where(
        visible(reviews.c.budget, entities),
        reviews.c.budget.in_(budgets),
        reviews.c.chain == reviews.c.budget,
    )


async def _places(conn: AsyncConnection, entities: Entities, search: Search) -> set[Place]:
    """All records that a search needs.

    That is what mentions a name, wakes or is woken, closings, and reviews of these.
    """
    asked = {"entities": entities, "budgets": search.budgets}
    found = await _mentioning.rows(conn, **asked, ids=search.ids)
    first_of = {
        (row["budget"], row["ended_sequence"]): row["sequence"]
        for row in await _select_resumed.rows(conn, **asked)
    }
    places = with_causes({(row["budget"], row["sequence"]) for row in found}, first_of)
    return places | {
        (row["budget"], row["sequence"])
        for row in await _reviewing.rows(conn, **asked)
        if (row["budget"], row["reviewed_sequence"]) in places
    }


async def _rows(conn: AsyncConnection, places: Collection[Place]) -> list[bytes]:
    """The bytes of records, budget by budget."""
    rows: list[bytes] = []
    for budget in {budget for budget, _ in places}:
        sequences = [sequence for name, sequence in places if name == budget]
        query = select(journal.c.record).where(
            journal.c.budget == budget, journal.c.sequence.in_(sequences)
        )
        rows += [bytes(row.record) for row in await conn.execute(query)]
    return rows


def _add_records(search: Search, read: dict[Place, Entry], rows: Iterable[bytes]) -> bool:
    """Take the records that were found; whether there may be more."""
    for raw in rows:
        found = entry_of(read_record(raw), raw)
        read[found.place] = found
    return search.add(read.values())


def _trace(search: Search) -> Trace:
    """The trace, and everything that it still awaits."""
    trace = search.trace
    trace.records.sort(key=attrgetter("place"))
    return Trace(
        trace.ref,
        tuple(kind.value for kind in trace.kinds),
        tuple(_record(each, trace) for each in trace.records),
        tuple(_convert_awaited(budget, each) for budget, each in search.list_awaited()),
    )


def _record(traced: journal_trace.TraceRecord, trace: journal_trace.Trace) -> TracedRecord:
    record, envelope = traced.record, traced.envelope
    return TracedRecord(
        budget=record.budget,
        sequence=record.sequence,
        source=Source(*record.source),
        event_id=envelope.id,
        event_source=envelope.source,
        event_type=envelope.type,
        event_time=envelope.time.isoformat(),
        traceparent=envelope.traceparent,
        outcome=record.outcome.value,
        resumes=record.resumes,
        woken_by=traced.woken_by,
        woke=tuple(trace.woke.get(traced.place, ())),
        **decision_of(record, traced.flags, traced.moves, traced.entries, traced.orders),
        review=_review(envelope.data),
    )


def _review(event: Event) -> Review | None:
    """The review that an event is; None of any other."""
    if not isinstance(event, RecordReviewed):
        return None
    return Review(
        event.chain,
        event.sequence,
        mask_text(event.reviewed_by),
        event.reviewed_on,
        mask_text(event.comment),
    )


def _convert_awaited(budget: str, each: AwaitedItem) -> StillAwaited:
    return StillAwaited(
        budget,
        each.subject,
        each.id,
        each.convention,
        each.amount_cents,
        each.due_on,
        tuple(Want(want.kind, want.id) for want in each.waits_for),
    )
