"""Histories that chance would hardly find: now and then a number stands for one of these."""

from typing import Final

from events.codec import EVENT_BYTES_MAX
from tests.builders import Json, a_closing, a_convention, a_report, a_vote, an_award, encoded
from tests.simulation.simulator import UNDECODABLE

PARKED: Final = 1_003
"""A few more than a budget lets wait."""


def a_thousand_parked(budget: str) -> list[Json | bytes]:
    """So much waits for a convention that more is refused; then it comes, and wakes them all."""
    common: Json = {"budget": budget, "convention": "C1"}
    waiting = [a_report(**common, _id=f"report {number}") for number in range(PARKED)]
    return [
        a_vote(budget=budget),
        an_award(budget=budget),
        *waiting,
        a_convention(**common),
        a_closing(budget=budget),
    ]


def too_large(budget: str) -> list[Json | bytes]:
    """An event that is a byte too long."""
    value = encoded(a_vote(budget=budget, _id="large"))
    padding = b" " * (EVENT_BYTES_MAX + 1 - len(value))
    return [a_vote(budget=budget), value[:-1] + padding + b"}", an_award(budget=budget)]


def undecodable(budget: str) -> list[Json | bytes]:
    """Something on which our own decoder fails."""
    return [a_vote(budget=budget), UNDECODABLE, an_award(budget=budget)]


DIRECTED: Final = (
    (2_500, 249, a_thousand_parked),
    (250, 99, too_large),
    (250, 49, undecodable),
)
"""In each round of so many histories, the one of that number."""


def directed(number: int, budget: str) -> list[Json | bytes] | None:
    """The history of that number, where it is no drawn one."""
    for histories, place, history in DIRECTED:
        if number % histories == place:
            return history(budget)
    return None
