"""The day that a file names: that of its figures where one was asked for, and of its making."""

import csv
import io
from datetime import UTC, datetime

import pytest

from tests.api.environment import HandClock
from tests.api.made import Made
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.read_model.filling import journal_of


@pytest.mark.parametrize(
    ("query", "as_of", "last"),
    [
        ("", "moves of all days", "10"),
        ("&known_at=4", "moves of all days", "4"),
        ("&effective_on=2023-06-30", "2023-06-30", "10"),
        ("&effective_on=2023-06-30&known_at=4", "2023-06-30", "4"),
    ],
)
@pytest.mark.parametrize(
    "path", [f"/budgets/{BUDGET}/execution.csv?lang=en", f"/balances/lines.csv?budget={BUDGET}"]
)
def test_figures_are_as_of_a_day_only_where_one_was_asked_for(
    made_in_files: Made, path: str, query: str, as_of: str, last: str
) -> None:
    now = HandClock(datetime(2023, 7, 20, 22, 30, tzinfo=UTC))  # On French clocks the 21st.
    (answer,) = get(made_in_files(journal_of(YEAR)), path + query, clock=now)
    heading = dict(
        row for row in csv.reader(io.StringIO(answer.content.decode("utf-8"))) if len(row) == 2
    )
    assert (as_of, "2023-07-21", last) == tuple(
        heading[name] for name in ("as of", "drawn up on", "up to record no.")
    )
