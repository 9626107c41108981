"""What stands in the tables does not depend on how the journal was cut, nor on the database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import Scenario, a_deadline, a_termination
from tests.property.years import Inputs, decided, years
from tests.read_model.filling import RECORDED, empty, fill, golden, lasting, read, rows_of
from tests.read_model.late_documents import LATE_AGAIN

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

cuts = st.lists(st.integers(1, 80), max_size=12)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_journals_give_the_same_rows_in_batches_of_any_size(
    name: str, shared_read_model: str
) -> None:
    records = golden(name)
    fill(shared_read_model, records)
    whole = read(shared_read_model)
    for size in (1, 2, 7):
        empty(shared_read_model)
        fill(shared_read_model, records, cuts=range(size, len(records), size))
        assert whole == read(shared_read_model), f"in batches of {size}"


def test_what_is_late_does_not_depend_on_the_batches(shared_read_model: str) -> None:
    further = a_deadline("report_due", due_on="2024-06-30", _id="of all")
    records = rows_of(Scenario(*LATE_AGAIN, a_termination(), further))
    fill(shared_read_model, records)
    whole = read(shared_read_model)
    by = {(row["sequence"], row["item"]): row["settled_sequence"] for row in whole["review_flags"]}
    assert {(4, 1): 5, (4, 2): 9, (7, 1): 9} == by
    empty(shared_read_model)
    fill(shared_read_model, records, cuts=range(1, len(records)))
    assert whole == read(shared_read_model)


# The dearest of all: each example fills two databases twice. Recorded journals are cut at every
# place above, and the figures of any history are proved behind any cuts in test_figures.py.
@settings(lasting, max_examples=12)
@given(inputs=years(), cut=cuts)
def test_any_cut_gives_the_same_rows(
    shared_read_model: str, inputs: Inputs, cut: list[int]
) -> None:
    records = rows_of(decided(inputs))
    empty(shared_read_model)
    fill(shared_read_model, records)
    whole = read(shared_read_model)
    empty(shared_read_model)
    fill(shared_read_model, records, cut)
    assert whole == read(shared_read_model)


@pytest.mark.parametrize("name", RECORDED)
def test_both_databases_hold_the_same_rows(name: str, sqlite_url: str, postgresql_url: str) -> None:
    for url in (sqlite_url, postgresql_url):
        fill(url, golden(name), cuts=[5, 11])
    assert read(sqlite_url) == read(postgresql_url)
