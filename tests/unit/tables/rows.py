"""A row of a table: what happens to a budget, and what the ledger says of it, to the cent."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent
from typing import Any, ClassVar, TypeVar

import pytest

from services.ledger.domain.model.answers import Refusal
from services.ledger.explain.sentences import line_label
from tests.builders import (
    BUDGET,
    OTHER_BODY,
    Json,
    Scenario,
    a_convention,
    a_line,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.notation import Entries, Figures, Money, Outcome, read_outcome


@dataclass(frozen=True)
class Row:
    """Events, and what the last one led to, in the lines of `notation`."""

    says: str
    events: list[Json]
    expected: str
    budget: ClassVar[str] = BUDGET
    """Of which budget the money stands there."""

    @cached_property
    def outcome(self) -> Outcome:
        return read_outcome(self.expected)


AnyRow = TypeVar("AnyRow")


def read_table(
    text: str, names: Mapping[str, Any], row: Callable[[str, list[Json], str], AnyRow]
) -> list[AnyRow]:
    """Read rows: what each says, below it its events, and behind `=>` what they lead to."""
    table: list[tuple[str, list[str]]] = []
    for line in dedent(text).strip().splitlines():
        if line.startswith(" "):
            table[-1][1].append(line.strip())
        elif line:
            table.append((line, []))
    read = []
    for says, lines in table:
        events, arrow, expected = " ".join(lines).partition("=> ")
        assert arrow, f"what follows is missing: {says}"
        read.append(row(says, read_events(events, names), expected))
    return read


def reader_of(*modules: dict[str, Any]) -> Callable[[str], list[Row]]:
    """Read tables whose events may have a name in these modules, or here."""
    names = ChainMap(*modules, globals())
    return lambda text: read_table(text, names, Row)


def each_row(rows: Iterable[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.says)


def check(row: Row) -> Scenario:
    """The row's events lead to what it says, and to nothing else."""
    scenario = Scenario(*row.events)
    check_outcome(row, scenario)
    return scenario


def check_outcome(row: Row, scenario: Scenario) -> None:
    expected = row.outcome
    assert (expected.answer, expected.facts) == (scenario.answer(), facts_of(scenario))
    assert expected.flags == flags_of(scenario)
    if expected.entries is not None:
        assert expected.entries == entries_of(scenario)
    assert expected.money == money_of(scenario, row.budget)


def check_precedence(row: Row) -> None:
    """The row's refusal is given, and stands before the other that it names."""
    order: Sequence[str] = list(Refusal)
    assert row.outcome.before is not None
    assert order.index(row.outcome.answer) < order.index(row.outcome.before)
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


SIGNED = [a_vote(100), an_award(100), a_convention(100)]
"""A grant of 100 cents, its convention signed, its one order issued."""

AWARDED = [a_vote(), an_award()]
REPORT = [("activity_report", 2022)]
"""The document that sets an instalment off."""

HALVES = a_convention(
    instalments=[an_instalment(60), an_instalment(40, "balance", documents=REPORT)]
)
IN_HALVES = [a_vote(200), an_award(150), HALVES]
"""Of 150 cents 100 under convention: 60 at signature, 40 when the report is there."""

EMPLOI_35_JEUNESSE_25 = {"EMPLOI": 35, "JEUNESSE": 25}
TWO_LINES = [an_amount(60, services=EMPLOI_35_JEUNESSE_25), an_amount(40, "490")]
TWO_LINES_SIGNED = [
    a_vote(appropriations=[an_amount(60), an_amount(40, "490")]),
    an_award(lines=TWO_LINES),
    a_convention(instalments=[an_instalment(lines=TWO_LINES)]),
]
"""A grant on two lines, the first shared by two departments."""

REJECTED = an_acknowledgement("rejected")
ACT = an_act("2023-09-01")
"""An act that raises what the award gave."""

AGAIN: Json = {"_id": "again"}
"""The same event under an id of its own."""

ELSEWHERE = {"name": "Mission Locale", "siret": OTHER_BODY}
THOUSAND = [a_report(_id=f"report {number}") for number in range(1_000)]
