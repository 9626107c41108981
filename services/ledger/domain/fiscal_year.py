"""The end of a fiscal year: internal events that open the next one, reserves that lapse, close-out.

An opening is written for each convention that is carried over, by the ledger to itself (rules, 32).
Nothing in it is drawn: who closes a year twice, after a crash, writes the same internal events.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec.structs import asdict

from events.codec import INTERNAL_EVENT_BYTES_MAX
from events.envelope import LEDGER, Envelope
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.strict_json import drop_nulls
from services.ledger.domain.model.book import YEAR_DIGITS, Book, BudgetState, Memory
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionMoney,
    ConventionState,
    EarlierYears,
    Instalment,
)
from services.ledger.domain.model.grants import Award, Beneficiary
from services.ledger.domain.model.lines import Line, PlannedLine
from services.ledger.domain.model.moves import CARRY_OVER, Move
from services.ledger.domain.model.orders import OPEN, print_planned_line
from services.ledger.domain.model.schedules import (
    due_again_on,
    give_back_order,
    is_live,
    order_resting_on,
)

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:ecluse:letters")
"""Of the ids of internal events."""

_spell: Final = msgspec.json.Encoder().encode


class InternalEvent(NamedTuple):
    """An internal event, and the budget that it is written to."""

    budget: str
    value: bytes


class Opening(NamedTuple):
    """The internal event that opens a convention in a budget, as a closing's moves show it."""

    id: str
    budget: str
    convention: str


def internal_event_id(budget: str, source: str, event_id: str, convention: str) -> str:
    """The id of an internal event: uuid5 of who the closing event is, and of the convention."""
    return str(uuid5(NAMESPACE, f"{budget}\0{source}\0{event_id}\0{convention}"))


def next_year(budget: str) -> str:
    """The budget of the year that follows."""
    return f"{budget[:-YEAR_DIGITS]}{int(budget[-YEAR_DIGITS:]) + 1:04}"


def internal_events_of(
    book: Book, envelope: Envelope[FiscalYearClosed], moves: Iterable[Move]
) -> Iterator[InternalEvent]:
    """The internal events of a closing, in order of signature; `book` as it is before it."""
    event, budget = envelope.data, next_year(book.budget)
    for name, cents in _sum_carried(moves).items():
        message = {
            "specversion": "1.0",
            "id": internal_event_id(book.budget, envelope.source, envelope.id, name),
            "source": LEDGER,
            "type": FiscalYearOpened.TYPE,
            "time": envelope.time.isoformat(),
            "partitionkey": budget,
            "datacontenttype": "application/json",
            "correlationid": envelope.correlationid,
            "traceparent": envelope.traceparent,
            "causationid": envelope.id,
            "data": {
                "budget": budget,
                "closed_budget": book.budget,
                "closing": {"source": envelope.source, "id": envelope.id},
                "closed_on": event.closed_on,
                **_data(book, book.conventions[name], cents),
            },
        }
        value = _spell(drop_nulls(message))
        assert len(value) <= INTERNAL_EVENT_BYTES_MAX, (
            f"the internal event of {name} is larger than one may be"
        )
        yield InternalEvent(budget, value)


def openings(budget: str, source: str, event_id: str, moves: Iterable[Move]) -> list[Opening]:
    """The internal events that the closing of a budget led to, by these of its moves.

    In their order.
    """
    return [
        Opening(internal_event_id(budget, source, event_id, name), next_year(budget), name)
        for name in _sum_carried(moves)
    ]


def _sum_carried(moves: Iterable[Move]) -> dict[str, dict[Line, int]]:
    """The amounts that each convention takes into the next year, in order of signature."""
    carried: dict[str, dict[Line, int]] = {}
    for move in moves:
        if move.kind is CARRY_OVER and move.convention is not None:
            carried.setdefault(move.convention, {})[move.line] = move.amount_cents
    return carried


def _data(book: Book, convention: Convention, cents: dict[Line, int]) -> dict[str, Any]:
    """The data of an opening: all that next year needs of a convention."""
    grant = book.grants[convention.grant]
    award, account = grant.award, book.accounts.get(convention.beneficiary.siret)
    assert award is not None, "a convention stands on an award"
    return {
        "grant": convention.grant,
        "award": _award_row(book, convention, award),
        "acts": [act.row() for act in grant.acts],
        "convention": convention.convention,
        "replaced": convention.also_recovered_as,
        "stands_alone": convention.is_award_alone,
        "state": convention.state,
        "beneficiary": asdict(convention.beneficiary),
        "bank_account": None if account is None else asdict(account),
        "signed_on": convention.signed_on,
        "notified_on": convention.notified_on,
        "paid_cents": convention.earlier.paid_cents + convention.paid_cents,
        "ordered_cents": convention.earlier.ordered_cents + convention.ordered_cents,
        "lines": [
            {"line": line.row(), "amount_cents": amount_cents}
            for line, amount_cents in cents.items()
        ],
        "instalments": [
            _instalment_row(book, convention, each)
            for each in convention.schedule
            if _goes_on(book, each)
        ],
        "former_instalments": [
            {"instalment": name, "orders": orders, "order": convention.earlier.orders.get(name)}
            for name, orders in sorted(_former(book, convention).items())
        ],
        "documents": _document_rows(convention),
        "rejected": [key._asdict() for key in convention.rejected] or None,
        "obligations": [
            {**each.document._asdict(), "due_on": each.due_on} for each in convention.obligations
        ],
    }


def _award_row(book: Book, convention: Convention, award: Award) -> dict[str, Any]:
    siret = award.beneficiary.siret
    year_cents = convention.earlier.awards_cents
    if year_cents is None:
        year_cents = award.earlier_year_cents
    return {
        "act": award.act.row(),
        "title": award.title,
        "beneficiary": asdict(award.beneficiary),
        "requires_convention": award.requires_convention,
        "conditions_year": award.conditions_year,
        "year_awards_cents": book.awarded_cents[siret] if year_cents is None else year_cents,
    }


def _goes_on(book: Book, instalment: Instalment) -> bool:
    """True where something is left of it, an order holds it, or its documents may be owed."""
    return bool(instalment.amount_cents or instalment.documents) or is_live(book, instalment)


def _instalment_row(book: Book, convention: Convention, instalment: Instalment) -> dict[str, Any]:
    """An instalment with what is left of it: nothing, where an order holds it."""
    live = is_live(book, instalment)
    waits = not live and instalment.amount_cents > 0
    lines = instalment.lines if waits else ()
    return {
        "instalment": instalment.instalment,
        "trigger": instalment.trigger,
        "documents": [key._asdict() for key in instalment.documents] or None,
        "ceiling": instalment.ceiling,
        "lines": [print_planned_line(each) for each in lines if each.amount_cents],
        "orders": instalment.orders,
        "amended_on": instalment.amended_on,
        "due_again_on": due_again_on(book, instalment) if waits else None,
        "order": convention.earlier.orders.get(instalment.instalment),
        "settled": None if live or waits else True,
        "paid_order": None if live else order_resting_on(book, convention, instalment),
    }


def _former(book: Book, convention: Convention) -> dict[str, int]:
    """The instalments of which only the count of their orders is left."""
    counts = dict(convention.order_counts)
    for each in convention.schedule:
        counts[each.instalment] = 0 if _goes_on(book, each) else each.orders
    # Those of the grant before its convention are never planned again.
    return {name: orders for name, orders in counts.items() if orders and "/" not in name}


def _document_rows(convention: Convention) -> list[dict[str, Any]]:
    """The documents received, those with a cost last and in the order in which they gave it."""
    costed_last = sorted(
        convention.documents.items(),
        key=lambda item: (item[1].eligible_cost_cents is not None, item[1].costed_at, item[0]),
    )
    return [
        {
            "document": key._asdict(),
            "received_on": receipt.received_on,
            "eligible_cost_cents": receipt.eligible_cost_cents,
        }
        for key, receipt in costed_last
    ]


NOBODY: Final = Beneficiary("", "", None)
"""In the place of a beneficiary: a closed-out year keeps no names."""


class ReservedAmount(NamedTuple):
    """The amount that a grant has reserved on a line, and no convention has taken."""

    grant: str
    line: Line
    cents: int


def list_reserved(book: Book) -> Iterator[ReservedAmount]:
    """All that lapses with the year, in an order that a restart does not change."""
    for name, grant in sorted(book.grants.items()):
        for line in sorted(grant.reserved_cents, key=Line.sort_key):
            yield ReservedAmount(name, line, grant.reserved_cents[line])


def is_over(state: BudgetState) -> bool:
    """True where no order of a closed year is open any more, and it is not closed out yet."""
    book = state.book
    if not book.closed or book.closed_out or state.memory.parked:
        return False
    return not any(each.state in OPEN for each in book.orders.values())


def close_out(state: BudgetState) -> BudgetState:
    """The state of a year that is closed out; the rows of the rest are to be removed.

    What recoveries and reports need is left: what each convention was paid on which line, in the
    order in which money comes back, what was asked back of it and has come, the documents that it
    owes, and the ids of those events.
    """
    book, memory = state.book, state.memory
    left = BudgetState(
        Book(
            book.budget,
            conventions={
                name: _lasting_part(book, each) for name, each in book.conventions.items()
            },
            closed=True,
            closed_out=True,
        ),
        Memory(
            memory.sequence,
            memory.head,
            memory.accepted,
            memory.duplicate,
            memory.refused,
            remembered={key: memory.remembered[key] for key in memory.lasting},
            lasting=memory.lasting,
        ),
        state.touched,
        # All rows of identities go: those that are left are written once more.
        list(memory.lasting),
    )
    touched = left.touched
    touched["remembered"].update(range(memory.remembered_rows))
    touched["line"].update(book.lines)
    touched["grant"].update(book.grants)
    touched["account"].update(book.accounts)
    for kind in ("convention", "convention_progress"):
        touched[kind].update(book.conventions)
    for kind in ("order", "order_progress"):
        touched[kind].update(book.orders)
    return left


def _lasting_part(book: Book, convention: Convention) -> Convention:
    """The part of a convention that a closed-out year keeps; of one carried over, no documents."""
    money = {each.line: each for each in convention.lines}
    left = Convention(
        convention=convention.convention,
        grant=convention.grant,
        beneficiary=NOBODY,
        signed_on=convention.signed_on,
        signed_at=convention.signed_at,
        is_award_alone=convention.is_award_alone,
        schedule=(),
        lines=tuple(
            ConventionMoney(
                line,
                granted=share.paid + share.carried_over,
                paid=share.paid,
                carried_over=share.carried_over,
            )
            for line in give_back_order(convention)
            if (share := money.get(line)) is not None and (share.paid or share.carried_over)
        ),
        state=convention.state,
        recoveries=convention.recoveries,
        replaced=convention.replaced,
    )
    if convention.is_carried_over:
        return left
    left.documents, left.rejected = convention.documents, convention.rejected
    left.obligations = convention.obligations
    first = next((each.line for each in left.lines), None)
    ended = convention.state is ConventionState.TERMINATED
    schedule, orders = [], {}
    for each in convention.schedule:
        order = order_resting_on(book, convention, each)
        if each.documents and (order is not None or not ended):
            schedule.append(_owing_instalment(each, order, first))
            if order is not None and order != left.latest_order(each):
                orders[each.instalment] = order
    left.schedule = tuple(schedule)
    earlier = convention.earlier
    left.earlier = EarlierYears(earlier.paid_cents, earlier.ordered_cents, orders)
    left.share_parts(None)
    return left


def _owing_instalment(instalment: Instalment, order: str | None, first: Line | None) -> Instalment:
    """An instalment of which documents are owed: an order rests on them, or they were awaited.

    What was to be paid then is one sum on the line on which money comes back first: so it changes
    nothing of that order.
    """
    cents = instalment.amount_cents if order is None else 0
    return Instalment(
        instalment.instalment,
        instalment.trigger,
        instalment.documents,
        ceiling=instalment.ceiling,
        lines=(PlannedLine(first or instalment.lines[0].line, cents, None),) if cents else (),
        orders=instalment.orders,
        ordered_before=order is not None,
    )
