"""Merge of the lag documents of several watches that share the partitions of the journal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from events.lag import (
    Board,
    DatedSum,
    DeadLetters,
    DeadlineEvents,
    Latency,
    Orders,
    Outcomes,
    Parked,
    Refusals,
    Reports,
    Stage,
    Sum,
    Watch,
)
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
    parts = known if len(known) == len(boards) else None
    known.sort(key=lambda each: not is_sampled(each, each.at))
    stages = _stages([each.stages for each in known])
    return replace(
        known[0],
        # The oldest: no figure is older than the document says.
        at=min(each.at for each in known),
        state=worst([known[0].state, *(each.state for each in stages)]),
        stages=stages,
        watch=_watch(known, parts),
        outcomes=_together(parts, lambda each: each.outcomes, _outcomes),
        latencies=_together(parts, lambda each: each.latencies, _latencies),
        orders=_together(parts, lambda each: each.orders, _orders),
        reports_overdue=_together(parts, lambda each: each.reports_overdue, _reports),
        parked=_together(parts, lambda each: each.parked, _parked),
        dead_letters=_together(parts, lambda each: each.dead_letters, _dead_letters),
        refusals=_together(parts, lambda each: each.refusals, _refusals),
        deadline_events=_together(parts, lambda each: each.deadline_events, _deadline_events),
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
            if known.behind != 0 and known.oldest_event_at is None:
                rows[row.topic, row.partition] = replace(known, oldest_event_at=row.oldest_event_at)
    found = tuple(sorted(rows.values(), key=lambda row: (row.topic, row.partition)))
    if len(found) == len(first.partitions):
        oldest = earliest([row.oldest_event_at for row in found] + [first.oldest_event_at])
        return replace(first, partitions=found, oldest_event_at=oldest)
    owners = {row.owner for row in found if row.owner is not None}
    return stage_of(first.stage, first.group, found, len(owners))


def _together(
    parts: Sequence[Board] | None,
    of: Callable[[Board], A | None],
    put: Callable[[Sequence[A]], A],
) -> A | None:
    """One group of figures of all watches; None where one of them does not know it."""
    if parts is None:
        return None
    found = [group for each in parts if (group := of(each)) is not None]
    return put(found) if len(found) == len(parts) else None


def _watch(known: Sequence[Board], parts: Sequence[Board] | None) -> Watch:
    names = [name for each in known if (name := each.watch.instance) is not None]
    each = [board.watch for board in parts or ()]
    ready = [watch.ready for watch in each]
    return Watch(
        ", ".join(names) or None,
        None if None in ready or not ready else all(ready),
        total(watch.budgets for watch in each),
        total(watch.balances_differing for watch in each),
        total(watch.journal_faults for watch in each),
    )


def _outcomes(each: Sequence[Outcomes]) -> Outcomes:
    return Outcomes(
        total(outcomes.received for outcomes in each),
        total(outcomes.accepted for outcomes in each),
        total(outcomes.duplicate for outcomes in each),
        total(outcomes.refused for outcomes in each),
        total(outcomes.parked for outcomes in each),
        total(outcomes.dead_letter for outcomes in each),
        total(outcomes.resumed for outcomes in each),
        # Every watch samples all of the ledger's positions, if not at one moment.
        each[0].in_flight,
        _gap([outcomes.gap for outcomes in each]),
        total(outcomes.repeated for outcomes in each),
    )


def _gap(gaps: Sequence[int | None]) -> int | None:
    """The gap furthest from 0; that there is none is known only where every watch knows it."""
    gap = max((each for each in gaps if each is not None), key=abs, default=None)
    return gap or (None if None in gaps else gap)


def _latencies(each: Sequence[tuple[Latency, ...]]) -> tuple[Latency, ...]:
    """The greatest of several watches: that of all together is no greater."""
    names = list(dict.fromkeys(latency.stage for found in each for latency in found))
    return tuple(
        _latency(name, [latency for found in each for latency in found if latency.stage == name])
        for name in names
    )


def _latency(name: str, each: Sequence[Latency]) -> Latency:
    return Latency(
        name,
        total(latency.count for latency in each),
        greatest(latency.p50_s for latency in each),
        greatest(latency.p95_s for latency in each),
        greatest(latency.max_s for latency in each),
    )


def _orders(each: Sequence[Orders]) -> Orders:
    items = (item for orders in each for item in orders.items)
    return Orders(
        *_sum(each),
        earliest(orders.oldest_issued_at for orders in each),
        Sum(*_sum([orders.due for orders in each])),
        DatedSum(
            *_sum([orders.unacknowledged for orders in each]),
            earliest(orders.unacknowledged.oldest_issued_at for orders in each),
        ),
        _counts(orders.by_state for orders in each),
        tuple(sorted(items, key=lambda item: item.issued_at)[:ITEMS_MAX]),
    )


def _sum(each: Sequence[Sum]) -> tuple[int | None, int | None]:
    return total(found.count for found in each), total(found.amount_cents for found in each)


def _reports(each: Sequence[Reports]) -> Reports:
    items = (item for reports in each for item in reports.items)
    return Reports(
        total(reports.count for reports in each),
        earliest(reports.oldest_due_on for reports in each),
        tuple(sorted(items, key=lambda item: item.due_on)[:ITEMS_MAX]),
    )


def _parked(each: Sequence[Parked]) -> Parked:
    items = (item for parked in each for item in parked.items)
    return Parked(
        total(parked.count for parked in each),
        earliest(parked.oldest_since for parked in each),
        total(parked.past for parked in each),
        tuple(sorted(items, key=lambda item: item.since)[:ITEMS_MAX]),
    )


def _dead_letters(each: Sequence[DeadLetters]) -> DeadLetters:
    return DeadLetters(
        total(found.count for found in each),
        earliest(found.oldest_at for found in each),
        greatest(found.newest_at for found in each),
        _counts(found.reasons for found in each),
    )


def _refusals(each: Sequence[Refusals]) -> Refusals:
    return Refusals(
        total(refusals.count for refusals in each),
        greatest(refusals.newest_at for refusals in each),
        _counts(refusals.codes for refusals in each),
    )


def _deadline_events(each: Sequence[DeadlineEvents]) -> DeadlineEvents:
    return DeadlineEvents(
        total(deadline_events.written for deadline_events in each),
        total(deadline_events.pending for deadline_events in each),
    )


def _counts(each: Iterable[Mapping[str, int] | None]) -> Mapping[str, int] | None:
    found: dict[str, int] = {}
    for counts in each:
        if counts is None:
            return None
        for name, count in counts.items():
            found[name] = found.get(name, 0) + count
    return found
