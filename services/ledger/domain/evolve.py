"""evolve(state, record): what a record changes. It cannot refuse: it has already happened."""

from sys import intern

from events.budgets import BudgetVoted, CreditsTransferred
from events.codec import Received
from events.conventions import ConventionNotified, ConventionSigned
from events.deliberations import DeliberationAdopted
from events.envelope import Event
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.payments import BankAccountChanged, PaymentExecuted, PaymentOrderAcknowledged
from events.reports import ReportReceived
from services.ledger.domain.book import Book, BudgetState, Parked, Want
from services.ledger.domain.credit import group_of
from services.ledger.domain.grants import (
    Convention,
    ConventionMoney,
    Grant,
    Instalment,
    PlannedLine,
    act_of,
    bank_account_of,
    beneficiary_of,
)
from services.ledger.domain.identity import shortened
from services.ledger.domain.invariants import check_moved, group_sums
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.lines import LineMoney, Stage, line_of
from services.ledger.domain.moves import RELEASE, Move
from services.ledger.domain.orders import OPEN, PaymentOrder
from services.ledger.domain.refusals import Refusal
from services.ledger.domain.schedules import (
    award_alone,
    award_of,
    carried_convention,
    carried_grant,
    document_received,
    signed_convention,
)
from services.ledger.domain.sharing import with_shared_parts

FORGETS = frozenset({Refusal.EVENT_ID_REUSED, Refusal.FISCAL_YEAR_CLOSED})
"""Refusals that do not ask, or do not change, who an event is (rules, 4 and 31)."""


def evolve(state: BudgetState, record: JournalRecord, received: Received) -> None:
    """Change `state` as `record` says; `received` is the event that it holds."""
    memory = state.memory
    assert record.sequence == memory.sequence + 1, "a record of the budget is missing"
    assert record.previous_hash == memory.head, "the record does not follow the chain"
    memory.sequence = record.sequence
    memory.head = record.hash
    state.touched.add(("budget", ""))
    outcome = record.outcome
    assert outcome is not Outcome.DEAD_LETTER, "a dead letter belongs to no budget"
    match outcome:
        case Outcome.DUPLICATE:
            memory.duplicate += 1
            return
        case Outcome.ACCEPTED:
            memory.accepted += 1
            _apply(state, record, received.envelope.data)
        case Outcome.REFUSED:
            memory.refused += 1
        case Outcome.PARKED:  # pragma: no branch # mypy shows that no outcome is left
            _park(state, record, received)
    if record.resumes is not None:
        _resume(state, record.resumes)
    elif record.refusal is None or record.refusal["code"] not in FORGETS:
        _remember(state, received)


def _remember(state: BudgetState, received: Received) -> None:
    identity = shortened(received.identity)
    state.memory.remembered[identity] = shortened(received.digest)
    state.touched.add(("event", identity))


def _park(state: BudgetState, record: JournalRecord, received: Received) -> None:
    assert record.waits_for is not None, "a parked event waits for something"
    want = Want(**record.waits_for)
    state.memory.parked[record.sequence] = Parked(received.raw, want, *record.source)
    state.memory.waiting.setdefault(want, []).append(record.sequence)
    state.touched.add(("parked", record.sequence))


def _resume(state: BudgetState, sequence: int) -> None:
    want = state.memory.parked.pop(sequence).want
    waiting = state.memory.waiting[want]
    waiting.remove(sequence)
    if not waiting:
        del state.memory.waiting[want]
    state.touched.add(("parked", sequence))


def _apply(state: BudgetState, record: JournalRecord, event: Event) -> None:
    book = state.book
    _state_facts(state, event, record.sequence)
    for move in record.moves:
        _move_line(state, move)
        if move.convention is not None:
            _move_convention(state, move)
        elif move.way.target is Stage.RESERVED:
            assert isinstance(event, DeliberationAdopted), "only an award reserves"
            reserved = book.grants[event.grant].reserved_cents
            line = book.own_lines[move.line]
            reserved[line] = reserved.get(line, 0) + move.amount_cents
    for change in record.payment_orders:
        _keep_order(state, change.order)
    check_moved(book, record.moves)


def _state_facts(state: BudgetState, event: Event, sequence: int) -> None:
    """What the event says beside the money that it moves."""
    book = state.book
    match event:
        case PaymentExecuted() | PaymentOrderAcknowledged():
            pass  # Its order, in the record, says it all.
        case ReportReceived():
            convention = book.conventions[event.convention]
            key, receipt = document_received(convention.documents, event, sequence)
            convention.documents[key] = receipt
            state.touched.add(("convention", event.convention))
        case BudgetVoted():
            for each in event.appropriations:
                book.line(line_of(each.line))
            if event.vote_level is not None:
                book.vote_level = event.vote_level
                # What an earlier year's convention released before the vote is credit too.
                book.group_available_cents = group_sums(book)
        case CreditsTransferred():
            book.line(line_of(event.from_line))
            book.line(line_of(event.to_line))
        case DeliberationAdopted():
            _adopt(state, event, sequence)
        case ConventionSigned():
            _sign(state, event, sequence)
        case ConventionNotified():
            convention = book.conventions[event.convention]
            convention.notified_on = convention.notified_on or event.notified_on
            state.touched.add(("convention", event.convention))
        case BankAccountChanged():
            book.accounts[event.beneficiary.siret] = bank_account_of(event.bank_account)
            state.touched.add(("account", event.beneficiary.siret))
        case FiscalYearClosed():
            _close(state)
        case FiscalYearOpened():  # pragma: no branch # mypy shows that no event is left
            _open(state, event, sequence)


def _adopt(state: BudgetState, event: DeliberationAdopted, sequence: int) -> None:
    book = state.book
    grant = book.grants.setdefault(intern(event.grant), Grant())
    state.touched.add(("grant", event.grant))
    act = act_of(event.act)
    if act not in grant.acts:
        grant.acts += (act,)
    if event.role == "concurring":
        if grant.award is None:
            beneficiary = beneficiary_of(event.beneficiary)
            if beneficiary not in grant.concurring:
                grant.concurring += (beneficiary,)
        return
    grant.award = award_of(event)._replace(act=act)
    grant.concurring = ()
    siret = grant.award.beneficiary.siret
    book.awarded_cents[siret] = book.awarded_cents.get(siret, 0) + grant.award.total_cents
    if not event.requires_convention:
        _keep_convention(state, award_alone(event, sequence))


def _sign(state: BudgetState, event: ConventionSigned, sequence: int) -> None:
    book = state.book
    convention = signed_convention(event, sequence)
    convention.grant = intern(event.grant)
    award = book.grants[event.grant].award
    if award is not None and award.beneficiary == convention.beneficiary:
        convention.beneficiary = award.beneficiary  # One copy of what is equal.
    alone = book.standing_alone(event.grant)
    if alone is not None:
        convention.lines = alone.lines
        convention.notified_on = alone.notified_on
        convention.documents = alone.documents
        del book.conventions[alone.convention]
        state.touched.add(("convention", alone.convention))
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
    book, siret = state.book, event.beneficiary.siret
    name = intern(event.grant)
    book.grants[name] = carried_grant(event, book.grants.get(name))
    state.touched.add(("grant", name))
    if event.bank_account is not None and siret not in book.accounts:
        # What this year was told already is newer.
        book.accounts[siret] = bank_account_of(event.bank_account)
        state.touched.add(("account", siret))
    for each in event.lines:
        book.line(line_of(each.line))
    convention = carried_convention(event, sequence)
    convention.grant = name
    _keep_convention(state, convention)


def _keep_convention(state: BudgetState, convention: Convention) -> None:
    kept = with_shared_parts(convention, state.book.own_lines)
    state.book.conventions[convention.convention] = kept
    state.touched.add(("convention", convention.convention))


def _move_line(state: BudgetState, move: Move) -> None:
    book, way, cents = state.book, move.way, move.amount_cents
    money = book.line(move.line)
    if way.line_loses is None:
        money.appropriated += cents
    else:
        _add(money, way.line_loses, -cents)
    if way.line_gains is None:
        money.appropriated -= cents
    else:
        _add(money, way.line_gains, cents)
    if way.origin is Stage.AVAILABLE:
        _add_to_group(book, move, -cents)
    if way.target is Stage.AVAILABLE:
        _add_to_group(book, move, cents)
    state.touched.add(("line", move.line))


def _add(money: LineMoney | ConventionMoney, column: str, cents: int) -> None:
    setattr(money, column, getattr(money, column) + cents)


def _add_to_group(book: Book, move: Move, cents: int) -> None:
    if book.vote_level is None:
        return  # What an earlier year's convention releases before the vote: counted then.
    group = group_of(book.vote_level, move.line)
    book.group_available_cents[group] = book.group_available_cents.get(group, 0) + cents


def _move_convention(state: BudgetState, move: Move) -> None:
    book, way, cents = state.book, move.way, move.amount_cents
    assert move.convention is not None, "the move is a convention's"
    assert way.convention_gains is not None, "a convention's money stays in the budget"
    convention = book.conventions[move.convention]
    money = convention.lines.get(move.line)
    if money is None:
        line = book.own_lines[move.line]
        money = convention.lines[line] = ConventionMoney()
    if way.convention_loses is None:
        money.granted += cents
        if way.origin is Stage.RESERVED:
            _take_reserved(state, convention.grant, move)
    else:
        _add(money, way.convention_loses, -cents)
    _add(money, way.convention_gains, cents)
    if way is RELEASE and move.instalment is not None:
        _shorten(_instalment(convention, move.instalment), move)
    state.touched.add(("convention", move.convention))


def _take_reserved(state: BudgetState, grant: str, move: Move) -> None:
    reserved = state.book.grants[grant].reserved_cents
    left_cents = reserved.pop(move.line) - move.amount_cents
    if left_cents:
        reserved[move.line] = left_cents
    elif not reserved:
        state.book.grants[grant].reserved_cents = {}  # A dict once filled stays large.
    state.touched.add(("grant", grant))


def _shorten(instalment: Instalment, move: Move) -> None:
    """An instalment no longer plans what was released of it; at zero it is settled."""
    instalment.lines = tuple(
        PlannedLine(each.line, each.amount_cents - move.amount_cents, each.services)
        if each.line == move.line
        else each
        for each in instalment.lines
    )


def _instalment(convention: Convention, name: str) -> Instalment:
    return next(each for each in convention.schedule if each.instalment == name)


def _keep_order(state: BudgetState, order: PaymentOrder) -> None:
    """A new order, or what changed of one: its lines never do."""
    book = state.book
    known = book.orders.get(order.payment_order)
    if known is None:
        instalment = _instalment(book.conventions[order.convention], order.instalment)
        instalment.orders += 1
        instalment.order = order.payment_order
        if order.lines == instalment.lines:
            order = order._replace(lines=instalment.lines)  # One copy of what is equal.
        state.touched.add(("convention", order.convention))
    elif order.lines is not known.lines:
        order = order._replace(lines=known.lines, open_at_closing=known.open_at_closing)
    book.orders[order.payment_order] = order
    state.touched.add(("order", order.payment_order))
