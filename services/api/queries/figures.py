"""Columns of money: kept figures, or the sums of moves by the ledger's own table of ways."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, case, exists, func, select

from services.api.queries.rows import is_between, record_of, total
from services.ledger.domain.model.moves import MOVE_KINDS
from services.projector.tables import conventions, journal, moves

LINE_STAGES = ("available", "reserved", "committed", "ordered", "paid", "carried_over")
CONVENTION_STAGES = ("remaining", "ordered", "paid", "released", "carried_over")

GRANTED = tuple(f"{name}_cents" for name in ("granted", *CONVENTION_STAGES))
"""The figures of a convention."""

OF_CONVENTIONS = [kind for kind in MOVE_KINDS.values() if kind.convention_gains is not None]


def _stages(ends: Iterable[tuple[str | None, str | None]]) -> dict[str, frozenset[str]]:
    """By figure of a convention, the stages of a line at which its money arrives, or leaves."""
    found = list(ends)
    return {
        name: frozenset(stage for stage, figure in found if figure == name and stage is not None)
        for name in CONVENTION_STAGES
    }


GAINED_AT = _stages((kind.line_gains, kind.convention_gains) for kind in OF_CONVENTIONS)
LOST_AT = _stages((kind.line_loses, kind.convention_loses) for kind in OF_CONVENTIONS)

Columns = Sequence[ColumnElement[Any]]


class AsOf(NamedTuple):
    """A moment: a day, as known at a record; None stands for now."""

    effective_on: date | None = None
    """The day up to which moves count, by their effective date."""
    sequence: int | None = None
    """The last record that counts, by its number in its budget."""
    partition: int | None = None
    offset: int | None = None
    """The last record that counts, by its place in the journal; needs both."""

    @property
    def is_now(self) -> bool:
        """True if it asks for the present."""
        return all(each is None for each in self)


NOW = AsOf()


def select_known_moves(as_of: AsOf) -> FromClause:
    """The moves that count on a day, as known at a record, each under its convention's name then.

    A grant that stood without a convention hands its money to the one that is signed for it, and no
    move says so (rules, 13): what moved before is that convention's, once it is known.
    """
    signed = conventions.alias("signed")
    took_over = select(signed.c.convention).where(
        signed.c.budget == moves.c.budget,
        signed.c.continues == moves.c.convention,
        signed.c.sequence > moves.c.sequence,
        *_was_known(signed, as_of),
    )
    named = {"convention", "instalment"}
    others = [column.name for column in moves.c if column.name not in named]
    signed_as = took_over.scalar_subquery().label("signed_as")
    counted = (
        *is_between(moves.c.effective_on, None, as_of.effective_on),
        *_was_known(moves, as_of),
    )
    found = select(moves, signed_as).where(*counted).subquery("found").c
    # Its own instalments have names of their own: the grant's go on under its name.
    of_grant = found.convention + "/" + found.instalment
    instalment = case((found.signed_as.is_(None), found.instalment), else_=of_grant)
    return select(
        *(found[name] for name in others),
        func.coalesce(found.signed_as, found.convention).label("convention"),
        instalment.label("instalment"),
    ).subquery("known")


def _was_known(table: FromClause, as_of: AsOf) -> Iterable[ColumnElement[bool]]:
    """The conditions under which a row was known at a record."""
    if as_of.sequence is not None:
        yield table.c.sequence <= as_of.sequence
    if as_of.partition is not None and as_of.offset is not None:
        # Of budgets in other partitions this position says nothing: they are left out.
        yield exists().where(
            record_of(table),
            journal.c.partition == as_of.partition,
            journal.c.journal_offset <= as_of.offset,
        )


def sum_moves(
    table: FromClause, gained_at: Collection[str], lost_at: Collection[str]
) -> ColumnElement[int]:
    """Cents moved to some stages, less those moved from some stages."""
    cents = table.c.amount_cents
    return total(
        case(
            (table.c.to_stage.in_(gained_at), cents),
            (table.c.from_stage.in_(lost_at), -cents),
            else_=0,
        )
    )


def stage_columns(table: FromClause, *, summed: bool = False) -> Columns:
    """The figures of a line: as they are kept, or by the moves."""
    names = ("appropriated", *LINE_STAGES)
    if "from_stage" not in table.c:
        return _read_columns(table, names, summed=summed)
    cents, origin, target = table.c.amount_cents, table.c.from_stage, table.c.to_stage
    appropriated = total(case((origin.is_(None), cents), (target.is_(None), -cents), else_=0))
    stages = [sum_moves(table, (name,), (name,)) for name in LINE_STAGES]
    labelled = zip(names, [appropriated, *stages], strict=True)
    return [each.label(f"{name}_cents") for name, each in labelled]


def convention_columns(table: FromClause, *, summed: bool = False) -> Columns:
    """The figures of a convention: as they are kept, or by the moves."""
    names = ("granted", *CONVENTION_STAGES)
    if "from_stage" not in table.c:
        return _read_columns(table, names, summed=summed)
    # What a convention does not lose, it is granted.
    lost = table.c.from_stage.in_([stage for each in LOST_AT.values() for stage in each])
    granted = total(case((lost, 0), else_=table.c.amount_cents))
    stages = [sum_moves(table, GAINED_AT[name], LOST_AT[name]) for name in CONVENTION_STAGES]
    labelled = zip(names, [granted, *stages], strict=True)
    return [each.label(f"{name}_cents") for name, each in labelled]


def _read_columns(table: FromClause, names: Iterable[str], *, summed: bool) -> Columns:
    kept = [table.c[f"{name}_cents"] for name in names]
    return [total(each).label(each.name) for each in kept] if summed else kept
