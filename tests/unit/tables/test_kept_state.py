"""Every row of every table once more: its journal folds, its state is kept, its figures are proved.

What a row leads to must also stand in the rows of state, be made again from the journal alone, and
be what the verifier adds up, which shares no code with the ledger.
"""

from collections.abc import Callable
from functools import partial

import pytest

from services.ledger.application.restore import fold, open_ledger
from services.ledger.domain.model.book import brief, shortened
from services.ledger.domain.model.conventions import ConventionState
from services.ledger.domain.model.orders import OrderState
from tests.builders import Scenario
from tests.kept_state import kept, one_by_one
from tests.property.checker import check
from tests.unit.tables import years
from tests.unit.tables.test_every_answer import TABLES, TABLES_OF_YEARS

EVENTS_MAX = 100
"""Of a thousand parked events there are tests enough."""


Given = tuple[str, Callable[[], Scenario]]


def every_row() -> list[Given]:
    given: list[Given] = [
        (row.says, partial(Scenario, *row.events))
        for table in TABLES
        for row in table
        if len(row.events) <= EVENTS_MAX
    ]
    return given + [(row.says, partial(years.decided, row)) for t in TABLES_OF_YEARS for row in t]


EVERY_ROW = every_row()


def test_the_words_that_stores_and_internal_events_hold_are_never_changed() -> None:
    assert ["in_force", "suspended", "terminated"] == list(ConventionState)
    assert ["issued", "taken_in_charge", "on_hold", "rejected", "paid", "cancelled"] == list(
        OrderState
    )


def test_an_identity_is_kept_with_120_bits() -> None:
    """A store that holds them so would know nobody by more or fewer (decision 7)."""
    digest = bytes(range(32))
    assert digest[:15] == brief(digest)
    assert int.from_bytes(digest[:15], "big") == shortened(digest)


@pytest.mark.parametrize(
    "tell", [tell for _, tell in EVERY_ROW], ids=[says for says, _ in EVERY_ROW]
)
def test_what_happened_is_kept_made_again_and_proved(tell: Callable[[], Scenario]) -> None:
    scenario = tell()
    scenario.deliver()
    live = kept(scenario.ledger.budgets)
    assert live == one_by_one(scenario.store.state())
    assert live == kept(fold(scenario.store.journal()))
    opened = open_ledger(scenario.store)
    assert live == kept(opened.budgets)
    assert scenario.ledger.dead == opened.dead
    check(
        scenario.store.journal(),
        scenario.sent + len(scenario.internal_events()),
        scenario.summary(),
    )
