"""Headlines: the first sentence about the accounts and the lag.

Today, Lag, `/status` and `ecluse lag` all take it from here, so that they agree.

Only a watch knows whether everything received is in the accounts, since only it sees the backlog
of the ledger; without one the headline covers what the ledger has decided, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from events.lag import LEDGER_STAGE, PROJECTOR_STAGE, Board, Stage, State
from services.lag.client.age import WELL, wrong_counts
from services.lag.client.merge import Lag
from services.lag.judge.states import Rule
from services.lag.judge.sums import total, worst
from services.lag.present.figures import end_of

ACCOUNTING: Final = (LEDGER_STAGE, PROJECTOR_STAGE)
"""The stages that an event must pass to appear in the accounts."""


class Verdict(StrEnum):
    """States of the accounts."""

    CHECK = "check"
    """Something does not add up, or a record is held: not to be relied on before a check."""
    STAGE = "stage"
    """A stage is not well: received events wait, or may wait."""
    ALL_RECEIVED = "all_received"
    IN_TRANSIT = "on_the_way"
    """Some received events are not in the accounts yet, and they move."""
    ALL_DECIDED = "all_decided"
    """Everything decided is in the accounts; the backlog of the ledger is unknown."""
    NOT_ALL_DECIDED = "not_all_decided"
    EMPTY = "empty"
    """Nothing ever arrived."""
    UNKNOWN = "unknown"


class BacklogSource(StrEnum):
    """Sources of the backlog of the ledger, or reasons why it is unknown."""

    WATCH = "watch"
    ONE_PROCESS = "one_process"
    """Nothing waits: without Kafka an event is decided before it is answered."""
    NOBODY = "nobody"
    """No watch is set."""
    SILENT = "silent"
    """No watch ever answered."""
    OLD = "old"
    """Its last answer is too old."""
    CLUSTER_SILENT = "cluster_silent"
    """It answers, but Kafka does not answer it."""
    STILL = "still"
    """It answers, but takes no samples any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of the read model."""

    read: int | None
    """Records of all entities in it; None for a reader of some entities only."""
    unread: int | None
    """Records of the journal not read yet, at most; None likewise, or if unknown."""
    has_all_decided: bool | None
    """True if it has read the journal to its end; None where the end is unknown."""
    is_sound: bool
    """True if its counts add up, and nothing is held."""
    latest_event_at: datetime | None
    """The latest time of an event in it."""
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Progress of the accounts, which show what is decided and in the read model."""

    stages: tuple[Stage, ...]
    """The stages that lead there, where any watch knows them."""
    latest_event_at: datetime | None
    """Latest time of an event in the accounts; None where unknown."""
    has_all: bool
    """True if nothing is left to read before any of them."""
    is_empty: bool
    """True if nothing ever arrived."""


def accounts(stages: Sequence[Stage]) -> Accounts:
    """Progress of the accounts, by the stages that lead there."""
    found = tuple(each for each in stages if each.stage in ACCOUNTING)
    whole = len(found) == len(ACCOUNTING)
    latest = {each.stage: each.latest_event_at for each in found}
    return Accounts(
        found,
        latest.get(PROJECTOR_STAGE),
        whole and all(each.behind == 0 for each in found),
        whole and all(end_of(each) == 0 for each in found),
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The first sentence, not yet rendered."""

    verdict: Verdict
    knows: BacklogSource
    seen_at: datetime
    """The time of the observation: of a watch, that of its last sample."""
    latest_event_at: datetime | None
    """The latest time of an event in the accounts, as senders wrote it, in any order."""
    stage: Stage | None = None
    """The stage that is not well."""


def headline(lag: Lag, reading: Reading | None, now: datetime) -> Headline:
    """The headline, by the answers of the watches and the state of the read model.

    Args:
        lag: the answers of the watches.
        reading: the state of the read model, for a headline about the accounts: then only the
            stages that lead there matter. None for one about all stages.
        now: the present.
    """
    knows, board = _who_knows(lag), lag.board
    if board is not None and knows is BacklogSource.WATCH:
        found = _by_watch(board, reading, now)
        if found is not None:
            return found
    if reading is None:
        known = None if board is None else accounts(board.stages).latest_event_at
        return Headline(Verdict.UNKNOWN, knows, now, known)
    return Headline(_by_reading(reading, knows), knows, now, reading.latest_event_at)


def arrived(lag: Lag, reading: Reading) -> tuple[int | None, int | None]:
    """Count the received records, and those of them that are not in the read model yet.

    None where the backlog of the ledger is unknown, and for a reader of some entities only.
    """
    knows, board = _who_knows(lag), lag.board
    if reading.read is None:
        return None, None
    if knows is BacklogSource.ONE_PROCESS:
        return total((reading.read, reading.unread)), reading.unread
    if knows is not BacklogSource.WATCH or board is None or board.outcomes is None:
        return None, None
    arrivals = total((board.outcomes.received, board.outcomes.in_flight))
    if arrivals is None:
        return None, None
    # The read model may have read on since the watch took its sample.
    received = max(arrivals, reading.read)
    return received, received - reading.read


def _who_knows(lag: Lag) -> BacklogSource:
    if lag.asks != "watch":
        return BacklogSource(lag.asks)
    if lag.board is None:
        return BacklogSource.SILENT
    if lag.old_since is not None:
        return BacklogSource.OLD
    rules = {each.rule for each in lag.board.stages}
    if rules <= {Rule.CLUSTER_SILENT, Rule.NOT_SAMPLED}:
        return BacklogSource.STILL if Rule.NOT_SAMPLED in rules else BacklogSource.CLUSTER_SILENT
    return BacklogSource.WATCH


def _by_watch(board: Board, reading: Reading | None, now: datetime) -> Headline | None:
    """The headline by a watch; None where the stages that matter are unknown."""
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
        verdict = _of_well_stages(board, known, reading)
        if reading is not None and verdict is Verdict.UNKNOWN:
            return None
    return Headline(verdict, BacklogSource.WATCH, board.sampled_at or now, latest, stage)


def _of_well_stages(board: Board, known: Accounts, reading: Reading | None) -> Verdict:
    if any(wrong_counts(board)):
        return Verdict.CHECK
    if known.is_empty and (reading is None or reading.is_empty):
        return Verdict.EMPTY
    _, in_flight = (None, None) if reading is None else arrived(Lag("watch", board), reading)
    if known.has_all:
        behind = bool(in_flight) or (reading is not None and reading.has_all_decided is False)
        return Verdict.IN_TRANSIT if behind else Verdict.ALL_RECEIVED
    return Verdict.IN_TRANSIT if any(each.behind for each in known.stages) else Verdict.UNKNOWN


def _by_reading(reading: Reading, knows: BacklogSource) -> Verdict:
    """The verdict by the read model: of everything received only where nothing waits before it."""
    is_one = knows is BacklogSource.ONE_PROCESS
    if not reading.is_sound:
        return Verdict.CHECK
    if reading.has_all_decided is None:
        return Verdict.UNKNOWN
    if not reading.has_all_decided:
        return Verdict.IN_TRANSIT if is_one else Verdict.NOT_ALL_DECIDED
    if reading.is_empty:
        return Verdict.EMPTY
    return Verdict.ALL_RECEIVED if is_one else Verdict.ALL_DECIDED
