"""What an accepted event says beside the money that it moves: acts, accounts, documents, states."""

from collections.abc import Mapping
from sys import intern

from events.budgets import BudgetVoted, CreditsTransferred
from events.commitments import CommitmentReduced
from events.conventions import (
    ConventionAmended,
    ConventionNotified,
    ConventionResumed,
    ConventionSigned,
    ConventionSuspended,
    ConventionTerminated,
)
from events.deadlines import DeadlinePassed
from events.deliberations import DeliberationAdopted, DeliberationWithdrawn
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.recoveries import RecoveryCollected, RecoveryOrdered
from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.book import BudgetState
from services.ledger.domain.carry_over import carried_convention, carried_grant
from services.ledger.domain.credit import group_of
from services.ledger.domain.grants import (
    Convention,
    ConventionState,
    Grant,
    RecoveredLine,
    Recovery,
    act_of,
    award_falls,
    bank_account_of,
    beneficiary_of,
    document_key,
    with_act,
)
from services.ledger.domain.interning import with_own_lines, with_shared_parts
from services.ledger.domain.invariants import group_sums
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.lines import Line, line_of
from services.ledger.domain.moves import RECOVER, SUPPLEMENT
from services.ledger.domain.orders import OPEN
from services.ledger.domain.schedules import (
    amended,
    amounts_by_line,
    award_alone,
    award_of,
    collected_by_line,
    document_received,
    live_cents,
    signed_convention,
)


def learn(state: BudgetState, record: JournalRecord, event: Event) -> None:
    """Keep what the event of an accepted record says."""
    book, sequence = state.book, record.sequence
    match event:
        case PaymentExecuted() | PaymentOrderAcknowledged() | CommitmentReduced():
            pass  # The moves and the order, in the record, say it all.
        case DeadlinePassed():
            pass  # It only asks to look.
        case ReportReceived():
            convention = _changed(state, event.convention)
            key, receipt = document_received(convention.documents, event, sequence)
            convention.documents[key] = receipt
        case ReportRejected():
            convention = _changed(state, event.convention)
            key = document_key(event.document.kind, event.document.year)
            convention.documents.pop(key, None)
        case BudgetVoted():
            _vote(state, event)
        case CreditsTransferred():
            book.line(line_of(event.from_line))
            book.line(line_of(event.to_line))
        case DeliberationAdopted():
            _adopt(state, event, sequence)
        case DeliberationWithdrawn():
            _withdraw(state, event)
        case ConventionSigned():
            _sign(state, event, sequence)
        case ConventionNotified():
            convention = _changed(state, event.convention)
            convention.notified_on = convention.notified_on or event.notified_on
        case ConventionAmended():
            _amend(state, record, event)
        case ConventionSuspended():
            _changed(state, event.convention).state = ConventionState.SUSPENDED
        case ConventionResumed():
            _changed(state, event.convention).state = ConventionState.IN_FORCE
        case ConventionTerminated():
            _changed(state, event.convention).state = ConventionState.TERMINATED
        case RecoveryOrdered():
            _order_back(state, event)
        case RecoveryCollected():
            moved = {each.line: each.amount_cents for each in record.moves if each.way is RECOVER}
            _collect(state, event, moved)
        case BankAccountChanged():
            book.accounts[event.beneficiary.siret] = bank_account_of(event.bank_account)
            state.touched.add(("account", event.beneficiary.siret))
        case FiscalYearClosed():
            _close(state)
        case FiscalYearOpened():  # pragma: no branch # mypy shows that no event is left
            _open(state, event, sequence)


def _changed(state: BudgetState, convention: str) -> Convention:
    state.touched.add(("convention", convention))
    return state.book.conventions[convention]


def _vote(state: BudgetState, event: BudgetVoted) -> None:
    book = state.book
    for each in event.appropriations:
        book.line(line_of(each.line))
    if event.vote_level is not None:
        book.vote_level = event.vote_level
        # What an earlier year's conventions gave back before the vote is credit too.
        book.group_available_cents = group_sums(book)


def _adopt(state: BudgetState, event: DeliberationAdopted, sequence: int) -> None:
    book = state.book
    grant = book.grants.setdefault(intern(event.grant), Grant())
    state.touched.add(("grant", event.grant))
    act = act_of(event.act)
    grant.acts = with_act(grant, act)
    if event.role == "concurring":
        if grant.award is None:
            beneficiary = beneficiary_of(event.beneficiary)
            if beneficiary not in grant.concurring:
                grant.concurring += (beneficiary,)
        return
    grant.award = with_own_lines(award_of(event)._replace(act=act), book.own_lines)
    grant.concurring = ()
    siret = grant.award.beneficiary.siret
    book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + grant.award.total_cents
    if not event.requires_convention:
        _keep_convention(state, award_alone(event, sequence))


def _withdraw(state: BudgetState, event: DeliberationWithdrawn) -> None:
    """The award falls, and with it all that was granted under it; a concurring act is kept."""
    book = state.book
    grant = book.grants[event.grant]
    award = grant.award
    if award is None or not award_falls(grant, act_of(event.act)):
        return
    grant.withdrawn = True
    state.touched.add(("grant", event.grant))
    siret = award.beneficiary.siret
    left_cents = book.awarded_cents.pop(siret, 0) - award.own_cents
    if left_cents:
        book.awarded_cents[siret] = left_cents
    for name, convention in book.conventions.items():
        if convention.grant == event.grant:
            _changed(state, name).state = ConventionState.TERMINATED


def _amend(state: BudgetState, record: JournalRecord, event: ConventionAmended) -> None:
    """A new schedule; with an act, the award is raised to what now lives of it (rules, 15)."""
    book = state.book
    convention = book.conventions[event.convention]
    _keep_convention(state, amended(book, convention, event))
    if event.act is None:
        return
    grant = book.grants[convention.grant]
    grant.acts = with_act(grant, act_of(event.act))
    state.touched.add(("grant", convention.grant))
    for move in record.moves:
        if move.way is not SUPPLEMENT:
            continue
        assert grant.award is not None, "a convention stands on an award"
        live = live_cents(book, convention.grant, move.line) + move.amount_cents
        more = live - grant.award.cents_on(move.line)
        if more > 0:
            grant.award = grant.award.raised(move.line, more)
            siret = grant.award.beneficiary.siret
            book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + more


def _order_back(state: BudgetState, event: RecoveryOrdered) -> None:
    recoveries = _changed(state, event.convention).recoveries
    before = recoveries.get(event.recovery, Recovery())
    lines = dict(before.lines)
    for line, cents in amounts_by_line(event.lines or ()).items():
        named = before.on(line)
        lines[line] = named._replace(ordered_cents=named.ordered_cents + cents)
    recoveries[intern(event.recovery)] = before._replace(
        ordered_cents=before.ordered_cents + event.total_cents, lines=lines
    )


def _collect(state: BudgetState, event: RecoveryCollected, moved: Mapping[Line, int]) -> None:
    """What has come back, and on which lines: as it moved; else it is revenue (rules, 27)."""
    convention = _changed(state, event.convention)
    before = convention.recoveries[event.recovery]
    lines = dict(before.lines)
    for line, cents in (moved or collected_by_line(event, convention)).items():
        ordered, collected, revenue = before.on(line)
        lines[line] = RecoveredLine(ordered, collected + cents, revenue + (0 if moved else cents))
    convention.recoveries[event.recovery] = Recovery(
        before.ordered_cents,
        before.collected_cents + event.total_cents,
        before.revenue_cents + (0 if moved else event.total_cents),
        lines,
    )


def _sign(state: BudgetState, event: ConventionSigned, sequence: int) -> None:
    book = state.book
    convention = signed_convention(book, event, sequence)
    convention.grant = intern(event.grant)
    award = book.grants[event.grant].award
    if award is not None and award.beneficiary == convention.beneficiary:
        convention.beneficiary = award.beneficiary  # One copy of what is equal.
    if convention.formerly is not None:
        del book.conventions[convention.formerly]
        state.touched.add(("convention", convention.formerly))
    if event.bank_account is not None:
        book.accounts[convention.beneficiary.siret] = bank_account_of(event.bank_account)
        state.touched.add(("account", event.beneficiary.siret))
    _keep_convention(state, convention)


def _close(state: BudgetState) -> None:
    """What is only reserved lapses; of the orders, those that are open may still be paid."""
    book = state.book
    book.closed = True
    for name, grant in book.grants.items():
        if grant.reserved_cents:
            grant.reserved_cents = {}
            state.touched.add(("grant", name))
    for name, order in book.orders.items():
        if order.state in OPEN:
            book.orders[name] = order._replace(open_at_closing=True)
            state.touched.add(("order", name))


def _open(state: BudgetState, event: FiscalYearOpened, sequence: int) -> None:
    """A convention of an earlier year goes on in this one (rules, 32)."""
    book, siret = state.book, event.beneficiary.siret
    for each in event.lines:
        line = line_of(each.line)
        book.line(line)
        book.group_available_cents.setdefault(group_of(book.control_level, line), 0)
    name = intern(event.grant)
    convention = carried_convention(book, event, sequence)
    grant = carried_grant(event, book.grants.get(name))
    assert grant.award is not None, "what is carried over was awarded"
    grant.award = with_own_lines(grant.award, book.own_lines)
    book.grants[name] = grant
    state.touched.add(("grant", name))
    if event.bank_account is not None and siret not in book.accounts:
        # What this year was told already is newer.
        book.accounts[siret] = bank_account_of(event.bank_account)
        state.touched.add(("account", siret))
    convention.grant = name
    _keep_convention(state, convention)


def _keep_convention(state: BudgetState, convention: Convention) -> None:
    kept = with_shared_parts(convention, state.book.own_lines)
    state.book.conventions[convention.convention] = kept
    state.touched.add(("convention", convention.convention))
