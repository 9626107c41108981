"""Every row of every table once more: its journal folds, its state is kept, its figures are proved.

What a row leads to must also stand in the rows of state, be made again from the journal alone, and
be what the verifier adds up, which shares no code with the ledger.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, get_type_hints

import pytest

from services.ledger.application.restore import fold, open_ledger
from services.ledger.application.state_rows import STATE_VERSION, ConventionProgress, OrderProgress
from services.ledger.domain.model.book import ParkedRecord, brief, shorten
from services.ledger.domain.model.conventions import (
    Convention,
    ConventionMoney,
    ConventionState,
    DocumentReceipt,
    EarlierYears,
    Instalment,
    Obligation,
    RecoveredLine,
    Recovery,
)
from services.ledger.domain.model.grants import Act, Award, BankAccount, Beneficiary, Grant
from services.ledger.domain.model.lines import (
    EMPTY,
    AwardedLine,
    LineMoney,
    PlannedLine,
    ServiceShare,
)
from services.ledger.domain.model.orders import OrderState, PaymentOrder
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


STORED: Final = (
    *(Act, Award, AwardedLine, BankAccount, Beneficiary, Convention, ConventionMoney),
    *(ConventionProgress, DocumentReceipt, EarlierYears, Grant, Instalment, LineMoney, Obligation),
    *(OrderProgress, ParkedRecord, PaymentOrder, PlannedLine, RecoveredLine, Recovery),
    ServiceShare,
)


def test_rows_hold_members_by_their_place_so_another_order_is_another_version() -> None:
    """Read in another order, the cents of two stages would change places, and nobody would see."""
    assert 7 == STATE_VERSION, "write the new version here, with the members that it stores"
    stored = {each.__name__: " ".join(get_type_hints(each)) for each in STORED}
    assert {
        "Act": "body number date",
        "Award": "act title beneficiary requires_convention conditions_year lines carried_cents"
        " earlier_year_cents",
        "AwardedLine": "line amount_cents",
        "BankAccount": "iban bic holder",
        "Beneficiary": "name siret representative",
        "Convention": "convention grant beneficiary signed_on signed_at is_award_alone schedule"
        " notified_on documents lines state obligations recoveries order_counts"
        " rejected replaced earlier",
        "ConventionMoney": "line granted remaining ordered paid released carried_over",
        "ConventionProgress": "lines documents rejected",
        "DocumentReceipt": "received_on eligible_cost_cents costed_at",
        "EarlierYears": "paid_cents ordered_cents orders awards_cents paid_orders",
        "Grant": "award acts concurring reserved_cents withdrawn",
        "Instalment": "instalment trigger documents ceiling lines orders order amended_on"
        " ordered_before due_again_on reissue_held",
        "LineMoney": "appropriated available reserved committed ordered paid carried_over",
        "Obligation": "document due_on",
        "OrderProgress": "paid_cents state open_at_closing",
        "ParkedRecord": "raw want topic partition offset identity",
        "PaymentOrder": "payment_order convention instalment amount_cents paid_cents state due_on"
        " lines open_at_closing",
        "PlannedLine": "line amount_cents services",
        "RecoveredLine": "ordered_cents collected_cents revenue_cents",
        "Recovery": "ordered_cents collected_cents revenue_cents lines",
        "ServiceShare": "code amount_cents",
    } == stored


def test_an_identity_is_kept_with_120_bits() -> None:
    """A store that holds them so would know nobody by more or fewer (decision 5)."""
    digest = bytes(range(32))
    assert digest[:15] == brief(digest)
    assert int.from_bytes(digest[:15], "big") == shorten(digest)


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
    assert {} == EMPTY, "all conventions share it"
    check(
        scenario.store.journal(),
        scenario.sent + len(scenario.internal_events()),
        scenario.summary(),
    )
