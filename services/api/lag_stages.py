"""What watches know, added up: the stages, whole or in part, and how far accounts are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, TypeVar

from services.api.lag_board import Partition, Stage, State

WORST_FIRST: Final = tuple(State)

PROJECTOR: Final = "projector"
ACCOUNTING: Final = ("ledger", PROJECTOR)
"""The stages that an event must pass to stand in the accounts that people look at."""

Day = TypeVar("Day", bound=date)


def worst(states: Iterable[State]) -> State:
    """The state of several; where there is none nobody knows it."""
    return min(states, key=WORST_FIRST.index, default=State.UNKNOWN)


def total(counts: Iterable[int | None]) -> int | None:
    """Their sum; None where one of them is unknown, and where there is none."""
    found = list(counts)
    known = [count for count in found if count is not None]
    return sum(known) if known and len(known) == len(found) else None


def position_of(stage: Stage) -> int | None:
    """Where a stage stands: its partitions' positions added up; None where one is unknown."""
    return total(each.committed for each in stage.partitions)


def end_of(stage: Stage) -> int | None:
    """Where all ends that it reads, added up likewise."""
    return total(each.end for each in stage.partitions)


def earliest(times: Iterable[Day | None]) -> Day | None:
    """The earliest of those that are known; None where none is."""
    return min((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True)
class Accounts:
    """How far the accounts are that people look at: what is decided, and in the read model."""

    stages: tuple[Stage, ...]
    """Those that lead there, as far as any watch knows them."""
    latest_event_at: datetime | None
    """The latest time of an event that is in; None where nobody tells of it."""
    has_all: bool
    """Whether nothing that came is left before any of them."""
    is_empty: bool
    """Whether nothing ever came."""


def accounts(stages: Sequence[Stage]) -> Accounts:
    """How far the accounts are, by the stages that lead there."""
    found = tuple(each for each in stages if each.stage in ACCOUNTING)
    whole = len(found) == len(ACCOUNTING)
    latest = {each.stage: each.latest_event_at for each in found}
    return Accounts(
        found,
        latest.get(PROJECTOR),
        whole and all(each.behind == 0 for each in found),
        whole and all(end_of(each) == 0 for each in found),
    )


def merged_stages(each: Sequence[Sequence[Stage]]) -> tuple[Stage, ...]:
    """The stages, in the order of the first watch; each with all partitions that anybody reads.

    A watch sees the groups of all, but its own stage in the partitions that it reads itself; and
    the oldest payment order that the treasury has not read is known to who reads that partition.
    """
    names = dict.fromkeys(stage.stage for stages in each for stage in stages)
    return tuple(
        _merged([stage for stages in each for stage in stages if stage.stage == name])
        for name in names
    )


def _merged(seen: Sequence[Stage]) -> Stage:
    first, *others = seen
    rows = {(row.topic, row.partition): row for row in first.partitions}
    for stage in others:
        for row in stage.partitions:
            known = rows.setdefault((row.topic, row.partition), row)
            if known.behind != 0 and known.oldest_event_at is None:
                rows[row.topic, row.partition] = replace(known, oldest_event_at=row.oldest_event_at)
    found = tuple(sorted(rows.values(), key=lambda row: (row.topic, row.partition)))
    oldest = earliest([row.oldest_event_at for row in found] + [first.oldest_event_at])
    if len(found) == len(first.partitions):
        return replace(first, partitions=found, oldest_event_at=oldest)
    return _added_up(first, found, oldest)


def _added_up(first: Stage, rows: tuple[Partition, ...], oldest: datetime | None) -> Stage:
    """A stage of which each watch sees a part."""
    state = worst(row.state for row in rows)
    latest = [row.latest_event_at for row in rows if row.latest_event_at is not None]
    drains = [row.drain_s for row in rows if row.behind != 0]
    drain_s = [seconds for seconds in drains if seconds is not None]
    trends = {row.trend for row in rows}
    return replace(
        first,
        state=state,
        rule=next(row.rule for row in rows if row.state is state),
        members=len({row.owner for row in rows if row.owner is not None}),
        behind=total(row.behind for row in rows),
        oldest_event_at=oldest,
        latest_event_at=max(latest, default=None),
        trend=next((each for each in ("up", "down", "level") if each in trends), None),
        drain_s=max(drain_s, default=None) if len(drain_s) == len(drains) else None,
        partitions=rows,
    )
