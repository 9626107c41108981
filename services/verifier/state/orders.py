"""Payment orders, their names, and how a sum is shared over lines and departments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.verifier.records import Json
from services.verifier.state.lines import Line, fill, line_of, line_row, shares

PAYMENT_DELAY: Final = timedelta(days=60)
"""From the day that makes an instalment due to the day by which it is paid (rules, 19)."""

OPEN: Final = frozenset(("issued", "taken_in_charge", "on_hold"))
"""States of an order in which something may still happen to it (rules, 20)."""

GIVEN_BACK: Final = frozenset(("rejected", "cancelled"))
"""States of an order that holds no money any more, and no instalment."""


@dataclass(slots=True)
class PlannedAmount:
    """Cents planned or ordered on one line."""

    cents: int
    services: list[Json] | None
    """The departments that share it, as the event names them; None where none were given."""


@dataclass(slots=True)
class Order:
    """A payment order (mandat) as it stands."""

    convention: str
    instalment: str
    holder: str
    """The convention in whose figures it counts: another than it names, where a grant had paid
    before its convention was signed (rules, 13)."""
    key: str
    """Its instalment in the holder's schedule."""
    amount_cents: int
    paid_cents: int
    state: str
    due_on: str
    lines: dict[Line, PlannedAmount]

    def figures(self, name: str) -> Json:
        """The members that a change of it repeats."""
        return {
            "payment_order": name,
            "convention": self.convention,
            "instalment": self.instalment,
            "amount_cents": self.amount_cents,
            "paid_cents": self.paid_cents,
            "state": self.state,
            "due_on": self.due_on,
        }


def code_of(key: str) -> str:
    """The instalment's own name in a schedule's key: `1`, and `1` too of a grant's `A/1`."""
    return key.rpartition("/")[2]


def name_order(number: str, key: str, count: int) -> str:
    """The id of an instalment's first order, its second, its third; `G/1` bears its grant's."""
    first = key if "/" in key else f"{number}/{key}"
    return first if count == 1 else f"{first}/{count}"


def due_on(met_on: str) -> str:
    """The day by which what fell due on `met_on` is to be paid."""
    return (date.fromisoformat(met_on) + PAYMENT_DELAY).isoformat()


def read_ordered_lines(rows: list[Json]) -> dict[Line, PlannedAmount]:
    """Cents ordered on each line."""
    return {
        line_of(row["line"]): PlannedAmount(row["amount_cents"], row.get("services"))
        for row in rows
    }


def read_planned_lines(rows: list[Json]) -> dict[Line, PlannedAmount]:
    """Cents planned on each line; an empty list of departments names none."""
    return {
        line: PlannedAmount(each.cents, each.services or None)
        for line, each in read_ordered_lines(rows).items()
    }


def print_lines(lines: dict[Line, PlannedAmount]) -> list[Json]:
    """The lines of an order as the contract prints them."""
    names = ("code", "amount_cents")
    return [
        {
            "line": line_row(line),
            "amount_cents": each.cents,
            "services": each.services
            and [{name: of[name] for name in names} for of in each.services],
        }
        for line, each in lines.items()
    ]


def part_of(lines: dict[Line, PlannedAmount], total_cents: int) -> dict[Line, PlannedAmount]:
    """A sum shared over lines, and inside each over its services (rules, 23)."""
    parts = shares(total_cents, [each.cents for each in lines.values()])
    return _divide_lines(lines, parts, lambda planned, part: shares(part, _weights(planned)))


def share_paid(lines: dict[Line, PlannedAmount], paid_cents: int) -> dict[Line, int]:
    """Cents paid on each line of an order (rules, 20)."""
    had = fill(paid_cents, [each.cents for each in lines.values()])
    return {line: cents for line, cents in zip(lines, had, strict=True) if cents}


def unpaid_of(lines: dict[Line, PlannedAmount], paid_cents: int) -> dict[Line, PlannedAmount]:
    """Cents left to pay of an order, by line and department."""

    def divide_left(planned: PlannedAmount, left: int) -> list[int]:
        weights = _weights(planned)
        had = fill(planned.cents - left, weights)
        return [cents - part for cents, part in zip(weights, had, strict=True)]

    paid = share_paid(lines, paid_cents)
    left = [each.cents - paid.get(line, 0) for line, each in lines.items()]
    return _divide_lines(lines, left, divide_left)


def _weights(planned: PlannedAmount) -> list[int]:
    return [each["amount_cents"] for each in planned.services or ()]


def _divide_lines(
    lines: dict[Line, PlannedAmount],
    parts: Iterable[int],
    divide: Callable[[PlannedAmount, int], list[int]],
) -> dict[Line, PlannedAmount]:
    """The part of each line, divided over its services; nothing where a part is nothing."""
    found = {}
    for (line, planned), part in zip(lines.items(), parts, strict=True):
        if part:
            services = planned.services
            if services is not None:
                given = zip(services, divide(planned, part), strict=True)
                services = [{"code": of["code"], "amount_cents": own} for of, own in given if own]
            found[line] = PlannedAmount(part, services)
    return found
