"""Conventions: what was agreed, what is still to be paid, and what was asked back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Final, NamedTuple

import msgspec

from events.conventions import (
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
)
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.fiscal_years import FiscalYearOpened
from services.ledger.domain.model.grants import Award, Beneficiary
from services.ledger.domain.model.life_cycle import Transition
from services.ledger.domain.model.lines import (
    EMPTY,
    Line,
    PlannedLine,
    ServiceShare,
    empty,
    share,
    share_line,
)


class RecoveredLine(NamedTuple):
    """The sums that a recovery has asked back of one named line, and that came back on it."""

    ordered_cents: int = 0
    collected_cents: int = 0
    revenue_cents: int = 0


class Recovery(NamedTuple):
    """The sums asked back under one number, and collected (rules, 27)."""

    ordered_cents: int = 0
    collected_cents: int = 0
    revenue_cents: int = 0
    """The part of it that came in a later year: it moved nothing."""
    lines: dict[Line, RecoveredLine] = {}  # noqa: RUF012 # a tuple's default, never changed

    @property
    def outstanding_cents(self) -> int:
        """The sum that is still awaited."""
        return self.ordered_cents - self.collected_cents

    def get_line(self, line: Line) -> RecoveredLine:
        """Return the recovery's figures on a line; zero where the recovery does not name it."""
        return self.lines.get(line, RecoveredLine())

    def sum_awaited_on(self, line: Line) -> int:
        """Return the sum that the recovery ordered on a line and that has not come back there.

        The sum is at most what is still awaited of all: money may have come on other lines.
        """
        part = self.get_line(line)
        return max(0, min(part.ordered_cents - part.collected_cents, self.outstanding_cents))


class DocumentKey(NamedTuple):
    """A document that may be owed: its kind and the year it reports on."""

    kind: str
    year: int


@lru_cache(maxsize=4096)
def document_key(kind: str, year: int) -> DocumentKey:
    """The one copy of a key that thousands of schedules name."""
    return DocumentKey(kind, year)


class DocumentReceipt(NamedTuple):
    """A document as it was received."""

    received_on: date
    """The day of its first receipt: a corrected copy does not move a due date."""
    eligible_cost_cents: int | None
    costed_at: int
    """The journal sequence of the last receipt that gave a cost; 0 where none did."""


class Instalment(msgspec.Struct, array_like=True, gc=False):
    """A payment planned by a schedule: what sets it off, what it pays, which order it led to.

    One that was ordered before a convention was signed for its grant is called as its orders are,
    `<grant>/<instalment>`: the convention may have one of the same id (rules, 13).
    """

    instalment: str
    trigger: str
    documents: tuple[DocumentKey, ...]
    ceiling: bool
    lines: tuple[PlannedLine, ...]
    """Of a rejected order, what it left unpaid: that is planned again (rules, 21). A line of which
    nothing is left stays, at zero: recoveries follow the order of lines as signed (rules, 27)."""
    orders: int = 0
    """The number of orders issued for it, re-issues included."""
    order: str | None = None
    """The latest of them; None where an amendment has planned it anew since."""
    amended_on: date | None = None
    """The day of the amendment that planned it; None where the convention did."""
    ordered_before: bool = False
    """True where an earlier year ordered it: nothing is left, and nothing may plan it again."""
    due_again_on: date | None = None
    """The day of an order that an earlier year left rejected, and that is to be issued again."""
    reissue_held: bool = False
    """True where an event that issues rejected orders again came while this one was held back: the
    next that touches the convention issues it, once the sum has fallen back (rules, 14 and 21)."""

    @property
    def amount_cents(self) -> int:
        """The amount of all lines."""
        return sum([each.amount_cents for each in self.lines])


class ConventionMoney(msgspec.Struct, array_like=True, gc=False):
    """The money of one convention on one line, in cents."""

    line: Line
    granted: int = 0
    remaining: int = 0
    ordered: int = 0
    paid: int = 0
    released: int = 0
    carried_over: int = 0

    def balances(self) -> bool:
        """Granted = the sum of what became of it, and nothing below zero."""
        remaining, ordered, paid = self.remaining, self.ordered, self.paid
        released, carried_over = self.released, self.carried_over
        none_below_zero = (
            remaining >= 0 and ordered >= 0 and paid >= 0 and released >= 0 and carried_over >= 0
        )
        return none_below_zero and self.granted == (
            remaining + ordered + paid + released + carried_over
        )


class ConventionState(StrEnum):
    """The states of a convention."""

    IN_FORCE = "in_force"
    SUSPENDED = "suspended"  # suspendue
    TERMINATED = "terminated"  # résiliée, or its award withdrawn


LIFE_CYCLE: Final = (
    Transition(None, DeliberationAdopted.TYPE, ConventionState.IN_FORCE),
    Transition(None, ConventionSigned.TYPE, ConventionState.IN_FORCE),
    # Of a suspended award without convention it takes over the state.
    Transition(None, ConventionSigned.TYPE, ConventionState.SUSPENDED),
    Transition(None, FiscalYearOpened.TYPE, ConventionState.IN_FORCE),
    Transition(None, FiscalYearOpened.TYPE, ConventionState.SUSPENDED),
    Transition(None, FiscalYearOpened.TYPE, ConventionState.TERMINATED),
    Transition(ConventionState.IN_FORCE, ConventionSuspended.TYPE, ConventionState.SUSPENDED),
    Transition(ConventionState.SUSPENDED, ConventionResumed.TYPE, ConventionState.IN_FORCE),
    *(
        Transition(origin, event.TYPE, ConventionState.TERMINATED)
        for origin in (ConventionState.IN_FORCE, ConventionState.SUSPENDED)
        for event in (ConventionTerminated, DeliberationWithdrawn)
    ),
)
"""The life cycle of a convention (rules, 17 and 32), or of an award without one (rules, 13)."""


class Obligation(NamedTuple):
    """A document owed by a day, whether or not money waits for it."""

    document: DocumentKey
    due_on: date


class EarlierYears(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Amounts that earlier years left of a convention, in cents (rules, 32)."""

    paid_cents: int = 0
    ordered_cents: int = 0
    """The sums paid and ordered when those years were closed."""
    orders: Mapping[str, str] = msgspec.field(default_factory=empty)
    """The latest orders of instalments, where it had another name."""
    awards_cents: int | None = None
    """Of an award alone: all that its year awarded to its SIRET (rules, 14)."""
    paid_orders: Mapping[str, str] = msgspec.field(default_factory=empty)
    """The last orders of instalments that were given back when a part was paid, where no order
    held the instalment at closing: they rest on its documents until it is planned anew (rules, 24).
    """


NO_EARLIER_YEARS: Final = EarlierYears()


class ReplacedGrant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The grant without convention in whose place a convention was signed (rules, 13)."""

    name: str
    """Orders issued before the signature bear it."""
    was_drawn: bool
    """True where something was ordered or paid, so that the convention is for the rest alone:
    recoveries may go on to name the grant."""


class Convention(msgspec.Struct, array_like=True, gc=False):
    """A convention, or a grant without one that stands in its place."""

    convention: str
    grant: str
    beneficiary: Beneficiary
    signed_on: date
    """The day of signature; without a convention, the day of the award's act."""
    signed_at: int
    """The journal sequence of the signature: orders are issued in this order (rules, 18)."""
    is_award_alone: bool
    """True while no convention was signed: the grant's reference stands for one (rules, 13)."""
    schedule: tuple[Instalment, ...]
    notified_on: date | None = None
    documents: Mapping[DocumentKey, DocumentReceipt] = msgspec.field(default_factory=empty)
    lines: tuple[ConventionMoney, ...] = ()
    state: ConventionState = ConventionState.IN_FORCE
    obligations: tuple[Obligation, ...] = ()
    recoveries: Mapping[str, Recovery] = msgspec.field(default_factory=empty)
    order_counts: Mapping[str, int] = msgspec.field(default_factory=empty)
    """The number of orders of each instalment when an amendment removed it or planned it anew: ids
    stay unique, and those orders rest on no document any more (rules, 21 and 24)."""
    rejected: tuple[DocumentKey, ...] = ()
    """The documents that were rejected and have not come again (rules, 24 and 29)."""
    replaced: ReplacedGrant | None = None
    earlier: EarlierYears = NO_EARLIER_YEARS

    @property
    def formerly(self) -> str | None:
        """The name of the grant in whose place it was signed."""
        return None if self.replaced is None else self.replaced.name

    @property
    def also_recovered_as(self) -> str | None:
        """The name of its grant, where it is for the rest: recoveries may name that (rules, 13)."""
        is_for_rest = self.replaced is not None and self.replaced.was_drawn
        return self.formerly if is_for_rest else None

    def share_parts(self, award: Award | None) -> None:
        """Let what equals a part of its award, of another convention or of itself be one object."""
        if award is not None and self.beneficiary == award.beneficiary:
            self.beneficiary = award.beneficiary
        self.signed_on = share(self.signed_on)
        documents = {document_key(*key): receipt for key, receipt in self.documents.items()}
        self.documents = documents or EMPTY
        self.rejected = tuple([document_key(*key) for key in self.rejected])
        self.obligations = share(self.obligations)
        self.recoveries = self.recoveries or EMPTY
        self.order_counts = self.order_counts or EMPTY
        if self.earlier == NO_EARLIER_YEARS:
            self.earlier = NO_EARLIER_YEARS
        for money in self.lines:
            money.line = share_line(money.line)
        _share_plans(self.schedule)

    def get_money(self, line: Line) -> ConventionMoney:
        """Return the convention's money on a line; zero where nothing was ever granted there."""
        return self.find_money(line) or ConventionMoney(line)

    def open_line(self, line: Line) -> ConventionMoney:
        """Return the money on a line, to be changed in place; a new line opens at zero."""
        money = self.find_money(line)
        if money is None:
            money = ConventionMoney(share_line(line))
            self.lines += (money,)
        return money

    def find_money(self, line: Line) -> ConventionMoney | None:
        """Return the money on a line; None where nothing was ever granted there."""
        for money in self.lines:
            if money.line is line or money.line == line:
                return money
        return None

    def map_lines(self, cents: Callable[[ConventionMoney], int]) -> dict[Line, int]:
        """Return one figure of the convention's money, by line."""
        return {money.line: cents(money) for money in self.lines}

    @property
    def is_carried_over(self) -> bool:
        """True where its year was closed and it goes on in the next one (rules, 30)."""
        return any(money.carried_over for money in self.lines)

    @property
    def paid_cents(self) -> int:
        """Paid, all lines, net of recoveries; those of a later year moved nothing on the lines."""
        revenue_cents = sum([each.revenue_cents for each in self.recoveries.values()])
        return sum([money.paid for money in self.lines]) - revenue_cents

    @property
    def ordered_cents(self) -> int:
        """Ordered and not paid, all lines."""
        return sum([money.ordered for money in self.lines])

    @property
    def had_cents(self) -> int:
        """The sum that the beneficiary had and keeps: paid in all years, and ordered at closings.

        That may be paid by now: nobody says so in this year (rules, 17 and 29).
        """
        return self.earlier.paid_cents + self.earlier.ordered_cents + self.paid_cents

    @property
    def drawn_cents(self) -> int:
        """Paid and ordered, all lines and years: what a ceiling counts as had (rules, 22)."""
        return self.had_cents + self.ordered_cents

    @property
    def recoverable_cents(self) -> int:
        """The sum that may still be ordered back: paid, and not asked back yet (rules, 27)."""
        asked_cents = sum([each.outstanding_cents for each in self.recoveries.values()])
        return self.paid_cents - asked_cents

    def sum_paid_by_line(self, lines: Iterable[Line]) -> dict[Line, int]:
        """Return the sum paid on each of these lines, net of recoveries."""
        paid, recoveries = self.map_lines(attrgetter("paid")), self.recoveries.values()
        revenue_cents = {
            line: sum([each.get_line(line).revenue_cents for each in recoveries]) for line in lines
        }
        return {line: paid.get(line, 0) - cents for line, cents in revenue_cents.items()}

    def sum_recoverable_by_line(
        self, lines: Iterable[Line], beside: str | None = None
    ) -> dict[Line, int]:
        """Return the sum paid on each line that no recovery but `beside` waits for (rules, 27)."""
        others = [each for number, each in self.recoveries.items() if number != beside]
        return {
            line: max(0, paid_cents - sum([each.sum_awaited_on(line) for each in others]))
            for line, paid_cents in self.sum_paid_by_line(lines).items()
        }

    def latest_order(self, instalment: Instalment) -> str:
        """The id of an instalment's latest order, of whatever year."""
        if instalment.order is not None:
            return instalment.order
        known = self.earlier.orders.get(instalment.instalment)
        return known or order_name(self.convention, instalment.instalment, instalment.orders)


def _share_plans(schedule: Iterable[Instalment]) -> None:
    """Let equal plans be one object: balance and advance are often the same lines and shares."""
    plans: dict[tuple[PlannedLine, ...], tuple[PlannedLine, ...]] = {}
    planned: dict[PlannedLine, PlannedLine] = {}
    shares: dict[tuple[ServiceShare, ...], tuple[ServiceShare, ...]] = {}

    def one(each: PlannedLine) -> PlannedLine:
        services = each.services
        if services is not None:
            services = tuple([_with_shared_parts(share, each) for share in services])
            services = shares.setdefault(services, services)
        line = PlannedLine(share_line(each.line), each.amount_cents, services)
        return planned.setdefault(line, line)

    for instalment in schedule:
        instalment.instalment = intern(instalment.instalment)
        instalment.trigger = intern(instalment.trigger)
        instalment.documents = share(instalment.documents)
        plan = plans.get(instalment.lines)
        if plan is None:
            plan = plans[instalment.lines] = tuple([one(each) for each in instalment.lines])
        instalment.lines = plan


def _with_shared_parts(share: ServiceShare, of: PlannedLine) -> ServiceShare:
    """A service's share; one that is the whole line has the line's own amount."""
    is_all = share.amount_cents == of.amount_cents
    return ServiceShare(intern(share.code), of.amount_cents if is_all else share.amount_cents)


def order_name(convention: str, instalment: str, number: int) -> str:
    """The id of an instalment's first order, its second, its third (rules, 21).

    An instalment of the grant before its convention bears the grant's name already (rules, 13).
    """
    name = instalment if "/" in instalment else f"{convention}/{instalment}"
    return name if number == 1 else f"{name}/{number}"
