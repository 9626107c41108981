"""Documents that conventions owe or have brought, as SQL over the read model (rules, 24 and 29).

A convention owes what its text names with a day; where it names none, each document of its
schedule, six months after the end of its year. What was carried over owes in the next year alone.
"""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from services.api.queries.rows import total
from services.projector.tables import (
    convention_lines,
    conventions,
    documents,
    instalments,
    moves,
    obligations,
    payment_orders,
)

ENDED: Final = ("terminated", "withdrawn")


class json_items(GenericFunction[Any]):  # noqa: N801 # as SQL calls it
    """The items of a list in JSON, one a row, under `value`."""

    inherit_cache = True


class half_year_after(GenericFunction[Any]):  # noqa: N801 # as SQL calls it
    """The day six months after the end of a year."""

    type = Date()
    inherit_cache = True


class days_between(GenericFunction[int]):  # noqa: N801 # as SQL calls it
    """Days from one day to a later one."""

    type = Integer()
    inherit_cache = True


def _register_spelling(function: type[Any], database: str, template: str) -> None:
    """Have a function spelled so in the SQL of a database; `{0}` stands for its first argument."""

    def spell(element: Any, compiler: Any, **more: Any) -> str:
        return template.format(*(compiler.process(each, **more) for each in element.clauses))

    compiles(function, database)(spell)


_register_spelling(json_items, "sqlite", "json_each({0})")
_register_spelling(json_items, "postgresql", "jsonb_array_elements({0})")
_register_spelling(half_year_after, "sqlite", "printf('%04d-06-30', {0} + 1)")
_register_spelling(half_year_after, "postgresql", "make_date({0} + 1, 6, 30)")
_register_spelling(days_between, "sqlite", "CAST(julianday({1}) - julianday({0}) AS INTEGER)")
_register_spelling(days_between, "postgresql", "(CAST({1} AS DATE) - CAST({0} AS DATE))")


def _has_cents(name: str) -> ColumnElement[bool]:
    """True of a convention that has cents of this figure on any line: none is below zero."""
    lines = convention_lines.alias(name).c
    return exists().where(
        lines.budget == conventions.c.budget,
        lines.convention == conventions.c.convention,
        lines[f"{name}_cents"] > 0,
    )


GOES_ON_HERE: Final = ~_has_cents("carried_over")
YEAR_DIGITS: Final = 4


def _stays_paid() -> ColumnElement[bool]:
    """True where anything stays paid of a convention, in its year or in one before."""
    before, paid = conventions.alias("before").c, convention_lines.alias("paid_before").c
    earlier = exists().where(
        before.budget < conventions.c.budget,
        _cut_year(before.budget) == _cut_year(conventions.c.budget),
        before.grant_ref == conventions.c.grant_ref,
        paid.budget == before.budget,
        paid.convention == before.convention,
        paid.paid_cents > 0,
    )
    return or_(_has_cents("paid"), and_(conventions.c.carried_from.is_not(None), earlier))


def _cut_year(budget: ColumnElement[str]) -> ColumnElement[str]:
    return func.substr(budget, 1, func.length(budget) - YEAR_DIGITS)


HAS_ENDED: Final = conventions.c.state.in_(ENDED)
IS_REJECTED: Final = documents.c.rejected_for.is_not(None)
IS_AWAITED: Final = or_(documents.c.received_on.is_(None), IS_REJECTED)


def _is_document(kind: ColumnElement[Any], year: ColumnElement[Any]) -> ColumnElement[bool]:
    """The document of a convention that is of this kind and year."""
    return and_(
        documents.c.budget == conventions.c.budget,
        documents.c.convention == conventions.c.convention,
        documents.c.kind == kind,
        documents.c.year == year,
    )


def _select_columns(
    kind: ColumnElement[Any], year: ColumnElement[Any], due_on: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    key = (conventions.c.budget, conventions.c.convention)
    came = (documents.c.received_on, documents.c.rejected_for, documents.c.sequence)
    return [*key, kind.label("kind"), year.label("year"), due_on.label("due_on"), *came]


def _select_by_obligation() -> Select[Any]:
    """Documents that a convention's text names with a day, and that have not come."""
    owed = obligations.c
    return (
        select(*_select_columns(owed.kind, owed.year, owed.due_on))
        .select_from(
            conventions.join(
                obligations,
                and_(
                    owed.budget == conventions.c.budget,
                    owed.convention == conventions.c.convention,
                ),
            ).outerjoin(documents, _is_document(owed.kind, owed.year))
        )
        .where(GOES_ON_HERE, IS_AWAITED, or_(~HAS_ENDED, _stays_paid()))
    )


def _select_by_schedule() -> Select[Any]:
    """Documents for which an instalment waits, or which it had and that were rejected."""
    plan = instalments.c
    item = func.json_items(plan.documents).table_valued("value", name="item")
    value = type_coerce(item.c.value, JSON)
    kind, year = value["kind"].as_string(), cast(value["year"].as_string(), Integer)
    named = exists().where(
        obligations.c.budget == conventions.c.budget,
        obligations.c.convention == conventions.c.convention,
    )
    released = (
        select(total(moves.c.amount_cents))
        .where(moves.c.budget == plan.budget, moves.c.convention == plan.convention)
        .where(moves.c.instalment == plan.instalment)
        .where(moves.c.from_stage == "committed", moves.c.to_stage == "available")
        .correlate(instalments)
        .scalar_subquery()
    )
    is_left = or_(~_has_cents("released"), plan.planned_cents > released)
    given_up = and_(plan.left_out_by.is_not(None), plan.left_out_by != plan.convention)
    # Of a grant that stood alone, what its convention took over was ordered before.
    of_grant = plan.left_out_by == plan.convention
    order = payment_orders.c
    # What has ended owes what accounts for its money: of an instalment that an order held.
    had_order = exists().where(
        order.budget == plan.budget,
        or_(
            and_(order.convention == plan.convention, order.instalment == plan.instalment),
            order.convention + "/" + order.instalment == plan.instalment,
        ),
        or_(order.state.not_in(("rejected", "cancelled")), order.paid_cents > 0),
    )
    waits = and_(~HAS_ENDED, is_left, or_(of_grant.is_(None), ~of_grant))
    return (
        select(*_select_columns(kind, year, func.half_year_after(year)))
        .distinct()
        .select_from(
            conventions.join(
                instalments,
                and_(
                    plan.budget == conventions.c.budget,
                    plan.convention == conventions.c.convention,
                ),
            )
            .join(item, literal(True))
            .outerjoin(documents, _is_document(kind, year))
        )
        .where(GOES_ON_HERE, IS_AWAITED, ~named, ~given_up)
        .where(or_(waits, and_(IS_REJECTED, or_(~HAS_ENDED, and_(had_order, _stays_paid())))))
    )


def _select_received() -> Select[Any]:
    """Documents that came, and were not rejected."""
    due_on = (
        select(func.min(obligations.c.due_on))
        .where(
            obligations.c.budget == conventions.c.budget,
            obligations.c.convention == conventions.c.convention,
            obligations.c.kind == documents.c.kind,
            obligations.c.year == documents.c.year,
        )
        .correlate(conventions, documents)
        .scalar_subquery()
    )
    return (
        select(*_select_columns(documents.c.kind, documents.c.year, due_on))
        .select_from(
            conventions.join(
                documents,
                and_(
                    documents.c.budget == conventions.c.budget,
                    documents.c.convention == conventions.c.convention,
                ),
            )
        )
        .where(GOES_ON_HERE, documents.c.received_on.is_not(None), ~IS_REJECTED)
    )


def select_owed() -> FromClause:
    """The documents that are owed, each once."""
    return union_all(_select_by_obligation(), _select_by_schedule()).subquery("owed")


def select_all() -> FromClause:
    """The documents that are owed, and those that came."""
    return union_all(_select_by_obligation(), _select_by_schedule(), _select_received()).subquery(
        "owed"
    )
