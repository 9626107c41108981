"""What the tables say of the ledger, the verifier says too: it works each row out by itself."""

import pytest

from tests.builders import Json
from tests.unit.tables import (
    test_carried_turns,
    test_every_answer,
    test_opening,
    test_opening_alone,
    test_rules_over_years,
    years,
)
from tests.unit.tables.rows import Row
from tests.verifier.memory_cluster import MemoryCluster

OF_ONE_YEAR = [row for table in test_every_answer.TABLES for row in table]

OF_TWO_YEARS = [
    *test_carried_turns.ROWS,
    *test_opening.ROWS,
    *test_opening_alone.ROWS,
    *test_rules_over_years.ROWS,
]


def proved(*given: list[Json]) -> list[Json]:
    cluster = MemoryCluster()
    for events in given:
        cluster.tell(events)
    return cluster.findings()


@pytest.mark.parametrize("row", OF_ONE_YEAR, ids=lambda row: row.says)
def test_what_a_row_leads_to_is_proved(row: Row) -> None:
    assert [] == proved(row.events)


@pytest.mark.parametrize("row", OF_TWO_YEARS, ids=lambda row: row.says)
def test_what_a_row_about_two_years_leads_to_is_proved(row: years.Row) -> None:
    read = row.events.index(years.DELIVERY)
    assert [] == proved(row.events[:read], row.events[read + 1 :])
