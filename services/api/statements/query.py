"""The grants of a budget with what a published list says of each: signature, instalments, days."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import RowMapping, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.grants import query as grants
from services.api.queries.rows import Entities
from services.projector.tables import conventions, instalments, payment_orders, payments

ANNOUNCED: Final = "announced"
"""The state of a grant of which only concurring acts are known."""


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """A grant, and how it is paid."""

    grant: grants.Grant
    signed_on: date | None
    """The day of its first convention; None where there is none."""
    instalments: int
    """Number of planned payments."""
    first_paid_on: date | None
    last_paid_on: date | None


async def grant_list(
    conn: AsyncConnection, entities: Entities, budget: str
) -> tuple[ListedGrant, ...]:
    """The grants awarded in a budget, by reference; those only announced are not among them."""
    found = await grants.listed(conn, entities, budget=budget)
    signed = await _by_grant(conn, budget)
    paid = await _payments(conn, budget)
    return tuple(
        _listed(each, signed.get(each.grant), paid.get(each.grant))
        for each in found
        if each.state != ANNOUNCED
    )


def _listed(grant: grants.Grant, signed: RowMapping | None, paid: RowMapping | None) -> ListedGrant:
    return ListedGrant(
        grant,
        None if signed is None else signed["signed_on"],
        0 if signed is None else signed["instalments"],
        None if paid is None else paid["first"],
        None if paid is None else paid["last"],
    )


async def _by_grant(conn: AsyncConnection, budget: str) -> dict[str, RowMapping]:
    planned = and_(
        instalments.c.budget == conventions.c.budget,
        instalments.c.convention == conventions.c.convention,
    )
    # Those of a grant that stood alone count where an order was issued (rules, 13).
    own = ~instalments.c.instalment.contains("/")
    is_ordered = exists().where(
        payment_orders.c.budget == instalments.c.budget,
        payment_orders.c.convention + "/" + payment_orders.c.instalment == instalments.c.instalment,
    )
    # A grant that stands alone has no convention; its row has the day of the act.
    signature = case((conventions.c.stands_alone.is_(False), conventions.c.signed_on))
    query = (
        select(
            conventions.c.grant_ref,
            func.min(signature).label("signed_on"),
            func.count(case((or_(own, is_ordered), 1))).label("instalments"),
        )
        .outerjoin_from(conventions, instalments, planned)
        .where(conventions.c.budget == budget)
        .group_by(conventions.c.grant_ref)
    )
    return {row["grant_ref"]: row for row in (await conn.execute(query)).mappings()}


async def _payments(conn: AsyncConnection, budget: str) -> dict[str, RowMapping]:
    of_order = and_(
        payments.c.budget == payment_orders.c.budget,
        payments.c.payment_order == payment_orders.c.payment_order,
    )
    of_convention = and_(
        payment_orders.c.budget == conventions.c.budget,
        or_(
            payment_orders.c.convention == conventions.c.convention,
            payment_orders.c.convention == conventions.c.continues,
        ),
    )
    query = (
        select(
            conventions.c.grant_ref,
            func.min(payments.c.executed_on).label("first"),
            func.max(payments.c.executed_on).label("last"),
        )
        .join_from(payments, payment_orders, of_order)
        .join(conventions, of_convention)
        .where(payments.c.budget == budget)
        .group_by(conventions.c.grant_ref)
    )
    return {row["grant_ref"]: row for row in (await conn.execute(query)).mappings()}
