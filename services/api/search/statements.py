"""The queries of a search: each kind of thing by the column that holds its name.

Where an index leads to the rows, they are ordered by its column first: PostgreSQL would else read
a whole table in the order of its key, in the hope of finding enough of them soon.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, union

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.api.grants.listing import AWARDED_CENTS, CARRIED_IN_CENTS, WITH_AWARDS
from services.api.journal.traces import NAMES
from services.api.queries.lists import is_in_range, matches_all
from services.api.queries.rows import record_of, visible
from services.projector.tables import (
    acts,
    budgets,
    conventions,
    documents,
    grants,
    journal,
    lines,
    payment_orders,
    payments,
)

Seen = Parameters | None
"""The entities that the caller may see."""

ORDER: Final = (
    payment_orders.c.budget,
    payment_orders.c.payment_order.label("id"),
    payment_orders.c.beneficiary.label("name"),
    payment_orders.c.title,
    payment_orders.c.state,
    payment_orders.c.amount_cents,
)


def _whole_first(is_whole: ColumnElement[bool]) -> ColumnElement[int]:
    """Order: first what is named whole."""
    return case((is_whole, 0), else_=1)


@PreparedQuery
def grants_named(
    entities: Seen, patterns: Parameters, whole: Parameter, limit: Parameter
) -> Select[Any]:
    """Grants by their reference, title, beneficiary and its SIRET; the newest year first."""
    table = grants.c
    return (
        select(grants)
        .where(visible(table.budget, entities), *matches_all(table.folded, patterns))
        .order_by(_whole_first(table.folded.like(whole)), table.budget.desc(), table.grant_ref)
        .limit(limit)
    )


@PreparedQuery
def grants_awarded(entities: Seen, cents: Parameter, limit: Parameter) -> Select[Any]:
    """Grants that were given this amount, by their award or carried over."""
    table, given_cents = grants.c, AWARDED_CENTS + CARRIED_IN_CENTS
    return (
        select(grants)
        .select_from(WITH_AWARDS)
        .where(visible(table.budget, entities), given_cents == cents)
        .order_by(table.budget.desc(), table.grant_ref)
        .limit(limit)
    )


@PreparedQuery
def conventions_named(
    entities: Seen, patterns: Parameters, whole: Parameter, limit: Parameter
) -> Select[Any]:
    """Conventions by their name and signatory; a grant that stands without one is a grant."""
    table = conventions.c
    return (
        select(
            table.budget,
            table.convention.label("id"),
            table.grant_ref.label("grant"),
            table.beneficiary.label("name"),
            table.signatory,
            table.state,
        )
        .where(visible(table.budget, entities), *matches_all(table.folded, patterns))
        .where(table.stands_alone.is_(False))
        .order_by(_whole_first(table.folded.like(whole)), table.budget.desc(), table.convention)
        .limit(limit)
    )


@PreparedQuery
def orders_named(
    entities: Seen, first: Parameter, behind: Parameter, limit: Parameter
) -> Select[Any]:
    """Payment orders by the beginning of their reference."""
    table = payment_orders.c
    return (
        select(*ORDER)
        .where(visible(table.budget, entities), *is_in_range(table.folded, first, behind))
        .order_by(table.folded, table.budget.desc())
        .limit(limit)
    )


@PreparedQuery
def orders_of_amount(entities: Seen, cents: Parameter, limit: Parameter) -> Select[Any]:
    """Payment orders of this amount."""
    table = payment_orders.c
    return (
        select(*ORDER)
        .where(visible(table.budget, entities), table.amount_cents == cents)
        .order_by(table.amount_cents, table.budget.desc(), table.payment_order)
        .limit(limit)
    )


@PreparedQuery
def orders_paid_in_part(entities: Seen, cents: Parameter, limit: Parameter) -> Select[Any]:
    """Payment orders of another amount with a payment of this one."""
    table = payment_orders.c
    of_order = and_(
        payments.c.budget == table.budget, payments.c.payment_order == table.payment_order
    )
    return (
        select(*ORDER)
        .distinct()
        .join_from(payments, payment_orders, of_order)
        .where(visible(table.budget, entities), payments.c.amount_cents == cents)
        .where(table.amount_cents != cents)
        .order_by(table.budget.desc(), table.payment_order)
        .limit(limit)
    )


@PreparedQuery
def acts_numbered(entities: Seen, number: Parameter, limit: Parameter) -> Select[Any]:
    """Acts by their number."""
    table = acts.c
    return (
        select(
            table.budget,
            table.number.label("id"),
            table.body.label("name"),
            table.title,
            table.grant_ref.label("grant"),
            table.sequence,
            table.role.label("state"),
        )
        .where(visible(table.budget, entities), table.folded == number)
        .order_by(table.folded, table.budget.desc(), table.sequence.desc())
        .limit(limit)
    )


@PreparedQuery
def operations(
    entities: Seen, code: Parameter, entity_codes: Parameters, limit: Parameter
) -> Select[Any]:
    """Operations of budgets by their code, or by their entity's `entity/code`."""
    table = lines.c
    entity_code = budgets.c.entity + "/" + table.operation
    return (
        select(table.budget, table.operation.label("id"))
        .distinct()
        .join(budgets, budgets.c.budget == table.budget)
        .where(
            visible(table.budget, entities),
            or_(table.operation == code, entity_code.in_(entity_codes)),
        )
        .order_by(table.budget.desc())
        .limit(limit)
    )


@PreparedQuery
def beneficiaries_of(
    entities: Seen, first: Parameter, behind: Parameter, limit: Parameter
) -> Select[Any]:
    """Beneficiaries by their SIRET, or by its beginning; acts may spell a name in several ways."""
    found = (
        select(table.c.siret.label("id"), table.c.beneficiary.label("name")).where(
            visible(table.c.budget, entities), *is_in_range(table.c.siret, first, behind)
        )
        for table in (grants, conventions)
    )
    spelled = union(*found).subquery("spelled").c
    named = select(spelled.id, func.max(spelled.name).label("name"))
    return named.group_by(spelled.id).order_by(spelled.id).limit(limit)


@PreparedQuery
def budgets_named(
    entities: Seen, first: Parameter, behind: Parameter, limit: Parameter
) -> Select[Any]:
    """Budgets by the beginning of their id; the newest year of each first."""
    table = budgets.c
    return (
        select(table.budget, table.budget.label("id"))
        .where(visible(table.budget, entities), *is_in_range(table.budget, first, behind))
        .order_by(table.budget.desc())
        .limit(limit)
    )


@PreparedQuery
def documents_of_kind(
    entities: Seen,
    kind: Parameter,
    year: Parameter | None,
    patterns: Parameters,
    limit: Parameter,
) -> Select[Any]:
    """Documents that came, of a kind and maybe a year, from grants of these names."""
    table = documents.c
    of_convention = and_(
        conventions.c.budget == table.budget, conventions.c.convention == table.convention
    )
    of_grant = and_(grants.c.budget == table.budget, grants.c.grant_ref == conventions.c.grant_ref)
    query = (
        select(
            table.budget,
            table.kind.label("document"),
            table.year,
            table.sequence,
            grants.c.grant_ref.label("grant"),
            grants.c.beneficiary.label("name"),
        )
        .join_from(documents, conventions, of_convention)
        .join(grants, of_grant)
        .where(visible(table.budget, entities), table.kind == kind)
        .where(*matches_all(grants.c.folded, patterns))
        .order_by(table.budget.desc(), table.sequence.desc())
        .limit(limit)
    )
    return query if year is None else query.where(table.year == year)


EVENT: Final = (
    journal.c.budget,
    journal.c.event_id.label("id"),
    journal.c.event_source.label("source"),
    journal.c.event_type.label("type"),
    journal.c.outcome.label("state"),
    journal.c.grant_ref.label("grant"),
    journal.c.sequence,
    journal.c.resumes,
)


@PreparedQuery
def events_of_id(entities: Seen, ids: Parameters, limit: Parameter) -> Select[Any]:
    """Records of events by their id."""
    return (
        select(*EVENT)
        .where(visible(journal.c.budget, entities), journal.c.event_id.in_(ids))
        .order_by(journal.c.event_id, journal.c.budget.desc(), journal.c.sequence)
        .limit(limit)
    )


@PreparedQuery
def events_named(
    entities: Seen, first: Parameter, behind: Parameter, limit: Parameter
) -> Select[Any]:
    """Records of events by the beginning of their id."""
    return (
        select(*EVENT)
        .where(visible(journal.c.budget, entities), *is_in_range(journal.c.event_id, first, behind))
        .order_by(journal.c.event_id, journal.c.budget.desc(), journal.c.sequence)
        .limit(limit)
    )


@PreparedQuery
def records_mentioning(entities: Seen, ids: Parameters, limit: Parameter) -> Select[Any]:
    """Records that mention one of these names, the newest of each budget first."""
    named = union(
        *(
            select(name.table.c.budget, name.table.c.sequence).where(
                visible(name.table.c.budget, entities), name.in_(ids)
            )
            for name in NAMES
        )
    ).subquery("named")
    return (
        select(*EVENT)
        .join_from(named, journal, record_of(named))
        .order_by(journal.c.budget.desc(), journal.c.sequence.desc())
        .limit(limit)
    )
