"""Slips against the ledger's payment orders: each order on one slip, with its own amount.

An order stands on a slip where its own row and a piece of the slip both say so; where one alone
does, it would be sent twice or never. An order may wait for its slip. It is a difference once
another order of its budget that was issued after it was sent, or once the accountant has answered
about it, though others before it went by slips. Budgets that never sent a slip send their orders
otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.tables import payment_orders
from services.treasury.application.differences.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.store.tables import orders, pieces, slips

ISSUED: Final = "issued"
GIVEN_BACK: Final = frozenset(("rejected", "cancelled"))
"""States of orders that are paid no more."""


class _Order(NamedTuple):
    """An order as the ledger has it; orders sort as they were issued."""

    sequence: int
    item: int
    payment_order: str
    amount_cents: int
    state: str


class _Place(NamedTuple):
    """A piece of a slip that pays and is not cancelled."""

    payment_order: str
    amount_cents: int
    slip_id: str
    state: str


async def differences(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Orders on no slip or on several, and pieces that are not what the ledger ordered.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    places: dict[str, list[_Place]] = defaultdict(list)
    for place in await _places(treasury, budget):
        places[place.payment_order].append(place)
    named = await _named(treasury, budget)
    if not places and not named:
        return []
    known = await _orders(ledger, budget)
    unknown = [
        Discrepancy(
            kind=DiscrepancyKind.UNKNOWN_ON_SLIP,
            budget=budget,
            payment_order=each,
            found_cents=places[each][0].amount_cents,
        )
        for each in sorted(places.keys() - {each.payment_order for each in known})
    ]
    return [*_left_out(budget, known, places, named), *_pieces(budget, known, places), *unknown]


async def _places(treasury: AsyncConnection, budget: str) -> list[_Place]:
    asked = (
        select(pieces.c.payment_order, pieces.c.amount_cents, slips.c.slip_id, slips.c.state)
        .join(slips, slips.c.slip_id == pieces.c.slip_id)
        .where(pieces.c.budget == budget, slips.c.slip_type == SlipType.PAYMENT)
        .where(slips.c.state != SlipState.CANCELLED)
    )
    return [_Place(*row) for row in await treasury.execute(asked)]


async def _named(treasury: AsyncConnection, budget: str) -> dict[str, str]:
    """The slip that an order's own row names."""
    asked = select(orders.c.payment_order, orders.c.slip_id)
    asked = asked.where(orders.c.budget == budget, orders.c.slip_id.is_not(None))
    return {row.payment_order: row.slip_id for row in await treasury.execute(asked)}


async def _orders(ledger: AsyncConnection, budget: str) -> list[_Order]:
    columns = [payment_orders.c[name] for name in _Order._fields]
    asked = select(*columns).where(payment_orders.c.budget == budget)
    return sorted(_Order(*row) for row in await ledger.execute(asked))


def _left_out(
    budget: str,
    known: Sequence[_Order],
    places: Mapping[str, Sequence[_Place]],
    named: Mapping[str, str],
) -> Iterator[Discrepancy]:
    """Orders that stand on no slip, and should."""
    on_slip: dict[str, str] = {}
    for each in chain.from_iterable(places.values()):
        if named.get(each.payment_order) == each.slip_id:
            on_slip[each.payment_order] = each.state
    sent = [
        number
        for number, order in enumerate(known)
        if on_slip.get(order.payment_order, SlipState.PREPARED) != SlipState.PREPARED
    ]
    for number, order in enumerate(known):
        name = order.payment_order
        if name in on_slip or order.state in GIVEN_BACK:
            continue
        one_says_so = name in named or name in places
        overtaken = sent and (number < sent[-1] if order.state == ISSUED else number > sent[0])
        if one_says_so or overtaken:
            yield Discrepancy(
                kind=DiscrepancyKind.ON_NO_SLIP,
                budget=budget,
                payment_order=name,
                expected_cents=order.amount_cents,
                records=(order.sequence,),
            )


def _pieces(
    budget: str, known: Iterable[_Order], places: Mapping[str, Sequence[_Place]]
) -> Iterator[Discrepancy]:
    """Orders on several slips, or with another amount than their own."""
    for order in known:
        of_it = places.get(order.payment_order, ())
        facts: dict[str, Any] = {
            "budget": budget,
            "payment_order": order.payment_order,
            "records": (order.sequence,),
        }
        if len(of_it) > 1:
            yield Discrepancy(kind=DiscrepancyKind.ON_SEVERAL_SLIPS, **facts)
        for each in of_it:
            if each.amount_cents != order.amount_cents:
                yield Discrepancy(
                    kind=DiscrepancyKind.SLIP_AMOUNT_DIFFERS,
                    expected_cents=order.amount_cents,
                    found_cents=each.amount_cents,
                    **facts,
                )
