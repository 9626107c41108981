"""What a fault campaign is to do, and the figures of what it did."""

import random  # noqa: TID251 - the chance of the world outside, from a seed that is printed
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

EVENTS: Final = 20_000
FAULTS: Final = 14
PARTITIONS: Final = 4
SESSION_S: Final = 6.0


class Fault(StrEnum):
    """What is done to the workers, or to their broker."""

    KILL = "kill"
    FREEZE = "freeze"
    TERMINATE = "terminate"
    BROKER_KILL = "broker kill"
    BROKER_FREEZE = "broker freeze"


class Broker(Protocol):
    """What a campaign does to its broker."""

    @property
    def bootstrap(self) -> str: ...

    def kill(self) -> None: ...

    def restart(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What a campaign is to do."""

    seed: int
    events: int = EVENTS
    faults: int = FAULTS
    partitions: int = PARTITIONS
    workers: int = 2
    session_s: float = SESSION_S

    def chance(self, of: object) -> random.Random:
        """The chance that decides about one thing, whatever was drawn for the others."""
        return random.Random(f"{self.seed}/{of}")

    def order(self) -> list[Fault]:
        """The faults, most of them kills, the others among them."""
        others = [
            *[Fault.FREEZE] * max(1, self.faults // 12),
            *[Fault.TERMINATE] * max(1, self.faults // 14),
            *[Fault.BROKER_KILL] * max(1, self.faults // 20),
            *[Fault.BROKER_FREEZE] * (self.faults // 30),
        ]
        order = [Fault.KILL] * (self.faults - len(others)) + others
        self.chance("order").shuffle(order)
        return order


@dataclass
class Figures:
    """What a campaign did, and what came of it."""

    plan: Plan
    did: Counter[str] = field(default_factory=Counter)
    """How often each fault was done; a kill may hit two workers."""
    left_open: int = 0
    """Transactions that a killed worker left open."""
    ends: Counter[str] = field(default_factory=Counter)
    """Ends of workers that nobody asked for."""
    said: Counter[str] = field(default_factory=Counter)
    """How often the workers logged what."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Journal records by outcome, and `resumed` for those that resume a parked one."""
    aborted: int = 0
    """Records in the doors whose transactions were aborted."""
    again: int = 0
    """Transactions of the sender that failed, and were published again."""
    seconds: float = 0.0
    """From the first event to the last journal record."""
    silence_s: float = 0.0
    """The longest time without a new journal record."""

    @property
    def per_second(self) -> float:
        """Events a second, faults included."""
        return self.plan.events / self.seconds
