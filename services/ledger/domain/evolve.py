"""evolve(state, record): what a record changes. It cannot refuse: it has already happened."""

from msgspec.structs import replace

from events.codec import ReceivedEvent
from events.envelope import Event
from services.ledger.domain.invariants import check_moved
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.limits import group_of
from services.ledger.domain.model.answers import FlagCode, Refusal
from services.ledger.domain.model.book import Book, BudgetState, ParkedRecord, Want, brief, shorten
from services.ledger.domain.model.conventions import Convention, ConventionMoney, Instalment
from services.ledger.domain.model.lines import Line, LineMoney, Stage, drop_key, share_line
from services.ledger.domain.model.moves import RELEASE, RESERVE, Move
from services.ledger.domain.model.orders import OrderState, PaymentOrder, remaining_lines
from services.ledger.domain.model.schedules import (
    has_ended,
    order_of,
    reduce_lines,
    with_shared_parts,
)
from services.ledger.domain.rules.table import handler_of, is_always_decided

NOT_REMEMBERED = frozenset({Refusal.EVENT_ID_REUSED, Refusal.FISCAL_YEAR_CLOSED})
"""Refusals that do not ask, or do not change, who an event is (rules, 4 and 31)."""


def evolve(state: BudgetState, record: JournalRecord, received: ReceivedEvent) -> None:
    """Change `state` as `record` says; `received` is the event that it holds."""
    memory = state.memory
    assert record.sequence == memory.sequence + 1, "a record of the budget is missing"
    assert record.previous_hash == memory.head, "the record does not follow the chain"
    memory.sequence = record.sequence
    memory.head = record.hash
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
    elif record.refusal is None or record.refusal["code"] not in NOT_REMEMBERED:
        _remember(state, received)


def _remember(state: BudgetState, received: ReceivedEvent) -> None:
    identity = shorten(received.identity)
    state.memory.remembered[identity] = shorten(received.digest)
    state.new_identities.append(identity)
    if is_always_decided(received.envelope.data):
        # A closed-out year keeps these ids when it drops all others (rules, 31).
        state.memory.lasting[identity] = None


def _park(state: BudgetState, record: JournalRecord, received: ReceivedEvent) -> None:
    assert record.waits_for is not None, "a parked event waits for something"
    want = Want(**record.waits_for)
    state.memory.parked[record.sequence] = ParkedRecord(
        received.raw, want, *record.source, brief(received.identity)
    )
    state.memory.waiting.setdefault(want, []).append(record.sequence)
    state.touched["parked"].add(record.sequence)


def _resume(state: BudgetState, sequence: int) -> None:
    want = state.memory.parked.pop(sequence).want
    waiting = state.memory.waiting[want]
    waiting.remove(sequence)
    if not waiting:
        del state.memory.waiting[want]
    state.touched["parked"].add(sequence)


def _apply(state: BudgetState, record: JournalRecord, event: Event) -> None:
    book, handler = state.book, handler_of(event)
    handler.apply(state, record, event)
    if handler.reissues:
        _hold_reissues(state, record)
    grant = None if handler.grant is None else handler.grant(book, event)
    for move in record.moves:
        _move_line(state, move)
        if move.convention is not None:
            _move_convention(state, move)
        elif grant is not None:
            cents = move.amount_cents if move.kind is RESERVE else -move.amount_cents
            _reserve(state, grant, move.line, cents)
    for change in record.payment_orders:
        _keep_order(state, change.order)
    check_moved(book, record.moves)


def _hold_reissues(state: BudgetState, record: JournalRecord) -> None:
    """Mark rejected orders that the event would have issued again, but that rule 14 holds back.

    An amendment is no such event: it plans rejected instalments anew.
    """
    book = state.book
    for flag in record.review_flags:
        if flag["code"] == FlagCode.CONVENTION_REQUIRED:
            for each in state.touch_convention(flag["facts"]["convention"]).schedule:
                order = order_of(book, each)
                if order is not None and order.state is OrderState.REJECTED:
                    each.reissue_held = True


def _reserve(state: BudgetState, grant: str, line: Line, cents: int) -> None:
    """Add to what an award still holds on a line, or take from it."""
    known = state.book.grants[grant]
    left_cents = known.reserved_cents.get(line, 0) + cents
    others = drop_key(known.reserved_cents, line)
    known.reserved_cents = {**others, share_line(line): left_cents} if left_cents else others
    state.touched["grant"].add(grant)


def _move_line(state: BudgetState, move: Move) -> None:
    book, kind, cents = state.book, move.kind, move.amount_cents
    money = book.line(move.line)
    if kind.line_loses is None:
        money.appropriated += cents
    else:
        _add(money, kind.line_loses, -cents)
    if kind.line_gains is None:
        money.appropriated -= cents
    else:
        _add(money, kind.line_gains, cents)
    if kind.origin is Stage.AVAILABLE:
        _add_to_group(book, move, -cents)
    if kind.target is Stage.AVAILABLE:
        _add_to_group(book, move, cents)
    state.touched["line"].add(move.line)


def _add(money: LineMoney | ConventionMoney, column: str, cents: int) -> None:
    setattr(money, column, getattr(money, column) + cents)


def _add_to_group(book: Book, move: Move, cents: int) -> None:
    group = group_of(book.control_level, move.line)
    book.group_available_cents[group] = book.group_available_cents.get(group, 0) + cents


def _move_convention(state: BudgetState, move: Move) -> None:
    kind, cents = move.kind, move.amount_cents
    assert move.convention is not None, "the move is a convention's"
    assert kind.convention_gains is not None, "a convention's money stays in the budget"
    convention = state.touch_progress(move.convention)
    money = convention.open_line(move.line)
    if kind.convention_loses is None:
        money.granted += cents
        if kind.origin is Stage.RESERVED:
            _reserve(state, convention.grant, move.line, -cents)
    else:
        _add(money, kind.convention_loses, -cents)
    _add(money, kind.convention_gains, cents)
    if kind is RELEASE and move.instalment is not None:
        # It no longer plans what was released of it; at zero it is settled.
        state.touch_convention(move.convention)
        instalment = _instalment(convention, move.instalment)
        instalment.lines = reduce_lines(instalment.lines, move.line, cents)


def _instalment(convention: Convention, name: str) -> Instalment:
    return next(each for each in convention.schedule if each.instalment == name)


def _keep_order(state: BudgetState, order: PaymentOrder) -> None:
    """A new order, or what changed of one: only what is paid of it, and its state."""
    book = state.book
    known = book.orders.get(order.payment_order)
    if known is None:
        convention, name = book.place_of(order)
        instalment = _instalment(convention, name)
        instalment.orders += 1
        instalment.order = order.payment_order
        instalment.reissue_held = False
        if name in convention.earlier.orders:
            left = drop_key(convention.earlier.orders, name)
            convention.earlier = replace(convention.earlier, orders=left)
        order = with_shared_parts(order, convention, instalment)
        state.touch_convention(convention.convention)
        state.touched["order"].add(order.payment_order)
    elif order.lines is not known.lines:
        order = replace(known, paid_cents=order.paid_cents, state=order.state)
    if order.state is OrderState.REJECTED:
        convention, name = book.place_of(order)
        if not has_ended(book, convention):
            # What it left unpaid is planned again, and may be shortened until it is issued again.
            state.touch_convention(convention.convention)
            instalment = _instalment(convention, name)
            instalment.lines = remaining_lines(instalment.lines, order)
    book.orders[order.payment_order] = order
    state.touched["order_progress"].add(order.payment_order)
