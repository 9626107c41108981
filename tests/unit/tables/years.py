"""A row about two years: one that is closed, and what lives on in the next."""

from collections import ChainMap
from collections.abc import Callable
from typing import Any, ClassVar

from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.unit.tables import rows

BALANCE = an_instalment(40, "balance", documents=[("activity_report", 2023)], ceiling=True)
HALVES: list[Json] = [
    a_vote(100),
    an_award(100),
    a_convention(instalments=[an_instalment(60), BALANCE]),
]
"""A grant of 100 cents: 60 at signature, 40 when the report of 2023 is there."""

TAKEN = [*HALVES, an_acknowledgement()]
PAID = [*TAKEN, a_payment(60)]
REJECTED = [*HALVES, an_acknowledgement("rejected")]

ALONE = an_award(100, requires_convention=False, instalments=[an_instalment(60), BALANCE])

NEXT: Json = {"budget": NEXT_BUDGET}
REPORT = a_report(year=2023, received_on="2024-06-26", **NEXT)

DELIVERY: Json = {"delivery": "the openings that a closing wrote are read"}
"""Stands among a row's events where the next year reads its internal events."""

CARRIED = [a_closing("all"), DELIVERY]


class Row(rows.Row):
    """A year, its closing, and what follows; the money is that of the next year's budget."""

    budget: ClassVar[str] = NEXT_BUDGET


def reader_of(*modules: dict[str, Any]) -> Callable[[str], list[Row]]:
    """Read tables whose events may have a name in these modules, or here."""
    names = ChainMap(*modules, globals())
    return lambda text: rows.read_table(text, names, Row)


def decided(row: rows.Row) -> Scenario:
    scenario = Scenario()
    for event in row.events:
        if event is DELIVERY:
            assert [] != scenario.internal_events(), "an internal event is written"
            scenario.deliver()
        else:
            scenario.tell(event)
    return scenario


def check(row: Row) -> None:
    """The years lead to what the row says of the second, and to nothing else."""
    rows.check_outcome(row, decided(row))
