"""The second example: the Lille Avenirs balance waits for documents of 2023, and is carried over.

The convention's article 5.3 names them, and they are due in June 2024: the balance of 1,131,800 €
is carried over into 2024, ordered on that year's budget when they are there, and paid.
"""

from pathlib import Path

import pytest

from tests.builders import BUDGET, NEXT_BUDGET, Json, Scenario, a_line
from tests.property.checker import check
from tests.unit.tables.test_oracle import CONVENTION, EXAMPLE, HALF_EUROS, lines_of

FIRST = EXAMPLE.with_name("lille-avenirs-carry-over.jsonl")
SECOND = EXAMPLE.with_name("lille-avenirs-carry-over-2024.jsonl")
HALF = {name: 100 * sum(services.values()) for name, services in HALF_EUROS.items()}


def decided(*files: Path) -> Scenario:
    """Each file to its end, and the internal events that it led to behind it."""
    scenario = Scenario()
    for file in files:
        for line in lines_of(file):
            scenario.tell(line)
        scenario.deliver()
    return scenario


@pytest.fixture(scope="module")
def both() -> Json:
    return decided(FIRST, SECOND).summary()


def of(said: Json, name: str, budget: str) -> list[Json]:
    return [row for row in said[name] if row["budget"] == budget]


def figures(rows: list[Json], *columns: str) -> dict[str, list[int]]:
    return {row["line"]["operation"]: [row[f"{each}_cents"] for each in columns] for row in rows}


def test_what_is_carried_over_is_the_balance_of_the_source() -> None:
    assert 113_180_000 == sum(HALF.values())
    said = decided(FIRST).summary()
    lines = of(said, "lines", NEXT_BUDGET)
    assert {name: [cents] * 2 for name, cents in HALF.items()} == figures(
        lines, "appropriated", "committed"
    )
    assert {name: [2 * cents, cents, cents] for name, cents in HALF.items()} == figures(
        of(said, "lines", BUDGET), "appropriated", "paid", "carried_over"
    )


def test_the_internal_event_is_counted_and_everything_is_accepted(both: Json) -> None:
    assert 7 + 1 + 4 == both["events"] == both["outcomes"]["accepted"]
    assert ([], []) == (both["refusals"], both["dead_letters"])


def test_the_documents_of_2023_set_the_balance_off_on_the_budget_of_2024(both: Json) -> None:
    [order] = of(both, "payment_orders", NEXT_BUDGET)
    assert (f"{CONVENTION}/solde", 113_180_000, 113_180_000, "paid", "2024-08-26") == (
        order["payment_order"],
        order["amount_cents"],
        order["paid_cents"],
        order["state"],
        order["due_on"],
    )
    shares = {
        each["line"]["operation"]: {
            share["code"]: share["amount_cents"] // 100 for share in each["services"]
        }
        for each in order["lines"]
    }
    assert HALF_EUROS == shares


def test_both_years_end_with_all_of_it_paid_or_carried_over(both: Json) -> None:
    for budget, carried in ((BUDGET, 1), (NEXT_BUDGET, 0)):
        columns = ("remaining", "ordered", "paid", "released", "carried_over")
        rows = of(both, "conventions", budget)
        assert {name: [0, 0, cents, 0, carried * cents] for name, cents in HALF.items()} == figures(
            rows, *columns
        )
    entries = [
        (row["kind"], row["line"], row["amount_cents"], row["convention"])
        for row in of(both, "commitment_entries", BUDGET)[-3:]
    ]
    assert [
        ("carry_over", a_line(name), HALF[name], CONVENTION) for name in ("1978", "489", "490")
    ] == entries
    assert [] == of(both, "commitment_entries", NEXT_BUDGET)


def test_rule_33_the_identities_hold_in_both_years() -> None:
    scenario = decided(FIRST, SECOND)
    check(scenario.store.journal(), 12, scenario.summary())


def test_documents_that_come_in_the_same_input_wait_for_the_internal_event() -> None:
    """What names an order that the opening has yet to lead to comes too early, and is refused."""
    scenario = Scenario(*lines_of(FIRST), *lines_of(SECOND))
    assert [NEXT_BUDGET] * 2 == [row["budget"] for row in scenario.summary()["refusals"]]
    scenario.deliver()
    [order] = of(scenario.summary(), "payment_orders", NEXT_BUDGET)
    assert ("issued", 0) == (order["state"], order["paid_cents"])
