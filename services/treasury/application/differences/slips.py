"""Slips against the ledger's payment orders: each order on one slip, with its own amount.

An order stands on a slip where its own row and a piece of the slip both say so; where one alone
does, it would be sent twice or never. One that waits for its slip is no difference, for whatever it
waits, nor is one that was answered by other means than returns. Both are counted. On no slip is an
order that a return answers, or that these tables do not have though a later one was sent.
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
from services.treasury.store.tables import orders, own_events, pieces, slips

ISSUED: Final = "issued"
GIVEN_BACK: Final = frozenset(("rejected", "cancelled"))
"""States of orders that are paid no more."""


class SlipsCompared(NamedTuple):
    """Differences of a budget's slips, and orders that need none."""

    differences: list[Discrepancy]
    waiting: int
    """Orders that nobody has answered, and that stand on no slip yet."""
    answered_otherwise: int
    """Orders that were answered without one, where slips are sent."""


class _Order(NamedTuple):
    """An order as the ledger has it; orders sort as they were issued."""

    sequence: int
    item: int
    payment_order: str
    amount_cents: int
    state: str
    paid_cents: int


class _AtTreasury(NamedTuple):
    """The treasury's own rows about a budget's orders."""

    slip_of: dict[str, str | None]
    """The slip that an order's own row names, by order."""
    returned: set[str]
    """Orders of which a return says something."""


class _Place(NamedTuple):
    """A piece of a slip that pays and is not cancelled."""

    payment_order: str
    amount_cents: int
    slip_id: str
    state: str


async def compare(treasury: AsyncConnection, ledger: AsyncConnection, budget: str) -> SlipsCompared:
    """Orders on no slip or on several, and pieces that are not what the ledger ordered.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    places: dict[str, list[_Place]] = defaultdict(list)
    for place in await _places(treasury, budget):
        places[place.payment_order].append(place)
    known, here = await _orders(ledger, budget), await _at_treasury(treasury, budget)
    unknown = [
        Discrepancy(
            kind=DiscrepancyKind.UNKNOWN_ON_SLIP,
            budget=budget,
            payment_order=each,
            found_cents=places[each][0].amount_cents,
        )
        for each in sorted(places.keys() - {each.payment_order for each in known})
    ]
    left_out, waiting, answered_otherwise = _left_out(budget, known, places, here)
    found = [*left_out, *_pieces(budget, known, places), *unknown]
    return SlipsCompared(found, waiting, answered_otherwise)


async def _places(treasury: AsyncConnection, budget: str) -> list[_Place]:
    asked = (
        select(pieces.c.payment_order, pieces.c.amount_cents, slips.c.slip_id, slips.c.state)
        .join(slips, slips.c.slip_id == pieces.c.slip_id)
        .where(pieces.c.budget == budget, slips.c.slip_type == SlipType.PAYMENT)
        .where(slips.c.state != SlipState.CANCELLED)
    )
    return [_Place(*row) for row in await treasury.execute(asked)]


async def _at_treasury(treasury: AsyncConnection, budget: str) -> _AtTreasury:
    its = select(orders.c.payment_order, orders.c.slip_id).where(orders.c.budget == budget)
    returned = select(own_events.c.payment_order).where(own_events.c.budget == budget)
    return _AtTreasury(
        {row.payment_order: row.slip_id for row in await treasury.execute(its)},
        set(await treasury.scalars(returned.distinct())),
    )


async def _orders(ledger: AsyncConnection, budget: str) -> list[_Order]:
    columns = [payment_orders.c[name] for name in _Order._fields]
    asked = select(*columns).where(payment_orders.c.budget == budget)
    return sorted(_Order(*row) for row in await ledger.execute(asked))


def _left_out(
    budget: str,
    known: Sequence[_Order],
    places: Mapping[str, Sequence[_Place]],
    here: _AtTreasury,
) -> SlipsCompared:
    """Orders that stand on no slip, and should; and those that need not."""
    on_slip: dict[str, str] = {}
    for each in chain.from_iterable(places.values()):
        if here.slip_of.get(each.payment_order) == each.slip_id:
            on_slip[each.payment_order] = each.state
    sent = [
        number
        for number, order in enumerate(known)
        if on_slip.get(order.payment_order, SlipState.PREPARED) != SlipState.PREPARED
    ]
    found: list[Discrepancy] = []
    waiting = answered_otherwise = 0
    for number, order in enumerate(known):
        name = order.payment_order
        if name in on_slip or order.state in GIVEN_BACK:
            continue
        is_answered = order.state != ISSUED or order.paid_cents > 0
        one_says_so = here.slip_of.get(name) is not None or name in places
        if is_answered:
            is_lost = name in here.returned and bool(sent)
        else:
            is_lost = name not in here.slip_of and number < max(sent, default=0)
        if one_says_so or is_lost:
            found.append(
                Discrepancy(
                    kind=DiscrepancyKind.ON_NO_SLIP,
                    budget=budget,
                    payment_order=name,
                    expected_cents=order.amount_cents,
                    records=(order.sequence,),
                )
            )
        elif is_answered:
            answered_otherwise += bool(sent)
        else:
            waiting += name in here.slip_of
    return SlipsCompared(found, waiting, answered_otherwise)


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
