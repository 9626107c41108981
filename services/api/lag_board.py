"""Who is behind, as the watch says it: its answers read, how old they are, how well all is. Pure.

What the watch does not know is None, here and wherever it is shown, and never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec

VERSION: Final = 1
When = Annotated[datetime, msgspec.Meta(tz=True)]


class State(StrEnum):
    """How a consumer is; from the worst on, so that the first of several is that of all."""

    BROKEN = "BROKEN"
    STOPPED = "STOPPED"
    REWOUND = "REWOUND"
    STALLED = "STALLED"
    SLOW = "SLOW"
    UNKNOWN = "UNKNOWN"
    OK = "OK"
    NO_TRAFFIC = "NO TRAFFIC"

    @classmethod
    def _missing_(cls, value: object) -> "State | None":
        """A word of a watch newer than this: nobody here knows what it means."""
        return cls.UNKNOWN if isinstance(value, str) else None


QUIET_S: Final = 600.0
"""Who has watched for less than these ten minutes has not seen that nothing comes."""

WELL: Final = frozenset({State.OK, State.NO_TRAFFIC})


@dataclass(frozen=True, slots=True)
class Held:
    """The record at which a partition is held."""

    offset: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition that a stage reads."""

    topic: str
    partition: int
    state: State
    rule: str
    """The name of the rule by which the state was found."""
    committed: int | None = None
    end: int | None = None
    behind: int | None = None
    oldest_event_at: When | None = None
    """The time of the oldest event not yet done; None where there is none, or nobody knows."""
    oldest_recorded_at: When | None = None
    latest_event_at: When | None = None
    """The latest event time of what was done, as its sender wrote it."""
    watched_s: float | None = None
    """For how long the watch has looked at it; no more is counted than it remembers."""
    owner: str | None = None
    doing: str | None = None
    trend: str | None = None
    drain_s: float | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the way of an event: all partitions of a consumer group."""

    stage: str
    group: str
    state: State
    rule: str
    members: int | None = None
    behind: int | None = None
    oldest_event_at: When | None = None
    latest_event_at: When | None = None
    watched_s: float | None = None
    trend: str | None = None
    drain_s: float | None = None
    partitions: tuple[Partition, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch of itself, and whether its own balances are those of the ledger."""

    instance: str | None = None
    ready: bool | None = None
    budgets: int | None = None
    balances_differing: int | None = None
    journal_faults: int | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Source records by what became of them."""

    received: int | None = None
    accepted: int | None = None
    duplicate: int | None = None
    refused: int | None = None
    parked: int | None = None
    dead_letter: int | None = None
    resumed: int | None = None
    in_flight: int | None = None
    gap: int | None = None
    """Records that were taken and of which nothing was told; None where nobody knows."""
    repeated: int | None = None
    """Source places that the journal holds twice."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one step took, over the last hour."""

    stage: str
    count: int | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """Some orders, and what they come to."""

    count: int | None = None
    amount_cents: int | None = None
    oldest_issued_at: When | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A payment order that waits."""

    budget: str
    payment_order: str
    amount_cents: int
    paid_cents: int
    state: str
    due_on: date
    issued_at: When
    due: bool = False
    unacknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """The payment orders that wait; the oldest of them by name."""

    count: int | None = None
    amount_cents: int | None = None
    oldest_issued_at: When | None = None
    due: Sum = Sum()
    unacknowledged: Sum = Sum()
    by_state: Mapping[str, int] | None = None
    items: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report that should have come."""

    budget: str
    convention: str
    document_kind: str
    year: int | None
    due_on: date
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports that should have come."""

    count: int | None = None
    oldest_due_on: date | None = None
    items: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a parked event waits for."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that waits for another."""

    budget: str
    event_id: str
    type: str
    waits_for: Awaited
    since: When
    gives_up_at: When
    past: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """Events that wait; `past` of them longer than they may."""

    count: int | None = None
    oldest_since: When | None = None
    past: int | None = None
    items: tuple[ParkedEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Records that could not be read, by reason."""

    count: int | None = None
    oldest_at: When | None = None
    newest_at: When | None = None
    reasons: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """Events that were refused, by code."""

    count: int | None = None
    newest_at: When | None = None
    codes: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class DeadlineEvents:
    """Deadline events of the watch: that a day has passed."""

    written: int | None = None
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """What the watch knew at one moment. A group of figures that it does not know is None."""

    version: int
    at: When
    sampled_at: When | None
    """When the cluster last answered."""
    old_after_s: float
    sample_s: float
    state: State
    watch: Watch = Watch()
    stages: tuple[Stage, ...] = ()
    outcomes: Outcomes | None = None
    latencies: tuple[Latency, ...] | None = None
    orders: Orders | None = None
    reports_overdue: Reports | None = None
    parked: Parked | None = None
    dead_letters: DeadLetters | None = None
    refusals: Refusals | None = None
    deadline_events: DeadlineEvents | None = None

    @property
    def old_after(self) -> timedelta:
        """From this age on it says nothing of now."""
        return timedelta(seconds=self.old_after_s + self.sample_s)


def read_board(raw: bytes) -> Board:
    """The answer of a watch.

    Raises:
        ValueError: it is none, or one of another version.
    """
    board = msgspec.json.decode(raw, type=Board)
    check_version(board.version)
    return board


def check_version(version: int) -> None:
    """That an answer means what this module takes it for.

    Raises:
        ValueError: it is of another version.
    """
    if version != VERSION:
        raise ValueError(f"version {version}, and {VERSION} is known here")


# ------------------------------------------------------------------ how old, how well
def is_old(board: Board, now: datetime) -> bool:
    """Whether it says nothing of now, by the clock of whoever asks.

    One as far in the future is no better: with clocks so far apart nobody can say its age.
    """
    return abs(now - board.at) > board.old_after


def is_sampled(board: Board, now: datetime) -> bool:
    """Whether the cluster told the watch where its consumers are, just now."""
    return board.sampled_at is not None and now - board.sampled_at <= board.old_after


def wrong_counts(board: Board) -> tuple[int | None, ...]:
    """The counts that must be 0: each that is not asks for a person."""
    outcomes, watch = board.outcomes or Outcomes(), board.watch
    return outcomes.gap, outcomes.repeated, watch.balances_differing, watch.journal_faults


def is_well(board: Board, now: datetime) -> bool:
    """Whether nothing asks for a person: what is not known is not well."""
    is_of_now = is_sampled(board, now) and not is_old(board, now)
    return is_of_now and board.state in WELL and all(each == 0 for each in wrong_counts(board))
