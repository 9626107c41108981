"""Conventions as the read model has them: each once, whatever budgets it goes through.

One that is carried over has a row in each budget, maybe under another name (rules, 32): here it is
the one that was signed. One of which the award was withdrawn is left out: in law it never was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import SecretStr
from sqlalchemy import Column, ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.conventions import (
    CommitmentReduced,
    ConventionAmended,
    ConventionSigned,
    ConventionTerminated,
)
from events.texts import _
from services.projector.database_errors import is_temporary, raising_unreachable
from services.projector.engine import begin_snapshot, engine_address, make_engine
from services.projector.settings import DatabaseSettings
from services.projector.sql import POSTGRESQL
from services.projector.tables import (
    budgets,
    convention_lines,
    conventions,
    grants,
    instalments,
    journal,
    moves,
    payment_orders,
    payments,
    review_flags,
)
from services.runtime.ops.errors import Stop

RENAMED: Final = "convention_renamed"
"""The review flag of a convention that goes on under another name (rules, 32)."""

WITHDRAWN: Final = "withdrawn"
TERMINATED: Final = "terminated"
OPEN: Final = ("issued", "taken_in_charge", "on_hold")

AGREED: Final = (ConventionSigned.TYPE, ConventionAmended.TYPE, ConventionTerminated.TYPE)
"""The events by which what a convention releases is given up for good: less was agreed.

What a ceiling, a closing or a recovery releases leaves the convention as it was signed.
"""


class Scope(NamedTuple):
    """The conventions that are meant; all where nothing is named."""

    budget: str | None = None
    """Signed in this budget."""
    entity: str | None = None
    """Of this entity, by SIRET."""
    year: int | None = None
    """Signed in a budget of this fiscal year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A convention, or a grant that needs none, with what it grants."""

    budget: str
    """The budget in which it was signed."""
    convention: str
    """Its number there; of a grant without convention, its reference."""
    stands_alone: bool
    """A grant without convention."""
    entity: str
    fiscal_year: int
    signed_on: date
    """Of a grant without convention: the day of the act that awards it."""
    beneficiary: str
    siret: str
    title: str | None
    act_number: str | None
    """The number of the act that awards the grant."""
    amount_cents: int
    """What it grants as amended; terminated, what was ordered of it and not taken back."""
    highest_cents: int
    """The most that it ever granted."""
    is_at_once: bool
    """One instalment was planned for it."""
    begins_on: date
    """The day of its first payment; else of its signature."""
    ends_on: date
    """The last day on which something is, or may still be, paid of it."""


@dataclass(slots=True)
class _Link:
    """A convention in one budget."""

    row: Mapping[Any, Any]
    changes_cents: list[int] = field(default_factory=list)
    """What was agreed, up or down, record by record."""
    opened_cents: int = 0
    """What was carried into this budget."""
    planned: set[str] = field(default_factory=set)
    paid_on: set[date] = field(default_factory=set)
    due_on: set[date] = field(default_factory=set)
    """Of orders that are still to be paid."""


class _Links:
    """The conventions of all budgets, by each name that their money had there."""

    def __init__(self, rows: Iterable[Mapping[Any, Any]]) -> None:
        self.all = [_Link(row) for row in rows]
        self._by_name = {(each.row["budget"], each.row["convention"]): each for each in self.all}
        for each in self.all:
            former = each.row["continues"]
            if former is not None:
                self._by_name.setdefault((each.row["budget"], former), each)

    def get(self, budget: str, name: str) -> _Link | None:
        return self._by_name.get((budget, name))

    def chains(self, former: Mapping[tuple[str, str], str]) -> list[list[_Link]]:
        """The links of each convention, from the budget in which it was signed on.

        `former` has the names that renamed ones had in the closed budget, by budget and name.
        """
        chains: dict[int, list[_Link]] = {}
        for link in sorted(self.all, key=lambda each: each.row["fiscal_year"]):
            before = self._find_predecessor(link, former)
            chain = chains.pop(id(before), []) if before is not None else []
            chains[id(link)] = [*chain, link]
        return list(chains.values())

    def _find_predecessor(self, link: _Link, former: Mapping[tuple[str, str], str]) -> _Link | None:
        closed = link.row["carried_from"]
        names = [link.row["convention"], link.row["continues"]]
        for name in () if closed is None else filter(None, names):
            found = self.get(closed, former.get((link.row["budget"], name), name))
            if found is not None and found.row["carried_over_cents"]:
                return found
        return None


async def read(connection: AsyncConnection, scope: Scope) -> list[Convention]:
    """The conventions of a read model, by entity, day of signature, budget and number.

    All questions see one moment where the caller's transaction does.
    """
    rows = await connection.execute(_rows().where(_select_budgets(conventions.c.budget, scope)))
    links = _Links(rows.mappings())
    for row in await connection.execute(_changes().where(_select_budgets(moves.c.budget, scope))):
        if (link := links.get(row.budget, row.convention)) is not None:
            link.opened_cents += row.opened_cents
            link.changes_cents.append(row.changed_cents)
    for row in await connection.execute(
        _instalments().where(_select_budgets(instalments.c.budget, scope))
    ):
        if (link := links.get(row.budget, row.convention)) is not None:
            link.planned.add(row.instalment)
    for row in await connection.execute(
        _orders().where(_select_budgets(payment_orders.c.budget, scope))
    ):
        if (link := links.get(row.budget, row.convention)) is not None:
            _add_order(link, row)
    renamed = await connection.execute(
        select(review_flags.c.budget, review_flags.c.facts).where(review_flags.c.code == RENAMED)
    )
    former = {(row.budget, row.facts["to"]): row.facts["from"] for row in renamed}
    found = [_convention(each) for each in links.chains(former)]
    return sorted(
        (each for each in found if each is not None and _is_meant(each, scope)),
        key=lambda each: (each.entity, each.signed_on, each.budget, each.convention),
    )


def _is_meant(convention: Convention, scope: Scope) -> bool:
    return scope.budget in {None, convention.budget} and scope.year in {
        None,
        convention.fiscal_year,
    }


def _convention(chain: list[_Link]) -> Convention | None:
    """A convention by its links; None where its award was withdrawn."""
    first, last = chain[0].row, chain[-1].row
    if last["state"] == WITHDRAWN:
        return None
    # What was carried over was granted before; of a budget that is not here, nobody knows more.
    granted = highest = chain[0].opened_cents
    for link in chain:
        for cents in link.changes_cents:
            granted += cents
            highest = max(highest, granted)
    is_ended = last["state"] == TERMINATED
    if is_ended:
        granted = sum(link.row["had_cents"] for link in chain)
    paid_on = set().union(*(link.paid_on for link in chain))
    days = paid_on.union(*(link.due_on for link in chain))
    if last["remaining_cents"] and not is_ended:
        days.add(first["ends_on"] or first["signed_on"])
    begins_on = min(paid_on, default=first["signed_on"])
    return Convention(
        **{name: first[name] for name in _SHOWN},
        amount_cents=granted,
        highest_cents=highest,
        is_at_once=len(set().union(*(link.planned for link in chain))) == 1,
        begins_on=begins_on,
        ends_on=max(days | {begins_on}),
    )


_SHOWN: Final = (
    *("budget", "convention", "stands_alone", "entity", "fiscal_year", "signed_on"),
    *("beneficiary", "siret", "title", "act_number"),
)


def _add_order(link: _Link, row: Any) -> None:
    if row.first_on is not None:
        link.paid_on |= {row.first_on, row.last_on}
    elif row.state not in OPEN:
        return  # Rejected or cancelled: it paid nothing.
    if row.state in OPEN:
        link.due_on.add(row.due_on)
    own = row.convention == link.row["convention"]
    link.planned.add(row.instalment if own else f"{row.convention}/{row.instalment}")


def _select_budgets(budget: Column[Any], scope: Scope) -> ColumnElement[bool]:
    """The budgets of the entity that is meant: a convention stays in them."""
    entity = scope.entity or (scope.budget and scope.budget.partition("-")[0])
    if not entity:
        return true()
    return budget.in_(select(budgets.c.budget).where(budgets.c.entity == entity))


def _rows() -> Select[Any]:
    """Conventions with their budget, their grant, and what became of their money."""
    money = (
        select(
            convention_lines.c.budget,
            convention_lines.c.convention,
            func.sum(convention_lines.c.remaining_cents).label("remaining_cents"),
            func.sum(convention_lines.c.carried_over_cents).label("carried_over_cents"),
            func.sum(convention_lines.c.ordered_cents + convention_lines.c.paid_cents).label(
                "had_cents"
            ),
        )
        .group_by(convention_lines.c.budget, convention_lines.c.convention)
        .subquery("money")
    )
    return (
        select(
            conventions,
            budgets.c.entity,
            budgets.c.fiscal_year,
            grants.c.title,
            grants.c.act_number,
            func.coalesce(money.c.remaining_cents, 0).label("remaining_cents"),
            func.coalesce(money.c.carried_over_cents, 0).label("carried_over_cents"),
            func.coalesce(money.c.had_cents, 0).label("had_cents"),
        )
        .join(budgets, budgets.c.budget == conventions.c.budget)
        .outerjoin(
            grants,
            and_(
                grants.c.budget == conventions.c.budget,
                grants.c.grant_ref == conventions.c.grant_ref,
            ),
        )
        .outerjoin(
            money,
            and_(
                money.c.budget == conventions.c.budget,
                money.c.convention == conventions.c.convention,
            ),
        )
    )


def _changes() -> Select[Any]:
    """By record, what was agreed for each convention; and what was carried into its budget."""
    granted = and_(
        moves.c.to_stage == "committed", moves.c.from_stage.in_(("available", "reserved"))
    )
    opened = and_(moves.c.to_stage == "committed", moves.c.from_stage.is_(None))
    given_up = and_(
        moves.c.from_stage == "committed",
        moves.c.to_stage == "available",
        or_(
            journal.c.event_type == CommitmentReduced.TYPE,
            # What a ceiling releases in the same record is of an instalment.
            and_(journal.c.event_type.in_(AGREED), moves.c.instalment.is_(None)),
        ),
    )
    amount = moves.c.amount_cents
    return (
        select(
            moves.c.budget,
            moves.c.convention,
            func.sum(case((granted, amount), (given_up, -amount), else_=0)).label("changed_cents"),
            func.sum(case((opened, amount), else_=0)).label("opened_cents"),
        )
        .join(
            journal,
            and_(journal.c.budget == moves.c.budget, journal.c.sequence == moves.c.sequence),
        )
        .where(moves.c.convention.is_not(None), or_(granted, opened, given_up))
        .group_by(moves.c.budget, moves.c.convention, moves.c.sequence)
        .order_by(moves.c.budget, moves.c.sequence)
    )


def _instalments() -> Select[Any]:
    """Instalments that are planned."""
    return select(instalments.c.budget, instalments.c.convention, instalments.c.instalment).where(
        instalments.c.left_out_by.is_(None)
    )


def _orders() -> Select[Any]:
    """Orders with the first and the last day on which something of them was paid."""
    order = payment_orders.c
    shown = (order.budget, order.convention, order.instalment, order.state, order.due_on)
    return (
        select(
            *shown,
            func.min(payments.c.executed_on).label("first_on"),
            func.max(payments.c.executed_on).label("last_on"),
        )
        .outerjoin(
            payments,
            and_(
                payments.c.budget == order.budget,
                payments.c.payment_order == order.payment_order,
            ),
        )
        .group_by(*shown, order.payment_order)
    )


NO_READ_MODEL: Final = _("there is no read model there")


async def conventions_at(url: str | None, scope: Scope) -> list[Convention]:
    """The conventions of the read model at `url`, else at that of ECLUSE_DATABASE_URL.

    Raises:
        Stop: the database does not answer, or holds no read model.
    """
    settings = DatabaseSettings() if url is None else DatabaseSettings(database_url=SecretStr(url))
    engine = make_engine(settings.url)
    if engine.dialect.name != POSTGRESQL:
        _is_there(engine.url.database or "")
    try:
        async with raising_unreachable(engine_address(engine)), engine.connect() as connection:
            await begin_snapshot(connection)
            return await read(connection, scope)
    except DatabaseError as error:
        if is_temporary(error):
            raise
        raise Stop(engine_address(engine), NO_READ_MODEL) from error
    finally:
        await engine.dispose()


def _is_there(file: str) -> None:
    """Stop where SQLite would make an empty file."""
    if not Path(file).exists():
        raise Stop(file, NO_READ_MODEL)
