"""Conventions amended, reduced and terminated; awards withdrawn or annulled (rules, 15-17)."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import replace

from events.conventions import CommitmentReduced, ConventionAmended, ConventionTerminated
from events.deliberations import DeliberationWithdrawn
from services.ledger.domain.handler import ActEntry, Context, Handler, entries_on_awards
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.limits import convention_required
from services.ledger.domain.model.answers import Flag, FlagCode, Missing, Refusal, services_differ
from services.ledger.domain.model.book import Book, BudgetState, Want
from services.ledger.domain.model.conventions import LIFE_CYCLE, Convention, ConventionState
from services.ledger.domain.model.grants import (
    Award,
    Grant,
    act_of,
    award_falls,
    find_withdrawn_act,
    with_act,
)
from services.ledger.domain.model.life_cycle import enter
from services.ledger.domain.model.lines import Line, Stage, line_of
from services.ledger.domain.model.moves import (
    COMMIT,
    RELEASE,
    SUPPLEMENT,
    TAKE_BACK,
    UNRESERVE,
    Move,
    entries_of,
)
from services.ledger.domain.model.orders import (
    OPEN,
    TRANSITIONS,
    OrderChange,
    OrderState,
    PaymentOrder,
    list_unpaid,
)
from services.ledger.domain.model.schedules import (
    amend_convention,
    cents_by_line,
    is_live,
    live_cents,
    order_of,
    schedule_of,
    shorten_schedule,
)
from services.ledger.domain.model.verdicts import (
    Accepted,
    Refused,
    Waits,
    exceeds_award,
    find_unended,
)
from services.ledger.domain.order_issuing import issue_orders, situation
from services.ledger.domain.rules.budgets import control


def terminate(book: Book, event: ConventionTerminated, _at: Context) -> Accepted | Refused | Waits:
    """Release what is not ordered, and the grant's reserve; open orders stay payable.

    The convention itself says when (that of Lille: article 10, two months after formal notice).
    """
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    reserve = _unreserve(book.grants[convention.grant])
    return Accepted([*_release(convention), *reserve])


def withdraw(book: Book, event: DeliberationWithdrawn, _at: Context) -> Accepted | Refused | Waits:
    """An act falls: with the award, all that is not paid is released; what is paid is flagged.

    An award gives rights to whoever meets its conditions (CE, 5 juillet 2010, CCI de l'Indre), and
    an illegal one may be withdrawn within four months only. So the ledger judges no withdrawal, and
    takes nothing back by itself: after an annulment the assembly may decide anew before it asks for
    the money.
    """
    grant, named = book.grants.get(event.grant), act_of(event.act)
    if grant is None or (grant.award is None and find_withdrawn_act(grant, named) is None):
        return Waits(Want(Missing.GRANT, event.grant))
    if grant.withdrawn:
        return Refused(Refusal.GRANT_WITHDRAWN, {"grant": event.grant})
    facts = {"grant": event.grant, "act": named.row()}
    if not award_falls(grant, named):
        return Accepted(flags=[Flag(FlagCode.CONCURRING_ACT_WITHDRAWN, facts)])
    ruling = Accepted(_unreserve(grant))
    if find_withdrawn_act(grant, named) is None:
        ruling.flags.append(Flag(FlagCode.ACT_NOT_FOUND, facts))
    of_grant = [each for each in book.conventions.values() if each.grant == event.grant]
    for convention in sorted(of_grant, key=attrgetter("signed_at")):
        ruling.moves += _release(convention)
        for order in _open_orders(book, convention):
            ruling.moves += return_to_commitment(book, order, and_released=True)
            cancelled = enter(TRANSITIONS, order.state, event.TYPE, OrderState.CANCELLED)
            ruling.orders.append(OrderChange(replace(order, state=cancelled)))
        if convention.had_cents:
            owed = {"convention": convention.convention, "amount_cents": convention.had_cents}
            ruling.flags.append(Flag(FlagCode.RECOVERY_DUE, owed))
    return ruling


def return_to_commitment(book: Book, order: PaymentOrder, *, and_released: bool) -> list[Move]:
    """The unpaid part of an order, back in its commitment; out of it as well where that ended."""
    kinds = (TAKE_BACK, RELEASE) if and_released else (TAKE_BACK,)
    convention, instalment = book.place_of(order)
    return [
        Move(each.line, convention.convention, instalment, kind, each.amount_cents)
        for kind in kinds
        for each in list_unpaid(order)
    ]


def _release(convention: Convention) -> list[Move]:
    """Moves that release all that is committed and not ordered."""
    return [
        Move(money.line, convention.convention, None, RELEASE, money.remaining)
        for money in convention.lines
        if money.remaining
    ]


def _unreserve(grant: Grant) -> list[Move]:
    """Moves that release the part of an award that no convention has taken."""
    reserved = grant.reserved_cents.items()
    return [Move(line, None, None, UNRESERVE, cents) for line, cents in reserved]


def _open_orders(book: Book, convention: Convention) -> Iterator[PaymentOrder]:
    for instalment in convention.schedule:
        order = order_of(book, instalment)
        if order is not None and order.state in OPEN:
            yield order


def _apply_termination(
    state: BudgetState, _record: JournalRecord, event: ConventionTerminated
) -> None:
    _terminate(state.touch_convention(event.convention), event.TYPE)


def _terminate(convention: Convention, event: str) -> None:
    convention.state = enter(LIFE_CYCLE, convention.state, event, ConventionState.TERMINATED)


def _apply_withdrawal(
    state: BudgetState, _record: JournalRecord, event: DeliberationWithdrawn
) -> None:
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
            _terminate(state.touch_convention(name), event.TYPE)


def amend(book: Book, event: ConventionAmended, at: Context) -> Accepted | Refused | Waits:
    """A new schedule of what is not ordered; up it commits more, down it releases (rules, 15).

    What is committed too little is supplemented within open credit, what is too much is given back
    (arrêté du 26 avril 1996, article 3).
    """
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    planned = cents_by_line(schedule_of(event.instalments))
    refused = _amendment_refused(book, event, convention, planned)
    if refused is not None:
        return refused
    ruling = Accepted(_plan_anew(book, convention, planned))
    for instalment in event.instalments:
        ruling.flags += services_differ(instalment.lines, instalment=instalment.instalment)
    after, grant = amend_convention(book, convention, event), _grant_after(book, event, convention)
    issue_orders(book, situation(book, after, at.on, grant=grant, reissues=True), ruling)
    # Credit comes last: what a ceiling cuts at once pays for what the schedule adds (rules, 26).
    checked = control(book, [each for each in ruling.moves if Stage.AVAILABLE in each.kind[:2]])
    if isinstance(checked, Refused):
        return checked
    ruling.flags = checked.flags + ruling.flags
    return ruling


def reduce(book: Book, event: CommitmentReduced, at: Context) -> Accepted | Refused | Waits:
    """Give up what will not be paid, from the last instalment backwards (rules, 16).

    A commitment is reduced to what is liquidated (dégagement; arrêté du 26 avril 1996, article 3).
    """
    convention = find_unended(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    moves: list[Move] = []
    for each in event.lines:
        line, asked_cents = line_of(each.line), each.amount_cents
        remaining_cents = convention.get_money(line).remaining
        if asked_cents > remaining_cents:
            where = {"line": line.row()}
            return _refuse_below_ordered(convention, where, remaining_cents, asked_cents)
        moves += _give_up(book, convention, line, asked_cents)
    after = replace(convention, schedule=shorten_schedule(convention.schedule, moves))
    return issue_orders(book, situation(book, after, at.on), Accepted(moves))


def _amendment_refused(
    book: Book, event: ConventionAmended, convention: Convention, planned: Mapping[Line, int]
) -> Refused | None:
    """The refusals of an amendment before credit is asked for, in order of precedence."""
    award = book.grants[convention.grant].award
    assert award is not None, "a convention stands on an award"
    raised_cents = 0
    for line, cents in planned.items():
        remaining_cents = convention.get_money(line).remaining
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
            return _refuse_below_ordered(convention, where, 0, asked_cents)
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


def _plan_anew(book: Book, convention: Convention, planned: Mapping[Line, int]) -> list[Move]:
    """Moves of a new schedule: up from the grant's reserve first, then from available credit."""
    name, grant = convention.convention, book.grants[convention.grant]
    moves = []
    remaining = convention.map_lines(attrgetter("remaining"))
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


def _give_up(book: Book, convention: Convention, line: Line, cents: int) -> list[Move]:
    """Moves that release what no instalment plans, then instalments from the last backwards."""
    left = [each for each in convention.schedule if not is_live(book, each)]
    planned = [(each.instalment, cents_by_line([each]).get(line, 0)) for each in left]
    unplanned_cents = convention.get_money(line).remaining - sum(each for _, each in planned)
    moves = []
    for instalment, planned_cents in ((None, unplanned_cents), *reversed(planned)):
        part_cents = min(cents, planned_cents)
        if part_cents:
            moves.append(Move(line, convention.convention, instalment, RELEASE, part_cents))
            cents -= part_cents
    assert cents == 0, "what remains is planned, or was never planned"
    return moves


def _refuse_below_ordered(
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


def _apply_amendment(state: BudgetState, record: JournalRecord, event: ConventionAmended) -> None:
    """A new schedule; with an act, the award is raised to its live money (rules, 15)."""
    book = state.book
    convention = book.conventions[event.convention]
    state.keep_convention(amend_convention(book, convention, event))
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
            grant.award = grant.award.raise_line(move.line, more)
            siret = grant.award.beneficiary.siret
            book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + more


def _entries(book: Book, event: ConventionAmended, moves: Sequence[Move]) -> Iterator[ActEntry]:
    if event.act is None:
        return entries_on_awards(book, moves)
    act = act_of(event.act)
    return (ActEntry(entry, act) for entry in entries_of(moves))


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=ConventionTerminated,
        decide=terminate,
        apply=_apply_termination,
        effective_on=lambda event: event.effective_on,
        grant=lambda book, event: book.conventions[event.convention].grant,
    ),
    Handler(
        event=DeliberationWithdrawn,
        decide=withdraw,
        apply=_apply_withdrawal,
        grant=lambda _book, event: event.grant,
    ),
    Handler(
        event=ConventionAmended,
        decide=amend,
        apply=_apply_amendment,
        entries=_entries,
        effective_on=lambda event: event.signed_on,
    ),
    Handler(event=CommitmentReduced, decide=reduce),
)
