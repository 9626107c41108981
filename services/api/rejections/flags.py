"""Review flags of all grants; and the grant that a record is about."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import Label

from services.api.queries.figures import record_of, same
from services.api.queries.rows import Entities, Name, behind, visible
from services.api.queries.verdicts import Verdict, flag_verdict
from services.api.rejections.query import ByReason
from services.projector.tables import conventions, grants, journal, review_flags


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
    verdict: Verdict


async def flagged(
    conn: AsyncConnection,
    entities: Entities,
    *,
    code: str | None = None,
    after: tuple[str, int, int] | None = None,
    limit: int | None = None,
) -> list[Flagged]:
    """Review flags by budget, the newest record of each first."""
    key = (review_flags.c.budget, review_flags.c.sequence, review_flags.c.item)
    query = (
        select(review_flags, journal.c.event_type, journal.c.event_time, _grant(review_flags))
        .join(journal, record_of(review_flags))
        .where(visible(review_flags.c.budget, entities), behind(key, after, descending=True))
        .where(*same(review_flags, code=code))
        .order_by(*(column.desc() for column in key))
        .limit(limit)
    )
    return [
        Flagged(
            row["budget"],
            row["sequence"],
            row["item"],
            row["event_id"],
            row["event_type"],
            row["event_time"],
            row["grant"],
            flag_verdict(row["code"], row["facts"]),
        )
        for row in (await conn.execute(query)).mappings()
    ]


async def by_code(conn: AsyncConnection, entities: Entities) -> list[ByReason]:
    """Number of review flags by code, the most frequent first."""
    count = func.count().label("count")
    query = (
        select(review_flags.c.code, count)
        .where(visible(review_flags.c.budget, entities))
        .group_by(review_flags.c.code)
        .order_by(count.desc(), review_flags.c.code)
    )
    return [ByReason(*row) for row in await conn.execute(query)]


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
        .scalar_subquery()
    )
    return func.coalesce(table.c.grant_ref, of_convention).label("grant")
