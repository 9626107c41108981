"""The lag documents of several watches: their age and health, merged into one, and its last hour.

Watches share the partitions of the journal. Pure: the clock is the reader's.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar

from events.lag import (
    POINT_S,
    POINTS,
    Board,
    History,
    Latency,
    Order,
    Outcomes,
    ParkedEvent,
    Report,
    Stage,
    StageHistory,
    State,
    Watch,
)
from services.lag.judge.model import earliest, greatest, stage_of, total, worst

QUIET_S: Final = 600.0
"""Ten minutes: a watch that has sampled for less has not seen that nothing arrives."""

WELL: Final = frozenset({State.OK, State.NO_TRAFFIC})


def is_old(board: Board, now: datetime) -> bool:
    """True if it no longer describes the present.

    One as far in the future is no better: with clocks so far apart nobody can say its age.
    """
    return abs(now - board.at) > board.old_after


def is_sampled(board: Board, now: datetime) -> bool:
    """True if the cluster has just reported the positions of the consumers."""
    return board.sampled_at is not None and now - board.sampled_at <= board.old_after


def wrong_counts(board: Board) -> tuple[int | None, ...]:
    """Counts that must be 0: each that is not needs a person."""
    outcomes, watch = board.outcomes or Outcomes(), board.watch
    return outcomes.gap, outcomes.repeated, watch.balances_differing, watch.journal_faults


def is_well(board: Board, now: datetime) -> bool:
    """True if nothing needs a person: what is unknown is not well."""
    is_of_now = is_sampled(board, now) and not is_old(board, now)
    return is_of_now and board.state in WELL and all(each == 0 for each in wrong_counts(board))


ITEMS_MAX: Final = 20
"""Orders, reports and parked events listed by name; their counts cover all."""

NO_ANSWER, UNREADABLE = "no_answer", "unreadable"
"""Errors of a watch: no answer, or one that this version does not understand."""

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of one watch, and why there is none now."""

    address: str
    board: Board | None = None
    """The last document that it gave."""
    error: str | None = None
    """`NO_ANSWER` or `UNREADABLE`; None where it answers now."""
    detail: str = ""
    """The error as the client library reports it."""
    raw: bytes = b""
    """The answer as it was sent; empty where it does not answer now."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Everything known of the lag, and its source."""

    asks: Literal["watch", "nobody", "one_process"]
    """The source: a watch; nobody, without an address; nobody, since nothing waits."""
    board: Board | None = None
    old_since: datetime | None = None
    """Time of the document, where it no longer describes the present."""
    answers: tuple[Answer, ...] = ()

    def is_well(self, now: datetime) -> bool:
        """True if nothing needs a person now."""
        return self.board is not None and self.old_since is None and is_well(self.board, now)


def lag_of(answers: Sequence[Answer], now: datetime) -> Lag:
    """The merged answers of now; without any, the merged last answers, marked as old."""
    current = [None if each.error is not None else each.board for each in answers]
    fresh = [each if each is not None and not is_old(each, now) else None for each in current]
    board = merge_boards(fresh)
    if board is not None:
        return Lag("watch", board, None, tuple(answers))
    board = merge_boards([each.board for each in answers])
    return Lag("watch", board, None if board is None else board.at, tuple(answers))


def merge_boards(boards: Sequence[Board | None]) -> Board | None:
    """One document of several; None stands for a watch that does not answer.

    Each watch samples all consumer groups, so these come from the first with a fresh sample. Of
    the journal each reads a part: these figures are added up, and unknown where one is missing.
    """
    known = [each for each in boards if each is not None]
    if len(boards) <= 1 or not known:
        return known[0] if known else None
    is_whole = len(known) == len(boards)
    known.sort(key=lambda each: not is_sampled(each, each.at))
    stages, watch = (
        _stages([each.stages for each in known]),
        _merge_figures([each.watch for each in known]),
    )
    groups: dict[str, Any] = {
        name: _together([getattr(each, name) for each in known], put) if is_whole else None
        for name, put in GROUPS.items()
    }
    return replace(
        known[0],
        # The oldest: no figure is older than the document says.
        at=min(each.at for each in known),
        state=worst([known[0].state, *(each.state for each in stages)]),
        stages=stages,
        watch=watch if is_whole else Watch(watch.instance),
        **groups,
    )


def _stages(each: Sequence[Sequence[Stage]]) -> tuple[Stage, ...]:
    """The stages, in the order of the first watch, each with all partitions of any watch.

    A watch samples every group, but its own stage in the partitions that it reads itself; and only
    the reader of a partition of payment orders knows the oldest that the treasury has not read.
    """
    names = dict.fromkeys(stage.stage for stages in each for stage in stages)
    return tuple(
        _stage([stage for stages in each for stage in stages if stage.stage == name])
        for name in names
    )


def _stage(seen: Sequence[Stage]) -> Stage:
    first, *others = seen
    rows = {(row.topic, row.partition): row for row in first.partitions}
    for stage in others:
        for row in stage.partitions:
            known = rows.setdefault((row.topic, row.partition), row)
            oldest = row.oldest_event_at
            if known.behind != 0 and known.oldest_event_at is None and oldest is not None:
                known = replace(known, oldest_event_at=oldest, waits_since=None)
                rows[row.topic, row.partition] = known
    found = tuple(sorted(rows.values(), key=lambda row: (row.topic, row.partition)))
    if len(found) == len(first.partitions):
        oldest = earliest([row.oldest_event_at for row in found] + [first.oldest_event_at])
        waits = earliest(row.waits_since for row in found)
        return replace(first, partitions=found, oldest_event_at=oldest, waits_since=waits)
    owners = {row.owner for row in found if row.owner is not None}
    return stage_of(first.stage, first.group, found, len(owners))


def _together(groups: Sequence[A | None], put: Callable[[Sequence[A]], A]) -> A | None:
    """One group of figures of all watches; None where one of them does not know it."""
    found = [each for each in groups if each is not None]
    return put(found) if len(found) == len(groups) else None


def _merge_figures(groups: Sequence[A]) -> A:
    """One group of figures: each figure by its rule; one without a rule is added up."""
    first: Any = groups[0]
    found: A = replace(
        first,
        **{
            each.name: RULES.get(each.name, total)([getattr(group, each.name) for group in groups])
            for each in fields(first)
        },
    )
    return found


def _latencies(each: Sequence[tuple[Latency, ...]]) -> tuple[Latency, ...]:
    """The greatest of several watches: that of all together is no greater."""
    names = dict.fromkeys(latency.stage for found in each for latency in found)
    return tuple(
        _merge_figures([latency for found in each for latency in found if latency.stage == name])
        for name in names
    )


def _first(figures: Sequence[A]) -> A:
    return figures[0]


def _names(names: Sequence[str | None]) -> str | None:
    return ", ".join(each for each in names if each is not None) or None


def _ready(each: Sequence[bool | None]) -> bool | None:
    return None if None in each else all(each)


def _gap(gaps: Sequence[int | None]) -> int | None:
    """The gap furthest from 0; that there is none is known only where every watch knows it."""
    gap = max((each for each in gaps if each is not None), key=abs, default=None)
    return gap or (None if None in gaps else gap)


def _counts(each: Sequence[Mapping[str, int] | None]) -> Mapping[str, int] | None:
    found: Counter[str] = Counter()
    for counts in each:
        if counts is None:
            return None
        found.update(counts)
    return dict(found)


def _oldest(each: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The oldest of the items listed by name."""
    items = sorted(chain(*each), key=lambda item: SINCE[type(item)](item))
    return tuple(items[:ITEMS_MAX])


SINCE: Final[Mapping[type, Callable[[Any], Any]]] = {
    Order: attrgetter("issued_at"),
    Report: attrgetter("due_on"),
    ParkedEvent: attrgetter("since"),
}

RULES: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "instance": _names,
    "ready": _ready,
    # Every watch samples all of the ledger's positions, if not at one moment.
    "in_flight": _first,
    "gap": _gap,
    "stage": _first,
    **dict.fromkeys(("p50_s", "p95_s", "max_s", "newest_at"), greatest),
    **dict.fromkeys(("oldest_issued_at", "oldest_due_on", "oldest_since", "oldest_at"), earliest),
    **dict.fromkeys(("due", "unacknowledged"), _merge_figures),
    **dict.fromkeys(("by_state", "reasons", "codes"), _counts),
    "items": _oldest,
}
"""How a figure of several watches becomes one."""

GROUPS: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "outcomes": _merge_figures,
    "latencies": _latencies,
    "orders": _merge_figures,
    "reports_overdue": _merge_figures,
    "parked": _merge_figures,
    "dead_letters": _merge_figures,
    "refusals": _merge_figures,
    "deadline_events": _merge_figures,
}
"""The figures of the journal, of which each watch reads a part."""


LATE_MAX_S: Final = 60.0
"""How late the last point may be: many short delays add up to seconds, a stopped watch to more."""

N = TypeVar("N")


def last_hour(histories: Sequence[History | None], now: datetime) -> History | None:
    """The hour until now of several watches; None stands for a watch that does not answer.

    Each samples all consumers, so these come from the first that still adds points; without any,
    from the first. Orders are added up where all watches know them.
    """
    known = [each for each in histories if each is not None]
    if not known:
        return None
    late_max = timedelta(seconds=LATE_MAX_S)
    first = max(known, key=lambda each: now - _last_point(each) <= late_max)
    ended = _last_point(first)
    counts = [_shift_to(each.orders, _last_point(each), now) for each in known]
    whole = len(known) == len(histories)
    return replace(
        first,
        at=now,
        since=now - timedelta(seconds=POINT_S * (POINTS - 1)),
        stages={
            name: StageHistory(
                _shift_to(each.behind, ended, now), _shift_to(each.late_s, ended, now)
            )
            for name, each in first.stages.items()
        },
        orders=tuple(total(each) if whole else None for each in zip(*counts, strict=True)),
    )


def _last_point(history: History) -> datetime:
    """Time of the last point: a watch that adds none any more answers all the same."""
    if history.since is None:
        return history.at
    last = history.since + timedelta(seconds=POINT_S * (len(history.orders) - 1))
    late_s = (history.at - last).total_seconds()
    return last if late_s > LATE_MAX_S else history.at


def _shift_to(series: Sequence[N | None], at: datetime, now: datetime) -> tuple[N | None, ...]:
    """The series as an hour that ends now: points that are missing since are unknown."""
    missed: int = min(POINTS, max(0, int((now - at).total_seconds()) // POINT_S))
    # An hour of unknown points precedes the series: what is older than an hour is cut off.
    found: list[N | None] = [*[None] * POINTS, *series, *[None] * missed]
    return tuple(found[-POINTS:])
