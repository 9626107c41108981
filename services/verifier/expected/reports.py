"""Documents that a convention owes: which are open, and which orders rest on one."""

from services.verifier.state.books import Books
from services.verifier.state.grants import Convention, Document, Instalment, document_of, last_order
from services.verifier.state.orders import OPEN, named


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
        name = named(number, key, count)
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
    """Return whether anything does; what earlier years had ordered may be paid by now."""
    return convention.paid_cents() + convention.earlier["ordered"] > 0
