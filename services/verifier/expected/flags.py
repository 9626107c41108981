"""Review flags that are computed again; of the others nothing is."""

from collections.abc import Callable, Mapping
from typing import Final

from services.verifier.expected.recoveries import is_revenue
from services.verifier.expected.reports import open_documents, orders_on
from services.verifier.findings import Code
from services.verifier.records import Json, Record, without_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import Grant, document_of
from services.verifier.state.orders import OPEN


def prove_flags(books: Books, record: Record, data: Json) -> None:
    """An accepted record raises these flags where the rules say so, and nowhere else."""
    flags, computed = record.row["review_flags"] or (), FLAGS.get(record.kind, {})
    stray = (each["code"] for each in flags if each["code"] in CODES)
    for code in dict.fromkeys((*computed, *stray)):
        expected = computed[code](books, data) if code in computed else []
        found = [without_nulls(each["facts"]) for each in flags if each["code"] == code]
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


def _rejected_after_order(books: Books, data: Json) -> list[Json]:
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
    "report.rejected": {"report_rejected_after_order": _rejected_after_order},
    "deadline.passed": {"payment_late": _payment_late, "report_late": _report_late},
}
"""By the type of an event: each flag, and the facts with which it is raised, once each.

Facts that are empty are not compared.
"""
CODES: Final = frozenset(code for flags in FLAGS.values() for code in flags)
