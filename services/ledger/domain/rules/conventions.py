"""Conventions signed, notified, suspended and resumed; documents received and rejected."""

from collections.abc import Iterator, Mapping
from datetime import date
from operator import attrgetter
from sys import intern
from typing import Any, Final

from msgspec.structs import replace

from events.conventions import (
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ReportReceived,
    ReportRejected,
)
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.limits import check_held_back
from services.ledger.domain.model.answers import (
    Flag,
    FlagCode,
    Missing,
    Refusal,
    figures_differ,
    names_differ,
    services_differ,
    signatory_differs,
)
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.conventions import (
    LIFE_CYCLE,
    Convention,
    ConventionState,
    DocumentKey,
    document_key,
)
from services.ledger.domain.model.grants import (
    Award,
    Grant,
    act_of,
    bank_account_of,
    beneficiary_of,
)
from services.ledger.domain.model.life_cycle import enter, target_of
from services.ledger.domain.model.lines import Line, drop_key
from services.ledger.domain.model.moves import COMMIT, RELEASE, Move
from services.ledger.domain.model.schedules import (
    cents_by_line,
    document_received,
    is_drawn,
    order_resting_on,
    schedule_of,
    sign_convention,
)
from services.ledger.domain.model.verdicts import (
    Accepted,
    Refused,
    Waits,
    exceeds_award,
    find_convention,
    find_unended,
)
from services.ledger.domain.order_issuing import (
    Situation,
    issue_orders,
    situation,
    waiting_for_account,
)

SIREN_DIGITS = 9
"""A SIRET is a SIREN, the body, and five digits more, its establishment."""


def sign(book: Book, event: ConventionSigned, at: Context) -> Accepted | Refused | Waits:
    """The legal commitment: reserved → committed, line by line (rules, 10, 11 and 13).

    The convention (loi 2000-321, article 10) makes the obligation, and stays within what was
    authorised: the credit was taken by the award's accounting commitment, which comes before the
    legal one or with it (GBCP, décret 2012-1246, article 30; arrêté du 26 avril 1996).
    """
    grant = book.grants.get(event.grant)
    if grant is not None and grant.withdrawn:
        return Refused(Refusal.GRANT_WITHDRAWN, {"grant": event.grant})
    alone = book.award_alone_of(event.grant)
    too_late = alone is not None and is_drawn(book, alone) and not _rest_is_held(book, alone)
    if too_late or book.is_taken(event.convention):
        return Refused(Refusal.CONVENTION_EXISTS, {"convention": event.convention})
    if grant is None or grant.award is None:
        return Waits(Want(Missing.GRANT, event.grant))
    awarded_siret = grant.award.beneficiary.siret
    if event.beneficiary.siret[:SIREN_DIGITS] != awarded_siret[:SIREN_DIGITS]:
        facts = {"award": awarded_siret, "convention": event.beneficiary.siret}
        return Refused(Refusal.BENEFICIARY_DIFFERS, facts)
    planned = cents_by_line(schedule_of(event.instalments))
    free = grant.reserved_cents if alone is None else _remaining(alone)
    for line, cents in planned.items():
        if cents > free.get(line, 0):
            return exceeds_award(event.convention, line, free.get(line, 0), cents)
    ruling = Accepted(flags=_flags(event, grant, grant.award))
    ruling.moves = _commit(event, planned) if alone is None else _reduce(event, free, planned)
    for case in _waiting_for_account(book, event, alone, at.on):
        issue_orders(book, case, ruling)
    return issue_orders(book, _make_situation(book, event, at), ruling)


def notify(book: Book, event: ConventionNotified, at: Context) -> Accepted | Refused | Waits:
    """The beneficiary was notified; the first notification counts (rules, 19).

    From it, or from the event that the convention names, the time to pay runs (loi 2021-875).
    """
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    notified_on = convention.notified_on or event.notified_on
    case = situation(book, convention, at.on, notified_on=notified_on)
    return issue_orders(book, case, Accepted())


def suspend(book: Book, event: ConventionSuspended, _at: Context) -> Accepted | Refused | Waits:
    """No order is issued until the convention resumes; open ones go on (rules, 17 and 18).

    The convention itself allows it (that of Lille: article 7).
    """
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    if target_of(LIFE_CYCLE, convention.state, event.TYPE) is None:
        return _wrong_state(convention)
    return Accepted()


def resume(book: Book, event: ConventionResumed, at: Context) -> Accepted | Refused | Waits:
    """Order what fell due in the meantime; due dates stay as they were (rules, 19 and 21)."""
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    if target_of(LIFE_CYCLE, convention.state, event.TYPE) is None:
        return _wrong_state(convention)
    resumed = replace(convention, state=ConventionState.IN_FORCE)
    return issue_orders(book, situation(book, resumed, at.on, reissues=True), Accepted())


def _wrong_state(convention: Convention) -> Refused:
    facts = {"convention": convention.convention, "state": convention.state.value}
    return Refused(Refusal.WRONG_STATE, facts)


def _rest_is_held(book: Book, alone: Convention) -> bool:
    """True where rule 14 holds back what is not ordered: a convention may be signed for that."""
    rest_cents = sum(_remaining(alone).values())
    return rest_cents > 0 and check_held_back(book, alone) is not None


def _remaining(alone: Convention) -> dict[Line, int]:
    return alone.map_lines(attrgetter("remaining"))


def _commit(event: ConventionSigned, planned: dict[Line, int]) -> list[Move]:
    return [Move(line, event.convention, None, COMMIT, cents) for line, cents in planned.items()]


def _reduce(
    event: ConventionSigned, free: Mapping[Line, int], planned: dict[Line, int]
) -> list[Move]:
    """A grant committed by its award already: what the convention does not take is released."""
    return [
        Move(line, event.convention, None, RELEASE, cents - planned.get(line, 0))
        for line, cents in free.items()
        if cents > planned.get(line, 0)
    ]


def _waiting_for_account(
    book: Book, event: ConventionSigned, alone: Convention | None, on: date
) -> list[Situation]:
    """The beneficiary's other conventions, where this one brings the first account (rules, 18)."""
    siret = event.beneficiary.siret
    if event.bank_account is None or siret in book.accounts:
        return []
    found = waiting_for_account(book, siret, bank_account_of(event.bank_account), on)
    return [case for case in found if case.convention is not alone]


def _make_situation(book: Book, event: ConventionSigned, at: Context) -> Situation:
    account = None if event.bank_account is None else bank_account_of(event.bank_account)
    return situation(book, sign_convention(book, event, at.sequence), at.on, account=account)


def _flags(event: ConventionSigned, grant: Grant, award: Award) -> list[Flag]:
    flags = _years_differ(event, award)
    total_cents = 0
    for instalment in event.instalments:
        total_cents += sum(each.amount_cents for each in instalment.lines)
        flags += services_differ(instalment.lines, instalment=instalment.instalment)
    flags += figures_differ("total", event.stated_total_cents, total_cents)
    beneficiary = beneficiary_of(event.beneficiary)
    flags += names_differ(award.beneficiary, beneficiary)
    representative = beneficiary.representative or award.beneficiary.representative
    flags += signatory_differs(representative, event.signatory)
    known = {(act.body, act.date) for act in grant.acts}
    for act in map(act_of, event.acts):
        if (act.body, act.date) not in known:
            facts = {"grant": event.grant, "act": act.row()}
            flags.append(Flag(FlagCode.ACT_NOT_FOUND, facts))
    return flags


def _years_differ(event: ConventionSigned, award: Award) -> list[Flag]:
    """A flag where the words of act and convention name two years, or one that is not planned.

    The plan alone may ask for the documents of several years.
    """
    stated = set(event.stated_condition_years or ())
    planned = {document.year for each in event.instalments for document in each.documents or ()}
    named = stated | ({award.conditions_year} - {None})
    if len(named) <= 1 and (not planned or named <= planned):
        return []
    facts = {"deliberation": award.conditions_year, "convention": sorted(planned | stated)}
    return [Flag(FlagCode.CONDITION_YEAR_DIFFERS, facts)]


def _apply_signature(state: BudgetState, record: JournalRecord, event: ConventionSigned) -> None:
    book = state.book
    convention = sign_convention(book, event, record.sequence)
    convention.grant = intern(event.grant)
    if convention.formerly is not None:
        del book.conventions[convention.formerly]
        state.touch_whole_convention(convention.formerly)
    if event.bank_account is not None:
        book.accounts[convention.beneficiary.siret] = bank_account_of(event.bank_account)
        state.touched["account"].add(event.beneficiary.siret)
    state.keep_convention(convention)


def _apply_notification(
    state: BudgetState, _record: JournalRecord, event: ConventionNotified
) -> None:
    convention = state.touch_convention(event.convention)
    convention.notified_on = convention.notified_on or event.notified_on


def _apply_suspension(
    state: BudgetState, _record: JournalRecord, event: ConventionSuspended
) -> None:
    convention = state.touch_convention(event.convention)
    convention.state = enter(LIFE_CYCLE, convention.state, event.TYPE, ConventionState.SUSPENDED)


def _apply_resumption(state: BudgetState, _record: JournalRecord, event: ConventionResumed) -> None:
    convention = state.touch_convention(event.convention)
    convention.state = enter(LIFE_CYCLE, convention.state, event.TYPE, ConventionState.IN_FORCE)


def receive(book: Book, event: ReportReceived, at: Context) -> Accepted | Refused | Waits:
    """A document arrives; the last one that an instalment waits for sets it off (rules, 19-22).

    The first payment wants decision and convention, later ones what the decision asks for (CGCT,
    annexe I, rubrique 72); certified accounts are owed every year (CGCT L1611-4). What a closed
    year is still sent is recorded and sets nothing off (rules, 31).
    """
    convention = find_convention(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    if book.closed:
        return Accepted()
    key, receipt = document_received(convention.documents, event, at.sequence)
    documents = {**convention.documents, key: receipt}
    case = situation(book, convention, at.on, documents=documents, reissues=True)
    return issue_orders(book, case, Accepted())


def reject(book: Book, event: ReportRejected, at: Context) -> Accepted | Refused | Waits:
    """A document does not do: it counts as not received; what it set off is flagged (rules, 24)."""
    convention = find_convention(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    rejected = document_key(event.document.kind, event.document.year)
    ruling = Accepted(flags=list(_resting_on(book, convention, rejected)))
    if book.closed:
        return ruling
    documents = drop_key(convention.documents, rejected)
    return issue_orders(book, situation(book, convention, at.on, documents=documents), ruling)


def _resting_on(book: Book, convention: Convention, document: DocumentKey) -> Iterator[Flag]:
    """A flag for each order that the document set off, and that is open or was paid.

    Nothing rests on a document that counts as not received already.
    """
    if document not in convention.documents:
        return
    for instalment in convention.schedule:
        order = order_resting_on(book, convention, instalment)
        if document in instalment.documents and order is not None:
            facts = {
                "convention": convention.convention,
                "document": document._asdict(),
                "payment_order": order,
            }
            yield Flag(FlagCode.REPORT_REJECTED_AFTER_ORDER, facts)


def _apply_receipt(state: BudgetState, record: JournalRecord, event: ReportReceived) -> None:
    convention = state.touch_progress(event.convention)
    key, receipt = document_received(convention.documents, event, record.sequence)
    convention.documents = {**convention.documents, key: receipt}
    convention.rejected = tuple([each for each in convention.rejected if each != key])


def _apply_rejection(state: BudgetState, _record: JournalRecord, event: ReportRejected) -> None:
    key = document_key(event.document.kind, event.document.year)
    convention = state.touch_progress(event.convention)
    convention.documents = drop_key(convention.documents, key)
    if key not in convention.rejected:
        convention.rejected += (key,)


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=ConventionSigned,
        decide=sign,
        apply=_apply_signature,
        grant=lambda _book, event: event.grant,
        effective_on=lambda event: event.signed_on,
        arrivals=lambda event, _moves: (Want(Missing.CONVENTION, event.convention),),
    ),
    Handler(event=ConventionNotified, decide=notify, apply=_apply_notification),
    Handler(event=ConventionSuspended, decide=suspend, apply=_apply_suspension),
    Handler(
        event=ConventionResumed,
        decide=resume,
        apply=_apply_resumption,
        effective_on=lambda event: event.effective_on,
        reissues=True,
    ),
    Handler(
        event=ReportReceived,
        decide=receive,
        apply=_apply_receipt,
        effective_on=lambda event: event.received_on,
        reissues=True,
        reports_on=lambda event: event.convention,
    ),
    Handler(
        event=ReportRejected,
        decide=reject,
        apply=_apply_rejection,
        reports_on=lambda event: event.convention,
    ),
)
