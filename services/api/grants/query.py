"""Grants (subventions): the list, and all that is known of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from events.fiscal_years import FiscalYearClosed
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery, Row
from services.api.grants.awards import GrantKey, Which, sum_raises
from services.api.grants.conventions import Convention, conventions_of
from services.api.grants.listing import (
    BY_MONEY,
    BY_REFERENCE,
    IDENTITY,
    IS_CLOSED,
    LAPSED,
    SORTED_BY,
    SORTED_BY_MONEY,
    WITH_MONEY,
    WITHDRAWN,
    conditions,
    figures,
    select_closed,
    state_of,
)
from services.api.grants.money import GrantLine, matches_any, money_of
from services.api.queries.figures import GRANTED
from services.api.queries.lists import Sorting, select_sorted_page
from services.api.queries.orders import OrderLine
from services.api.queries.rejections import with_reviews
from services.api.queries.rows import (
    Act,
    Beneficiary,
    Entities,
    FreeText,
    Name,
    all_rows,
    line_columns,
    mask_text,
    row_as,
    visible,
)
from services.api.queries.verdicts import Verdict, flag_verdict
from services.projector.tables import (
    acts,
    conventions,
    grant_lines,
    grants,
    journal,
    moves,
    payment_orders,
    review_flags,
)

ACCEPTED: Final = "accepted"
KEYS_MAX: Final = 1000
"""Keys that one query names: databases take some thousands of values."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant, and what its conventions have, in cents."""

    budget: str
    grant: Name
    state: str
    title: FreeText | None
    beneficiary: Beneficiary | None
    act: Act | None
    requires_convention: bool | None
    conditions_year: int | None
    withdrawn_on: date | None
    withdrawn_cause: str | None
    carried_from: str | None
    awarded_cents: int
    """By the act of the award, and what amendments added by an act."""
    carried_in_cents: int
    """The amount that the year before awarded and carried over: no award of this one."""
    granted_cents: int
    remaining_cents: int
    ordered_cents: int
    paid_cents: int
    released_cents: int
    carried_over_cents: int
    flags: int
    """Number of review flags that are not settled."""
    sequence: int

    @property
    def name(self) -> str:
        """The grant's name for people: its beneficiary, else its reference."""
        return self.grant if self.beneficiary is None else self.beneficiary.name or self.grant

    @property
    def is_withdrawn(self) -> bool:
        """True if its award was withdrawn: no total of awards includes it."""
        return self.state == WITHDRAWN


@dataclass(frozen=True, slots=True)
class AwardedLine(OrderLine):
    """The amount awarded on one line, as the act says."""


@dataclass(frozen=True, slots=True)
class GrantAct:
    """A decision on a grant. Role: award, concurring, withdrawal, amendment, carried."""

    role: str
    act: Act
    title: FreeText | None
    convention: Name | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A review flag, and the record that raised it."""

    sequence: int
    event_id: Name | None
    convention: Name | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the journal, in a line."""

    budget: str
    sequence: int
    outcome: str
    event_id: Name | None
    event_type: str | None
    event_time: datetime | None
    resumes: int | None


@dataclass(frozen=True, slots=True)
class WholeGrant:
    """All that is known of a grant."""

    grant: Grant
    awarded: tuple[AwardedLine, ...]
    acts: tuple[GrantAct, ...]
    conventions: tuple[Convention, ...]
    lines: tuple[GrantLine, ...]
    """Its money by line and stage, beside the line's own."""
    flags: tuple[Flag, ...]
    """Those that are not settled."""
    records: tuple[Record, ...]
    """The journal behind it."""


async def list_grants(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    entity: str | None = None,
    state: str | None = None,
    siret: str | None = None,
    search: str | None = None,
    sort: str = BY_REFERENCE,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
    backwards: bool = False,
) -> list[Grant]:
    """Grants by budget and reference, or as `sort` says.

    `search` looks into reference, title and beneficiary; `after` is the grant behind which the page
    begins, or with `backwards` before which it ends.
    """
    name = sort.removeprefix("-")
    # To add up the money of all grants takes longer than to read a page of them.
    needs_money = name in SORTED_BY_MONEY or state in BY_MONEY
    rows = WITH_MONEY if needs_money else grants
    query = select(grants).select_from(rows).where(visible(grants.c.budget, entities))
    query = query.where(*conditions(budget, entity, state, siret, search))
    page = select_sorted_page(
        query,
        Sorting(SORTED_BY[name], sort.startswith("-")),
        IDENTITY,
        rows,
        entities=None if entities is None else list(entities),
        after=after,
        limit=limit,
        backwards=backwards,
    )
    found = await with_figures(conn, await all_rows(conn, page))
    return found[::-1] if backwards else found


async def one(
    conn: AsyncConnection, entities: Entities, budget: str, grant: str
) -> WholeGrant | None:
    """All that is known of one grant; None where the caller can see none."""
    named = {"budget": budget, "grant": grant}
    row = await _one.first(conn, entities=entities, **named)
    if row is None:
        return None
    found = await conventions_of(conn, budget, grant)
    names = [each.convention for each in found]
    names += [each.continues for each in found if each.continues is not None]
    records = [*await _records.rows(conn, **named, names=names)]
    awarded = await AWARDED.rows(conn, **named)
    flags = await FLAGS.rows(conn, **named, names=names)
    lines, sums = await money_of(conn, budget, grant, names, awarded)
    whole = _grant(row, sums, {"flags": len(flags)})
    if whole.state == LAPSED:
        seen = {each["sequence"] for each in records}
        # It gave back what was reserved for the grant, and names none (rules, 30).
        closings = await _closing.rows(conn, budget=budget)
        records += [each for each in closings if each["sequence"] not in seen]
        records.sort(key=lambda each: each["sequence"])
    return WholeGrant(
        whole,
        tuple(row_as(AwardedLine, each) for each in awarded),
        tuple(
            row_as(
                GrantAct, row, act=Act(mask_text(row["body"]) or "", row["number"], row["act_on"])
            )
            for row in await ACTS.rows(conn, **named, names=names)
        ),
        found,
        lines,
        tuple(row_as(Flag, row, verdict=flag_verdict(row["code"], row["facts"])) for row in flags),
        tuple(row_as(Record, each) for each in records),
    )


async def records_about(
    conn: AsyncConnection, budget: str, grant: str
) -> tuple[list[str], list[int]]:
    """All names that the money of a grant had, and the numbers of the records about it.

    Of a grant that the caller was found to see, or of a convention that stands for one.
    """
    rows = await _names.rows(conn, budget=budget, grant=grant)
    names = {name for row in rows for name in (row["convention"], row["continues"]) if name}
    names.add(grant)
    found = await _records.rows(conn, budget=budget, grant=grant, names=names)
    return sorted(names), [row["sequence"] for row in found]


async def with_figures(conn: AsyncConnection, rows: Sequence[Row]) -> list[Grant]:
    """These rows of grants with what their conventions have, and how many flags."""
    found: list[Grant] = []
    for start in range(0, len(rows), KEYS_MAX):
        some = rows[start : start + KEYS_MAX]
        keys = [(row["budget"], row["grant_ref"]) for row in some]
        known = [
            _index_by_grant(await all_rows(conn, ask(matches_any(keys))))
            for ask in (sum_raises, figures, _flag_counts, select_closed)
        ]
        found += [
            _grant(row, *(each.get(key) for each in known))
            for row, key in zip(some, keys, strict=True)
        ]
    return found


def _index_by_grant(rows: Iterable[Row]) -> dict[GrantKey, Row]:
    return {(row["budget"], row["grant_ref"]): row for row in rows}


NOTHING: Final = {
    "flags": 0,
    "is_closed": False,
    **dict.fromkeys(("added_cents", "carried_in_cents"), 0),
    **dict.fromkeys(GRANTED, 0),
}
"""The figures of a grant of which nothing is known but its act."""


def _grant(row: Row, *figures: Row | None) -> Grant:
    had = dict(NOTHING)
    for each in (*figures, row):
        had.update(each or {})
    had["awarded_cents"] += had["added_cents"]
    return row_as(Grant, had, grant=row["grant_ref"], state=state_of(had))


def _flag_counts(which: Which) -> Select[Any]:
    key = (grants.c.budget, grants.c.grant_ref)
    found = select(*key, func.count().label("flags")).join_from(
        grants, review_flags, _flag_of(grants.c.budget, grants.c.grant_ref)
    )
    return with_reviews(found, review_flags, settled=False).where(which(key)).group_by(*key)


def _flag_of(budget: ColumnElement[Any], grant: ColumnElement[Any]) -> ColumnElement[bool]:
    """True if a flag is on a grant, or on a convention of it, by any name that its money had."""
    of_it = exists().where(
        conventions.c.budget == review_flags.c.budget,
        review_flags.c.convention.in_([conventions.c.convention, conventions.c.continues]),
        conventions.c.grant_ref == grant,
    )
    return and_(review_flags.c.budget == budget, or_(review_flags.c.grant_ref == grant, of_it))


def _prepare_about(table: Table, rows: Select[Any]) -> PreparedQuery:
    """The rows about a grant and its conventions, in the order of the journal."""
    return PreparedQuery(
        lambda budget, grant, names: (
            rows.where(table.c.budget == budget)
            .where(or_(table.c.grant_ref == grant, table.c.convention.in_(names)))
            .order_by(*table.primary_key)
        )
    )


@PreparedQuery
def _one(entities: Parameters | None, budget: Parameter, grant: Parameter) -> Select[Any]:
    table = grants.c
    return select(grants, IS_CLOSED.label("is_closed")).where(
        visible(table.budget, entities), table.budget == budget, table.grant_ref == grant
    )


AWARDED: Final = PreparedQuery(
    lambda budget, grant: (
        select(grant_lines)
        .where(grant_lines.c.budget == budget, grant_lines.c.grant_ref == grant)
        .order_by(*line_columns(grant_lines))
    )
)
ACTS: Final = _prepare_about(acts, select(acts))
FLAGS: Final = _prepare_about(
    review_flags, with_reviews(select(review_flags), review_flags, settled=False)
)


RECORD_COLUMNS: Final = tuple(journal.c[field.name] for field in fields(Record))
"""Those of a record in a line: its own bytes stay where they are."""


@PreparedQuery
def _names(budget: Parameter, grant: Parameter) -> Select[Any]:
    return select(conventions.c.convention, conventions.c.continues).where(
        conventions.c.budget == budget, conventions.c.grant_ref == grant
    )


@PreparedQuery
def _records(budget: Parameter, grant: Parameter, names: Parameters) -> Select[Any]:
    """The records that name the grant, a convention or an order of it, or moved its money."""
    moved = select(moves.c.sequence).where(moves.c.budget == budget, moves.c.convention.in_(names))
    orders = select(payment_orders.c.payment_order).where(
        payment_orders.c.budget == budget, payment_orders.c.convention.in_(names)
    )
    named = or_(
        journal.c.grant_ref == grant,
        journal.c.convention.in_(names),
        journal.c.payment_order.in_(orders),
        journal.c.sequence.in_(moved),
    )
    return (
        select(*RECORD_COLUMNS)
        .where(journal.c.budget == budget, named)
        .order_by(journal.c.sequence)
    )


@PreparedQuery
def _closing(budget: Parameter) -> Select[Any]:
    """The record that closed a year."""
    closing = and_(journal.c.event_type == FiscalYearClosed.TYPE, journal.c.outcome == ACCEPTED)
    return select(*RECORD_COLUMNS).where(journal.c.budget == budget, closing)
