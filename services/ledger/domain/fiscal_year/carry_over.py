"""Carry-over: conventions of a closed year, and their grants, in the next one (rules, 32)."""

from msgspec.structs import replace

from events import fiscal_years
from events.fiscal_years import FiscalYearOpened
from services.ledger.domain.model.book import YEAR_DIGITS, Book
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
from services.ledger.domain.model.grants import Award, Grant, act_of, beneficiary_of
from services.ledger.domain.model.interning import EMPTY
from services.ledger.domain.model.lines import line_of
from services.ledger.domain.model.schedules import obligations_of, planned_lines


def opened_name(book: Book, event: FiscalYearOpened) -> str:
    """The name under which a convention goes on in this year: its own, where that is free.

    It is taken where a convention, or a grant without one, bears it, or where the grant whose
    reference it is was awarded here (rules, 32).
    """
    name = event.convention
    while book.is_taken(name) or (event.stands_alone and _is_awarded(book, name)):
        name = _of_its_year(name, event)
    return name


def former_grant(event: FiscalYearOpened) -> str | None:
    """The grant that was replaced (rules, 13).

    One that says it of its instalments alone was written before openings had a field for it.
    """
    named = (each.instalment.rpartition("/")[0] for each in event.instalments)
    return event.replaced or next(filter(None, named), None)


def _opened_grant(book: Book, event: FiscalYearOpened, own_name: str) -> str | None:
    """The grant that was replaced, in this year: neither the convention nor another bears it."""
    name = former_grant(event)
    while name is not None and (name == own_name or book.is_taken(name) or _is_awarded(book, name)):
        name = _of_its_year(name, event)
    return name


def _of_its_year(name: str, event: FiscalYearOpened) -> str:
    return f"{name}@{event.closed_budget[-YEAR_DIGITS:]}"


def _is_awarded(book: Book, grant: str) -> bool:
    known = book.grants.get(grant)
    return known is not None and known.award is not None


def carried_convention(book: Book, event: FiscalYearOpened, sequence: int) -> Convention:
    """The convention that goes on from an earlier year, before any money moved (rules, 32).

    Where its award fell in this year it is known as a withdrawn one.
    """
    name = opened_name(book, event)
    formerly = _opened_grant(book, event, name)
    grant = book.grants.get(event.grant)
    fell = grant is not None and grant.withdrawn
    convention = Convention(
        convention=name,
        grant=event.grant,
        beneficiary=beneficiary_of(event.beneficiary),
        signed_on=event.signed_on,
        signed_at=sequence,
        is_award_alone=event.stands_alone,
        schedule=tuple(_carried_instalment(each, formerly) for each in event.instalments),
        notified_on=event.notified_on,
        documents=_carried_documents(event),
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


def _carried_instalment(
    carried: fiscal_years.CarriedInstalment, formerly: str | None
) -> Instalment:
    _, of_grant, instalment = carried.instalment.rpartition("/")
    return Instalment(
        instalment=f"{formerly}/{instalment}" if of_grant else instalment,
        trigger=carried.trigger,
        documents=tuple(document_key(doc.kind, doc.year) for doc in carried.documents or ()),
        ceiling=carried.ceiling,
        lines=planned_lines(carried.lines),
        orders=carried.orders,
        amended_on=carried.amended_on,
        ordered_before=not carried.lines and not carried.settled,
        due_again_on=carried.due_again_on,
    )


def _carried_documents(event: FiscalYearOpened) -> dict[DocumentKey, DocumentReceipt]:
    """The documents that earlier years received, in the order of their costs."""
    documents = {}
    for costed_at, each in enumerate(event.documents, start=-len(event.documents)):
        cost_cents = each.eligible_cost_cents
        receipt = DocumentReceipt(
            each.received_on, cost_cents, 0 if cost_cents is None else costed_at
        )
        documents[document_key(each.document.kind, each.document.year)] = receipt
    return documents


def carried_grant(event: FiscalYearOpened, known: Grant | None) -> Grant:
    """The grant of a convention of an earlier year; an award of this year stays what it is.

    Of the award there is what was carried over, and no more: the rest was had, or has lapsed.
    """
    grant = known or Grant()
    acts = tuple(act for act in map(act_of, event.acts) if act not in grant.acts)
    award = grant.award or _carried_award(event)
    for each in event.lines:
        award = award.raised(line_of(each.line), each.amount_cents)
    carried_cents = award.carried_cents + sum(each.amount_cents for each in event.lines)
    return replace(
        grant,
        award=replace(award, carried_cents=carried_cents),
        acts=(*grant.acts, *acts),
        concurring=(),
    )


def _carried_award(event: FiscalYearOpened) -> Award:
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
