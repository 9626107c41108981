"""Issuing payment orders: when an instalment is due, and for how much (rules, 18 to 23)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import asdict

from services.ledger.domain.limits import check_held_back
from services.ledger.domain.model.answers import Flag, FlagCode
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionState,
    DocumentKey,
    DocumentReceipt,
    Instalment,
    order_name,
)
from services.ledger.domain.model.grants import Act, BankAccount, Grant
from services.ledger.domain.model.lines import Line, PlannedLine
from services.ledger.domain.model.moves import ORDER, RELEASE, Move, MoveKind
from services.ledger.domain.model.orders import OrderChange, OrderState, PaymentOrder, share_out
from services.ledger.domain.model.schedules import (
    due_again_on,
    eligible_cost_cents,
    order_of,
    trigger_met_on,
)
from services.ledger.domain.model.verdicts import Accepted

PAYMENT_DELAY = timedelta(days=60)
"""The time to pay a grant from the event that made it due (loi 2021-875)."""

ACTS_CARRIED = 20
"""The most acts on one grant that an order carries: the journal holds them all."""


class Situation(msgspec.Struct):
    """A convention as it stands once the event in hand is accepted."""

    convention: Convention
    grant: Grant
    account: BankAccount | None
    notified_on: date | None
    documents: Mapping[DocumentKey, DocumentReceipt]
    issued_on: date
    returned_cents: int
    """The amount ordered or paid that the event itself takes back."""
    reissues: bool
    """True where the event may issue a rejected order again (rules, 21)."""

    @property
    def drawn_cents(self) -> int:
        """The amount ordered or paid of the convention, before any order of this event.

        It is added up where an instalment is due: few events make one due.
        """
        return self.convention.drawn_cents - self.returned_cents


def situation(
    book: Book,
    convention: Convention,
    on: date,
    *,
    grant: Grant | None = None,
    account: BankAccount | None = None,
    notified_on: date | None = None,
    documents: Mapping[DocumentKey, DocumentReceipt] | None = None,
    returned_cents: int = 0,
    reissues: bool = False,
) -> Situation:
    """The convention as the book has it on the day of an event, but for what the event brings."""
    return Situation(
        convention,
        grant or book.grants[convention.grant],
        account or book.accounts.get(convention.beneficiary.siret),
        notified_on or convention.notified_on,
        convention.documents if documents is None else documents,
        on,
        returned_cents,
        reissues,
    )


def conventions_paid_to(book: Book, siret: str) -> list[Convention]:
    """The conventions paid to one establishment, in order of signature."""
    found = [each for each in book.conventions.values() if each.beneficiary.siret == siret]
    return sorted(found, key=attrgetter("signed_at"))


def waiting_for_account(
    book: Book, siret: str, first: BankAccount, on: date
) -> Iterator[Situation]:
    """The conventions of an establishment whose first account an event brings (rules, 18)."""
    for each in conventions_paid_to(book, siret):
        yield situation(book, each, on, account=first)


def issue_orders(book: Book, case: Situation, ruling: Accepted) -> Accepted:
    """The ruling, with every order whose conditions the event completes, in schedule order."""
    if book.closed or case.convention.state is not ConventionState.IN_FORCE:
        return ruling  # What is still decided of a closed year issues nothing (rules, 31).
    if case.account is None:
        return ruling
    met = [
        (each, met_on)
        for each in case.convention.schedule
        if (met_on := due_from(book, case, each)) is not None
    ]
    if met:
        _issue_met(book, case, met, ruling)
    return ruling


def _issue_met(
    book: Book, case: Situation, met: list[tuple[Instalment, date]], ruling: Accepted
) -> None:
    """The orders of instalments whose triggers were met on these days."""
    drawn_cents, excess_cents = case.drawn_cents, 0
    held: dict[str, Any] | None = None
    for instalment, met_on in met:
        again_on = due_again_on(book, instalment)
        lines = (
            _lines_to_pay(case, instalment, drawn_cents)
            if again_on is None
            else share_out(instalment.amount_cents, instalment.lines)
        )
        hold = check_held_back(book, case.convention)
        if lines and hold is not None:
            held = hold
            continue
        if again_on is None:
            excess_cents = max(excess_cents, _settle(case, instalment, lines, drawn_cents, ruling))
        if lines:
            due_on = again_on or met_on + PAYMENT_DELAY
            drawn_cents += _issue(case, instalment, lines, due_on, ruling)
    if excess_cents:
        owed = {"convention": case.convention.convention, "amount_cents": excess_cents}
        ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    if held is not None:
        facts = {"convention": case.convention.convention, **held}
        ruling.flags.append(Flag(FlagCode.CONVENTION_REQUIRED, facts))


def due_from(book: Book, case: Situation, instalment: Instalment) -> date | None:
    """The day from which an instalment without a live order is due, or None."""
    order = order_of(book, instalment)
    if order is not None and order.state is not OrderState.REJECTED:
        return None
    again = order is not None or instalment.due_again_on is not None
    if again and not (case.reissues or instalment.reissue_held):
        return None
    met_on = trigger_met_on(instalment, case.convention.signed_on, case.notified_on, case.documents)
    # At zero, a ceiling or a reduction has settled it.
    return met_on if met_on is not None and instalment.amount_cents else None


def _ceiling_cents(case: Situation, instalment: Instalment) -> int | None:
    """The eligible cost that bounds an instalment; None where nothing does."""
    return eligible_cost_cents(instalment, case.documents) if instalment.ceiling else None


def _lines_to_pay(
    case: Situation, instalment: Instalment, drawn_cents: int
) -> tuple[PlannedLine, ...]:
    """The lines of a first order: the whole instalment, or what a ceiling leaves (rules, 22)."""
    payable_cents = instalment.amount_cents
    eligible_cents = _ceiling_cents(case, instalment)
    if eligible_cents is not None:
        payable_cents = max(0, min(payable_cents, eligible_cents - drawn_cents))
    return share_out(payable_cents, instalment.lines)


def _settle(
    case: Situation,
    instalment: Instalment,
    lines: tuple[PlannedLine, ...],
    drawn_cents: int,
    ruling: Accepted,
) -> int:
    """Release what a ceiling cuts off; returns the cents that were had beyond it (rules, 22)."""
    paid = {each.line: each.amount_cents for each in lines}
    for each in instalment.lines:
        cut_cents = each.amount_cents - paid.get(each.line, 0)
        if cut_cents:
            ruling.moves.append(_move(case, instalment, each.line, RELEASE, cut_cents))
    eligible_cents = _ceiling_cents(case, instalment)
    return 0 if eligible_cents is None else max(0, drawn_cents - eligible_cents)


def _issue(
    case: Situation,
    instalment: Instalment,
    lines: tuple[PlannedLine, ...],
    due_on: date,
    ruling: Accepted,
) -> int:
    """Issue one order; returns its amount in cents."""
    before = instalment.orders
    name = order_name(case.convention.convention, instalment.instalment, before + 1)
    convention, named, *_ = name.split("/")
    amount_cents = sum(each.amount_cents for each in lines)
    order = PaymentOrder(
        payment_order=name,
        convention=convention,
        instalment=named,
        amount_cents=amount_cents,
        paid_cents=0,
        state=OrderState.ISSUED,
        due_on=due_on,
        lines=lines,
    )
    previous = case.convention.latest_order(instalment) if before else None
    ruling.orders.append(OrderChange(order, _gather_for_treasury(case, previous)))
    for each in lines:
        ruling.moves.append(_move(case, instalment, each.line, ORDER, each.amount_cents))
    return amount_cents


def acts_to_carry(acts: Sequence[Act], award: Act) -> list[Act]:
    """The acts behind an order: the award always, of many others the first."""
    others = [act for act in acts if act != award][: ACTS_CARRIED - 1]
    return [act for act in acts if act == award or act in others]


def _gather_for_treasury(case: Situation, previous: str | None) -> dict[str, Any]:
    """The data that the treasury needs beside the order itself (rules, 25)."""
    assert case.account is not None, "no order without a bank account"
    assert case.grant.award is not None, "no order without an award"
    return {
        "beneficiary": asdict(case.convention.beneficiary),
        "bank_account": asdict(case.account),
        "acts": [act.row() for act in acts_to_carry(case.grant.acts, case.grant.award.act)],
        "title": case.grant.award.title,
        "issued_on": case.issued_on.isoformat(),
        "previous": previous,
    }


def _move(
    case: Situation, instalment: Instalment, line: Line, kind: MoveKind, amount_cents: int
) -> Move:
    return Move(line, case.convention.convention, instalment.instalment, kind, amount_cents)
