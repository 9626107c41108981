"""Documents received and rejected: what instalments wait for."""

from collections.abc import Iterator
from typing import Any, Final

from events.reports import ReportReceived, ReportRejected
from services.ledger.domain.handler import Context, Handler
from services.ledger.domain.journal import JournalRecord
from services.ledger.domain.model.book import Book, BudgetState
from services.ledger.domain.model.conventions import Convention, DocumentKey, document_key
from services.ledger.domain.model.flags import Flag, FlagCode
from services.ledger.domain.model.interning import without
from services.ledger.domain.model.schedules import document_received, order_resting_on
from services.ledger.domain.model.verdicts import Accepted, Refused, Waits, known
from services.ledger.domain.order_issuing import issue_orders, situation


def receive(book: Book, event: ReportReceived, at: Context) -> Accepted | Refused | Waits:
    """A document arrives; the last one that an instalment waits for sets it off (rules, 19-22).

    The first payment wants decision and convention, later ones what the decision asks for (CGCT,
    annexe I, rubrique 72); certified accounts are owed every year (CGCT L1611-4). What a closed
    year is still sent is recorded and sets nothing off (rules, 31).
    """
    convention = known(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    if book.closed:
        return Accepted()
    key, receipt = document_received(convention.documents, event, at.sequence)
    documents = {**convention.documents, key: receipt}
    case = situation(book, convention, at.on, documents=documents, reissues=True)
    return issue_orders(book, case, Accepted())


def reject(book: Book, event: ReportRejected, at: Context) -> Accepted | Refused | Waits:
    """A document does not do: it counts as not received; what it set off is flagged (rules, 24)."""
    convention = known(book, event.convention)
    if not isinstance(convention, Convention):
        return convention
    rejected = document_key(event.document.kind, event.document.year)
    ruling = Accepted(flags=list(_resting_on(book, convention, rejected)))
    if book.closed:
        return ruling
    documents = without(convention.documents, rejected)
    return issue_orders(book, situation(book, convention, at.on, documents=documents), ruling)


def _resting_on(book: Book, convention: Convention, document: DocumentKey) -> Iterator[Flag]:
    """A flag for each order that the document set off, and that is open or was paid.

    Nothing rests on a document that counts as not received already.
    """
    if document not in convention.documents:
        return
    for instalment in convention.schedule:
        order = order_resting_on(book, convention, instalment)
        if document in instalment.documents and order is not None:
            facts = {
                "convention": convention.convention,
                "document": document._asdict(),
                "payment_order": order,
            }
            yield Flag(FlagCode.REPORT_REJECTED_AFTER_ORDER, facts)


def _received(state: BudgetState, record: JournalRecord, event: ReportReceived) -> None:
    convention = state.touch_progress(event.convention)
    key, receipt = document_received(convention.documents, event, record.sequence)
    convention.documents = {**convention.documents, key: receipt}
    convention.rejected = tuple([each for each in convention.rejected if each != key])


def _rejected(state: BudgetState, _record: JournalRecord, event: ReportRejected) -> None:
    key = document_key(event.document.kind, event.document.year)
    convention = state.touch_progress(event.convention)
    convention.documents = without(convention.documents, key)
    if key not in convention.rejected:
        convention.rejected += (key,)


HANDLERS: Final[tuple[Handler[Any], ...]] = (
    Handler(
        event=ReportReceived,
        decide=receive,
        apply=_received,
        effective_on=lambda event: event.received_on,
        reissues=True,
        reports_on=lambda event: event.convention,
    ),
    Handler(
        event=ReportRejected,
        decide=reject,
        apply=_rejected,
        reports_on=lambda event: event.convention,
    ),
)
