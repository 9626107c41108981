"""Documents that a convention owes, and the review flags that are computed again: not all are."""

from collections.abc import Callable, Mapping
from typing import Final

from services.verifier.expected.moves import is_revenue
from services.verifier.findings import Code
from services.verifier.records import Json, Record, drop_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import (
    Convention,
    Document,
    Grant,
    Instalment,
    document_of,
    last_order,
)
from services.verifier.state.orders import OPEN, name_order


def orders_on(books: Books, number: str, document: Document) -> list[str]:
    """The orders that rest on a received document, one of each instalment that lists it."""
    is_there = document in books.conventions[number].received
    return _orders_for(books, number, document) if is_there else []


def _orders_for(books: Books, number: str, document: Document) -> list[str]:
    """The orders that rest on a document, be it there or rejected since."""
    schedule = books.conventions[number].schedule.items()
    listing = ((key, one) for key, one in schedule if document in one.documents)
    resting = (resting_order(books, number, key, instalment) for key, instalment in listing)
    return [name for name in resting if name is not None]


def resting_order(books: Books, number: str, key: str, instalment: Instalment) -> str | None:
    """The last order of an instalment, since it was planned, that was not sent back unpaid.

    It may be of an earlier year.
    """
    for count in range(instalment.orders, instalment.orders_before, -1):
        name = name_order(number, key, count)
        order = books.orders.get(name)
        if order is not None and (order.state in OPEN or order.paid_cents):
            return name
    if instalment.ordered_before:
        return last_order(number, books.conventions[number], key)
    return instalment.paid_order


def open_documents(books: Books, number: str, due_on: str) -> list[Document]:
    """The open documents that obligations owe by a day, else those of the schedule (29)."""
    convention = books.conventions[number]
    owed = [document_of(each) for each in convention.obligations if each["due_on"] <= due_on]
    is_open = _is_owed if owed else _is_awaited
    if not owed:
        owed = [document for each in convention.schedule.values() for document in each.documents]
    missing = (each for each in dict.fromkeys(owed) if each not in convention.received)
    return [each for each in missing if is_open(books, number, each)]


def _is_owed(books: Books, number: str, _document: Document) -> bool:
    """Return whether a document is owed by its day, though no money waits for it."""
    convention = books.conventions[number]
    return convention.state != "ended" or _stays_paid(convention)


def _is_awaited(books: Books, number: str, document: Document) -> bool:
    """Return whether the schedule waits for a document, or for one that was rejected."""
    convention = books.conventions[number]
    if convention.state == "ended":
        rested = document in convention.rejected and _orders_for(books, number, document)
        return bool(rested) and _stays_paid(convention)
    # A closing takes nothing from the plan: what it releases goes on to owe (31).
    waits = (each.cents > 0 for each in convention.schedule.values() if document in each.documents)
    return document in convention.rejected or any(waits)


def _stays_paid(convention: Convention) -> bool:
    """Return whether a convention has anything paid, or ordered in earlier years."""
    return convention.paid_cents + convention.earlier["ordered"] > 0


def prove_flags(books: Books, record: Record, data: Json) -> None:
    """An accepted record raises these flags where the rules say so, and nowhere else."""
    flags, computed = record.row["review_flags"] or (), FLAGS.get(record.kind, {})
    stray = (each["code"] for each in flags if each["code"] in CODES)
    for code in dict.fromkeys((*computed, *stray)):
        expected = computed[code](books, data) if code in computed else []
        found = [drop_nulls(each["facts"]) for each in flags if each["code"] == code]
        if expected != found and not (expected == [{}] and len(found) == 1):
            books.find(Code.FLAG_DIFFERS, flag=code, expected=expected or None, found=found or None)


def _years_differ(books: Books, data: Json) -> list[Json]:
    """A plan may ask for several years: what the acts' words name must be one of them."""
    award = books.grants.get(data["grant"], Grant()).award
    year = None if award is None else award.conditions_year
    stated = set(data.get("stated_condition_years") or ())
    documents = {
        document["year"]
        for instalment in data["instalments"]
        for document in instalment.get("documents") or ()
    }
    named = stated if year is None else stated | {year}
    if len(named) <= 1 and (not documents or named <= documents):
        return []
    facts: Json = {} if year is None else {"deliberation": year}
    return [facts | {"convention": sorted(stated | documents)}]


def _is_revenue(books: Books, data: Json) -> list[Json]:
    return [{}] if is_revenue(books, data) else []


def _find_orders_on_rejected(books: Books, data: Json) -> list[Json]:
    number, document = data["convention"], data["document"]
    names = orders_on(books, number, document_of(document))
    return [{"convention": number, "document": document, "payment_order": each} for each in names]


def _payment_late(books: Books, data: Json) -> list[Json]:
    if data["kind"] != "payment_due" or books.orders[data["payment_order"]].state not in OPEN:
        return []
    return [{"payment_order": data["payment_order"], "due_on": data["due_on"]}]


def _report_late(books: Books, data: Json) -> list[Json]:
    if data["kind"] != "report_due":
        return []
    number, due_on = data["convention"], data["due_on"]
    late = open_documents(books, number, due_on)
    documents = [{"kind": kind, "year": year} for kind, year in late]
    return [{"convention": number, "documents": documents, "due_on": due_on}] if late else []


FLAGS: Final[Mapping[str, Mapping[str, Callable[[Books, Json], list[Json]]]]] = {
    "convention.signed": {"condition_year_differs": _years_differ},
    "recovery.collected": {"recovery_is_revenue": _is_revenue},
    "report.rejected": {"report_rejected_after_order": _find_orders_on_rejected},
    "deadline.passed": {"payment_late": _payment_late, "report_late": _report_late},
}
"""By the type of an event: each flag, and the facts with which it is raised, once each.

Facts that are empty are not compared.
"""
CODES: Final = frozenset(code for flags in FLAGS.values() for code in flags)
