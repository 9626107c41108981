"""A list as a table: made beside the event loop, on which every other request waits."""

import asyncio
import threading
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from events.texts import verbatim
from services.api.code_names import OFFICIAL
from services.api.files.list_file import ListColumn, ListTable, list_sheet
from services.api.http.question import BudgetId, ListFilters, QueryContext
from tests.builders import BUDGET


class Filters(ListFilters):
    """Filters whose heading asks no database."""

    budget: BudgetId = BUDGET
    known_at: int = 1
    effective_on: date = date(2023, 6, 1)


def test_the_cells_of_a_list_are_made_in_another_thread() -> None:
    threads = set[int]()

    def cell(row: Any) -> str:
        threads.add(threading.get_ident())
        return str(row)

    table = ListTable(verbatim("Rows"), [ListColumn(verbatim("row"), cell)])
    question = cast(QueryContext, SimpleNamespace(names=OFFICIAL, today=date(2023, 6, 2)))
    sheet = asyncio.run(list_sheet(question, Filters(), table, [1, 2]))
    assert [["1"], ["2"]] == sheet.rows
    assert threads
    assert threading.get_ident() not in threads
