"""What stands in the tables does not depend on how the journal was cut, nor on the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.years import Inputs, told, years
from tests.read_model.filling import RECORDED, empty, fill, golden, lasting, read, rows_of

pytestmark = pytest.mark.timeout(300)  # Properties over a database.

cuts = st.lists(st.integers(1, 80), max_size=12)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_journals_give_the_same_rows_in_batches_of_any_size(
    name: str, read_model_url: str
) -> None:
    records = golden(name)
    fill(read_model_url, records)
    whole = read(read_model_url)
    for size in (1, 2, 7):
        empty(read_model_url)
        fill(read_model_url, records, cuts=range(size, len(records), size))
        assert whole == read(read_model_url), f"in batches of {size}"


@lasting
@given(inputs=years(), cut=cuts)
def test_any_cut_gives_the_same_rows(read_model_url: str, inputs: Inputs, cut: list[int]) -> None:
    records = rows_of(told(inputs))
    empty(read_model_url)
    fill(read_model_url, records)
    whole = read(read_model_url)
    empty(read_model_url)
    fill(read_model_url, records, cut)
    assert whole == read(read_model_url)


@pytest.mark.parametrize("name", RECORDED)
def test_both_databases_hold_the_same_rows(name: str, sqlite_url: str, postgresql_url: str) -> None:
    for url in (sqlite_url, postgresql_url):
        fill(url, golden(name), cuts=[5, 11])
    assert read(sqlite_url) == read(postgresql_url)
