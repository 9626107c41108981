"""The plan of a fault-injection run, and its figures."""

import os
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

EVENTS: Final = 20_000
FAULTS: Final = 14
PARTITIONS: Final = 4
SESSION_S: Final = 6.0
SEEDS: Final = 10**9


class Fault(StrEnum):
    """What is done to the workers, or to their broker."""

    KILL = "kill"
    FREEZE = "freeze"
    TERMINATE = "terminate"
    BROKER_KILL = "broker kill"
    BROKER_RESTART = "broker restart"
    BROKER_FREEZE = "broker freeze"
    BROKER_AWAY = "broker away"
    """One of several, while a worker starts."""

    # Of three brokers alone.
    PAUSE = "pause"
    """A worker, for less than its session."""
    BROKERS_KILL = "two brokers killed"
    BROKERS_ROLL = "brokers one after another"
    LEADERS = "leaders moved"
    CUT = "connections cut"
    STALL = "connections stalled"
    DELAY = "connections delayed"
    HALVE = "answers halved"
    READER_KILL = "reader kill"
    READER_FREEZE = "reader freeze"
    READER_PAUSE = "reader pause"
    DATABASE_CRASH = "database crash"
    DATABASE_RESTART = "database restart"
    FAILOVER = "database failover"
    BROKER_DISK = "broker disk"
    DATABASE_DISK = "database disk"
    EXPORT_DISK = "export disk"
    CLOCK = "clock"


SHARES: Final = {
    Fault.FREEZE: 4,
    Fault.TERMINATE: 5,
    Fault.PAUSE: 4,
    Fault.BROKER_KILL: 5,
    Fault.BROKER_RESTART: 2,
    Fault.BROKER_FREEZE: 3,
    Fault.BROKER_AWAY: 5,
    Fault.BROKERS_KILL: 2,
    Fault.BROKERS_ROLL: 1,
    Fault.LEADERS: 4,
    Fault.CUT: 6,
    Fault.STALL: 3,
    Fault.DELAY: 4,
    Fault.HALVE: 5,
    Fault.READER_KILL: 7,
    Fault.READER_FREEZE: 3,
    Fault.READER_PAUSE: 4,
    Fault.DATABASE_CRASH: 2,
    Fault.DATABASE_RESTART: 2,
    Fault.FAILOVER: 1,
    Fault.BROKER_DISK: 2,
    Fault.DATABASE_DISK: 2,
    Fault.EXPORT_DISK: 1,
    Fault.CLOCK: 4,
}
"""On three brokers: how many of a hundred faults are of a kind; the others kill workers."""

DISKS: Final = frozenset({Fault.BROKER_DISK, Fault.DATABASE_DISK, Fault.EXPORT_DISK})


class Moment(StrEnum):
    """When a worker is killed."""

    IN = "in a transaction"
    ABOUT = "about a transaction"
    CHANCE = "by chance"
    START = "at its start"


@dataclass(frozen=True)
class Plan:
    """The plan of a run."""

    seed: int
    events: int = EVENTS
    faults: int = FAULTS
    partitions: int = PARTITIONS
    workers: int = 2
    session_s: float = SESSION_S
    brokers: int = 1
    stall_s_max: float = 60.0
    """For how long connections stand still at most."""
    without: tuple[Fault, ...] = ()
    """Kinds that this machine cannot do."""

    def chance(self, of: object) -> random.Random:
        """The chance that decides about one thing, whatever was drawn for the others."""
        return random.Random(f"{self.seed}/{of}")

    def order(self) -> list[Fault]:
        """The faults, most of them kills, the others among them."""
        others = self._others() if self.brokers == 1 else self._of_each_kind()
        order = [Fault.KILL] * (self.faults - len(others)) + others
        self.chance("order").shuffle(order)
        return order[: self.faults]

    def _of_each_kind(self) -> list[Fault]:
        return [
            kind
            for kind, share in SHARES.items()
            if kind not in self.without
            for _ in range(max(1, self.faults * share // 100))
        ]

    def _others(self) -> list[Fault]:
        return [
            *[Fault.FREEZE] * max(1, self.faults // 12),
            *[Fault.TERMINATE] * max(1, self.faults // 14),
            *[Fault.BROKER_KILL] * max(1, self.faults // 20),
            *[Fault.BROKER_RESTART] * (self.faults // 40),
            *[Fault.BROKER_FREEZE] * (self.faults // 30),
        ]

    def moments(self) -> Iterator[Moment]:
        """When to kill, time and again: as often as these in any ten kills."""
        chance = self.chance("moments")
        while True:
            ten = [
                *[Moment.IN] * 3,
                *[Moment.ABOUT] * 3,
                *[Moment.CHANCE] * 2,
                *[Moment.START] * 2,
            ]
            chance.shuffle(ten)
            yield from ten


@dataclass
class Figures:
    """The figures of a run."""

    plan: Plan
    transaction_s: float = 0.0
    """The time-out of the workers' transactions."""
    did: Counter[str] = field(default_factory=Counter)
    """How often each fault was done; a kill may hit two workers."""
    left_open: int = 0
    """Transactions that a killed worker left open."""
    ends: Counter[str] = field(default_factory=Counter)
    """Ends of workers that nobody asked for."""
    logged: Counter[str] = field(default_factory=Counter)
    """How often the workers logged what."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Journal records by outcome, and `resumed` for those that resume a parked one."""
    published: int = 0
    """Records in the input topics that the broker acknowledged."""
    doubtful: int = 0
    """Records whose sending failed: they were published again, and may be there twice."""
    aborted: int = 0
    """Records in the input topics whose transactions were aborted."""
    hanging: int = 0
    """Partitions in which the broker forgot to end a transaction of the sender's."""
    seconds: float = 0.0
    """From the first event to the last journal record."""
    silence_s: float = 0.0
    """The longest time that a partition stood still with something to read, the broker up."""
    silence_broker_s: float = 0.0
    """The same while the broker was away, or behind it."""
    verified: dict[str, Any] = field(default_factory=dict)
    """What the verifier counted."""
    proof_s: float = 0.0
    """How long the proof took."""

    @property
    def per_second(self) -> float:
        """Events a second, faults included."""
        return self.plan.events / self.seconds

    def row(self) -> dict[str, Any]:
        """All of it for JSON."""
        counted = {
            name: dict(each) for name, each in vars(self).items() if isinstance(each, Counter)
        }
        return vars(self) | counted | {"plan": asdict(self.plan), "per_second": self.per_second}


def chosen_seed() -> int:
    """The seed that was asked for, else one that nobody chose."""
    asked = os.environ.get("ECLUSE_FAULT_SEED")
    return int(asked) if asked else random.SystemRandom().randrange(SEEDS)
