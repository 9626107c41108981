"""Histories whose conventions owe documents by a day, and what the ledger says is due of them."""

import json
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from hypothesis import strategies as st

from services.ledger.domain.model.book import Book, BudgetState
from services.ledger.domain.model.conventions import Convention, ConventionState
from services.ledger.domain.model.orders import OPEN, OrderState
from services.ledger.domain.model.schedules import has_ended, is_live, order_of, order_resting_on
from tests.builders import encoded
from tests.property.years import Inputs, years

OBLIGATIONS = [
    {"kind": "activity_report", "year": 2022, "due_on": "2023-06-30"},
    {"kind": "certified_accounts", "year": 2022, "due_on": "2023-06-30"},
    {"kind": "certified_accounts", "year": 2022, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"},
]


class Order(NamedTuple):
    """An order that waits, as both say it."""

    budget: str
    payment_order: str
    state: str
    amount_cents: int
    paid_cents: int
    due_on: date


class Owed(NamedTuple):
    """A document that is owed, as both say it."""

    budget: str
    convention: str
    kind: str
    year: int
    due_on: date


@st.composite
def owing_years(draw: st.DrawFn) -> Inputs:
    """Years in which some conventions name documents with a day."""
    return [[_with_obligations(draw, line) for line in history] for history in draw(years())]


def _with_obligations(draw: st.DrawFn, line: bytes) -> bytes:
    if b"convention.signed" not in line or not draw(st.booleans()):
        return line
    event = json.loads(line)
    owed = draw(st.lists(st.sampled_from(OBLIGATIONS), min_size=1, max_size=3))
    return encoded(event | {"data": event["data"] | {"obligations": owed}})


def orders_in(state: BudgetState) -> Iterator[Order]:
    """The orders that are open, and those that were rejected and may be issued again."""
    book = state.book
    for each in book.orders.values():
        if each.state in OPEN:
            cents = each.amount_cents, each.paid_cents
            yield Order(book.budget, each.payment_order, each.state.value, *cents, each.due_on)
    for convention in book.conventions.values():
        for instalment in () if has_ended(book, convention) else convention.schedule:
            order = order_of(book, instalment)
            if order is not None and order.state is OrderState.REJECTED and instalment.amount_cents:
                cents = order.paid_cents + instalment.amount_cents, order.paid_cents
                name = order.payment_order
                yield Order(book.budget, name, "rejected", *cents, order.due_on)


def owed_in(state: BudgetState) -> Iterator[Owed]:
    """The documents that conventions owe; ended ones while anything stays paid.

    In a closed year too, but those that were carried over: they owe them in the next (rules, 31).
    """
    book = state.book
    for name, convention in sorted(book.conventions.items()):
        if any(money.carried_over for money in convention.lines):
            continue
        if convention.state is not ConventionState.TERMINATED or convention.had_cents:
            for (kind, year), due_on in _owed_by(book, convention):
                if (kind, year) not in convention.documents:
                    yield Owed(book.budget, name, kind, year, due_on)


def _owed_by(book: Book, convention: Convention) -> list[tuple[tuple[str, int], date]]:
    if convention.obligations:
        return [(each.document, each.due_on) for each in convention.obligations]
    in_force = convention.state is not ConventionState.TERMINATED
    named = [
        key
        for each in convention.schedule
        if order_resting_on(book, convention, each)
        or (in_force and each.amount_cents and not is_live(book, each))
        for key in each.documents
    ]
    if in_force:  # One that was rejected is open, though it had left nothing to pay (rules, 29).
        listed = {key for each in convention.schedule for key in each.documents}
        named += [key for key in convention.rejected if key in listed]
    return [(key, date(key.year + 1, 6, 30)) for key in named]
