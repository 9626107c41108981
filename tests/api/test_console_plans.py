"""The console's pages by the plans of SQLite: none reads a table of the journal through."""

import asyncio
import re
from typing import Any, Final

import pytest
from sqlalchemy import event

from tests.api.environment import a_reader, an_app, asking
from tests.api.made import Made
from tests.builders import BUDGET
from tests.read_model.filling import golden

LONG: Final = ("journal", "moves", "mentions")
"""Tables with a row or more for each record."""

PAGES: Final = (
    "/console/today",
    f"/console/budgets/{BUDGET}",
    "/console/grants",
    "/console/grants?state=paid&sort=-paid",
    "/console/orders",
    "/console/payment-plan",
    "/console/troubles/refused",
)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_reads_the_records_or_their_moves_through(made_in_files: Made, path: str) -> None:
    url = made_in_files(golden("hard-year-2023"))

    async def go() -> list[str]:
        asked: list[tuple[str, tuple[Any, ...]]] = []
        engine = a_reader(url)

        def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        event.listen(engine.sync_engine, "before_cursor_execute", note)
        try:
            async with asking(an_app(engine)) as client:
                answer = await client.get(path)
                assert 200 == answer.status_code, answer.text
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
        steps: list[str] = []
        async with engine.connect() as connection:
            for statement, values in asked:
                if statement.startswith("SELECT"):
                    plan = await connection.exec_driver_sql(
                        f"EXPLAIN QUERY PLAN {statement}", values
                    )
                    steps += [row[-1] for row in plan]
        await engine.dispose()
        return steps

    steps = asyncio.run(go())
    assert steps
    read_through = re.compile(rf"SCAN ({'|'.join(LONG)})\b(?! USING (COVERING )?INDEX)")
    assert [] == [each for each in steps if read_through.match(each)]
