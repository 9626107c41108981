"""Awards, schedules, conventions and documents that events bring, and the orders on them."""

from collections.abc import Iterable, Mapping
from datetime import date
from sys import intern

from msgspec.structs import replace

from events import parts
from events.conventions import ConventionAmended, ConventionSigned, ReportReceived
from events.deliberations import DeliberationAdopted
from events.payments import RecoveryCollected
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionState,
    DocumentKey,
    DocumentReceipt,
    EarlierYears,
    Instalment,
    Obligation,
    ReplacedGrant,
    document_key,
    order_name,
)
from services.ledger.domain.model.grants import Award, act_of, beneficiary_of
from services.ledger.domain.model.lines import (
    AwardedLine,
    Line,
    PlannedLine,
    ServiceShare,
    line_of,
    share,
)
from services.ledger.domain.model.moves import RELEASE, Move
from services.ledger.domain.model.orders import GIVEN_BACK, PaymentOrder

WHOLE_AWARD = "1"
"""The id of the one instalment of an award that brings no schedule (rules, 13)."""


def plan_lines(lines: Iterable[parts.LineAmount]) -> tuple[PlannedLine, ...]:
    """The lines that an event plans to pay."""
    return tuple(
        PlannedLine(
            line_of(each.line),
            each.amount_cents,
            tuple(ServiceShare(share.code, share.amount_cents) for share in each.services)
            if each.services
            else None,
        )
        for each in lines
    )


def schedule_of(instalments: Iterable[parts.Instalment]) -> tuple[Instalment, ...]:
    """The schedule that an event brings, nothing ordered yet."""
    return tuple(
        Instalment(
            instalment=each.instalment,
            trigger=each.trigger,
            documents=tuple(document_key(doc.kind, doc.year) for doc in each.documents or ()),
            ceiling=each.ceiling,
            lines=plan_lines(each.lines),
        )
        for each in instalments
    )


def cents_by_line(schedule: Iterable[Instalment]) -> dict[Line, int]:
    """The amounts that a schedule plans, by line, in the order in which it names them."""
    totals: dict[Line, int] = {}
    for instalment in schedule:
        for each in instalment.lines:
            totals[each.line] = totals.get(each.line, 0) + each.amount_cents
    return totals


def amounts_by_line(lines: Iterable[parts.LineAmount]) -> dict[Line, int]:
    """The amounts of an event, by line, in the order in which it names them."""
    return {line_of(each.line): each.amount_cents for each in lines}


def has_ended(book: Book, convention: Convention) -> bool:
    """True where nothing more is ordered under a convention: it or its year has ended."""
    return book.closed or convention.state is ConventionState.TERMINATED


def order_of(book: Book, instalment: Instalment) -> PaymentOrder | None:
    """The latest order of an instalment; None where it has none, or was planned anew since."""
    return None if instalment.order is None else book.orders[instalment.order]


def with_shared_parts(
    order: PaymentOrder, convention: Convention, instalment: Instalment
) -> PaymentOrder:
    """The order, its parts those of its convention and instalment where they are equal."""
    is_own = order.convention == convention.convention
    return replace(
        order,
        convention=convention.convention if is_own else order.convention,
        instalment=intern(order.instalment),
        due_on=share(order.due_on),
        lines=instalment.lines if instalment.lines == order.lines else order.lines,
    )


def is_live(book: Book, instalment: Instalment) -> bool:
    """True where an order holds the instalment: one that was not rejected or cancelled.

    That of an earlier year holds it too, whatever has become of it since.
    """
    order = order_of(book, instalment)
    return instalment.ordered_before if order is None else order.state not in GIVEN_BACK


def order_resting_on(book: Book, convention: Convention, instalment: Instalment) -> str | None:
    """The id of an instalment's latest order that is open or was paid, at least in part.

    Of this year or an earlier one, once the instalment was planned. It rests on the documents that
    the instalment waited for (rules, 24 and 29).
    """
    if instalment.ordered_before:
        return convention.latest_order(instalment)
    left_behind = convention.order_counts.get(instalment.instalment, 0)
    for number in range(instalment.orders, left_behind, -1):
        name = order_name(convention.convention, instalment.instalment, number)
        order = book.orders.get(name)
        if order is not None and (order.state not in GIVEN_BACK or order.paid_cents):
            return name
    # What an amendment planned anew in this year leaves those of earlier years behind too.
    return None if left_behind else convention.earlier.paid_orders.get(instalment.instalment)


def reduce_lines(
    lines: tuple[PlannedLine, ...], line: Line, amount_cents: int
) -> tuple[PlannedLine, ...]:
    """The lines of an instalment, with less planned on one of them."""
    return tuple(
        PlannedLine(each.line, each.amount_cents - amount_cents, each.services)
        if each.line == line
        else each
        for each in lines
    )


def shorten_schedule(
    schedule: Iterable[Instalment], moves: Iterable[Move]
) -> tuple[Instalment, ...]:
    """The schedule once these moves have released what they take from its instalments."""
    by_name = {each.instalment: each for each in schedule}
    for move in moves:
        if move.kind is RELEASE and move.instalment is not None:
            before = by_name[move.instalment]
            left = reduce_lines(before.lines, move.line, move.amount_cents)
            by_name[move.instalment] = replace(before, lines=left)
    return tuple(by_name.values())


def amend_convention(book: Book, convention: Convention, event: ConventionAmended) -> Convention:
    """The convention under its new schedule (rules, 15).

    What has a live order stays, in its place before what is new. What goes leaves the count of
    its orders behind: an instalment of that id goes on from there (rules, 21).
    """
    kept = [each for each in convention.schedule if is_live(book, each)]
    counts = dict(convention.order_counts)
    for each in convention.schedule:
        if each.orders and not is_live(book, each):
            counts[each.instalment] = each.orders
    planned = schedule_of(event.instalments)
    for each in planned:
        each.orders = counts.get(each.instalment, 0)
        each.amended_on = event.signed_on
    return replace(convention, schedule=(*kept, *planned), order_counts=counts)


def live_cents(book: Book, grant: str, line: Line) -> int:
    """The live money of a grant on a line: reserved, remaining, ordered and paid (rules, 15)."""
    total = book.grants[grant].reserved_cents.get(line, 0)
    for convention in book.conventions.values():
        if convention.grant == grant:
            money = convention.get_money(line)
            total += money.remaining + money.ordered + money.paid
    return total


def obligations_of(owed: Iterable[parts.Obligation]) -> tuple[Obligation, ...]:
    """The documents that are owed by a day."""
    return tuple(Obligation(document_key(each.kind, each.year), each.due_on) for each in owed)


def give_back_order(convention: Convention) -> list[Line]:
    """The lines of a convention in the order in which money comes back on them (rules, 27).

    As signed or amended; those that no schedule names any more come last.
    """
    granted = [money.line for money in convention.lines]
    return list(dict.fromkeys((*cents_by_line(convention.schedule), *granted)))


def documents_due(book: Book, convention: Convention, by: date) -> list[DocumentKey]:
    """The documents that are owed by a day and are not there (rules, 29).

    What obligations name by then; where they name nothing, what the schedule waits for. One that
    was rejected is open also where an order rests on it, or where it had left nothing to pay. A
    convention that ended owes an account of what it was paid: while anything stays paid, what it
    names by a day, and what was rejected behind an order; what its other instalments waited for it
    owes no more.
    """
    ended = convention.state is ConventionState.TERMINATED
    if ended and not convention.had_cents:
        return []
    owed = [each.document for each in convention.obligations if each.due_on <= by]
    if not owed:
        for each in convention.schedule:
            waits = not ended and each.amount_cents and not is_live(book, each)
            if waits or order_resting_on(book, convention, each) is not None:
                owed += each.documents
            elif not ended:
                owed += [key for key in each.documents if key in convention.rejected]
    return [key for key in dict.fromkeys(owed) if key not in convention.documents]


def collect_by_line(event: RecoveryCollected, convention: Convention) -> dict[Line, int]:
    """On which lines money comes back: those that its event names, else in three steps (rules, 27).

    First on those that the recovery named, then on what no other waits for, then on all; each time
    in the order of give-back.
    """
    if event.lines is not None:
        return amounts_by_line(event.lines)
    recovery = convention.recoveries[event.recovery]
    paid = convention.sum_paid_by_line(give_back_order(convention))
    own = {line: recovery.sum_awaited_on(line) for line in paid}
    free = convention.sum_recoverable_by_line(paid, beside=event.recovery)
    left_cents, collected = event.total_cents, dict.fromkeys(paid, 0)
    for limits in (own, free, paid):
        for line, limit_cents in limits.items():
            # On a line there comes back what is left of its limit, and of what was paid there.
            cents = min(left_cents, min(limit_cents, paid[line]) - collected[line])
            if cents > 0:  # An earlier journal may have had more back on a line than it had.
                collected[line] += cents
                left_cents -= cents
    assert left_cents == 0, "what is asked back was paid"
    return {line: cents for line, cents in collected.items() if cents}


def sign_convention(book: Book, event: ConventionSigned, sequence: int) -> Convention:
    """The convention that this event brings, before any money moved.

    Where the award stood alone, the convention takes over all that became of it, and with it the
    instalments that orders hold: those go on under their own names, in front (rules, 13).
    """
    convention = Convention(
        convention=event.convention,
        grant=event.grant,
        beneficiary=beneficiary_of(event.beneficiary),
        signed_on=event.signed_on,
        signed_at=sequence,
        is_award_alone=False,
        schedule=schedule_of(event.instalments),
        obligations=obligations_of(event.obligations or ()),
    )
    alone = book.award_alone_of(event.grant)
    if alone is not None:
        convention.state = alone.state
        convention.notified_on = alone.notified_on
        convention.documents = alone.documents
        convention.rejected = alone.rejected
        convention.lines = alone.lines
        convention.recoveries = alone.recoveries
        earlier = alone.earlier
        convention.earlier = EarlierYears(earlier.paid_cents, earlier.ordered_cents)
        convention.replaced = ReplacedGrant(alone.convention, is_drawn(book, alone))
        held = {
            each.instalment: order_name(alone.convention, each.instalment, 1)
            for each in alone.schedule
            if is_live(book, each)
        }
        counts = alone.order_counts.items()
        convention.order_counts = {held[name]: orders for name, orders in counts if name in held}
        ordered = [
            replace(each, instalment=held[each.instalment])
            for each in alone.schedule
            if each.instalment in held
        ]
        convention.schedule = (*ordered, *convention.schedule)
    return convention


def is_drawn(book: Book, alone: Convention) -> bool:
    """True where anything is ordered or was paid: a rejected order gave its money back.

    A sum asked back was paid; its recovery must not lose its convention.
    """
    live = any(is_live(book, each) for each in alone.schedule)
    return live or alone.drawn_cents > 0 or bool(alone.recoveries)


def award_alone(event: DeliberationAdopted, sequence: int) -> Convention:
    """An award without convention, in the place of one (rules, 13)."""
    assert event.lines is not None, "an award has lines"
    if event.instalments is None:
        lines = plan_lines(event.lines)
        schedule: tuple[Instalment, ...] = (
            Instalment(WHOLE_AWARD, "signature", (), ceiling=False, lines=lines),
        )
    else:
        schedule = schedule_of(event.instalments)
    return Convention(
        convention=event.grant,
        grant=event.grant,
        beneficiary=beneficiary_of(event.beneficiary),
        signed_on=event.act.date,
        signed_at=sequence,
        is_award_alone=True,
        schedule=schedule,
    )


def sum_award_lines(event: DeliberationAdopted) -> dict[Line, int]:
    """The amounts of an award, by line, in the order of the act."""
    assert event.lines is not None, "an award has lines"
    return amounts_by_line(event.lines)


def award_of(event: DeliberationAdopted) -> Award:
    """The award that an awarding act makes."""
    return Award(
        act=act_of(event.act),
        title=event.title,
        beneficiary=beneficiary_of(event.beneficiary),
        requires_convention=event.requires_convention,
        conditions_year=event.conditions_year,
        lines=tuple(AwardedLine(*each) for each in sum_award_lines(event).items()),
    )


def document_received(
    documents: Mapping[DocumentKey, DocumentReceipt], event: ReportReceived, sequence: int
) -> tuple[DocumentKey, DocumentReceipt]:
    """The document that this event brings, and what is known of it from now on."""
    key = document_key(event.document.kind, event.document.year)
    before = documents.get(key)
    received_on = event.received_on if before is None else before.received_on
    if event.eligible_cost_cents is not None:
        return key, DocumentReceipt(received_on, event.eligible_cost_cents, sequence)
    if before is not None:
        return key, before
    return key, DocumentReceipt(received_on, None, 0)


def trigger_met_on(
    instalment: Instalment,
    signed_on: date,
    notified_on: date | None,
    documents: Mapping[DocumentKey, DocumentReceipt],
) -> date | None:
    """The day that set an instalment off, or None while it waits (rules, 19)."""
    if instalment.trigger == "signature":
        return instalment.amended_on or signed_on
    if instalment.trigger == "notification":
        return notified_on
    last: date | None = None
    for key in instalment.documents:
        receipt = documents.get(key)
        if receipt is None:
            return None
        last = receipt.received_on if last is None else max(last, receipt.received_on)
    return last


def eligible_cost_cents(
    instalment: Instalment, documents: Mapping[DocumentKey, DocumentReceipt]
) -> int | None:
    """The cost that the last of the instalment's documents gives, if one does (rules, 22)."""
    received = [documents[key] for key in instalment.documents if key in documents]
    costed = [receipt for receipt in received if receipt.eligible_cost_cents is not None]
    last = max(costed, key=lambda receipt: receipt.costed_at, default=None)
    return None if last is None else last.eligible_cost_cents


def due_again_on(book: Book, instalment: Instalment) -> date | None:
    """The due date of a rejected order, of this year or an earlier one, that is issued again."""
    order = order_of(book, instalment)
    return instalment.due_again_on if order is None else order.due_on
