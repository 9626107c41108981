"""Any journal decided again under the rules that wrote it says the same."""

from hypothesis import given

from tests.builders import Scenario
from tests.journal_records import redecided
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years


@given(histories())
def test_any_history_is_decided_again_as_it_was(history: list[bytes]) -> None:
    assert [] == redecided(Scenario(*history).store.journal()).differences


@given(years())
def test_years_that_end_are_decided_again_as_they_were(inputs: Inputs) -> None:
    assert [] == redecided(decided(inputs).store.journal()).differences
