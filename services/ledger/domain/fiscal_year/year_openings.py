"""Opening events of the next fiscal year: one for each convention that is carried over.

They are events, written by the ledger to itself (rules, 32). Nothing in them is drawn: who closes a
year twice, after a crash, writes the same internal events.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec.structs import asdict

from events.canonical import without_nulls
from events.codec import INTERNAL_EVENT_BYTES_MAX
from events.envelope import LEDGER, Envelope
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from services.ledger.domain.model.book import YEAR_DIGITS, Book
from services.ledger.domain.model.conventions import Convention, Instalment
from services.ledger.domain.model.grants import Award
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import CARRY_OVER, Move
from services.ledger.domain.model.orders import planned_line_row
from services.ledger.domain.model.schedules import due_again_on, is_live, order_resting_on

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
    for name, cents in _carried(moves).items():
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
        value = _spell(without_nulls(message))
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
        for name in _carried(moves)
    ]


def _carried(moves: Iterable[Move]) -> dict[str, dict[Line, int]]:
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
        "paid_cents": convention.earlier.paid_cents + convention.paid_cents(),
        "ordered_cents": convention.earlier.ordered_cents + convention.ordered_cents(),
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
        "lines": [planned_line_row(each) for each in lines if each.amount_cents],
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
