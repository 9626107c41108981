"""Awards of grants: by the act of the award, by what was added since, or by carrying over.

The read model keeps what the act of the award says (decision 23). An amendment that cites an act
raises it by what it takes from available credit (rules, 15); what a closed year carried over is
awarded in the next one, as far as it goes on there (rules, 32).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, or_, select, union

from services.api.queries.rows import total
from services.ledger.domain.model.lines import Stage
from services.projector.tables import acts, conventions, moves

GrantKey = tuple[str, str]
"""Its budget and its reference."""

Which = Callable[[Sequence[ColumnElement[Any]]], ColumnElement[bool]]
"""Gives the condition of some grants, by the columns of their budget and reference."""

RAISING: Final = ("amendment", "carried")
"""Roles of acts whose records add to an award."""


def named(which: Which) -> Subquery:
    """The conventions of these grants, by each name that they had."""
    of_it = (conventions.c.budget, conventions.c.grant_ref)
    asked = which(of_it)
    return union(
        select(*of_it, conventions.c.convention.label("name")).where(asked),
        select(*of_it, conventions.c.continues).where(asked, conventions.c.continues.is_not(None)),
    ).subquery("named")


def raised(which: Which, *by: str) -> Select[Any]:
    """Cents that were added to the awards of these grants, where anything was.

    An amendment may take back what another gave up: its act awards that anew.
    """
    of = named(which)
    key = (of.c.budget, of.c.grant_ref, *(moves.c[name] for name in by))
    rests_on_act = exists().where(
        acts.c.budget == moves.c.budget,
        acts.c.sequence == moves.c.sequence,
        acts.c.role.in_(RAISING),
    )
    return (
        select(*key, total(moves.c.amount_cents).label("cents"))
        .join_from(of, moves, and_(moves.c.budget == of.c.budget, moves.c.convention == of.c.name))
        .where(
            moves.c.to_stage == Stage.COMMITTED,
            or_(moves.c.from_stage.is_(None), moves.c.from_stage == Stage.AVAILABLE),
            rests_on_act,
        )
        .group_by(*key)
    )
