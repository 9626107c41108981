"""What stands beside the money in the tables is what the ledger's own book holds."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import Folding, read_row
from services.ledger.domain.model.book import Book
from tests.builders import (
    Scenario,
    a_convention,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
    encoded,
)
from tests.property.years import Inputs, decided, years
from tests.read_model.filling import (
    RECORDED,
    Tables,
    empty,
    fill,
    golden,
    lasting,
    read,
    rows_of,
)

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

Row = dict[str, Any]


def books(records: list[bytes]) -> dict[str, Book]:
    """The ledger's own fold of the same journal; years that ended are kept."""
    folding = Folding(forgets=False)
    for raw in records:
        row = msgspec.json.decode(raw)
        folding.apply(read_row(JournalRow(row["budget"], row["sequence"], raw)))
    return {name: state.book for name, state in folding.budgets.items()}


def of(tables: Tables, table: str, budget: str) -> list[Row]:
    return [row for row in tables[table] if row["budget"] == budget]


def check_conventions(book: Book, tables: Tables) -> None:
    rows = {row["convention"]: row for row in of(tables, "conventions", book.budget)}
    assert set(book.conventions) == set(rows)
    for name, convention in book.conventions.items():
        row = rows[name]
        fell = book.grants[convention.grant].withdrawn
        assert (convention.grant, convention.signed_on, convention.notified_on) == (
            row["grant_ref"],
            row["signed_on"],
            row["notified_on"],
        )
        assert ("withdrawn" if fell else convention.state.value) == row["state"]
        assert convention.is_award_alone == row["stands_alone"]
        assert convention.beneficiary.siret == row["siret"]


def check_documents(book: Book, tables: Tables) -> None:
    documents = {
        (name, str(key.kind), key.year): (receipt.received_on, receipt.eligible_cost_cents)
        for name, convention in book.conventions.items()
        for key, receipt in convention.documents.items()
    }
    assert documents == {
        (row["convention"], row["kind"], row["year"]): (
            row["received_on"],
            row["eligible_cost_cents"],
        )
        for row in of(tables, "documents", book.budget)
        if row["rejected_for"] is None
    }
    rejected = {
        (name, str(key.kind), key.year)
        for name, convention in book.conventions.items()
        for key in convention.rejected
    }
    assert rejected == {
        (row["convention"], row["kind"], row["year"])
        for row in of(tables, "documents", book.budget)
        if row["rejected_for"] is not None
    }
    owed = {
        (name, str(each.document.kind), each.document.year, each.due_on)
        for name, convention in book.conventions.items()
        for each in convention.obligations
    }
    assert owed == {
        (row["convention"], row["kind"], row["year"], row["due_on"])
        for row in of(tables, "obligations", book.budget)
    }


def check_schedules(book: Book, tables: Tables) -> None:
    """What the book plans is there, held or not; what is there besides an amendment gave up."""
    rows = {
        (row["convention"], row["instalment"]): row["left_out_by"]
        for row in of(tables, "instalments", book.budget)
    }
    planned = {
        (name, each.instalment)
        for name, convention in book.conventions.items()
        for each in convention.schedule
        if each.lines  # None is left of what an earlier year ordered whole or settled.
    }
    assert planned <= set(rows)
    assert all(rows[key] is not None for key in set(rows) - planned)
    # What a grant had ordered before its convention bears that convention's name.
    assert all(rows[key] in {None, key[0]} for key in planned)


def check_grants(book: Book, tables: Tables) -> None:
    rows = {row["grant_ref"]: row for row in of(tables, "grants", book.budget)}
    assert set(book.grants) == set(rows)
    for name, grant in book.grants.items():
        row = rows[name]
        assert grant.withdrawn == (row["state"] == "withdrawn")
        assert (grant.award is None) == (row["state"] == "announced")
        if grant.award is not None:
            assert (grant.award.title, grant.award.act.date) == (row["title"], row["act_on"])
            assert grant.award.beneficiary.siret == row["siret"]
    assert {siret: account.iban for siret, account in book.accounts.items()} == {
        row["siret"]: row["iban"] for row in of(tables, "bank_accounts", book.budget)
    }


def check(records: list[bytes], tables: Tables) -> None:
    for budget, book in books(records).items():
        (row,) = of(tables, "budgets", budget)
        assert (book.vote_level, book.closed) == (row["vote_level"], row["closed_on"] is not None)
        check_conventions(book, tables)
        check_documents(book, tables)
        check_schedules(book, tables)
        check_grants(book, tables)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_journal_leaves_what_the_book_holds(name: str, shared_read_model: str) -> None:
    fill(shared_read_model, golden(name), cuts=[3, 20, 33])
    check(golden(name), read(shared_read_model))


@pytest.mark.parametrize("cuts", [(), range(9)])
def test_an_amendment_gives_up_no_instalment_that_an_order_holds(
    shared_read_model: str, cuts: Iterable[int]
) -> None:
    planned = [
        an_instalment(40_000),
        an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
    ]
    events = [
        a_vote(),
        an_award(),
        a_convention(instalments=planned),
        an_amendment(60_000),
        an_acknowledgement("rejected"),
        an_amendment(instalments=[an_instalment(40_000, "last")], amendment="2", _id="second"),
    ]
    given_up = []
    for last in (5, 6):
        empty(shared_read_model)
        fill(shared_read_model, rows_of(Scenario(*map(encoded, events[:last]))), cuts=cuts)
        rows = read(shared_read_model)["instalments"]
        given_up.append({row["instalment"]: row["left_out_by"] for row in rows})
    assert [
        {"advance": None, "balance": "1", "rest": None},
        {"advance": "2", "balance": "1", "rest": None, "last": None},
    ] == given_up


# One of the dearest: a batch for every five records. The money of such years is proved on both
# databases in test_figures.py, and this book itself by `make simulate`.
@settings(lasting, max_examples=12)
@given(inputs=years())
def test_any_years_leave_what_the_book_holds(shared_sqlite: str, inputs: Inputs) -> None:
    records = rows_of(decided(inputs))
    empty(shared_sqlite)
    fill(shared_sqlite, records, cuts=range(5, len(records), 5))
    check(records, read(shared_sqlite))
