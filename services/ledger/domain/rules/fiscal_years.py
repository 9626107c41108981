"""The end of a year: closings, and conventions carried over into the next budget (rules, 30-32)."""

from collections.abc import Iterator, Sequence
from datetime import date
from operator import attrgetter
from sys import intern
from typing import Any, Final

from msgspec.structs import replace

from events import fiscal_years
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from services.ledger.domain.fiscal_year import internal_events_of, list_reserved
from services.ledger.domain.handler import ActEntry, Context, Handler, award_act, entries_on_awards
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.limits import group_of
from services.ledger.domain.model.answers import Flag, FlagCode, Missing, Refusal
from services.ledger.domain.model.book import YEAR_DIGITS, Book, BudgetState, Want
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionState,
    DocumentKey,
    DocumentReceipt,
    EarlierYears,
    Instalment,
    ReplacedGrant,
    document_key,
    order_name,
)
from services.ledger.domain.model.grants import (
    Award,
    Grant,
    act_of,
    bank_account_of,
    beneficiary_of,
)
from services.ledger.domain.model.lines import EMPTY, line_of
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
from services.ledger.domain.model.schedules import obligations_of, plan_lines
from services.ledger.domain.model.verdicts import Accepted, Refused
from services.ledger.domain.order_issuing import (
    Situation,
    issue_orders,
    situation,
    waiting_for_account,
)


def _choose_name(book: Book, event: FiscalYearOpened) -> str:
    """The name under which a convention goes on in this year: its own, where that is free.

    It is taken where a convention, or a grant without one, bears it, or where the grant whose
    reference it is was awarded here (rules, 32).
    """
    name = event.convention
    while book.is_taken(name) or (event.stands_alone and _is_awarded(book, name)):
        name = _add_year(name, event)
    return name


def former_grant(event: FiscalYearOpened) -> str | None:
    """The grant that was replaced (rules, 13).

    One that says it of its instalments alone was written before openings had a field for it.
    """
    named = (each.instalment.rpartition("/")[0] for each in event.instalments)
    return event.replaced or next(filter(None, named), None)


def _name_replaced_grant(book: Book, event: FiscalYearOpened, own_name: str) -> str | None:
    """The grant that was replaced, in this year: neither the convention nor another bears it."""
    name = former_grant(event)
    while name is not None and (name == own_name or book.is_taken(name) or _is_awarded(book, name)):
        name = _add_year(name, event)
    return name


def _add_year(name: str, event: FiscalYearOpened) -> str:
    return f"{name}@{event.closed_budget[-YEAR_DIGITS:]}"


def _is_awarded(book: Book, grant: str) -> bool:
    known = book.grants.get(grant)
    return known is not None and known.award is not None


def _carry_convention(book: Book, event: FiscalYearOpened, sequence: int) -> Convention:
    """The convention that goes on from an earlier year, before any money moved (rules, 32).

    Where its award fell in this year it is known as a withdrawn one.
    """
    name = _choose_name(book, event)
    formerly = _name_replaced_grant(book, event, name)
    grant = book.grants.get(event.grant)
    fell = grant is not None and grant.withdrawn
    convention = Convention(
        convention=name,
        grant=event.grant,
        beneficiary=beneficiary_of(event.beneficiary),
        signed_on=event.signed_on,
        signed_at=sequence,
        is_award_alone=event.stands_alone,
        schedule=tuple(_carry_instalment(each, formerly) for each in event.instalments),
        notified_on=event.notified_on,
        documents=_carry_documents(event),
        state=ConventionState.TERMINATED if fell else ConventionState(event.state),
        obligations=obligations_of(event.obligations),
        order_counts={each.instalment: each.orders for each in event.former_instalments},
        rejected=tuple(document_key(each.kind, each.year) for each in event.rejected or ()),
        replaced=None if formerly is None else ReplacedGrant(formerly, was_drawn=True),
    )
    convention.earlier = EarlierYears(
        event.paid_cents,
        event.ordered_cents,
        _earlier_orders(convention, event),
        event.award.year_awards_cents if event.stands_alone else None,
        {
            each.instalment: carried.paid_order
            for each, carried in zip(convention.schedule, event.instalments, strict=True)
            if carried.paid_order is not None
        }
        or EMPTY,
    )
    return convention


def _earlier_orders(convention: Convention, event: FiscalYearOpened) -> dict[str, str]:
    """The ids of orders that no rule leads to any more, since the convention was renamed."""
    orders = [(each.instalment, each.orders, each.order) for each in event.instalments]
    orders += [(each.instalment, each.orders, each.order) for each in event.former_instalments]
    names = [each.instalment for each in convention.schedule]
    names += [each.instalment for each in event.former_instalments]
    earlier = {}
    for name, (instalment, number, order) in zip(names, orders, strict=True):
        latest = order or order_name(event.convention, instalment, number)
        if number and latest != order_name(convention.convention, name, number):
            earlier[name] = latest
    return earlier


def _carry_instalment(carried: fiscal_years.CarriedInstalment, formerly: str | None) -> Instalment:
    _, of_grant, instalment = carried.instalment.rpartition("/")
    return Instalment(
        instalment=f"{formerly}/{instalment}" if of_grant else instalment,
        trigger=carried.trigger,
        documents=tuple(document_key(doc.kind, doc.year) for doc in carried.documents or ()),
        ceiling=carried.ceiling,
        lines=plan_lines(carried.lines),
        orders=carried.orders,
        amended_on=carried.amended_on,
        ordered_before=not carried.lines and not carried.settled,
        due_again_on=carried.due_again_on,
    )


def _carry_documents(event: FiscalYearOpened) -> dict[DocumentKey, DocumentReceipt]:
    """The documents that earlier years received, in the order of their costs."""
    documents = {}
    for costed_at, each in enumerate(event.documents, start=-len(event.documents)):
        cost_cents = each.eligible_cost_cents
        receipt = DocumentReceipt(
            each.received_on, cost_cents, 0 if cost_cents is None else costed_at
        )
        documents[document_key(each.document.kind, each.document.year)] = receipt
    return documents


def _carry_grant(event: FiscalYearOpened, known: Grant | None) -> Grant:
    """The grant of a convention of an earlier year; an award of this year stays what it is.

    Of the award there is what was carried over, and no more: the rest was had, or has lapsed.
    """
    grant = known or Grant()
    acts = tuple(act for act in map(act_of, event.acts) if act not in grant.acts)
    award = grant.award or _carry_award(event)
    for each in event.lines:
        award = award.raise_line(line_of(each.line), each.amount_cents)
    carried_cents = award.carried_cents + sum(each.amount_cents for each in event.lines)
    return replace(
        grant,
        award=replace(award, carried_cents=carried_cents),
        acts=(*grant.acts, *acts),
        concurring=(),
    )


def _carry_award(event: FiscalYearOpened) -> Award:
    award = event.award
    return Award(
        act=act_of(award.act),
        title=award.title,
        beneficiary=beneficiary_of(award.beneficiary),
        requires_convention=award.requires_convention,
        conditions_year=award.conditions_year,
        lines=(),
        earlier_year_cents=award.year_awards_cents,
    )


def close(book: Book, event: FiscalYearClosed, _at: Context) -> Accepted | Refused:
    """Close the year: commitments are carried over or lapse, reserves lapse (rules, 30).

    The complementary period (journée complémentaire, CGCT D2342-3) is the time before this event:
    it ends only when the accountant has every order of the year. What is committed and not ordered
    may go on into the next budget (reste à réaliser); what is not carried over is decommitted
    (arrêté du 26 avril 1996, article 3).
    """
    carried = _list_carried(book, event)
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
        for money in sorted(each.lines, key=lambda money: money.line.sort_key())
        if money.remaining
    ]
    moves += [Move(line, None, None, UNRESERVE, cents) for _, line, cents in list_reserved(book)]
    return Accepted(moves)


def _list_carried(book: Book, event: FiscalYearClosed) -> dict[str, None]:
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
    convention = _carry_convention(book, event, at.sequence)
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
    if RELEASE in kinds and convention.had_cents:
        owed = {"convention": name, "amount_cents": convention.had_cents}
        ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    for case in _gather_situations(book, event, convention, at.on):
        issue_orders(book, case, ruling)
    return ruling


def _gather_situations(
    book: Book, event: FiscalYearOpened, convention: Convention, on: date
) -> Iterator[Situation]:
    """The convention, behind others that waited for the bank account that it brings."""
    siret = event.beneficiary.siret
    account = book.accounts.get(siret)
    grant = _carry_grant(event, book.grants.get(event.grant))
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


def _apply_closing(state: BudgetState, _record: JournalRecord, _event: FiscalYearClosed) -> None:
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
    for grant, line, cents in list_reserved(book):
        entry = Entry(EntryKind.DECOMMITMENT, line, cents, None)
        yield ActEntry(entry, award_act(book.grants[grant]))


def _apply_opening(state: BudgetState, record: JournalRecord, event: FiscalYearOpened) -> None:
    """A convention of an earlier year goes on in this one (rules, 32)."""
    book, siret = state.book, event.beneficiary.siret
    for each in event.lines:
        line = line_of(each.line)
        book.line(line)
        book.group_available_cents.setdefault(group_of(book.control_level, line), 0)
    name = intern(event.grant)
    convention = _carry_convention(book, event, record.sequence)
    grant = _carry_grant(event, book.grants.get(name))
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
    return entries_on_awards(book, moves, _carry_grant(event, book.grants.get(event.grant)))


def _list_arrivals(event: FiscalYearOpened, moves: Sequence[Move]) -> Iterator[Want]:
    yield Want(Missing.GRANT, event.grant)
    yield Want(Missing.CONVENTION, str(moves[0].convention))  # The name under which it goes on.


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=FiscalYearClosed,
        decide=close,
        apply=_apply_closing,
        entries=_entries_of_closing,
        effective_on=lambda event: event.closed_on,
        internal_events=internal_events_of,
    ),
    Handler(
        event=FiscalYearOpened,
        decide=open_next,
        apply=_apply_opening,
        entries=_entries_of_opening,
        arrivals=_list_arrivals,
    ),
)
