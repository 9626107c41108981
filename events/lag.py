"""The lag document of a watch: the answer to `/lag`, and the last hour, to `/lag/history`.

Declared once: the watch prints it, the API and `ecluse lag` read it. None is an unknown figure,
and never 0; a group of figures of which nothing is known is None as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

VERSION: Final = 1
POINT_S: Final = 10
"""Seconds between two points of the last hour."""

POINTS: Final = 3600 // POINT_S
"""Points of an hour."""

LEDGER_STAGE: Final = "ledger"
PROJECTOR_STAGE: Final = "projector"
WATCH_STAGE: Final = "watch"
TREASURY_STAGE: Final = "treasury"

When = Annotated[datetime, msgspec.Meta(tz=True)]


class State(StrEnum):
    """States of a consumer, the worst first: the first of several is that of all."""

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
        """A state of a newer watch: its meaning is unknown here."""
        return cls.UNKNOWN if isinstance(value, str) else None


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
    """The name of the rule that led to the state."""
    committed: int | None = None
    end: int | None = None
    behind: int | None = None
    """Offsets left to read."""
    oldest_event_at: When | None = None
    """Event time of the oldest record not yet processed; None where there is none, too."""
    oldest_recorded_at: When | None = None
    """Kafka's timestamp of that record."""
    latest_event_at: When | None = None
    """Latest event time of the processed records, as senders wrote it."""
    watched_s: float | None = None
    """Time for which the watch has sampled the partition, at most as long as it remembers."""
    owner: str | None = None
    doing: str | None = None
    """The activity that the worker reports."""
    trend: str | None = None
    drain_s: float | None = None
    held: Held | None = None
    state_since: When | None = None
    """Begin of a state that is not well; None where it began before the watch looked."""
    waits_since: When | None = None
    """Since when at least its oldest record waits, where the event time of that is unknown."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All partitions of one consumer group, added up."""

    stage: str
    group: str
    state: State
    rule: str
    members: int | None = None
    behind: int | None = None
    oldest_event_at: When | None = None
    latest_event_at: When | None = None
    watched_s: float | None = None
    """The shortest time for which one of its partitions has been sampled."""
    trend: str | None = None
    drain_s: float | None = None
    partitions: tuple[Partition, ...] = ()
    state_since: When | None = None
    """Since when one of its partitions at least is in this state without a break."""
    waits_since: When | None = None
    """The earliest of its partitions: an event without known event time waits since then."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch itself, and its comparison of balances with those of the ledger."""

    instance: str | None = None
    ready: bool | None = None
    budgets: int | None = None
    balances_differing: int | None = None
    journal_faults: int | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Source records by outcome; `received` is the sum."""

    received: int | None = None
    accepted: int | None = None
    duplicate: int | None = None
    refused: int | None = None
    parked: int | None = None
    """Events that still wait."""
    dead_letter: int | None = None
    resumed: int | None = None
    """Events that waited and were decided since."""
    in_flight: int | None = None
    """Offsets that the ledger has still to read."""
    gap: int | None = None
    """Records read by the ledger without a known outcome."""
    repeated: int | None = None
    """Source records with two records in the journal."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Duration of one step over the last hour."""

    stage: str
    count: int | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of payment orders, and the amount still to pay."""

    count: int | None = None
    amount_cents: int | None = None


@dataclass(frozen=True, slots=True)
class DatedSum(Sum):
    """The same, with the issue of the oldest."""

    oldest_issued_at: When | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A waiting payment order."""

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
class Orders(DatedSum):
    """The waiting payment orders; `items` are the oldest."""

    due: Sum = Sum()
    unacknowledged: DatedSum = DatedSum()
    by_state: Mapping[str, int] | None = None
    items: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """An overdue report."""

    budget: str
    convention: str
    document_kind: str
    year: int | None
    due_on: date
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """Overdue reports; `items` are the oldest."""

    count: int | None = None
    oldest_due_on: date | None = None
    items: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """The thing that a parked event waits for."""

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
    """Parked events, `past` of them beyond their deadline; `items` are the oldest."""

    count: int | None = None
    oldest_since: When | None = None
    past: int | None = None
    items: tuple[ParkedEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Unreadable records, by reason."""

    count: int | None = None
    oldest_at: When | None = None
    newest_at: When | None = None
    reasons: Mapping[str, int] | None = None
    redriven: int | None = None
    """How many of those of the journal were sent again."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Refused events, by code."""

    count: int | None = None
    newest_at: When | None = None
    codes: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class DeadlineEvents:
    """Deadline events of the watch."""

    written: int | None = None
    pending: int | None = None
    """Events that are due and not yet written."""


@dataclass(frozen=True, slots=True)
class Board:
    """The answer to `/lag`: everything that a watch knows at one moment."""

    version: int
    at: When
    sampled_at: When | None
    """Time of the last answer of the cluster."""
    old_after_s: float
    sample_s: float
    """Seconds between two samples."""
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
        """Age from which on the document no longer describes the present."""
        return timedelta(seconds=self.old_after_s + self.sample_s)


@dataclass(frozen=True, slots=True)
class StageHistory:
    """One stage over the last hour, the oldest point first; None is an unknown figure."""

    behind: tuple[int | None, ...] = ()
    late_s: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The answer to `/lag/history`: points `every_s` apart, the first at `since`."""

    version: int
    at: When
    every_s: float
    since: When | None = None
    stages: Mapping[str, StageHistory] = field(default_factory=dict)
    orders: tuple[int | None, ...] = ()
    """Payment orders that waited."""


# ------------------------------------------------------------------ as JSON
def read_board(raw: bytes) -> Board:
    """The document in an answer to `/lag`.

    Raises:
        ValueError: it is none, or one of another version.
    """
    board = msgspec.json.decode(raw, type=Board)
    _check_version(board.version)
    return board


def read_history(raw: bytes) -> History:
    """The document in an answer to `/lag/history`.

    Raises:
        ValueError: it is none, or one of another version or of another interval.
    """
    history = msgspec.json.decode(raw, type=History)
    _check_version(history.version)
    if history.every_s != POINT_S:
        raise ValueError(f"a point every {history.every_s} s, and {POINT_S} s are known here")
    return history


def _check_version(version: int) -> None:
    if version != VERSION:
        raise ValueError(f"version {version}, and {VERSION} is known here")


def as_json(document: Board | History) -> dict[str, Any]:
    """The document as JSON: times in UTC to the millisecond, durations to the millisecond."""
    printed: dict[str, Any] = _print(msgspec.to_builtins(document, builtin_types=(datetime,)))
    return printed


def _print(value: Any) -> Any:
    match value:
        case dict():
            return {name: _print(each) for name, each in value.items()}
        case list() | tuple():
            return [_print(each) for each in value]
        case datetime():
            utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
            return utc.removesuffix("+00:00") + "Z"
        case float():
            return round(value, 3)
        case _:
            return value
