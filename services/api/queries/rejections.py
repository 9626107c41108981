"""Refusals, parked events, dead letters, review flags; and their numbers by reason."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Table,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import Label

from services.api.queries.rows import (
    Entities,
    FreeText,
    Name,
    first_row,
    make_each,
    mask_text,
    page_rows,
    record_of,
    row_as,
    same,
    visible,
)
from services.api.queries.verdicts import (
    Verdict,
    dead_letter_verdict,
    flag_verdict,
    refusal_verdict,
    wait_verdict,
)
from services.due.deadline_events import WATCH
from services.ledger.domain.journal import Source
from services.projector.tables import (
    conventions,
    dead_letters,
    grants,
    journal,
    parked,
    refusals,
    review_flags,
    reviews,
)

REASONS: Final[dict[str, Column[Any]]] = {
    "refused": refusals.c.code,
    "parked": parked.c.waits_for_kind,
    "unreadable": dead_letters.c.code,
    "flagged": review_flags.c.code,
}
"""By list, the column of its reasons."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The record that settled something: a later one, or the review by a person."""

    budget: str
    sequence: int
    reviewed_by: FreeText | None
    """None of a later record about the same thing."""
    reviewed_on: date | None
    comment: FreeText | None


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
    settled: Settled | None


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
    reason: FreeText
    event_sha256: str
    verdict: Verdict
    settled: Settled | None

    @property
    def source(self) -> Source:
        """The place where it was read."""
        return Source(self.source_topic, self.source_partition, self.source_offset)


@dataclass(frozen=True, slots=True)
class Flagged:
    """A review flag, with the event that raised it and the grant that it is about."""

    budget: str
    sequence: int
    item: int
    event_id: Name | None
    event_type: str | None
    event_time: datetime | None
    grant: Name | None
    beneficiary: FreeText | None
    verdict: Verdict
    settled: Settled | None


@dataclass(frozen=True, slots=True)
class ByReason:
    """Number of events of one reason."""

    code: str
    count: int


async def list_refused(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    code: str | None = None,
    event_type: str | None = None,
    settled: bool | None = None,
    after: tuple[datetime, str, int] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[RefusedEvent]:
    """Refused events, the newest first; of those settled or not, where it is asked."""
    key = (refusals.c.event_time, refusals.c.budget, refusals.c.sequence)
    query = with_reviews(select(refusals, *REVIEW), refusals, settled)
    query = query.where(visible(refusals.c.budget, entities))
    query = query.where(*same(refusals, budget=budget, code=code, event_type=event_type))
    rows = await page_rows(conn, query, key, after, limit, descending=True, backwards=backwards)
    return await make_each(rows, _read_refused)


async def list_waiting(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    sequence: int | None = None,
    kind: str | None = None,
    ended: bool = False,
    after: tuple[datetime, str, int] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[WaitingEvent]:
    """Events that wait, the newest first; with `ended` those that wait no more."""
    key = (parked.c.event_time, parked.c.budget, parked.c.sequence)
    query = select(parked).where(visible(parked.c.budget, entities), _has_ended(ended))
    query = query.where(*same(parked, budget=budget, sequence=sequence, waits_for_kind=kind))
    rows = await page_rows(conn, query, key, after, limit, descending=True, backwards=backwards)
    return await make_each(rows, _read_waiting)


async def list_unreadable(
    conn: AsyncConnection,
    entities: Entities,
    *,
    code: str | None = None,
    settled: bool | None = None,
    after: tuple[str, int] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[DeadLetter]:
    """Dead letters by chain, the newest first. They name no entity: who sees some sees none."""
    key = (dead_letters.c.budget, dead_letters.c.sequence)
    query = with_reviews(select(dead_letters, *REVIEW), dead_letters, settled)
    query = query.where(visible(dead_letters.c.budget, entities))
    query = query.where(*same(dead_letters, code=code))
    rows = await page_rows(conn, query, key, after, limit, descending=True, backwards=backwards)
    return await make_each(rows, _read_dead_letter)


async def list_flagged(
    conn: AsyncConnection,
    entities: Entities,
    *,
    code: str | None = None,
    settled: bool | None = None,
    after: tuple[str, int, int] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[Flagged]:
    """Review flags by budget, the newest record of each first."""
    key = (review_flags.c.budget, review_flags.c.sequence, review_flags.c.item)
    event = (journal.c.event_type, journal.c.event_time)
    grant = _grant(review_flags)
    same_grant = (grants.c.budget == review_flags.c.budget, grants.c.grant_ref == grant.element)
    whose = select(grants.c.beneficiary).where(*same_grant).scalar_subquery().label("beneficiary")
    query = with_reviews(select(review_flags, *event, grant, whose, *REVIEW), review_flags, settled)
    query = query.join(journal, record_of(review_flags))
    query = query.where(visible(review_flags.c.budget, entities), *same(review_flags, code=code))
    rows = await page_rows(conn, query, key, after, limit, descending=True, backwards=backwards)
    return await make_each(rows, _read_flagged)


async def one_dead_letter(
    conn: AsyncConnection, entities: Entities, chain: str, sequence: int
) -> DeadLetter | None:
    """One dead letter; None where the caller can see none."""
    query = with_reviews(select(dead_letters, *REVIEW), dead_letters, None).where(
        visible(dead_letters.c.budget, entities),
        dead_letters.c.budget == chain,
        dead_letters.c.sequence == sequence,
    )
    row = await first_row(conn, query)
    return None if row is None else _read_dead_letter(row)


async def find_accepted(
    conn: AsyncConnection,
    entities: Entities,
    names: Collection[tuple[str, str]],
    outcomes: Collection[str] = ("accepted",),
) -> dict[tuple[str, str], tuple[str, int]]:
    """By source and id of an event, a record that accepted it; of those that none did, nothing.

    Only ids are compared in the database, by their index.
    """
    query = select(
        journal.c.event_source, journal.c.event_id, journal.c.budget, journal.c.sequence
    ).where(
        visible(journal.c.budget, entities),
        journal.c.event_id.in_({event_id for _, event_id in names}),
        journal.c.outcome.in_(outcomes),
    )
    rows = (tuple(row) for row in await conn.execute(query))
    found = {(source, event_id): place for source, event_id, *place in rows}
    return {name: (place[0], place[1]) for name, place in found.items() if name in names}


async def count_by_reason(
    conn: AsyncConnection, entities: Entities, kind: str, *, settled: bool | None = None
) -> list[ByReason]:
    """Number of each reason in the list of this kind, the most frequent first.

    Args:
        conn: a connection to the read model.
        entities: those that the caller may see.
        kind: the list.
        settled: those settled or not; None: both. A parked event is settled once it is decided,
            and None stands for those that still wait.
    """
    code = REASONS[kind]
    table, count = code.table, func.count().label("count")
    query = select(code, count).where(visible(table.c.budget, entities))
    if table is parked:
        query = query.where(_has_ended(bool(settled)))
    else:
        query = with_reviews(query, table, settled)
    rows = await conn.execute(query.group_by(code).order_by(count.desc(), code))
    return [ByReason(*row) for row in rows]


async def grant_of_record(
    conn: AsyncConnection, entities: Entities, budget: str, sequence: int
) -> str | None:
    """The grant that a record is about; None where it names none, or one that nobody announced."""
    named = select(_grant(journal)).where(
        visible(journal.c.budget, entities),
        journal.c.budget == budget,
        journal.c.sequence == sequence,
    )
    query = select(grants.c.grant_ref).where(
        grants.c.budget == budget, grants.c.grant_ref == named.scalar_subquery()
    )
    found: str | None = await conn.scalar(query)
    return found


async def grant_of_convention(
    conn: AsyncConnection, entities: Entities, budget: str, convention: str
) -> str | None:
    """The grant that a convention is of, or that stood under this name before it was signed."""
    query = (
        select(conventions.c.grant_ref)
        .where(visible(conventions.c.budget, entities), conventions.c.budget == budget)
        .where(or_(conventions.c.convention == convention, conventions.c.continues == convention))
        .limit(1)
    )
    found: str | None = await conn.scalar(query)
    return found


def _grant(table: Table) -> Label[str | None]:
    """The grant that a row names, or that the convention which it names is of."""
    of_convention = (
        select(conventions.c.grant_ref)
        .where(conventions.c.budget == table.c.budget)
        .where(conventions.c.convention == table.c.convention)
        # Also where it stands in another query: else that would take the table once more.
        .correlate(table)
        .scalar_subquery()
    )
    return func.coalesce(table.c.grant_ref, of_convention).label("grant")


REVIEW: Final = (
    reviews.c.budget.label("review_budget"),
    reviews.c.sequence.label("review_sequence"),
    reviews.c.reviewed_by,
    reviews.c.reviewed_on,
    reviews.c.comment,
)
"""The review of a record, where there is one."""


def with_reviews(query: Select[Any], table: FromClause, settled: bool | None) -> Select[Any]:
    """The rows of a table with their reviews; only those settled, or not, where it is asked.

    Deadline events that were refused are on no list: there is nothing to do about them.
    """
    if table is refusals:
        query = query.where(refusals.c.event_source != WATCH)
    review = (reviews.c.chain == table.c.budget) & (reviews.c.reviewed_sequence == table.c.sequence)
    query = query.join_from(table, reviews, review, isouter=True)
    if settled is None:
        return query
    columns = [reviews.c.chain, *(each for each in table.c if each.name == "settled_sequence")]
    if settled:
        return query.where(or_(*(each.is_not(None) for each in columns)))
    return query.where(*(each.is_(None) for each in columns))


def _read_settlement(row: RowMapping) -> Settled | None:
    """The record that settled a row: the later one before the review."""
    later = row.get("settled_sequence")
    if later is not None:
        return Settled(row["budget"], later, None, None, None)
    if row["review_sequence"] is None:
        return None
    return Settled(
        row["review_budget"],
        row["review_sequence"],
        mask_text(row["reviewed_by"]),
        row["reviewed_on"],
        mask_text(row["comment"]),
    )


def _has_ended(ended: bool) -> ColumnElement[bool]:
    column = parked.c.ended_sequence
    return column.is_not(None) if ended else column.is_(None)


def _read_refused(row: RowMapping) -> RefusedEvent:
    verdict = refusal_verdict(row["code"], row["facts"])
    return row_as(RefusedEvent, row, refusal=verdict, settled=_read_settlement(row))


def _read_waiting(row: RowMapping) -> WaitingEvent:
    return row_as(WaitingEvent, row, wait=wait_verdict(row["waits_for_kind"], row["waits_for_id"]))


def _read_flagged(row: RowMapping) -> Flagged:
    verdict = flag_verdict(row["code"], row["facts"])
    return row_as(Flagged, row, verdict=verdict, settled=_read_settlement(row))


def _read_dead_letter(row: RowMapping) -> DeadLetter:
    verdict = dead_letter_verdict(row["reason"], row["facts"])
    return row_as(
        DeadLetter, row, chain=row["budget"], verdict=verdict, settled=_read_settlement(row)
    )
