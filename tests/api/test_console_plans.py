"""The console's pages by the plans of SQLite: none reads what grows with the journal through."""

import asyncio
import re
from typing import Any, Final

import pytest
from sqlalchemy import event

from tests.api.environment import a_reader, an_app, asking
from tests.api.made import Made
from tests.api.queries.test_reissue import REJECTED
from tests.builders import BUDGET, encoded
from tests.read_model.filling import golden, journal_of_events

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


PAGES_OF_REJECTED_ORDERS: Final = (
    "/console/today",
    "/console/orders?status=to_reissue",
    f"/console/orders/{BUDGET}/C%2Fadvance",
    "/console/troubles/refused",
)


def plan_of(url: str, path: str) -> list[str]:
    """The steps of all that SQLite is asked for a page."""

    async def go() -> list[str]:
        statements: list[str] = []
        engine = a_reader(url)

        def trace(connection: Any, _record: Any) -> None:
            # By SQLite itself: some are asked by SQLAlchemy, others by the driver.
            connection.run_async(lambda driver: driver.set_trace_callback(statements.append))

        event.listen(engine.sync_engine, "connect", trace)
        async with asking(an_app(engine)) as client:
            answer = await client.get(path)
            assert 200 == answer.status_code, answer.text
        steps: list[str] = []
        async with engine.connect() as connection:
            for statement in [each for each in statements if each.startswith("SELECT")]:
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
                steps += [row[-1] for row in plan]
        await engine.dispose()
        return steps

    steps = asyncio.run(go())
    assert steps
    return steps


@pytest.mark.parametrize("path", PAGES)
def test_no_page_reads_the_records_or_their_moves_through(made_in_files: Made, path: str) -> None:
    steps = plan_of(made_in_files(golden("hard-year-2023")), path)
    read_through = re.compile(rf"SCAN ({'|'.join(LONG)})\b(?! USING (COVERING )?INDEX)")
    assert [] == [each for each in steps if read_through.match(each)]


@pytest.mark.parametrize("path", PAGES_OF_REJECTED_ORDERS)
def test_whether_a_rejected_order_comes_again_is_known_without_its_whole_budget(
    made_in_files: Made, path: str
) -> None:
    """Else a page takes as long as the rejected orders of a budget by all of its rows."""
    steps = plan_of(made_in_files(journal_of_events(map(encoded, REJECTED))), path)
    assert any("SEARCH later USING INDEX" in each for each in steps)
    of_budget = re.compile(
        r"SCAN (later|own|planned|signed)\b"
        r"|SEARCH (later|own|planned|signed) .*\(budget=\?\)$"
        r"|SEARCH moves .*\(budget=\? AND sequence>\?\)$"
    )
    assert [] == [each for each in steps if of_budget.match(each)]
