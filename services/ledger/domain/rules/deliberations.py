"""Acts of assemblies on grants: the award reserves credit, a concurring act is a fact."""

from collections.abc import Iterator, Sequence
from sys import intern
from typing import Any, Final

from events.deliberations import DeliberationAdopted
from services.ledger.domain.handler import ActEntry, Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.limits import convention_required
from services.ledger.domain.model.answers import (
    Flag,
    FlagCode,
    Missing,
    Refusal,
    figures_differ,
    fold_name,
    names_differ,
    services_differ,
)
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.grants import Beneficiary, Grant, act_of, beneficiary_of, with_act
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import COMMIT, RESERVE, Move, entries_of
from services.ledger.domain.model.schedules import (
    award_alone,
    award_of,
    cents_by_line,
    sum_award_lines,
)
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, exceeds_award
from services.ledger.domain.order_issuing import issue_orders, situation
from services.ledger.domain.rules.budgets import control


def adopt(book: Book, event: DeliberationAdopted, at: Context) -> Accepted | Refused | Waits:
    """An act on a grant (rules, 9 and 13; CGCT L2311-7)."""
    return award(book, event, at) if event.role == "award" else concur(book, event)


def concur(book: Book, event: DeliberationAdopted) -> Accepted:
    """A concurring act moves nothing; it may name the beneficiary otherwise (rules, 9)."""
    flags = flag_not_recused(event)
    grant = book.grants.get(event.grant)
    if grant is not None and grant.award is not None:
        flags += names_differ(grant.award.beneficiary, beneficiary_of(event.beneficiary))
    return Accepted(flags=flags)


def award(book: Book, event: DeliberationAdopted, at: Context) -> Accepted | Refused | Waits:
    """An award reserves its lines; without convention it commits them as well."""
    grant = book.grants.get(event.grant)
    if grant is not None and grant.withdrawn:
        return Refused(Refusal.GRANT_WITHDRAWN, {"grant": event.grant})
    if grant is not None and grant.award is not None:
        return Refused(Refusal.GRANT_ALREADY_AWARDED, {"grant": event.grant})
    awarded = sum_award_lines(event)
    alone = None if event.requires_convention else award_alone(event, at.sequence)
    if alone is not None:
        refused = _alone_refused(book, event, alone, awarded)
        if refused is not None:
            return refused
    if book.vote_level is None:
        return Waits(Want(Missing.BUDGET, book.budget))
    moves = [Move(line, None, None, RESERVE, cents) for line, cents in awarded.items()]
    ruling = control(book, moves)
    if isinstance(ruling, Refused):
        return ruling
    ruling.flags += _award_flags(event, grant)
    if alone is not None:
        ruling.flags += _flag_unplanned(alone, awarded)
        ruling.moves += [
            Move(line, alone.convention, None, COMMIT, cents) for line, cents in awarded.items()
        ]
        case = situation(book, alone, at.on, grant=_add_award(event, grant or Grant()))
        issue_orders(book, case, ruling)
    return ruling


def flag_not_recused(event: DeliberationAdopted) -> list[Flag]:
    """A flag where an interested councillor took part in the vote (CGCT L2131-11)."""
    recused = {fold_name(name) for name in event.recused or ()}
    names = [name for name in event.interested or () if fold_name(name) not in recused]
    return [Flag(FlagCode.INTERESTED_NOT_RECUSED, {"names": names})] if names else []


def _alone_refused(
    book: Book, event: DeliberationAdopted, alone: Convention, awarded: dict[Line, int]
) -> Refused | None:
    """The refusals of an award without convention, in order of precedence."""
    if book.is_taken(event.grant):
        return Refused(Refusal.CONVENTION_EXISTS, {"convention": event.grant})
    for line, planned_cents in cents_by_line(alone.schedule).items():
        if planned_cents > awarded.get(line, 0):
            return exceeds_award(event.grant, line, awarded.get(line, 0), planned_cents)
    facts = convention_required(book, event.beneficiary.siret, sum(awarded.values()))
    return None if facts is None else Refused(Refusal.CONVENTION_REQUIRED, facts)


def _award_flags(event: DeliberationAdopted, grant: Grant | None) -> list[Flag]:
    assert event.lines is not None, "an award has lines"
    total_cents = sum(each.amount_cents for each in event.lines)
    flags = services_differ(event.lines)
    for instalment in event.instalments or ():
        flags += services_differ(instalment.lines, instalment=instalment.instalment)
    flags += figures_differ("total", event.stated_total_cents, total_cents)
    named: tuple[Beneficiary, ...] = () if grant is None else grant.concurring
    for beneficiary in named:
        flags += names_differ(beneficiary_of(event.beneficiary), beneficiary)
    return flags + flag_not_recused(event)


def _flag_unplanned(alone: Convention, awarded: dict[Line, int]) -> list[Flag]:
    """A flag for each line of which the award's own schedule pays only a part (rules, 13)."""
    planned = cents_by_line(alone.schedule)
    flags = []
    for line, cents in awarded.items():
        flags += figures_differ("instalments", cents, planned.get(line, 0), line=line.row())
    return flags


def _add_award(event: DeliberationAdopted, known: Grant) -> Grant:
    """The grant with its award, behind the acts on it that came before."""
    return Grant(award=award_of(event), acts=with_act(known, act_of(event.act)))


def _apply_deliberation(
    state: BudgetState, record: JournalRecord, event: DeliberationAdopted
) -> None:
    book = state.book
    grant = book.grants.setdefault(intern(event.grant), Grant())
    state.touched["grant"].add(event.grant)
    act = act_of(event.act)
    grant.acts = with_act(grant, act)
    if event.role == "concurring":
        if grant.award is None:
            beneficiary = beneficiary_of(event.beneficiary)
            if beneficiary not in grant.concurring:
                grant.concurring += (beneficiary,)
        return
    grant.award = award_of(event)
    grant.concurring = ()
    grant.share_parts()
    siret = grant.award.beneficiary.siret
    book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + grant.award.total_cents
    if not event.requires_convention:
        state.keep_convention(award_alone(event, record.sequence))


def _entries(_book: Book, event: DeliberationAdopted, moves: Sequence[Move]) -> Iterator[ActEntry]:
    return (ActEntry(entry, act_of(event.act)) for entry in entries_of(moves))


def _list_arrivals(event: DeliberationAdopted, _moves: Sequence[Move]) -> Iterator[Want]:
    if event.role == "award":
        yield Want(Missing.GRANT, event.grant)
        if not event.requires_convention:
            yield Want(Missing.CONVENTION, event.grant)


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=DeliberationAdopted,
        decide=adopt,
        apply=_apply_deliberation,
        entries=_entries,
        effective_on=lambda event: event.act.date,
        grant=lambda _book, event: event.grant,
        arrivals=_list_arrivals,
    ),
)
