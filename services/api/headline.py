"""Headlines: the first sentence about the accounts and about who is behind. Pure.

Today, Lag, `/standing` and `ecluse lag` all take it from here: none says that all is well while
another does not.

That all that was received is in the accounts only a watch knows, since only it sees what waits
before the ledger; without one it is said of what the ledger has decided, and of no more.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.api.lag_board import WELL, Board, Stage, State, wrong_counts
from services.api.lag_merged import Lag
from services.api.lag_stages import Accounts, accounts, total, worst

CLUSTER_SILENT, NOT_LOOKED = "cluster_silent", "not_looked"
"""The rules of a watch that sees no consumer: Kafka does not answer it, or it stands still."""


class Verdict(StrEnum):
    """States of the accounts, as they are said first."""

    CHECK = "check"
    """Something does not add up, or a record is held: nobody may rely on them before a check."""
    STAGE = "stage"
    """A stage is not well: what was received waits, or may wait."""
    ALL_RECEIVED = "all_received"
    ON_THE_WAY = "on_the_way"
    """Some of what was received is not in yet, and it moves."""
    ALL_DECIDED = "all_decided"
    """All that the ledger has decided is in; what waits before the ledger nobody knows."""
    NOT_ALL_DECIDED = "not_all_decided"
    EMPTY = "empty"
    """Nothing ever came."""
    UNKNOWN = "unknown"


class Knows(StrEnum):
    """Sources for what waits before the ledger, or reasons why there is none."""

    WATCH = "watch"
    ONE_PROCESS = "one_process"
    """Nothing waits: without Kafka an event is decided before it is answered."""
    NOBODY = "nobody"
    """No watch is set."""
    SILENT = "silent"
    """None ever answered."""
    OLD = "old"
    """What it last said is too old."""
    CLUSTER_SILENT = "cluster_silent"
    """It answers, and Kafka does not answer it."""
    STILL = "still"
    """It answers, and has stopped looking."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The read model's word of itself."""

    read: int | None
    """How many records of all entities it has; None for who may see some entities only."""
    unread: int | None
    """How many records of the journal it has not read, at most; None likewise, or if unknown."""
    has_all_decided: bool | None
    """Whether it has read the journal to its end; None where nobody knows the end."""
    is_sound: bool
    """Whether its counts add up, and nothing is held."""
    latest_event_at: datetime | None
    """The latest time of an event in it."""
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Headline:
    """The first sentence, before it is put into words."""

    verdict: Verdict
    knows: Knows
    seen_at: datetime
    """When that was so: by a watch, when it last looked."""
    latest_event_at: datetime | None
    """The latest time of an event in the accounts; senders write it, in any order."""
    stage: Stage | None = None
    """That which is not well."""


def headline(lag: Lag, reading: Reading | None, now: datetime) -> Headline:
    """Say first what follows from what the watches and the read model say.

    Args:
        lag: what the watches say.
        reading: what the read model says, for who tells of the accounts: then only the stages that
            lead there matter. None: of all stages, and the read model was not asked.
        now: the present.
    """
    knows, board = _who_knows(lag), lag.board
    if board is not None and knows is Knows.WATCH:
        found = _by_watch(board, reading, now)
        if found is not None:
            return found
    if reading is None:
        known = None if board is None else accounts(board.stages).latest_event_at
        return Headline(Verdict.UNKNOWN, knows, now, known)
    return Headline(_by_reading(reading, knows), knows, now, reading.latest_event_at)


def arrived(lag: Lag, reading: Reading) -> tuple[int | None, int | None]:
    """Count the records that came in, and those of them that are not in the read model yet.

    None where nobody knows what waits before the ledger, and for who may see some entities only.
    """
    knows, board = _who_knows(lag), lag.board
    if reading.read is None:
        return None, None
    if knows is Knows.ONE_PROCESS:
        return total((reading.read, reading.unread)), reading.unread
    if knows is not Knows.WATCH or board is None or board.outcomes is None:
        return None, None
    came = total((board.outcomes.received, board.outcomes.in_flight))
    if came is None:
        return None, None
    # The read model may have read on since the watch looked.
    received = max(came, reading.read)
    return received, received - reading.read


def _who_knows(lag: Lag) -> Knows:
    if lag.asks != "watch":
        return Knows(lag.asks)
    if lag.board is None:
        return Knows.SILENT
    if lag.old_since is not None:
        return Knows.OLD
    rules = {each.rule for each in lag.board.stages}
    if rules <= {CLUSTER_SILENT, NOT_LOOKED}:
        return Knows.STILL if NOT_LOOKED in rules else Knows.CLUSTER_SILENT
    return Knows.WATCH


def _by_watch(board: Board, reading: Reading | None, now: datetime) -> Headline | None:
    """Take a watch's word; None where it does not know of the stages that matter."""
    known = accounts(board.stages)
    stages = board.stages if reading is None else known.stages
    state = worst(each.state for each in stages)
    latest = known.latest_event_at if reading is None else reading.latest_event_at
    stage = None
    if reading is not None and not reading.is_sound:
        verdict = Verdict.CHECK
    elif state not in WELL:
        if reading is not None and state is State.UNKNOWN:
            return None
        verdict = Verdict.STAGE
        stage = next((each for each in stages if each.state is state), None)
    else:
        verdict = _of_those_who_work(board, known, reading)
        if reading is not None and verdict is Verdict.UNKNOWN:
            return None
    return Headline(verdict, Knows.WATCH, board.sampled_at or now, latest, stage)


def _of_those_who_work(board: Board, known: Accounts, reading: Reading | None) -> Verdict:
    if any(wrong_counts(board)):
        return Verdict.CHECK
    if known.is_empty and (reading is None or reading.is_empty):
        return Verdict.EMPTY
    _, in_flight = (None, None) if reading is None else arrived(Lag("watch", board), reading)
    if known.has_all:
        behind = bool(in_flight) or (reading is not None and reading.has_all_decided is False)
        return Verdict.ON_THE_WAY if behind else Verdict.ALL_RECEIVED
    return Verdict.ON_THE_WAY if any(each.behind for each in known.stages) else Verdict.UNKNOWN


def _by_reading(reading: Reading, knows: Knows) -> Verdict:
    """Take the read model's word: of what was received only where nothing waits before it."""
    is_one = knows is Knows.ONE_PROCESS
    if not reading.is_sound:
        return Verdict.CHECK
    if reading.has_all_decided is None:
        return Verdict.UNKNOWN
    if not reading.has_all_decided:
        return Verdict.ON_THE_WAY if is_one else Verdict.NOT_ALL_DECIDED
    if reading.is_empty:
        return Verdict.EMPTY
    return Verdict.ALL_RECEIVED if is_one else Verdict.ALL_DECIDED
