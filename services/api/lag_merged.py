"""The answers of several watches that share the partitions of the journal, put together. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from services.api.lag_board import (
    Board,
    DeadLetters,
    DeadlineEvents,
    Latency,
    Orders,
    Outcomes,
    Parked,
    Refusals,
    Reports,
    Sum,
    Watch,
    is_old,
    is_sampled,
    is_well,
)
from services.api.lag_stages import earliest, merged_stages, total, worst

ITEMS_MAX: Final = 20
"""How many orders, reports and parked events are named; their counts are of all."""

NO_ANSWER, UNREADABLE = "no_answer", "unreadable"
"""What may be wrong with a watch: nobody there, or none that this version understands."""

A = TypeVar("A")
T = TypeVar("T", int, float, datetime)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out from one watch: its last answer, and whether that is of this moment."""

    address: str
    board: Board | None = None
    """The last that it gave."""
    error: str | None = None
    """Why it gives none now."""


@dataclass(frozen=True, slots=True)
class Lag:
    """What is known of who is behind."""

    asks: Literal["watch", "nobody", "one_process"]
    """Whom the API asks: a watch; nobody, since no address is set; nobody, since nothing waits."""
    board: Board | None = None
    old_since: datetime | None = None
    """The board's time, where it says nothing of now."""
    answers: tuple[Answer, ...] = ()

    def is_well(self, now: datetime) -> bool:
        """Whether nothing asks for a person, at this moment."""
        return self.board is not None and self.old_since is None and is_well(self.board, now)


def lag_of(answers: Sequence[Answer], now: datetime) -> Lag:
    """What several watches say; where none says anything of now, what they last said."""
    told = [None if each.error is not None else each.board for each in answers]
    fresh = [each if each is not None and not is_old(each, now) else None for each in told]
    board = merged(fresh)
    if board is not None:
        return Lag("watch", board, None, tuple(answers))
    board = merged([each.board for each in answers])
    return Lag("watch", board, None if board is None else board.at, tuple(answers))


def merged(boards: Sequence[Board | None]) -> Board | None:
    """The answers of several watches as one; None is one that does not answer.

    Each sees all consumer groups, so those are told by the first whose look is not old. Of the
    journal each reads a part, so what they read is added up, and is unknown where one is missing.
    None where nobody answers.
    """
    known = [each for each in boards if each is not None]
    if len(boards) <= 1 or not known:
        return known[0] if known else None
    parts = known if len(known) == len(boards) else None
    known.sort(key=lambda each: not is_sampled(each, each.at))
    stages = merged_stages([each.stages for each in known])
    return replace(
        known[0],
        # The oldest: nothing in it is older than it says.
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


def _together(
    parts: Sequence[Board] | None,
    of: Callable[[Board], A | None],
    put: Callable[[Sequence[A]], A],
) -> A | None:
    """One group of figures of all watches; None where one of them does not know it."""
    if parts is None:
        return None
    found = [said for each in parts if (said := of(each)) is not None]
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
        # These two come of the ledger's places, which every watch sees whole, if not at one moment.
        each[0].in_flight,
        _gap([outcomes.gap for outcomes in each]),
        total(outcomes.repeated for outcomes in each),
    )


def _gap(told: Sequence[int | None]) -> int | None:
    """The one furthest from 0: what one of them misses is told, whatever another says.

    That there is none is only known where all of them know it.
    """
    gap = max((each for each in told if each is not None), key=abs, default=None)
    return gap or (None if None in told else gap)


def _latencies(each: Sequence[tuple[Latency, ...]]) -> tuple[Latency, ...]:
    """Of several watches the greatest is told: that of all together is no greater."""
    names = list(dict.fromkeys(latency.stage for found in each for latency in found))
    return tuple(
        _latency(name, [latency for found in each for latency in found if latency.stage == name])
        for name in names
    )


def _latency(name: str, each: Sequence[Latency]) -> Latency:
    return Latency(
        name,
        total(latency.count for latency in each),
        _last(latency.p50_s for latency in each),
        _last(latency.p95_s for latency in each),
        _last(latency.max_s for latency in each),
    )


def _orders(each: Sequence[Orders]) -> Orders:
    items = (item for orders in each for item in orders.items)
    return Orders(
        total(orders.count for orders in each),
        total(orders.amount_cents for orders in each),
        earliest(orders.oldest_issued_at for orders in each),
        _sums([orders.due for orders in each]),
        _sums([orders.unacknowledged for orders in each]),
        _counts(orders.by_state for orders in each),
        tuple(sorted(items, key=lambda item: item.issued_at)[:ITEMS_MAX]),
    )


def _sums(each: Sequence[Sum]) -> Sum:
    return Sum(
        total(found.count for found in each),
        total(found.amount_cents for found in each),
        earliest(found.oldest_issued_at for found in each),
    )


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
        total(deadline_events.count for deadline_events in each),
        earliest(deadline_events.oldest_at for deadline_events in each),
        _last(deadline_events.newest_at for deadline_events in each),
        _counts(deadline_events.reasons for deadline_events in each),
    )


def _refusals(each: Sequence[Refusals]) -> Refusals:
    return Refusals(
        total(refusals.count for refusals in each),
        _last(refusals.newest_at for refusals in each),
        _counts(refusals.codes for refusals in each),
    )


def _deadline_events(each: Sequence[DeadlineEvents]) -> DeadlineEvents:
    return DeadlineEvents(
        total(deadline_events.written for deadline_events in each),
        total(deadline_events.pending for deadline_events in each),
    )


def _last(found: Iterable[T | None]) -> T | None:
    return max((each for each in found if each is not None), default=None)


def _counts(each: Iterable[Mapping[str, int] | None]) -> Mapping[str, int] | None:
    found: dict[str, int] = {}
    for counts in each:
        if counts is None:
            return None
        for name, count in counts.items():
            found[name] = found.get(name, 0) + count
    return found
