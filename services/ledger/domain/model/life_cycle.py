"""Life cycles as tables of states and events; below orders and conventions, which have one each."""

from collections.abc import Collection, Iterable
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


def enter(table: Collection[Transition[State]], origin: State, event: str, target: State) -> State:
    """Return `target`, which an event leads to from `origin`; it may also leave the state as it is.

    Raises:
        AssertionError: the table has no such transition, which is a mistake of the ledger's own.
    """
    assert origin is target or (origin, event, target) in table, f"{origin} -> {target} by {event}"
    return target


def target_of(table: Iterable[Transition[State]], origin: State, event: str) -> State | None:
    """The state to which an event leads; None where it leads nowhere."""
    found = (each.target for each in table if (each.origin, each.event) == (origin, event))
    return next(found, None)
