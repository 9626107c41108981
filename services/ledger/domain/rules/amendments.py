"""Amendments (avenants) and reductions: what is not ordered yet is planned anew, or given up."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import replace

from events.commitments import CommitmentReduced
from events.conventions import ConventionAmended
from services.ledger.domain.convention_threshold import convention_required
from services.ledger.domain.handler import ActEntry, Context, Handler, entries_on_awards
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState
from services.ledger.domain.model.conventions import Convention
from services.ledger.domain.model.flags import services_differ
from services.ledger.domain.model.grants import Award, Grant, act_of, with_act
from services.ledger.domain.model.lines import Line, Stage, line_of
from services.ledger.domain.model.moves import COMMIT, RELEASE, SUPPLEMENT, Move, entries_of
from services.ledger.domain.model.refusals import Refusal
from services.ledger.domain.model.schedules import (
    amended,
    cents_by_line,
    is_live,
    live_cents,
    schedule_of,
    shortened,
)
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, exceeds_award, unended
from services.ledger.domain.order_issuing import issue_orders, situation
from services.ledger.domain.rules.budgets import controlled


def amend(book: Book, event: ConventionAmended, at: Context) -> Accepted | Refused | Waits:
    """A new schedule of what is not ordered; up it commits more, down it releases (rules, 15).

    What is committed too little is supplemented within open credit, what is too much is given back
    (arrêté du 26 avril 1996, article 3).
    """
    convention = unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    planned = cents_by_line(schedule_of(event.instalments))
    refused = _amendment_refused(book, event, convention, planned)
    if refused is not None:
        return refused
    ruling = Accepted(_replanned(book, convention, planned))
    for instalment in event.instalments:
        ruling.flags += services_differ(instalment.lines, instalment=instalment.instalment)
    after, grant = amended(book, convention, event), _grant_after(book, event, convention)
    issue_orders(book, situation(book, after, at.on, grant=grant, reissues=True), ruling)
    # Credit comes last: what a ceiling cuts at once pays for what the schedule adds (rules, 26).
    control = controlled(book, [each for each in ruling.moves if Stage.AVAILABLE in each.kind[:2]])
    if isinstance(control, Refused):
        return control
    ruling.flags = control.flags + ruling.flags
    return ruling


def reduce(book: Book, event: CommitmentReduced, at: Context) -> Accepted | Refused | Waits:
    """Give up what will not be paid, from the last instalment backwards (rules, 16).

    A commitment is reduced to what is liquidated (dégagement; arrêté du 26 avril 1996, article 3).
    """
    convention = unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    moves: list[Move] = []
    for each in event.lines:
        line, asked_cents = line_of(each.line), each.amount_cents
        remaining_cents = convention.money_on(line).remaining
        if asked_cents > remaining_cents:
            where = {"line": line.row()}
            return _below_ordered(convention, where, remaining_cents, asked_cents)
        moves += _given_up(book, convention, line, asked_cents)
    after = replace(convention, schedule=shortened(convention.schedule, moves))
    return issue_orders(book, situation(book, after, at.on), Accepted(moves))


def _amendment_refused(
    book: Book, event: ConventionAmended, convention: Convention, planned: Mapping[Line, int]
) -> Refused | None:
    """The refusals of an amendment before credit is asked for, in order of precedence."""
    award = book.grants[convention.grant].award
    assert award is not None, "a convention stands on an award"
    raised_cents = 0
    for line, cents in planned.items():
        remaining_cents = convention.money_on(line).remaining
        if cents <= remaining_cents:
            continue
        reserved_cents = book.grants[convention.grant].reserved_cents.get(line, 0)
        free_cents = award.cents_on(line) - live_cents(book, convention.grant, line)
        headroom_cents = remaining_cents + reserved_cents + free_cents
        if cents > headroom_cents and not _decides_anew(event, award):
            return exceeds_award(event.convention, line, headroom_cents, cents)
        raised_cents += max(0, cents - headroom_cents)
    live = {each.instalment for each in convention.schedule if is_live(book, each)}
    for instalment in event.instalments:
        if instalment.instalment in live:
            asked_cents = sum(each.amount_cents for each in instalment.lines)
            where = {"instalment": instalment.instalment}
            return _below_ordered(convention, where, 0, asked_cents)
    if not raised_cents or not convention.is_award_alone:
        return None
    facts = convention_required(book, award.beneficiary.siret, raised_cents)
    return None if facts is None else Refused(Refusal.CONVENTION_REQUIRED, facts)


def _decides_anew(event: ConventionAmended, award: Award) -> bool:
    """True where the amendment cites an act other than the award's, which may raise it.

    The number of an act is often left out; its body and day name it then (rules, 10).
    """
    if event.act is None:
        return False
    cited, own = act_of(event.act), award.act
    if (cited.body, cited.date) != (own.body, own.date):
        return True
    return None not in {cited.number, own.number} and cited.number != own.number


def _replanned(book: Book, convention: Convention, planned: Mapping[Line, int]) -> list[Move]:
    """Moves of a new schedule: up from the grant's reserve first, then from available credit."""
    name, grant = convention.convention, book.grants[convention.grant]
    moves = []
    remaining = convention.by_line(attrgetter("remaining"))
    for line in dict.fromkeys((*planned, *remaining)):
        more_cents = planned.get(line, 0) - remaining.get(line, 0)
        if more_cents < 0:
            moves.append(Move(line, name, None, RELEASE, -more_cents))
            continue
        reserved_cents = min(more_cents, grant.reserved_cents.get(line, 0))
        if reserved_cents:
            moves.append(Move(line, name, None, COMMIT, reserved_cents))
        if more_cents > reserved_cents:
            moves.append(Move(line, name, None, SUPPLEMENT, more_cents - reserved_cents))
    return moves


def _given_up(book: Book, convention: Convention, line: Line, cents: int) -> list[Move]:
    """Moves that release what no instalment plans, then instalments from the last backwards."""
    left = [each for each in convention.schedule if not is_live(book, each)]
    planned = [(each.instalment, cents_by_line([each]).get(line, 0)) for each in left]
    unplanned_cents = convention.money_on(line).remaining - sum(each for _, each in planned)
    moves = []
    for instalment, planned_cents in ((None, unplanned_cents), *reversed(planned)):
        part_cents = min(cents, planned_cents)
        if part_cents:
            moves.append(Move(line, convention.convention, instalment, RELEASE, part_cents))
            cents -= part_cents
    assert cents == 0, "what remains is planned, or was never planned"
    return moves


def _below_ordered(
    convention: Convention, where: Mapping[str, Any], remaining_cents: int, asked_cents: int
) -> Refused:
    """The refusal to change money that is ordered: `where` is an instalment or a line."""
    facts = {
        "convention": convention.convention,
        **where,
        "remaining_cents": remaining_cents,
        "asked_cents": asked_cents,
    }
    return Refused(Refusal.BELOW_ORDERED, facts)


def _grant_after(book: Book, event: ConventionAmended, convention: Convention) -> Grant:
    """The grant with the act that the amendment cites among its acts: orders carry it."""
    grant = book.grants[convention.grant]
    return grant if event.act is None else replace(grant, acts=with_act(grant, act_of(event.act)))


def _amended(state: BudgetState, record: JournalRecord, event: ConventionAmended) -> None:
    """A new schedule; with an act, the award is raised to its live money (rules, 15)."""
    book = state.book
    convention = book.conventions[event.convention]
    state.keep_convention(amended(book, convention, event))
    if event.act is None:
        return
    grant = book.grants[convention.grant]
    grant.acts = with_act(grant, act_of(event.act))
    state.touched["grant"].add(convention.grant)
    for move in record.moves:
        if move.kind is not SUPPLEMENT:
            continue
        assert grant.award is not None, "a convention rests on an award"
        live = live_cents(book, convention.grant, move.line) + move.amount_cents
        more = live - grant.award.cents_on(move.line)
        if more > 0:
            grant.award = grant.award.raised(move.line, more)
            siret = grant.award.beneficiary.siret
            book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + more


def _entries(book: Book, event: ConventionAmended, moves: Sequence[Move]) -> Iterator[ActEntry]:
    if event.act is None:
        return entries_on_awards(book, moves)
    act = act_of(event.act)
    return (ActEntry(entry, act) for entry in entries_of(moves))


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=ConventionAmended,
        decide=amend,
        apply=_amended,
        entries=_entries,
        effective_on=lambda event: event.signed_on,
    ),
    Handler(event=CommitmentReduced, decide=reduce),
)
