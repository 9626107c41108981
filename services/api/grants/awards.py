"""Awards of grants: by the act of the award and by what was added since; and carried-over money.

The read model keeps what the act of the award says (decision 12). An amendment that cites an act
raises it by what it takes from available credit (rules, 15). What a closed year carried over was
awarded there: the next one receives it, as far as it goes on (rules, 32), and awards nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    or_,
    select,
    true,
    union,
)

from services.api.queries.rows import total
from services.ledger.domain.model.lines import Stage
from services.projector.tables import acts, conventions, moves

GrantKey = tuple[str, str]
"""Its budget and its reference."""

Which = Callable[[Sequence[ColumnElement[Any]]], ColumnElement[bool]]
"""Gives the condition of some grants, by the columns of their budget and reference."""

RAISING: Final = ("amendment", "carried")
"""Roles of acts whose records bring a grant money beside its award."""


def convention_names(which: Which) -> Subquery:
    """The conventions of these grants, by each name that they had."""
    of_it = (conventions.c.budget, conventions.c.grant_ref)
    asked = which(of_it)
    return union(
        select(*of_it, conventions.c.convention.label("name")).where(asked),
        select(*of_it, conventions.c.continues).where(asked, conventions.c.continues.is_not(None)),
    ).subquery("named")


ADDS: Final = and_(
    moves.c.to_stage == Stage.COMMITTED,
    or_(moves.c.from_stage.is_(None), moves.c.from_stage == Stage.AVAILABLE),
)
"""True of a move that brings a grant money, where its record rests on an act of `RAISING`."""

MORE_CENTS: Final = tuple(
    total(case((condition, moves.c.amount_cents), else_=0)).label(name)
    for name, condition in (
        ("added_cents", moves.c.from_stage.is_not(None)),
        ("carried_in_cents", moves.c.from_stage.is_(None)),
    )
)
"""What an amendment adds to the award; and what comes from outside the budget, carried over."""


def sum_raises(which: Which, *by: str) -> Select[Any]:
    """Select the cents that these grants have beside the act of their award.

    An amendment may take back what another gave up: its act awards that anew.
    """
    of = convention_names(which)
    key = (of.c.budget, of.c.grant_ref, *(moves.c[name] for name in by))
    rests_on_act = exists().where(
        acts.c.budget == moves.c.budget,
        acts.c.sequence == moves.c.sequence,
        acts.c.role.in_(RAISING),
    )
    return (
        select(*key, *MORE_CENTS)
        .join_from(of, moves, _is_under_its_name(of))
        .where(ADDS, rests_on_act)
        .group_by(*key)
    )


def sum_all_raises() -> Select[Any]:
    """The same of all grants: from the few acts that raise one, not from every convention."""
    of = convention_names(lambda _: true())
    raising = (
        select(acts.c.budget, acts.c.sequence)
        .where(acts.c.role.in_(RAISING))
        .distinct()
        .subquery("raising")
    )
    key = (of.c.budget, of.c.grant_ref)
    return (
        select(*key, *MORE_CENTS)
        .join_from(
            raising,
            moves,
            and_(moves.c.budget == raising.c.budget, moves.c.sequence == raising.c.sequence),
        )
        .join(of, _is_under_its_name(of))
        .where(ADDS)
        .group_by(*key)
    )


def _is_under_its_name(of: Subquery) -> ColumnElement[bool]:
    return and_(moves.c.budget == of.c.budget, moves.c.convention == of.c.name)
