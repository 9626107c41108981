"""Rules 17 and 20: the tables of life cycles are what the tables of cases lead to, and no more."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from services.ledger.application.restore import Folding
from services.ledger.domain.model import conventions, orders
from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.life_cycle import Transition, enter
from services.ledger.explain.catalogue import LIFE_CYCLES_PAGE, life_cycles_page
from tests.builders import Scenario
from tests.unit.tables.test_every_answer import every_scenario

Seen = tuple[str, str | None, str | None, str]
"""What it is of, a state, the type of an event, the state after it."""


def test_the_page_is_what_make_catalogue_writes() -> None:
    assert LIFE_CYCLES_PAGE.read_text(encoding="utf-8") == life_cycles_page(), (
        "run `make catalogue`"
    )


def test_rules_17_and_20_each_transition_is_reached_and_no_other() -> None:
    reached = {seen for scenario in every_scenario() for seen in _transitions(scenario)}
    stated: set[Seen] = {("order", *row) for row in orders.LIFE_CYCLE}
    stated |= {("convention", *row) for row in conventions.LIFE_CYCLE}
    assert stated == reached


@pytest.mark.parametrize("table", [orders.LIFE_CYCLE, conventions.LIFE_CYCLE])
def test_a_state_that_the_table_does_not_lead_to_is_a_mistake_of_the_ledger(
    table: tuple[Transition[Any], ...],
) -> None:
    states, events = {each.target for each in table}, {each.event or "" for each in table}
    for origin, event, target in product(states, events, states):
        if origin is target or (origin, event, target) in table:
            assert target is enter(table, origin, event, target)
            continue
        with pytest.raises(AssertionError):
            enter(table, origin, event, target)


def test_rule_20_states_fall_into_groups() -> None:
    groups = (orders.OPEN, orders.CLOSED, orders.GIVEN_BACK, orders.OUTSTANDING)
    assert [
        ["issued", "on_hold", "taken_in_charge"],
        ["cancelled", "paid", "rejected"],
        ["cancelled", "rejected"],
        ["issued", "on_hold"],
    ] == [sorted(group) for group in groups]


def _transitions(scenario: Scenario) -> Iterator[Seen]:
    folding = Folding(forgets=False)
    for record in scenario.records:
        before = _states(folding.budgets.get(record.budget))
        received = folding.apply(record)
        if received is None:
            continue
        name = received.envelope.type
        for key, state in _states(folding.budgets[record.budget]).items():
            origin = before.get(key)
            if origin is None and key[0] == "order":
                yield "order", None, None, state
            elif origin != state:
                yield key[0], origin, name, state


def _states(state: BudgetState | None) -> dict[tuple[str, str], str]:
    """The state of each order and convention; one that took over an award alone is no new one."""
    if state is None:
        return {}
    book = state.book
    orders_by_name = {("order", name): each.state for name, each in book.orders.items()}
    return orders_by_name | {
        ("convention", name): each.state for name, each in book.conventions.items()
    }
