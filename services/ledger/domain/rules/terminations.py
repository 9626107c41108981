"""Terminated conventions, and awards withdrawn or annulled (rules, 17)."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import replace

from events.conventions import ConventionTerminated
from events.deliberations import DeliberationWithdrawn
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.conventions import Convention, ConventionState
from services.ledger.domain.model.flags import Flag, FlagCode
from services.ledger.domain.model.grants import Grant, act_of, award_falls, withdrawn_act
from services.ledger.domain.model.moves import RELEASE, TAKE_BACK, UNRESERVE, Move
from services.ledger.domain.model.orders import OPEN, OrderChange, OrderState, PaymentOrder, unpaid
from services.ledger.domain.model.refusals import Missing, Refusal
from services.ledger.domain.model.schedules import order_of
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, unended


def terminate(book: Book, event: ConventionTerminated, _at: Context) -> Accepted | Refused | Waits:
    """Release what is not ordered, and the grant's reserve; open orders stay payable.

    The convention itself says when (that of Lille: article 10, two months after formal notice).
    """
    convention = unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    reserve = _unreserved(book.grants[convention.grant])
    return Accepted([*_released(convention), *reserve])


def withdraw(book: Book, event: DeliberationWithdrawn, _at: Context) -> Accepted | Refused | Waits:
    """An act falls: with the award, all that is not paid is released; what is paid is flagged.

    An award gives rights to whoever meets its conditions (CE, 5 juillet 2010, CCI de l'Indre), and
    an illegal one may be withdrawn within four months only. So the ledger judges no withdrawal, and
    takes nothing back by itself: after an annulment the assembly may decide anew before it asks for
    the money.
    """
    grant, named = book.grants.get(event.grant), act_of(event.act)
    if grant is None or (grant.award is None and withdrawn_act(grant, named) is None):
        return Waits(Want(Missing.GRANT, event.grant))
    if grant.withdrawn:
        return Refused(Refusal.GRANT_WITHDRAWN, {"grant": event.grant})
    facts = {"grant": event.grant, "act": named.row()}
    if not award_falls(grant, named):
        return Accepted(flags=[Flag(FlagCode.CONCURRING_ACT_WITHDRAWN, facts)])
    ruling = Accepted(_unreserved(grant))
    if withdrawn_act(grant, named) is None:
        ruling.flags.append(Flag(FlagCode.ACT_NOT_FOUND, facts))
    of_grant = [each for each in book.conventions.values() if each.grant == event.grant]
    for convention in sorted(of_grant, key=attrgetter("signed_at")):
        ruling.moves += _released(convention)
        for order in _open_orders(book, convention):
            ruling.moves += return_to_commitment(book, order, and_released=True)
            ruling.orders.append(OrderChange(replace(order, state=OrderState.CANCELLED)))
        if convention.had_cents():
            owed = {"convention": convention.convention, "amount_cents": convention.had_cents()}
            ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    return ruling


def return_to_commitment(book: Book, order: PaymentOrder, *, and_released: bool) -> list[Move]:
    """The unpaid part of an order, back in its commitment; out of it as well where that ended."""
    kinds = (TAKE_BACK, RELEASE) if and_released else (TAKE_BACK,)
    convention, instalment = book.place_of(order)
    return [
        Move(each.line, convention.convention, instalment, kind, each.amount_cents)
        for kind in kinds
        for each in unpaid(order)
    ]


def _released(convention: Convention) -> list[Move]:
    """Moves that release all that is committed and not ordered."""
    return [
        Move(money.line, convention.convention, None, RELEASE, money.remaining)
        for money in convention.lines
        if money.remaining
    ]


def _unreserved(grant: Grant) -> list[Move]:
    """Moves that release the part of an award that no convention has taken."""
    reserved = grant.reserved_cents.items()
    return [Move(line, None, None, UNRESERVE, cents) for line, cents in reserved]


def _open_orders(book: Book, convention: Convention) -> Iterator[PaymentOrder]:
    for instalment in convention.schedule:
        order = order_of(book, instalment)
        if order is not None and order.state in OPEN:
            yield order


def _terminated(state: BudgetState, _record: JournalRecord, event: ConventionTerminated) -> None:
    state.touch_convention(event.convention).state = ConventionState.TERMINATED


def _withdrawn(state: BudgetState, _record: JournalRecord, event: DeliberationWithdrawn) -> None:
    """The award falls, and with it all that was granted under it; a concurring act is kept."""
    book = state.book
    grant = book.grants[event.grant]
    award = grant.award
    if award is None or not award_falls(grant, act_of(event.act)):
        return
    grant.withdrawn = True
    state.touched["grant"].add(event.grant)
    siret = award.beneficiary.siret
    left_cents = book.awarded_cents.pop(siret, 0) - award.own_cents
    if left_cents:
        book.awarded_cents[siret] = left_cents
    for name, convention in book.conventions.items():
        if convention.grant == event.grant:
            state.touch_convention(name).state = ConventionState.TERMINATED


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=ConventionTerminated,
        decide=terminate,
        apply=_terminated,
        effective_on=lambda event: event.effective_on,
        grant=lambda book, event: book.conventions[event.convention].grant,
    ),
    Handler(
        event=DeliberationWithdrawn,
        decide=withdraw,
        apply=_withdrawn,
        grant=lambda _book, event: event.grant,
    ),
)
