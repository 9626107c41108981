"""The histories are not idle: they reach what the properties are about."""

import re

import pytest

from events.envelope import INBOUND
from services.ledger.domain.journal import Outcome
from services.ledger.domain.model.answers import Refusal
from services.ledger.domain.model.moves import RECOVER, SUPPLEMENT
from services.ledger.domain.model.orders import OrderState
from tests.builders import Scenario
from tests.property.histories import histories
from tests.property.reach import reached_by

EXAMPLES = 400

# A thousand parked events are a test of their own, and so is the end of a year (test_years).
OUT_OF_REACH = {
    Refusal.TOO_MANY_PARKED,
    Refusal.FISCAL_YEAR_CLOSED,
    Refusal.UNKNOWN_CONVENTION,
    Refusal.ORDERS_OUTSTANDING,
}
DEEP = (
    "an order issued again",
    "an order issued again and paid",
    "a parked event accepted",
    "a parked event refused",
    "a flag",
    "money came back",
    "more was committed",
)


TYPE = re.compile(rb'"type": ?"(ecluse[^"]+)"')


def reached(scenario: Scenario) -> set[str]:
    """What happened in a scenario, in words."""
    kinds = {RECOVER: "money came back", SUPPLEMENT: "more was committed"}
    found: set[str] = set()
    for record in scenario.records:
        found.add(record.outcome)
        named = TYPE.search(record.event or b"")
        if record.outcome is Outcome.ACCEPTED and named is not None:
            found.add(named[1].decode())
        found.update(kinds[move.kind] for move in record.moves if move.kind in kinds)
        if record.refusal is not None:
            found.add(str(record.refusal["code"]))
        if record.review_flags:
            found.add("a flag")
        if record.resumes is not None:
            found.add(f"a parked event {record.outcome}")
        for change in record.payment_orders:
            found.add(change.order.state)
            again = change.order.payment_order.count("/") == 2
            if again:
                found.add("an order issued again")
            if again and change.order.state is OrderState.PAID:
                found.add("an order issued again and paid")
    return found


@pytest.mark.rest
def test_the_histories_reach_every_outcome_refusal_and_order_state() -> None:
    seen = reached_by(histories(), EXAMPLES, lambda history: reached(Scenario(*history)))
    types = {each.TYPE for each in INBOUND if "fiscal-year" not in each.TYPE}
    wanted = {*Outcome, *OrderState, *(set(Refusal) - OUT_OF_REACH), *DEEP, *types}
    assert set() == {str(each) for each in wanted} - set(seen)
    assert seen["issued"] > EXAMPLES // 3, "a third of the histories issue an order"
    assert seen["paid"] > EXAMPLES // 10, "a tenth of them pay one in full"
