"""Payment orders (mandats): what they ask the treasury to pay, and their life cycle, a table."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import asdict

from events.deliberations import DeliberationWithdrawn
from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from services.ledger.domain.model.life_cycle import Transition
from services.ledger.domain.model.lines import Line, PlannedLine, ServiceShare, line_from_row


class OrderState(StrEnum):
    """The states of a payment order."""

    ISSUED = "issued"
    TAKEN_IN_CHARGE = "taken_in_charge"
    ON_HOLD = "on_hold"
    REJECTED = "rejected"
    PAID = "paid"
    CANCELLED = "cancelled"


ACKNOWLEDGED, EXECUTED = PaymentOrderAcknowledged.TYPE, PaymentExecuted.TYPE
WITHDRAWN = DeliberationWithdrawn.TYPE

LIFE_CYCLE: Final = (
    Transition(None, None, OrderState.ISSUED),
    Transition(OrderState.ISSUED, ACKNOWLEDGED, OrderState.TAKEN_IN_CHARGE),
    Transition(OrderState.ISSUED, ACKNOWLEDGED, OrderState.ON_HOLD),
    Transition(OrderState.ISSUED, ACKNOWLEDGED, OrderState.REJECTED),
    Transition(OrderState.ISSUED, EXECUTED, OrderState.PAID),
    Transition(OrderState.ISSUED, WITHDRAWN, OrderState.CANCELLED),
    Transition(OrderState.TAKEN_IN_CHARGE, ACKNOWLEDGED, OrderState.ON_HOLD),
    Transition(OrderState.TAKEN_IN_CHARGE, ACKNOWLEDGED, OrderState.REJECTED),
    Transition(OrderState.TAKEN_IN_CHARGE, EXECUTED, OrderState.PAID),
    Transition(OrderState.TAKEN_IN_CHARGE, WITHDRAWN, OrderState.CANCELLED),
    Transition(OrderState.ON_HOLD, ACKNOWLEDGED, OrderState.TAKEN_IN_CHARGE),
    Transition(OrderState.ON_HOLD, ACKNOWLEDGED, OrderState.REJECTED),
    Transition(OrderState.ON_HOLD, EXECUTED, OrderState.PAID),
    Transition(OrderState.ON_HOLD, WITHDRAWN, OrderState.CANCELLED),
)
"""The life cycle of an order (rules, 20): an event that leads to the same state changes nothing."""

TRANSITIONS: Final = frozenset(LIFE_CYCLE)
"""The same, to be looked up at each change of an order."""

OPEN = frozenset(each.origin for each in LIFE_CYCLE if each.origin is not None)
"""The states that some event ends (rules, 20)."""

CLOSED = frozenset(OrderState) - OPEN
"""The states that no event ends: the accountant's answers are refused (rules, 20)."""

GIVEN_BACK = CLOSED - {OrderState.PAID}
"""The closed states of an order that was not paid in full: its unpaid part went back."""

OUTSTANDING = OPEN - {OrderState.TAKEN_IN_CHARGE}
"""The states in which a year cannot be closed: the accountant has not taken the order (rules, 30).
"""


class PaymentOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment order as it stands; a change makes a new one."""

    payment_order: str
    convention: str
    instalment: str
    amount_cents: int
    paid_cents: int
    state: OrderState
    due_on: date
    lines: tuple[PlannedLine, ...]
    open_at_closing: bool = False
    """True where it was open when its year was closed: it still may be paid (rules, 31)."""

    def split_paid_by_line(self) -> dict[Line, int]:
        """Return the sum paid on each line so far; lines without payment are left out."""
        paid = dict(self.split_payment(0, self.paid_cents))
        assert sum(paid.values()) == self.paid_cents, "more is paid than the lines hold"
        return paid

    def split_payment(self, before_cents: int, after_cents: int) -> Iterator[tuple[Line, int]]:
        """Yield the parts, by line, of the payments that bring the order from one sum to another.

        Lines fill in their order, each full before the next (rules, 20).
        """
        start = 0
        for each in self.lines:
            end = start + each.amount_cents
            cents = min(after_cents, end) - max(before_cents, start)
            if cents > 0:
                yield each.line, cents
            start = end

    def row(self, budget: str) -> dict[str, Any]:
        """The order as the contract prints it."""
        return {
            "payment_order": self.payment_order,
            "budget": budget,
            "convention": self.convention,
            "instalment": self.instalment,
            "amount_cents": self.amount_cents,
            "paid_cents": self.paid_cents,
            "state": self.state,
            "due_on": self.due_on.isoformat(),
            "lines": [print_planned_line(each) for each in self.lines],
        }


class OrderChange(NamedTuple):
    """An order after a decision; one just issued carries what the treasury needs (rules, 25)."""

    order: PaymentOrder
    issued: dict[str, Any] | None = None

    def row(self, budget: str) -> dict[str, Any]:
        """An order just issued, as a journal record and the treasury's message hold it."""
        assert self.issued is not None, "only an order just issued is written whole"
        return self.order.row(budget) | self.issued


def print_planned_line(each: PlannedLine) -> dict[str, Any]:
    """A line of an order as the contract prints it."""
    services = None if each.services is None else [asdict(share) for share in each.services]
    return {"line": each.line.row(), "amount_cents": each.amount_cents, "services": services}


def order_from_row(row: dict[str, Any]) -> PaymentOrder:
    """The order that a journal record holds; without its lines where it was issued before."""
    return PaymentOrder(
        payment_order=row["payment_order"],
        convention=row["convention"],
        instalment=row["instalment"],
        amount_cents=row["amount_cents"],
        paid_cents=row["paid_cents"],
        state=OrderState(row["state"]),
        due_on=date.fromisoformat(row["due_on"]),
        lines=tuple(_read_planned_line(each) for each in row.get("lines", ())),
    )


def _read_planned_line(row: dict[str, Any]) -> PlannedLine:
    services = row["services"]
    return PlannedLine(
        line_from_row(row["line"]),
        row["amount_cents"],
        None
        if services is None
        else tuple(ServiceShare(each["code"], each["amount_cents"]) for each in services),
    )


def share_out(amount_cents: int, lines: Sequence[PlannedLine]) -> tuple[PlannedLine, ...]:
    """`amount_cents` over the lines of an instalment, and inside each line over its services.

    Lines and services that get nothing are left out (rules, 23).
    """
    shares = cumulative_shares(amount_cents, [each.amount_cents for each in lines])
    return tuple(
        PlannedLine(each.line, share, _services_shared(share, each.services))
        for each, share in zip(lines, shares, strict=True)
        if share
    )


def _services_shared(
    amount_cents: int, services: tuple[ServiceShare, ...] | None
) -> tuple[ServiceShare, ...] | None:
    if services is None:
        return None
    shares = cumulative_shares(amount_cents, [each.amount_cents for each in services])
    return tuple(
        ServiceShare(each.code, share)
        for each, share in zip(services, shares, strict=True)
        if share
    )


def list_unpaid(order: PaymentOrder) -> tuple[PlannedLine, ...]:
    """The rest to pay of an order, line by line and service by service."""
    left = []
    paid = order.split_paid_by_line()
    for each in order.lines:
        paid_cents = paid.get(each.line, 0)
        rest_cents = each.amount_cents - paid_cents
        if rest_cents:
            left.append(PlannedLine(each.line, rest_cents, _services_left(paid_cents, each)))
    return tuple(left)


def remaining_lines(planned: Iterable[PlannedLine], order: PaymentOrder) -> tuple[PlannedLine, ...]:
    """The rest that a rejected order leaves to pay, on the lines of its instalment."""
    left = {each.line: each for each in list_unpaid(order)}
    return tuple(left.get(each.line, PlannedLine(each.line, 0, each.services)) for each in planned)


def _services_left(paid_cents: int, each: PlannedLine) -> tuple[ServiceShare, ...] | None:
    if each.services is None:
        return None
    filled = fill_in_order(paid_cents, [share.amount_cents for share in each.services])
    return tuple(
        ServiceShare(share.code, share.amount_cents - paid)
        for share, paid in zip(each.services, filled, strict=True)
        if share.amount_cents > paid
    )


def cumulative_shares(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Split `total_cents` by `weights`, exactly: share i is what the first i get less what i−1 get.

    Rounding down the running sum, not each share, leaves no remainder to place, and no share
    exceeds its weight while the total does not exceed their sum (rules, 23).
    """
    whole = sum(weights)
    assert whole > 0, "shares need a positive weight"
    shares, reached, given = [], 0, 0
    for weight in weights:
        reached += weight
        upto = total_cents * reached // whole
        shares.append(upto - given)
        given = upto
    return shares


def fill_in_order(amount_cents: int, capacities: Sequence[int]) -> list[int]:
    """The parts of `amount_cents` that fill `capacities`, each full before the next (rules, 20)."""
    filled = []
    for capacity in capacities:
        part = min(amount_cents, capacity)
        filled.append(part)
        amount_cents -= part
    assert amount_cents == 0, "more than the capacities hold"
    return filled
