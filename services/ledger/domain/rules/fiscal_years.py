"""The year is closed, and what it carries over opens the next one (rules, 30 to 32)."""

from collections.abc import Iterator, Sequence
from datetime import date
from operator import attrgetter
from sys import intern
from typing import Any, Final

from msgspec.structs import replace

from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from services.ledger.domain.credit import group_of
from services.ledger.domain.fiscal_year.carry_over import (
    carried_convention,
    carried_grant,
    former_grant,
)
from services.ledger.domain.fiscal_year.closed_years import reserved_in_order
from services.ledger.domain.fiscal_year.year_openings import internal_events_of
from services.ledger.domain.handler import ActEntry, Context, Handler, award_act, entries_on_awards
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.conventions import Convention, ConventionState
from services.ledger.domain.model.flags import Flag, FlagCode
from services.ledger.domain.model.grants import bank_account_of
from services.ledger.domain.model.interning import EMPTY
from services.ledger.domain.model.lines import line_of
from services.ledger.domain.model.moves import (
    CARRY_OVER,
    OPEN,
    RELEASE,
    UNRESERVE,
    Entry,
    EntryKind,
    Move,
)
from services.ledger.domain.model.orders import OPEN as OPEN_STATES
from services.ledger.domain.model.orders import OUTSTANDING
from services.ledger.domain.model.refusals import Missing, Refusal
from services.ledger.domain.model.verdicts import Accepted, Refused
from services.ledger.domain.order_issuing import (
    Situation,
    issue_orders,
    situation,
    waiting_for_account,
)


def close(book: Book, event: FiscalYearClosed, _at: Context) -> Accepted | Refused:
    """Close the year: commitments are carried over or lapse, reserves lapse (rules, 30).

    The complementary period (journée complémentaire, CGCT D2342-3) is the time before this event:
    it ends only when the accountant has every order of the year. What is committed and not ordered
    may go on into the next budget (reste à réaliser); what is not carried over is decommitted
    (arrêté du 26 avril 1996, article 3).
    """
    carried = _carried(book, event)
    for name in carried:
        if name not in book.conventions:
            return Refused(Refusal.UNKNOWN_CONVENTION, {"convention": name})
    names = sorted(each.payment_order for each in book.orders.values() if each.state in OUTSTANDING)
    if names:
        return Refused(Refusal.ORDERS_OUTSTANDING, {"payment_orders": names})
    moves = [
        Move(
            money.line,
            each.convention,
            None,
            CARRY_OVER if each.convention in carried else RELEASE,
            money.remaining,
        )
        for each in sorted(book.conventions.values(), key=attrgetter("signed_at"))
        for money in sorted(each.lines, key=lambda money: money.line.in_order())
        if money.remaining
    ]
    moves += [
        Move(line, None, None, UNRESERVE, cents) for _, line, cents in reserved_in_order(book)
    ]
    return Accepted(moves)


def _carried(book: Book, event: FiscalYearClosed) -> dict[str, None]:
    """The conventions that are carried over, in the order in which they are named."""
    if event.carry_over == "all":
        return dict.fromkeys(book.conventions)
    if event.carry_over == "none":
        return {}
    return dict.fromkeys(each.convention for each in event.carry_over)


def open_next(book: Book, event: FiscalYearOpened, at: Context) -> Accepted:
    """A convention of the closed year goes on in this one, whatever stands here (rules, 32).

    Its money is committed without having been voted here: what is carried over is payable before
    the budget is voted (arrêté du 26 avril 1996). Where its grant was withdrawn here, it is given
    back at once; where its number is taken, the convention goes on under another.
    """
    convention = carried_convention(book, event, at.sequence)
    name = convention.convention
    kinds = (OPEN, RELEASE) if convention.state is ConventionState.TERMINATED else (OPEN,)
    moves = [
        Move(line_of(each.line), name, None, kind, each.amount_cents)
        for kind in kinds
        for each in event.lines
    ]
    names = ((event.convention, name), (former_grant(event), convention.formerly))
    renamed = [
        Flag(FlagCode.CONVENTION_RENAMED, {"from": before, "to": after})
        for before, after in names
        if before != after
    ]
    ruling = Accepted(moves, flags=renamed)
    if RELEASE in kinds and convention.had_cents():
        owed = {"convention": name, "amount_cents": convention.had_cents()}
        ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    for case in _touched(book, event, convention, at.on):
        issue_orders(book, case, ruling)
    return ruling


def _touched(
    book: Book, event: FiscalYearOpened, convention: Convention, on: date
) -> Iterator[Situation]:
    """The convention, behind others that waited for the bank account that it brings."""
    siret = event.beneficiary.siret
    account = book.accounts.get(siret)
    grant = carried_grant(event, book.grants.get(event.grant))
    brought = None if event.bank_account is None else bank_account_of(event.bank_account)
    # An account that this year brought before the internal event came is newer than the one that
    # an earlier year rejected.
    is_newer = account is not None and account != brought
    if account is None and brought is not None:
        account = brought
        for case in waiting_for_account(book, siret, brought, on):
            of_this_grant = case.convention.grant == event.grant
            # Of this grant the internal event brings the acts too: orders carry them.
            yield replace(case, grant=grant) if of_this_grant else case
    yield situation(book, convention, on, grant=grant, account=account, reissues=is_newer)


def _closed(state: BudgetState, _record: JournalRecord, _event: FiscalYearClosed) -> None:
    """Reserves lapse; the orders that are open may still be paid."""
    book = state.book
    book.closed = True
    for name, grant in book.grants.items():
        if grant.reserved_cents:
            grant.reserved_cents = EMPTY
            state.touched["grant"].add(name)
    for name, order in book.orders.items():
        if order.state in OPEN_STATES:
            book.orders[name] = replace(order, open_at_closing=True)
            state.touched["order_progress"].add(name)


def _entries_of_closing(
    book: Book, _event: FiscalYearClosed, moves: Sequence[Move]
) -> Iterator[ActEntry]:
    yield from entries_on_awards(book, [each for each in moves if each.convention is not None])
    # Reserves of several grants may lapse on one line: each has an entry, with its own act.
    for grant, line, cents in reserved_in_order(book):
        entry = Entry(EntryKind.DECOMMITMENT, line, cents, None)
        yield ActEntry(entry, award_act(book.grants[grant]))


def _opened(state: BudgetState, record: JournalRecord, event: FiscalYearOpened) -> None:
    """A convention of an earlier year goes on in this one (rules, 32)."""
    book, siret = state.book, event.beneficiary.siret
    for each in event.lines:
        line = line_of(each.line)
        book.line(line)
        book.group_available_cents.setdefault(group_of(book.control_level, line), 0)
    name = intern(event.grant)
    convention = carried_convention(book, event, record.sequence)
    grant = carried_grant(event, book.grants.get(name))
    grant.share_parts()
    book.grants[name] = grant
    state.touched["grant"].add(name)
    if event.bank_account is not None and siret not in book.accounts:
        # An account that this year brought itself is newer.
        book.accounts[siret] = bank_account_of(event.bank_account)
        state.touched["account"].add(siret)
    convention.grant = name
    state.keep_convention(convention)


def _entries_of_opening(
    book: Book, event: FiscalYearOpened, moves: Sequence[Move]
) -> Iterator[ActEntry]:
    return entries_on_awards(book, moves, carried_grant(event, book.grants.get(event.grant)))


def _brought(event: FiscalYearOpened, moves: Sequence[Move]) -> Iterator[Want]:
    yield Want(Missing.GRANT, event.grant)
    yield Want(Missing.CONVENTION, str(moves[0].convention))  # The name under which it goes on.


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=FiscalYearClosed,
        decide=close,
        apply=_closed,
        entries=_entries_of_closing,
        effective_on=lambda event: event.closed_on,
        internal_events=internal_events_of,
    ),
    Handler(
        event=FiscalYearOpened,
        decide=open_next,
        apply=_opened,
        entries=_entries_of_opening,
        arrivals=_brought,
    ),
)
