"""Merge of the lag documents of several watches that share the partitions of the journal."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar

from events.lag import Board, Latency, Order, ParkedEvent, Report, Stage, Watch
from services.lag.client.age import is_old, is_sampled, is_well
from services.lag.judge.sums import earliest, greatest, stage_of, total, worst

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
    board = merged(fresh)
    if board is not None:
        return Lag("watch", board, None, tuple(answers))
    board = merged([each.board for each in answers])
    return Lag("watch", board, None if board is None else board.at, tuple(answers))


def merged(boards: Sequence[Board | None]) -> Board | None:
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
        _merged([each.watch for each in known]),
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


def _merged(groups: Sequence[A]) -> A:
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
        _merged([latency for found in each for latency in found if latency.stage == name])
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
    **dict.fromkeys(("due", "unacknowledged"), _merged),
    **dict.fromkeys(("by_state", "reasons", "codes"), _counts),
    "items": _oldest,
}
"""How a figure of several watches becomes one."""

GROUPS: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "outcomes": _merged,
    "latencies": _latencies,
    "orders": _merged,
    "reports_overdue": _merged,
    "parked": _merged,
    "dead_letters": _merged,
    "refusals": _merged,
    "deadline_events": _merged,
}
"""The figures of the journal, of which each watch reads a part."""
