"""Changes since the orders that wait were issued, and which of them a person has confirmed.

The read model has accounts and conventions as they stand, so nothing of this is kept here but the
confirmations: tables that are made again ask once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.conventions import ConventionSuspended, ConventionTerminated
from services.projector.database import engine_address
from services.projector.database_errors import raising_unreachable
from services.projector.tables import bank_accounts, conventions, journal, payment_orders
from services.treasury.domain.order_changes import Change, ChangeKind
from services.treasury.domain.slips import Waiting
from services.treasury.store.confirmations import latest_confirmations
from services.treasury.store.database import in_parts

STOPPED: Final = {
    "suspended": ChangeKind.CONVENTION_SUSPENDED,
    "terminated": ChangeKind.CONVENTION_TERMINATED,
}
"""States of a convention that issues no order: one that was issued is older."""

_Changes = dict[str, list[Change]]
"""Changes by order; or by the convention that orders name."""


async def with_changes(
    connection: AsyncConnection, read_model: AsyncEngine, orders: Iterable[Waiting]
) -> list[Waiting]:
    """The same orders with what happened since they were issued.

    What nobody has confirmed of it is a reason that keeps an order from a slip.
    """
    found: list[Waiting] = []
    async with raising_unreachable(engine_address(read_model)), read_model.connect() as ledger:
        for budget, group in groupby(
            sorted(orders, key=lambda each: each.order.budget), key=lambda each: each.order.budget
        ):
            its = list(group)
            changes = await _changes(ledger, budget, [each.payment_order for each in its])
            confirmed = await latest_confirmations(connection, budget, list(changes))
            for each in its:
                name = each.payment_order
                judged = replace(
                    each, changes=tuple(changes.get(name, ())), confirmation=confirmed.get(name)
                )
                if judged.to_confirm is not None:
                    texts = tuple(change.text(name) for change in judged.changes)
                    judged = replace(judged, reasons=(*texts, *each.reasons))
                found.append(judged)
    return found


async def _changes(ledger: AsyncConnection, budget: str, names: Sequence[str]) -> _Changes:
    of, account = payment_orders.c, bank_accounts.c
    its_account = and_(account.budget == of.budget, account.siret == of.siret)
    asked = (
        select(of.payment_order, of.convention, of.iban, account.iban, account.sequence)
        .outerjoin(bank_accounts, its_account)
        .where(of.budget == budget)
    )
    stopped = await _stopped(ledger, budget)
    found: _Changes = {}
    for some in in_parts(names):
        rows = await ledger.execute(asked.where(of.payment_order.in_(some)))
        for name, convention, iban, in_force, record in rows:
            changes = list(stopped.get(convention, ()))
            if in_force not in {None, iban}:
                changes.insert(0, Change.of_account(record, iban, in_force))
            if changes:
                found[name] = changes
    return found


async def _stopped(ledger: AsyncConnection, budget: str) -> _Changes:
    """Conventions that are suspended or terminated, by each name under which orders know them.

    An order keeps the name of its grant where a convention was signed for it later.
    """
    of = conventions.c
    types = (ConventionSuspended.TYPE, ConventionTerminated.TYPE)
    turned = select(func.max(journal.c.sequence)).where(
        journal.c.budget == of.budget,
        journal.c.convention.in_((of.convention, of.continues)),
        journal.c.event_type.in_(types),
        journal.c.outcome == "accepted",
    )
    asked = select(
        of.convention,
        of.continues,
        of.state,
        of.effective_on,
        func.coalesce(turned.scalar_subquery(), of.sequence),
    ).where(of.budget == budget, of.state.in_(STOPPED))
    found: _Changes = {}
    for name, former, state, day, record in await ledger.execute(asked):
        change = Change(kind=STOPPED[state], record=record, convention=name, on=day)
        found[name] = [change]
        if former is not None:
            found[former] = [change]
    return found
