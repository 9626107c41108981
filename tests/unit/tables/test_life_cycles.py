"""Rules 17 and 20: the tables of life cycles are what the tables of cases lead to, and no more."""

from collections.abc import Iterator

from services.ledger.application.restore import Folding
from services.ledger.domain.model import conventions, orders
from services.ledger.domain.model.book import BudgetState
from services.ledger.explain.life_cycles import PAGE, page
from tests.builders import Scenario
from tests.unit.tables.test_every_answer import every_scenario

Seen = tuple[str, str | None, str | None, str]
"""What it is of, a state, the type of an event, the state after it."""


def test_the_page_is_what_make_catalogue_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make catalogue`"


def test_rules_17_and_20_each_transition_is_reached_and_no_other() -> None:
    reached = {seen for scenario in every_scenario() for seen in _transitions(scenario)}
    stated: set[Seen] = {("order", *row) for row in orders.LIFE_CYCLE}
    stated |= {("convention", *row) for row in conventions.LIFE_CYCLE}
    assert stated == reached


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
