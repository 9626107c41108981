"""Pieces of slips that take back (type 02) against the orders that the ledger cancelled.

An order that was cancelled after its slip was sent is paid all the same until such a piece takes
back what is unpaid of it: it is a difference until it stands on one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.tables import payment_order_lines, payment_orders
from services.treasury.application.differences.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.domain.returns import REJECTED
from services.treasury.domain.slips import SlipState, SlipType, unpaid_by_line
from services.treasury.store.returned import NOTHING, returned_of
from services.treasury.store.tables import orders, piece_states, pieces, slips

CANCELLED = "cancelled"


class _Cancelled(NamedTuple):
    """An order that the ledger cancelled."""

    payment_order: str
    paid_cents: int
    state_sequence: int


class _Piece(NamedTuple):
    """A piece that takes back: its slip is not cancelled, and the accountant did not reject it."""

    payment_order: str
    slip_id: str
    state: str
    line_cents: list[int]
    named: str | None
    """The slip that the order's own row names."""


class _UnpaidPart(NamedTuple):
    """The unpaid part of an order."""

    cents: int = 0
    by_line: tuple[int, ...] | None = ()
    """None where returns and ledger disagree about it."""
    is_due: bool = False
    """It is to be taken back; the accountant rejected the others."""


async def differences(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Cancelled orders that nobody has taken back, and pieces that take back something else.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    places: dict[str, list[_Piece]] = defaultdict(list)
    for piece in await _pieces(treasury, budget):
        places[piece.payment_order].append(piece)
    sent = await _sent(treasury, budget)
    if not places and not sent:
        return []
    cancelled = await _cancelled(ledger, budget)
    left = await _left(treasury, ledger, budget, cancelled.values())
    found: list[Discrepancy] = []
    for name in sorted({*places, *(sent & cancelled.keys())}):
        order = cancelled.get(name)
        records = () if order is None else (order.state_sequence,)
        found += [
            Discrepancy(
                kind=kind,
                budget=budget,
                payment_order=name,
                expected_cents=expected_cents,
                found_cents=found_cents,
                records=records,
            )
            for kind, expected_cents, found_cents in _faults(
                places.get(name, []), left.get(name, _UnpaidPart())
            )
        ]
    return found


def _faults(
    places: list[_Piece], left: _UnpaidPart
) -> Iterator[tuple[DiscrepancyKind, int | None, int | None]]:
    """The faults of an order, with the unpaid part and what is taken back."""
    if len(places) > 1:
        yield DiscrepancyKind.ON_SEVERAL_SLIPS, None, None
    if left.is_due and not any(each.named == each.slip_id for each in places):
        yield DiscrepancyKind.NOT_TAKEN_BACK, left.cents, None
    for each in places:
        # A draft's amounts are those of its issue.
        is_compared = each.state != SlipState.PREPARED and left.by_line is not None
        if is_compared and tuple(each.line_cents) != left.by_line:
            yield DiscrepancyKind.TAKEN_BACK_DIFFERS, left.cents, sum(each.line_cents)


async def _pieces(treasury: AsyncConnection, budget: str) -> list[_Piece]:
    its_order = and_(
        orders.c.budget == pieces.c.budget, orders.c.payment_order == pieces.c.payment_order
    )
    its_state = and_(
        piece_states.c.slip_id == pieces.c.slip_id, piece_states.c.piece_number == pieces.c.number
    )
    asked = (
        select(
            pieces.c.payment_order,
            slips.c.slip_id,
            slips.c.state,
            pieces.c.line_cents,
            orders.c.cancelling_slip_id,
        )
        .select_from(pieces)
        .join(slips, slips.c.slip_id == pieces.c.slip_id)
        .join(orders, its_order, isouter=True)
        .join(piece_states, its_state, isouter=True)
        .where(
            slips.c.budget == budget,
            slips.c.slip_type == SlipType.CANCELLATION,
            slips.c.state != SlipState.CANCELLED,
            piece_states.c.state.is_distinct_from(REJECTED),
        )
    )
    return [_Piece(*row) for row in await treasury.execute(asked)]


async def _sent(treasury: AsyncConnection, budget: str) -> set[str]:
    """The cancelled orders whose slip has left."""
    asked = (
        select(orders.c.payment_order)
        .join(slips, slips.c.slip_id == orders.c.slip_id)
        .where(
            orders.c.budget == budget,
            orders.c.cancelled != 0,
            or_(
                slips.c.state == SlipState.ACCEPTED,
                and_(slips.c.state == SlipState.ISSUED, slips.c.exported_at.is_not(None)),
            ),
        )
    )
    return set((await treasury.execute(asked)).scalars())


async def _cancelled(ledger: AsyncConnection, budget: str) -> dict[str, _Cancelled]:
    columns = [payment_orders.c[name] for name in _Cancelled._fields]
    of = payment_orders.c
    asked = select(*columns).where(of.budget == budget, of.state == CANCELLED)
    found = [_Cancelled(*row) for row in await ledger.execute(asked)]
    return {each.payment_order: each for each in found}


async def _left(
    treasury: AsyncConnection,
    ledger: AsyncConnection,
    budget: str,
    cancelled: Iterable[_Cancelled],
) -> dict[str, _UnpaidPart]:
    """The unpaid part of each order that the ledger cancelled."""
    of, order = payment_order_lines.c, payment_orders.c
    its_order = and_(order.budget == of.budget, order.payment_order == of.payment_order)
    asked = (
        select(of.payment_order, of.amount_cents)
        .join(payment_orders, its_order)
        .where(of.budget == budget, order.state == CANCELLED)
        .order_by(of.payment_order, of.position)
    )
    lines: dict[str, list[int]] = defaultdict(list)
    for name, amount_cents in await ledger.execute(asked):
        lines[name].append(amount_cents)
    which = and_(orders.c.budget == budget, orders.c.cancelled != 0)
    returned = await returned_of(treasury, which)
    found: dict[str, _UnpaidPart] = {}
    for each in cancelled:
        line_cents = lines[each.payment_order]
        of_it = returned.get((budget, each.payment_order), NOTHING)
        by_line = unpaid_by_line(line_cents, each.paid_cents, of_it.by_line, of_it.refused_cents)
        cents = sum(line_cents) - each.paid_cents if by_line is None else sum(by_line)
        found[each.payment_order] = _UnpaidPart(cents, by_line, cents > 0 and not of_it.is_rejected)
    return found
