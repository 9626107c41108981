"""Review flags that follow from the words of an event alone; of the others nothing is computed."""

from collections.abc import Callable, Mapping
from typing import Final

from services.verifier.expected.recoveries import is_revenue
from services.verifier.findings import Code
from services.verifier.records import Json, Record, without_nulls
from services.verifier.state.books import Books
from services.verifier.state.grants import Grant

Facts = Json | None
"""The facts of a flag; None where it is not raised, empty where the rules name none."""


def prove_flags(books: Books, record: Record, data: Json) -> None:
    """An accepted record raises these flags where the rules say so, and nowhere else."""
    if record.kind not in FLAGS:
        return
    code, flag_of = FLAGS[record.kind]
    expected = flag_of(books, data)
    flags = record.row["review_flags"] or ()
    found = [without_nulls(each["facts"]) for each in flags if each["code"] == code]
    if (expected is None) != (not found) or (expected and found != [expected]):
        books.find(Code.FLAG_DIFFERS, flag=code, expected=expected, found=found or None)


def _years_differ(books: Books, data: Json) -> Facts:
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
        return None
    facts: Json = {} if year is None else {"deliberation": year}
    return facts | {"convention": sorted(stated | documents)}


def _is_revenue(books: Books, data: Json) -> Facts:
    return {} if is_revenue(books, data) else None


FLAGS: Final[Mapping[str, tuple[str, Callable[[Books, Json], Facts]]]] = {
    "convention.signed": ("condition_year_differs", _years_differ),
    "recovery.collected": ("recovery_is_revenue", _is_revenue),
}
"""By the type of an event: the flag, and its facts where it is raised."""
