"""Documents received: what instalments wait for."""

from datetime import date

from events.reports import ReportReceived
from services.ledger.domain.book import Book, Want
from services.ledger.domain.issue import issue_orders, situation
from services.ledger.domain.schedules import document_received
from services.ledger.domain.verdicts import Accepted, Waits


def receive(book: Book, event: ReportReceived, on: date, sequence: int) -> Accepted | Waits:
    """A document arrives; the last one that an instalment waits for sets it off (rules, 19-22)."""
    convention = book.conventions.get(event.convention)
    if convention is None:
        return Waits(Want("convention", event.convention))
    key, receipt = document_received(convention.documents, event, sequence)
    ruling = Accepted()
    documents = {**convention.documents, key: receipt}
    case = situation(book, convention, on, documents=documents, reissues=True)
    issue_orders(book, case, ruling)
    return ruling
