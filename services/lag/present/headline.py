"""Headlines about the accounts and the lag, and the figures that they and the stages show.

Today, Lag, `/status` and `ecluse lag` all take the first sentence from here, so that they agree.
Only a watch knows whether everything received is in the accounts, since only it sees the backlog
of the ledger; without one the headline covers what the ledger has decided, and no more.
Counts, moments and spans are facts of a text: an unknown one is a dash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from events.lag import LEDGER_STAGE, PROJECTOR_STAGE, Board, Partition, Stage, State
from events.texts import Day, Euros, Number, Translatable, _
from services.lag.document import QUIET_S, WELL, Lag, wrong_counts
from services.lag.judge.model import Waiting, oldest_wait, total, worst
from services.lag.judge.states import Rule
from services.texts.formats import ZONE

TOPIC_PREFIX, TOPIC_SUFFIX = "ecluse.", ".v1"

UNKNOWN: Final = "—"

SEVERAL: Final = 2
"""The least number of a unit in which a span is printed: 119 seconds, then 2 minutes."""

SECOND: Final = timedelta(seconds=1)
UNITS: Final = (
    (86_400, _("{count} d")),
    (3_600, _("{count} h")),
    (60, _("{count} min")),
    (1, _("{count} s")),
)
"""Units of a span, with their seconds, from the greatest on."""


def position_of(stage: Stage) -> int | None:
    """The committed offsets of its partitions, added up; None where one is unknown."""
    return total(each.committed for each in stage.partitions)


def end_of(stage: Stage) -> int | None:
    """The ends of its partitions, added up likewise."""
    return total(each.end for each in stage.partitions)


def short_topic(topic: str) -> str:
    """The name of a topic without the parts that all topics of the contract have in common."""
    return topic.removeprefix(TOPIC_PREFIX).removesuffix(TOPIC_SUFFIX)


def find_shortest_watch_s(rows: Iterable[Stage | Partition]) -> float | None:
    """The shortest time watched; None once it is long enough to show that nothing arrives."""
    known = [row.watched_s for row in rows if row.watched_s is not None]
    return None if not known or min(known) >= QUIET_S else min(known)


def most_frequent(counts: Mapping[str, int] | None) -> list[tuple[str, int]]:
    """Counts by code, the greatest first."""
    return sorted((counts or {}).items(), key=lambda each: (-each[1], each[0]))


def count(figure: int | None) -> Number | str:
    """`48,211`."""
    return UNKNOWN if figure is None else Number(figure)


def euros(amount_cents: int | None) -> Euros | str:
    """`€1,320.00`."""
    return UNKNOWN if amount_cents is None else Euros(amount_cents)


def day(figure: date | None) -> Day | str:
    """`2023-07-14`."""
    return UNKNOWN if figure is None else Day(figure.isoformat())


def duration_text(span_s: float | None) -> Translatable | str:
    """`391 ms`, `8 s`, `3 min`, `26 h`, `62 d`."""
    if span_s is None:
        return UNKNOWN
    if span_s < 1:
        return f"{span_s * 1000:.0f} ms"
    size, unit = next((each for each in UNITS if span_s >= SEVERAL * each[0]), UNITS[-1])
    return unit.render({"count": int(span_s // size)})


class Moments:
    """Moments as seen now, in the time of Paris."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._zone = ZoneInfo(ZONE)

    def instant(self, instant: datetime | None) -> Translatable | str:
        """`02:40:11` of today, with the date on any other day."""
        if instant is None:
            return UNKNOWN
        local = instant.astimezone(self._zone)
        is_today = local.date() == self._now.astimezone(self._zone).date()
        return f"{local:%H:%M:%S}" if is_today else self.format_instant(instant)

    def format_instant(self, instant: datetime) -> Translatable:
        """`2023-07-14 02:40:11`: a date as it was written, without an age."""
        local = instant.astimezone(self._zone)
        facts = {"day": day(local.date()), "clock": f"{local:%H:%M:%S}"}
        return Translatable("{day} {clock}", facts)

    def format_with_age(self, instant: datetime | None) -> Translatable | str:
        """`02:40:11 (8 s ago)`."""
        if instant is None:
            return UNKNOWN
        return Translatable("{instant} ({age})", self.moment(instant))

    def oldest(
        self, row: Waiting, show: Callable[[datetime | None], Translatable | str]
    ) -> Translatable | str:
        """Since when its oldest event waits: `since 02:40:11 at least` where that is a bound."""
        oldest = show(oldest_wait(row))
        if row.waits_since is None:
            return oldest
        return _("since {instant} at least").render({"instant": oldest})

    def moment(self, instant: datetime) -> dict[str, Any]:
        """The same as facts of a sentence."""
        return {"instant": self.instant(instant), "age": self.age(instant)}

    def age(self, instant: datetime) -> Translatable:
        """`8 s ago`; of the future, by clocks that differ, `in 8 s`."""
        age = self._now - instant
        text = _("{span} ago") if age >= timedelta() else _("in {span}")
        seconds = abs(age) // SECOND
        return text.render({"span": duration_text(float(seconds)) if seconds else "0 s"})

    def facts(self, group: Any) -> dict[str, Any]:
        """Each figure of a group of the lag document, by its name and by the first word of it."""
        facts: dict[str, Any] = {}
        for name in (each.name for each in fields(group)):
            fact = self._fact(getattr(group, name), name)
            facts |= {name: fact, name.partition("_")[0]: fact}
        return facts

    def _fact(self, figure: object, name: str) -> object:
        match figure:
            case int():
                return Euros(figure) if name.endswith("_cents") else Number(figure)
            case datetime():
                return self.format_with_age(figure)
            case date():
                return day(figure)
            case None:
                return UNKNOWN
            case _:
                return figure


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
        found = _judge_by_watch(board, reading, now)
        if found is not None:
            return found
    if reading is None:
        known = None if board is None else accounts(board.stages).latest_event_at
        return Headline(Verdict.UNKNOWN, knows, now, known)
    return Headline(_judge_by_reading(reading, knows), knows, now, reading.latest_event_at)


def count_arrived(lag: Lag, reading: Reading) -> tuple[int | None, int | None]:
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


def _judge_by_watch(board: Board, reading: Reading | None, now: datetime) -> Headline | None:
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
        verdict = _judge_well_stages(board, known, reading)
        if reading is not None and verdict is Verdict.UNKNOWN:
            return None
    return Headline(verdict, BacklogSource.WATCH, board.sampled_at or now, latest, stage)


def _judge_well_stages(board: Board, known: Accounts, reading: Reading | None) -> Verdict:
    if any(wrong_counts(board)):
        return Verdict.CHECK
    if known.is_empty and (reading is None or reading.is_empty):
        return Verdict.EMPTY
    _, in_flight = (None, None) if reading is None else count_arrived(Lag("watch", board), reading)
    if known.has_all:
        behind = bool(in_flight) or (reading is not None and reading.has_all_decided is False)
        return Verdict.IN_TRANSIT if behind else Verdict.ALL_RECEIVED
    return Verdict.IN_TRANSIT if any(each.behind for each in known.stages) else Verdict.UNKNOWN


def _judge_by_reading(reading: Reading, knows: BacklogSource) -> Verdict:
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
