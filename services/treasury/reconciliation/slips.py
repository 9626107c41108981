"""Slips against the ledger's payment orders and against their own pieces.

An order stands on a slip that pays where its own row and a piece of the slip both say so; where one
alone does, it would be sent twice or never. One that waits for its slip is no difference, for
whatever it waits, nor is one that was answered by other means than returns. Both are counted. On no
slip is an order that a return answers, or that these tables do not have though a later one was
sent.

An order that was cancelled after its slip was sent is paid all the same until a slip of type 02
takes back what is unpaid of it: it is a difference until it stands on one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.tables import payment_order_lines, payment_orders
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.returned_pieces import REJECTED
from services.treasury.domain.slips import SlipState, SlipType, unpaid_by_line
from services.treasury.reconciliation.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.store.findings import NO_ANSWERS, read_answers
from services.treasury.store.tables import findings, orders, own_events, piece_states, pieces, slips

ISSUED: Final = "issued"
GIVEN_BACK: Final = frozenset(("rejected", "cancelled"))
"""States of orders that are paid no more."""


class SlipComparison(NamedTuple):
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


class _TreasuryRows(NamedTuple):
    """The treasury's own rows about a budget's orders."""

    slip_of: dict[str, str | None]
    """The slip that an order's own row names, by order."""
    answered: set[str]
    """Orders of which a return says something."""


class _Place(NamedTuple):
    """A piece of a slip that pays and is not cancelled."""

    payment_order: str
    amount_cents: int
    slip_id: str
    state: str


async def compare_slips(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> SlipComparison:
    """Orders on no slip or on several, and pieces that are not what the ledger ordered.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    places: dict[str, list[_Place]] = defaultdict(list)
    for place in await _list_places(treasury, budget):
        places[place.payment_order].append(place)
    known, here = await _list_orders(ledger, budget), await _read_own_rows(treasury, budget)
    unknown = [
        Discrepancy(
            kind=DiscrepancyKind.UNKNOWN_ON_SLIP,
            budget=budget,
            payment_order=each,
            found_cents=places[each][0].amount_cents,
        )
        for each in sorted(places.keys() - {each.payment_order for each in known})
    ]
    left_out, waiting, answered_otherwise = _find_left_out(budget, known, places, here)
    found = [*left_out, *_compare_pieces(budget, known, places), *unknown]
    return SlipComparison(found, waiting, answered_otherwise)


async def _list_places(treasury: AsyncConnection, budget: str) -> list[_Place]:
    asked = (
        select(pieces.c.payment_order, pieces.c.amount_cents, slips.c.slip_id, slips.c.state)
        .join(slips, slips.c.slip_id == pieces.c.slip_id)
        .where(pieces.c.budget == budget, slips.c.slip_type == SlipType.PAYMENT)
        .where(slips.c.state != SlipState.CANCELLED)
    )
    return [_Place(*row) for row in await treasury.execute(asked)]


async def _read_own_rows(treasury: AsyncConnection, budget: str) -> _TreasuryRows:
    its = select(orders.c.payment_order, orders.c.slip_id).where(orders.c.budget == budget)
    answers = select(own_events.c.payment_order).where(own_events.c.budget == budget)
    return _TreasuryRows(
        {row.payment_order: row.slip_id for row in await treasury.execute(its)},
        set(await treasury.scalars(answers.distinct())),
    )


async def _list_orders(ledger: AsyncConnection, budget: str) -> list[_Order]:
    columns = [payment_orders.c[name] for name in _Order._fields]
    asked = select(*columns).where(payment_orders.c.budget == budget)
    return sorted(_Order(*row) for row in await ledger.execute(asked))


def _find_left_out(
    budget: str,
    known: Sequence[_Order],
    places: Mapping[str, Sequence[_Place]],
    here: _TreasuryRows,
) -> SlipComparison:
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
            is_lost = name in here.answered and bool(sent)
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
    return SlipComparison(found, waiting, answered_otherwise)


def _compare_pieces(
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


class _Slip(NamedTuple):
    """A slip with the sum of its pieces."""

    slip_id: str
    slip_type: str
    state: str
    amount_cents: int
    cumulative_cents: int | None
    issued_at: datetime | None
    exported_at: datetime | None
    pieces_cents: int


async def compare_totals(treasury: AsyncConnection, budget: str) -> list[Discrepancy]:
    """Slips whose amount, or the year's total in whose file, is not the sum of pieces."""
    found = await _list_slips(treasury, budget)
    of_answers = select(findings.c.slip_id).where(
        findings.c.budget == budget,
        findings.c.kind.in_((FindingKind.ANSWER_DIFFERS, FindingKind.REFUSED_SLIP)),
    )
    answered_twice = set((await treasury.execute(of_answers)).scalars())
    return [
        *_compare_slip_totals(budget, found),
        *_compare_year_totals(budget, found, answered_twice),
    ]


async def _list_slips(treasury: AsyncConnection, budget: str) -> list[_Slip]:
    """All slips of a budget, in the order in which they were issued; drafts last."""
    columns = [slips.c[name] for name in _Slip._fields[:-1]]
    pieces_cents = func.coalesce(func.sum(pieces.c.amount_cents), 0)
    asked = (
        select(*columns, pieces_cents.label("pieces_cents"))
        .select_from(slips)
        .join(pieces, pieces.c.slip_id == slips.c.slip_id, isouter=True)
        .where(slips.c.budget == budget)
        .group_by(*columns)
        .order_by(slips.c.issued_at.is_(None), slips.c.issued_at, slips.c.slip_id)
    )
    rows = (await treasury.execute(asked)).mappings()
    return [_Slip(**{**row, "pieces_cents": int(row["pieces_cents"])}) for row in rows]


def _compare_slip_totals(budget: str, budget_slips: Iterable[_Slip]) -> Iterator[Discrepancy]:
    for each in budget_slips:
        if each.state != SlipState.CANCELLED and each.amount_cents != each.pieces_cents:
            yield Discrepancy(
                kind=DiscrepancyKind.SLIP_TOTAL_DIFFERS,
                budget=budget,
                slip_id=each.slip_id,
                expected_cents=each.pieces_cents,
                found_cents=each.amount_cents,
            )


def _compare_year_totals(
    budget: str, budget_slips: Iterable[_Slip], answered_twice: set[str]
) -> Iterator[Discrepancy]:
    """Slips whose total of the year (MtCumulAnnuel) no slips up to it can have.

    A slip that the gateway refused stands in the total of those that were issued before its
    answer, which may have been another one by then: such slips may be in it or not. So may one
    that took back and never left: it is given up though a later one counts it, where the
    accountant paid meanwhile.
    """
    certain_cents: dict[str, int] = {}
    doubtful_cents: dict[str, int] = {}
    for each in budget_slips:
        name = each.slip_type
        is_live = each.state in {SlipState.ISSUED, SlipState.ACCEPTED}
        sums = certain_cents if is_live and each.slip_id not in answered_twice else doubtful_cents
        if each.cumulative_cents is None:
            continue
        if is_live:
            least_cents = certain_cents.get(name, 0) + each.pieces_cents
            most_cents = least_cents + doubtful_cents.get(name, 0)
            if not least_cents <= each.cumulative_cents <= most_cents:
                yield Discrepancy(
                    kind=DiscrepancyKind.YEAR_TOTAL_DIFFERS,
                    budget=budget,
                    slip_id=each.slip_id,
                    expected_cents=least_cents,
                    found_cents=each.cumulative_cents,
                )
        may_be_counted = each.exported_at is not None or each.slip_type == SlipType.CANCELLATION
        if each.state != SlipState.CANCELLED or may_be_counted:
            sums[name] = sums.get(name, 0) + each.pieces_cents


CANCELLED = "cancelled"


class _CancelledOrder(NamedTuple):
    """An order that the ledger cancelled."""

    payment_order: str
    paid_cents: int
    state_sequence: int


class _CancellingPiece(NamedTuple):
    """A piece that takes back: its slip is not cancelled, and the accountant did not reject it."""

    payment_order: str
    slip_id: str
    state: str
    line_cents: list[int]
    order_slip_id: str | None
    """The slip that the order's own row names."""


class _UnpaidPart(NamedTuple):
    """The unpaid part of an order."""

    cents: int = 0
    by_line: tuple[int, ...] | None = ()
    """None where returns and ledger disagree about it."""
    is_due: bool = False
    """It is to be taken back; the accountant rejected the others."""


async def compare_taken_back(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Cancelled orders that nobody has taken back, and pieces that take back something else.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    places: dict[str, list[_CancellingPiece]] = defaultdict(list)
    for piece in await _list_cancelling(treasury, budget):
        places[piece.payment_order].append(piece)
    sent = await _list_sent(treasury, budget)
    if not places and not sent:
        return []
    cancelled = await _list_cancelled(ledger, budget)
    left = await _find_unpaid(treasury, ledger, budget, cancelled.values())
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
            for kind, expected_cents, found_cents in _find_faults(
                places.get(name, []), left.get(name, _UnpaidPart())
            )
        ]
    return found


def _find_faults(
    places: list[_CancellingPiece], left: _UnpaidPart
) -> Iterator[tuple[DiscrepancyKind, int | None, int | None]]:
    """The faults of an order, with the unpaid part and what is taken back."""
    if len(places) > 1:
        yield DiscrepancyKind.ON_SEVERAL_SLIPS, None, None
    if left.is_due and not any(each.order_slip_id == each.slip_id for each in places):
        yield DiscrepancyKind.NOT_TAKEN_BACK, left.cents, None
    for each in places:
        # A draft's amounts are those of its issue.
        is_compared = each.state != SlipState.PREPARED and left.by_line is not None
        if is_compared and tuple(each.line_cents) != left.by_line:
            yield DiscrepancyKind.TAKEN_BACK_DIFFERS, left.cents, sum(each.line_cents)


async def _list_cancelling(treasury: AsyncConnection, budget: str) -> list[_CancellingPiece]:
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
    return [_CancellingPiece(*row) for row in await treasury.execute(asked)]


async def _list_sent(treasury: AsyncConnection, budget: str) -> set[str]:
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


async def _list_cancelled(ledger: AsyncConnection, budget: str) -> dict[str, _CancelledOrder]:
    columns = [payment_orders.c[name] for name in _CancelledOrder._fields]
    of = payment_orders.c
    asked = select(*columns).where(of.budget == budget, of.state == CANCELLED)
    found = [_CancelledOrder(*row) for row in await ledger.execute(asked)]
    return {each.payment_order: each for each in found}


async def _find_unpaid(
    treasury: AsyncConnection,
    ledger: AsyncConnection,
    budget: str,
    cancelled: Iterable[_CancelledOrder],
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
    answers = await read_answers(treasury, which)
    found: dict[str, _UnpaidPart] = {}
    for each in cancelled:
        line_cents = lines[each.payment_order]
        of_it = answers.get((budget, each.payment_order), NO_ANSWERS)
        by_line = unpaid_by_line(line_cents, each.paid_cents, of_it.by_line, of_it.refused_cents)
        cents = sum(line_cents) - each.paid_cents if by_line is None else sum(by_line)
        found[each.payment_order] = _UnpaidPart(cents, by_line, cents > 0 and not of_it.is_rejected)
    return found
