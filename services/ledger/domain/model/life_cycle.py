"""Life cycles as tables: the states of a thing, and the events that lead from one to the next."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

State = TypeVar("State", bound=StrEnum)


class Transition(NamedTuple, Generic[State]):
    """A row of a life cycle."""

    origin: State | None
    """The state before; None where it begins."""
    event: str | None
    """The type of the event that leads from it; None stands for any."""
    target: State


def target_of(table: Iterable[Transition[State]], origin: State, event: str) -> State | None:
    """The state to which an event leads; None where it leads nowhere."""
    found = (each.target for each in table if (each.origin, each.event) == (origin, event))
    return next(found, None)
