"""The lag document of now, its last hour, and the judgements that metrics need.

Figures of the journal are known once it was read to the end that it had at the start, and while
reconciliation goes on. Where the cluster does not answer, or the watch is behind, they describe
the past, and are unknown.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from events.lag import (
    LEDGER_STAGE,
    POINT_S,
    POINTS,
    VERSION,
    WATCH_STAGE,
    Board,
    DatedSum,
    DeadLetters,
    DeadlineEvents,
    History,
    Latency,
    Order,
    Orders,
    Outcomes,
    Parked,
    ParkedEvent,
    Report,
    Reports,
    Stage,
    StageHistory,
    Sum,
    Watch,
)
from events.topics import DEAD_LETTERS, INPUT_TOPICS, JOURNAL, PAYMENT_ORDERS, REFUSALS, Place
from services.lag.document import ITEMS_MAX
from services.lag.judge.history import History as Samples
from services.lag.judge.history import stages_of
from services.lag.judge.model import Consumer, Judgement, Sample, instant_of, late_s, worst
from services.lag.judge.states import OLD_AFTER_S, is_fresh
from services.watch.settings import WatchSettings
from services.watch.tables.feed import Tables
from services.watch.tables.latencies import StatusSamples, Step

DUE_S: Final = 2.0
"""Time for which due items are shown as found: each search goes through everything open."""

REPORTED_BY_WORKERS: Final = frozenset({Step.BROKER, Step.DECIDED, Step.PROJECTED})
"""Steps timed by workers; the others are timed in the journal."""


class OwnProgress(NamedTuple):
    """Progress of the watch itself, at one moment."""

    offsets: Mapping[Place, int]
    """The next offset of each partition that it reads."""
    outcomes: Outcomes | None
    """The outcomes that it has read; None while that is not all."""


class _Due(NamedTuple):
    """Due items, as found at a moment; None while the journal is not read."""

    at_s: float
    orders: Orders | None = None
    reports: Reports | None = None
    parked: Parked | None = None
    pending: int | None = None
    """Deadline events that are due and not yet written; None of a watch that writes none."""


class LagService:
    """Everything known, for the pages and the metrics."""

    def __init__(
        self,
        tables: Tables,
        own: WatchSettings,
        instance: str,
        input_topics: Mapping[str, str],
        written: Callable[[], int | None],
    ) -> None:
        """A service over some tables.

        Args:
            tables: what was read.
            own: the settings of the watch.
            instance: its name in its group.
            input_topics: the ledger's input topics on this cluster, by their contract names.
            written: the number of deadline events in their topic; None until it is known.
        """
        self.consumers: Final = own.consumers
        self.sampled_s: float | None = None
        """When the cluster last reported the groups."""
        self._tables = tables
        self._own = own
        self._instance = instance
        self._input_topics = input_topics
        self._written = written
        self._members: dict[Consumer, int] = {}
        self._outcomes: Outcomes | None = None
        self._samples = Samples()
        self._hour = LagHistory()
        self._statuses = StatusSamples(tables.latencies)
        self._found: _Due | None = None

    # ------------------------------------------------------------ samples of the groups
    def own_progress(self, now_s: float) -> OwnProgress:
        """Progress of the watch itself, taken before a sample: records of meanwhile are behind."""
        tables = self._tables
        offsets = {
            place: max(tables.next_offset(place), progress.worked)
            for place, progress in tables.reconciliation.progress.items()
        }
        return OwnProgress(offsets, tables.outcomes.counts() if self.has(JOURNAL, now_s) else None)

    def note_samples(
        self,
        by_consumer: Mapping[Consumer, Mapping[Place, Sample]],
        own: OwnProgress,
        members: Mapping[Consumer, int],
        begun_s: float,
        now_s: float,
    ) -> None:
        """Take note of one sample of all groups.

        Args:
            by_consumer: the samples.
            own: progress of the watch itself, taken before.
            members: the number of members of each group.
            begun_s: when the sample was begun.
            now_s: when it had ended.
        """
        self.sampled_s, self._members, self._outcomes = now_s, dict(members), own.outcomes
        ledger, *_ = self.consumers
        self._tables.input_watermark.note_samples(by_consumer.get(ledger, {}), begun_s, now_s)
        for consumer in self.consumers:
            samples = by_consumer.get(consumer, {})
            is_own = consumer.stage == WATCH_STAGE
            completed = _own(samples, own.offsets) if is_own else self._with_ends(samples)
            for place, sample in completed.items():
                self._samples.add(consumer, place, sample)
            self._statuses.add(consumer, completed, now_s)

    def no_answer(self) -> None:
        """Take note that the cluster did not report the groups."""
        self._samples.no_answer()

    def has_lost_an_owner(self) -> bool:
        """True if a partition has no owner any more, by the last sample alone."""
        return self._samples.has_lost_an_owner()

    def _with_ends(self, samples: Mapping[Place, Sample]) -> dict[Place, Sample]:
        """Samples completed by the end of the records, where the watch itself has read so far."""
        progress = self._tables.reconciliation.progress
        completed = {}
        for place, sample in samples.items():
            own, end = progress.get(place), sample.end
            is_read = own is not None and end is not None and own.worked >= end
            needs_it = is_read and sample.status is None
            records_end = self._tables.next_offset(place) if needs_it else None
            completed[place] = sample._replace(records_end=records_end)
        return completed

    # ------------------------------------------------------------ the document
    def judge(self, now_s: float) -> list[Judgement]:
        """The judgement of every group in every partition."""
        return self._samples.judge(now_s, self._tables.oldest_s, self._latest_s)

    def board(self, now_s: float) -> Board:
        """The lag document of now."""
        tables = self._tables
        is_sampled = self.is_sampled(now_s)
        stages = stages_of(self.consumers, self.judge(now_s), self.members(now_s))
        has_journal = self.has(JOURNAL, now_s)
        # Positions of a sample are shown with the outcomes of its moment: those of now are ahead.
        counts = (
            (self._outcomes if is_sampled else tables.outcomes.counts()) if has_journal else None
        )
        gap = self._statuses.gap(self.consumers[0]) if is_sampled else None
        due = self._due(now_s) if has_journal else _Due(now_s)
        return Board(
            VERSION,
            _instant(now_s),
            instant_of(self.sampled_s),
            OLD_AFTER_S,
            self._own.sample_s,
            worst(each.state for each in stages),
            self._watch(now_s, has_journal=has_journal),
            stages,
            None if counts is None else _with_positions(counts, stages, gap),
            self._latencies(now_s, is_sampled=is_sampled, has_journal=has_journal),
            due.orders,
            due.reports,
            due.parked,
            self._dead_letters(has_journal=has_journal) if self.has(DEAD_LETTERS, now_s) else None,
            tables.refusals.counts() if self.has(REFUSALS, now_s) else None,
            None if due.pending is None else DeadlineEvents(self._written(), due.pending),
        )

    def _dead_letters(self, *, has_journal: bool) -> DeadLetters:
        """Dead letters by their topic; how many were sent again says the journal."""
        counts = self._tables.dead_letters.counts()
        return replace(counts, redriven=self._tables.outcomes.redriven() if has_journal else None)

    def note(self, now_s: float) -> None:
        """Add a point of now to the last hour."""
        self._hour.add(self.board(now_s))

    def history(self, now_s: float) -> History:
        """The last hour."""
        return self._hour.document([each.stage for each in self.consumers], _instant(now_s))

    def is_sampled(self, now_s: float) -> bool:
        """True if the cluster has just reported the groups."""
        return is_fresh(self.sampled_s, now_s)

    def members(self, now_s: float) -> dict[Consumer, int]:
        """The number of members of each group; without those of which it is unknown."""
        return self._members if self.is_sampled(now_s) else {}

    def has(self, topic: str, now_s: float) -> bool:
        """True if the watch has read all of a topic, as of just now."""
        tables, reconcile_s = self._tables, self._own.reconcile_s
        is_now = is_fresh(tables.watermark.find_topic_watermark_s(topic), now_s, reconcile_s)
        return is_now and self._reconciles(now_s) and tables.reconciliation.has_read(topic)

    def _reconciles(self, now_s: float) -> bool:
        return is_fresh(self._tables.reconciled_s, now_s, self._own.reconcile_s)

    def _watch(self, now_s: float, *, has_journal: bool) -> Watch:
        live = self._tables.live
        was_read = self._reconciles(now_s) and self._tables.reconciliation.ready
        # What a watch that is behind has found still holds.
        return Watch(
            self._instance,
            was_read and has_journal,
            len(live.budgets) if was_read else None,
            live.differences() if was_read else None,
            live.faults() if was_read else None,
        )

    def _latencies(
        self, now_s: float, *, is_sampled: bool, has_journal: bool
    ) -> tuple[Latency, ...]:
        return tuple(
            each
            if (is_sampled if each.stage in REPORTED_BY_WORKERS else has_journal)
            else Latency(each.stage)
            for each in self._tables.latencies.list_last_hour(now_s)
        )

    def _due(self, now_s: float) -> _Due:
        found, now = self._found, _instant(now_s)
        if found is None or not 0 <= now_s - found.at_s < DUE_S:
            deadlines = self._tables.deadlines
            found = self._found = _Due(
                now_s,
                orders_of(deadlines.orders(now, self._own.unacknowledged_days)),
                reports_of(deadlines.reports_overdue(now)),
                count_parked(deadlines.list_parked(now)),
                deadlines.pending(now) if self._own.deadline_events else None,
            )
        return found

    def _latest_s(self, place: Place) -> float | None:
        """The latest event time of a partition, where the watch has read it."""
        tables, (topic, number) = self._tables, place
        has_read = tables.reconciliation.has_read
        if topic == PAYMENT_ORDERS:
            return tables.order_times.latest_s(number) if has_read(topic) else None
        if topic not in {JOURNAL, *INPUT_TOPICS} or not has_read(JOURNAL):
            return None
        return tables.outcomes.latest_event_s(number, self._input_topics.get(topic))


def _instant(now_s: float) -> datetime:
    now = instant_of(now_s)
    assert now is not None, "a clock within the calendar"
    return now


def _with_positions(counts: Outcomes, stages: tuple[Stage, ...], gap: int | None) -> Outcomes:
    """The outcomes with the offsets that the ledger has still to read.

    Records that its workers read and journalled without an outcome are added to the gap.
    """
    in_flight = next((each.behind for each in stages if each.stage == LEDGER_STAGE), None)
    whole = None if gap is None or counts.gap is None else gap + counts.gap
    return replace(counts, in_flight=in_flight, gap=whole)


def _own(samples: Mapping[Place, Sample], offsets: Mapping[Place, int]) -> dict[Place, Sample]:
    """Samples of the watch's own group, which commits nothing: it knows its own offsets.

    Partitions of another watch are left to that one; those without owner are shown by all.
    """
    return {
        place: sample._replace(committed=offsets.get(place))
        for place, sample in samples.items()
        if place in offsets or sample.owner is None
    }


ORDER_STATES: Final = ("issued", "taken_in_charge", "on_hold", "rejected")


def orders_of(oldest_first: Sequence[Order]) -> Orders:
    """The waiting payment orders."""
    unacknowledged = [each for each in oldest_first if each.unacknowledged]
    states = Counter(each.state for each in oldest_first)
    return Orders(
        *_sum(oldest_first),
        _find_oldest_issue(oldest_first),
        Sum(*_sum([each for each in oldest_first if each.due])),
        DatedSum(*_sum(unacknowledged), _find_oldest_issue(unacknowledged)),
        {state: states[state] for state in ORDER_STATES},
        tuple(oldest_first[:ITEMS_MAX]),
    )


def _sum(orders: Sequence[Order]) -> tuple[int, int]:
    return len(orders), sum(each.amount_cents - each.paid_cents for each in orders)


def _find_oldest_issue(oldest_first: Sequence[Order]) -> datetime | None:
    return oldest_first[0].issued_at if oldest_first else None


def reports_of(oldest_first: Sequence[Report]) -> Reports:
    """The overdue reports."""
    return Reports(
        len(oldest_first),
        oldest_first[0].due_on if oldest_first else None,
        tuple(oldest_first[:ITEMS_MAX]),
    )


def count_parked(oldest_first: Sequence[ParkedEvent]) -> Parked:
    """The parked events."""
    return Parked(
        len(oldest_first),
        oldest_first[0].since if oldest_first else None,
        sum(each.past for each in oldest_first),
        tuple(oldest_first[:ITEMS_MAX]),
    )


INTERVAL: Final = timedelta(seconds=POINT_S)
UNKNOWN: Final = (None, None)


class _Point(NamedTuple):
    """A moment: the records behind and the lateness of each stage, and waiting payment orders."""

    at: datetime
    stages: Mapping[str, tuple[int | None, float | None]]
    orders: int | None


class LagHistory:
    """The points of the last hour, the oldest first."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque(maxlen=POINTS)

    def add(self, board: Board) -> None:
        """Add a point, and fill missed points before it with unknown ones."""
        if self._points:
            last = self._points[-1].at
            missing = min(round((board.at - last) / INTERVAL) - 1, POINTS)
            for number in range(1, missing + 1):
                self._points.append(_Point(last + number * INTERVAL, {}, None))
        stages = {each.stage: (each.behind, late_s(each, board.at)) for each in board.stages}
        orders = None if board.orders is None else board.orders.count
        self._points.append(_Point(board.at, stages, orders))

    def document(self, stages: Iterable[str], at: datetime) -> History:
        """The last hour of these stages."""
        points = self._points
        series = {name: [each.stages.get(name, UNKNOWN) for each in points] for name in stages}
        return History(
            VERSION,
            at,
            float(POINT_S),
            points[0].at if points else None,
            {
                name: StageHistory(
                    tuple(behind for behind, _ in known), tuple(late for _, late in known)
                )
                for name, known in series.items()
            },
            tuple(each.orders for each in points),
        )
