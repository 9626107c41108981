"""A row of a table: what happens to a budget, and what the ledger says of it, to the cent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.ledger.domain.model.refusals import Refusal
from services.ledger.explain.sentences import line_label
from tests.builders import BUDGET, Json, Scenario, a_convention, a_line, a_vote, an_award

Figures = dict[str, int]


@dataclass(frozen=True)
class Money:
    """Where the money stands: everything that is not zero, nothing left out."""

    lines: dict[str, Figures] = field(default_factory=dict)
    """By operation; a line outside 65/65748/61 by all its codes."""
    conventions: dict[str, dict[str, Figures]] = field(default_factory=dict)
    orders: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """State, amount and paid of each payment order."""


Entries = list[tuple[str, str, int, str | None]]
"""Kind, line, cents and convention of each commitment entry."""


@dataclass(frozen=True)
class Row:
    """Events, and what the last one led to."""

    says: str
    events: list[Json]
    answer: str
    money: Money
    facts: Json | None = None
    flags: list[tuple[str, Json]] = field(default_factory=list)
    entries: Entries | None = None


def figures(**cents: int) -> Figures:
    """Where money stands, zeros left out."""
    return {name: each for name, each in cents.items() if each}


def each_row(rows: Iterable[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.says)


def check(row: Row) -> Scenario:
    """The row's events lead to what it says, and to nothing else."""
    scenario = Scenario(*row.events)
    assert (row.answer, row.facts) == (scenario.answer(), facts_of(scenario))
    assert row.flags == flags_of(scenario)
    if row.entries is not None:
        assert row.entries == entries_of(scenario)
    assert row.money == money_of(scenario)
    return scenario


Pair = tuple[Refusal, Refusal, Row]
"""An event that could be refused for two reasons, and the row that gives the first of them."""


def each_pair(pairs: Iterable[Pair]) -> pytest.MarkDecorator:
    names = ("first", "second", "row")
    return pytest.mark.parametrize(names, pairs, ids=lambda each: str(each)[:40])


def check_pair(first: Refusal, second: Refusal, row: Row) -> None:
    """The first reason is given, and it stands before the second in the order of precedence."""
    order = list(Refusal)
    assert order.index(first) < order.index(second)
    assert first == row.answer
    check(row)


def facts_of(scenario: Scenario) -> Any:
    """The facts of the last record's refusal."""
    refusal = scenario.last.refusal
    return None if refusal is None else refusal["facts"]


def flags_of(scenario: Scenario) -> list[tuple[str, Json]]:
    """The last record's review flags with their facts."""
    return [(str(flag["code"]), flag["facts"]) for flag in scenario.last.review_flags]


def entries_of(scenario: Scenario) -> Entries:
    """The last record's commitment entries."""
    return [
        (str(entry["kind"]), _label(entry["line"]), entry["amount_cents"], entry["convention"])
        for entry in scenario.last.commitment_entries
    ]


def money_of(scenario: Scenario, budget: str = BUDGET) -> Money:
    """Where the summary says that a budget's money stands."""
    seen = scenario.summary()
    conventions: dict[str, dict[str, Figures]] = {}
    for each in seen["conventions"]:
        if each["budget"] == budget:
            conventions.setdefault(each["convention"], {})[_label(each["line"])] = _figures(each)
    lines = {
        _label(each["line"]): _figures(each) for each in seen["lines"] if each["budget"] == budget
    }
    return Money(lines, conventions, scenario.orders(budget))


def _figures(row: Json) -> Figures:
    return {
        name.removesuffix("_cents"): cents
        for name, cents in row.items()
        if name.endswith("_cents") and cents
    }


def _label(line: Json) -> str:
    operation = line["operation"]
    if operation is not None and line == a_line(operation):
        return str(operation)
    return line_label(line)


def on_one_line(
    appropriated: int,
    share: Figures | None = None,
    orders: dict[str, tuple[str, int, int]] | None = None,
    convention: str = "C",
    **line: int,
) -> Money:
    """Where the money of operation 489 stands, and the `share` that one convention has of it."""
    shares = {} if share is None else {convention: {"489": figures(**share)}}
    return Money({"489": figures(appropriated=appropriated, **line)}, shares, orders or {})


SIGNED = [a_vote(100), an_award(100), a_convention(100)]
"""A grant of 100 cents, its convention signed, its one order issued."""


def stands(*, ordered: int = 0, paid: int = 0, committed: int = 0, **orders: Any) -> Money:
    """Where the 100 cents of convention C stand; `advance_2=…` is order C/advance/2."""
    line = figures(committed=committed, ordered=ordered, paid=paid)
    share = figures(remaining=committed, ordered=ordered, paid=paid)
    named = {f"C/{name.replace('_', '/')}": order for name, order in orders.items()}
    return Money(
        {"489": {"appropriated": 100} | line}, {"C": {"489": {"granted": 100} | share}}, named
    )
