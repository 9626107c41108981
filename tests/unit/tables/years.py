"""A row about two years: one that is closed, and what lives on in the next."""

from dataclasses import dataclass, field
from typing import Any

from tests.builders import NEXT_BUDGET, Json, Scenario, a_closing, a_report
from tests.unit.tables.rows import Figures, Money, facts_of, flags_of, money_of

Order = tuple[str, int, int]
NEXT: Json = {"budget": NEXT_BUDGET}
REPORT = a_report(year=2023, received_on="2024-06-26", **NEXT)
BIG = 5_000_000


def next_money(line: Figures, share: Figures, **orders: Order) -> Money:
    """Where the 40 cents of convention C stand in the next year."""
    named = {f"C/{name.replace('_', '/')}": order for name, order in orders.items()}
    return Money(
        {"489": {"appropriated": 40} | line}, {"C": {"489": {"granted": 40} | share}}, named
    )


OPENED = next_money({"committed": 40}, {"remaining": 40})
BALANCE_ISSUED = next_money({"ordered": 40}, {"ordered": 40}, balance=("issued", 40, 0))


@dataclass(frozen=True)
class Row:
    """A closed year, what arrives before and after its openings are read, and what follows.

    `money` is that of the next year's budget.
    """

    says: str
    year: list[Json]
    answer: str
    money: Money
    before: list[Json] = field(default_factory=list)
    after: list[Json] = field(default_factory=list)
    facts: Any = None
    flags: list[tuple[str, Json]] = field(default_factory=list)
    carry_over: Any = "all"


def decided(row: Row) -> Scenario:
    scenario = Scenario(*row.year, a_closing(row.carry_over), *row.before)
    assert [] != scenario.internal_events(), "an internal event is written"
    scenario.deliver()
    for event in row.after:
        scenario.tell(event)
    return scenario


def check(row: Row) -> None:
    """The years lead to what the row says of the second, and to nothing else."""
    scenario = decided(row)
    assert (row.answer, row.facts) == (scenario.answer(), facts_of(scenario))
    assert row.flags == flags_of(scenario)
    assert row.money == money_of(scenario, NEXT_BUDGET)
