"""Any journal decided again under the rules that wrote it says the same."""

from hypothesis import given

from services.ledger.application.redecide import redecide
from tests.builders import Scenario
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years


@given(histories())
def test_any_history_is_decided_again_as_it_was(history: list[bytes]) -> None:
    assert [] == redecide(list(Scenario(*history).store.journal()))[0]


@given(years())
def test_years_that_end_are_decided_again_as_they_were(inputs: Inputs) -> None:
    assert [] == redecide(list(decided(inputs).store.journal()))[0]
