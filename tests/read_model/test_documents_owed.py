"""The documents owed by the tables are those whose deadlines the watch derives (rules, 29)."""

import pytest
from hypothesis import given, settings
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from events.journal import read_record
from services.api.documents.owed import select_owed
from services.due.budget import Budget
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years
from tests.read_model.filling import (
    empty,
    fill,
    journal_of_events,
    lasting,
    rows_of,
    with_engine,
)

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

FIXED = settings(lasting, derandomize=True)

Owed = set[tuple[str, str, str, int, str]]


def owed_by_the_watch(journal: list[bytes]) -> Owed:
    """Budget, convention, kind, year and day of each document, by a reading of its own."""
    found: dict[str, Budget] = {}
    for raw in journal:
        record = read_record(raw)
        if record.event is not None and not record.budget.startswith("_dead"):
            budget = found.setdefault(record.budget, Budget(record.budget))
            budget.apply(record, record.event)
    return {
        (budget.name, name, owed.document.kind, owed.document.year, owed.due_on.isoformat())
        for budget in found.values()
        for name, convention in budget.conventions.items()
        for owed in convention.owed
    }


def owed_by_the_tables(url: str) -> Owed:
    """The same by the read model."""

    async def go(engine: AsyncEngine) -> Owed:
        found = select_owed()
        columns = (found.c[name] for name in ("budget", "convention", "kind", "year", "due_on"))
        async with engine.connect() as connection:
            rows = await connection.execute(select(*columns))
            return {(*row[:4], row[4].isoformat()) for row in rows}

    return with_engine(url, go)


@FIXED
@given(history=histories())
def test_any_history_owes_the_same_documents(history: list[bytes], shared_read_model: str) -> None:
    journal = journal_of_events(history)
    empty(shared_read_model)
    fill(shared_read_model, journal)
    assert owed_by_the_watch(journal) == owed_by_the_tables(shared_read_model)


@FIXED
@given(inputs=years())
def test_any_years_owe_the_same_documents(inputs: Inputs, shared_sqlite: str) -> None:
    journal = rows_of(decided(inputs))
    empty(shared_sqlite)
    fill(shared_sqlite, journal)
    assert owed_by_the_watch(journal) == owed_by_the_tables(shared_sqlite)
