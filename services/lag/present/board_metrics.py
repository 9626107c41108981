"""Prometheus metrics of the lag document. An unknown figure has no sample, and is never 0."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from events.deadlines import SUBJECTS
from events.lag import Board, DeadLetters, Orders, Outcomes, Parked, Refusals, Reports, State


class BoardMetrics(Collector):
    """The figures of the lag document, made anew at each scrape."""

    def __init__(
        self, board: Callable[[], Board], written: Callable[[], Mapping[str, int]]
    ) -> None:
        self._board = board
        self._written = written

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        board = self._board()
        yield _time("ecluse_watch_board_timestamp_seconds", "When the board was made.", board.at)
        yield from _outcomes(board.outcomes)
        yield from _orders(board.orders or Orders())
        reports = (board.reports_overdue or Reports()).count
        yield _gauge("ecluse_reports_overdue", "Documents owed by a day that has passed.", reports)
        yield from _parked(board.parked or Parked())
        yield from _rejections(board.dead_letters or DeadLetters(), board.refusals or Refusals())
        yield _counter(
            "ecluse_deadline_events_written",
            "Deadline events that this process wrote to the ledger.",
            "kind",
            dict.fromkeys(SUBJECTS, 0) | dict(self._written()),
        )
        pending = None if board.deadline_events is None else board.deadline_events.pending
        yield _gauge(
            "ecluse_deadline_events_pending",
            "Deadline events that are due and not yet written.",
            pending,
        )
        yield from _partitions(board)


def _outcomes(outcomes: Outcomes | None) -> Iterator[Metric]:
    yield _counter(
        "ecluse_outcomes",
        "Records of the journal by outcome; one that waited and goes on counts by both.",
        "outcome",
        _counts(outcomes or Outcomes()),
    )
    known = outcomes or Outcomes()
    yield _gauge("ecluse_outcomes_gap", "Records read by the ledger without outcome.", known.gap)
    yield _gauge(
        "ecluse_outcomes_repeated",
        "Source records with two records in the journal.",
        known.repeated,
    )


def _counts(outcomes: Outcomes) -> dict[str, int]:
    """The outcomes as they were journalled: none of them ever falls, as a counter must not."""
    parked, resumed = outcomes.parked, outcomes.resumed
    counts = {
        "accepted": outcomes.accepted,
        "duplicate": outcomes.duplicate,
        "refused": outcomes.refused,
        "parked": None if parked is None or resumed is None else parked + resumed,
        "dead_letter": outcomes.dead_letter,
    }
    return {name: count for name, count in counts.items() if count is not None}


def _orders(orders: Orders) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "ecluse_orders_waiting", "Payment orders that are not paid.", labels=["state"]
    )
    for state, count in (orders.by_state or {}).items():
        states.add_metric([state], count)
    yield states
    yield _gauge(
        "ecluse_orders_waiting_amount_cents",
        "What is still to be paid of them.",
        orders.amount_cents,
    )
    yield _time(
        "ecluse_orders_oldest_issued_timestamp_seconds",
        "The event time of the oldest of them.",
        orders.oldest_issued_at,
    )
    yield _gauge(
        "ecluse_orders_due", "Payment orders of which the due day has passed.", orders.due.count
    )
    yield _gauge(
        "ecluse_orders_unacknowledged",
        "Payment orders that the accountant has not answered for too long.",
        orders.unacknowledged.count,
    )


def _parked(parked: Parked) -> Iterator[Metric]:
    yield _gauge("ecluse_parked", "Events that wait.", parked.count)
    yield _time(
        "ecluse_parked_oldest_timestamp_seconds",
        "The event time of the oldest of them.",
        parked.oldest_since,
    )
    yield _gauge(
        "ecluse_parked_past_deadline", "Events that wait longer than they may.", parked.past
    )


def _rejections(dead_letters: DeadLetters, refusals: Refusals) -> Iterator[Metric]:
    yield _gauge("ecluse_dead_letters", "Records that could not be read.", dead_letters.count)
    yield _time(
        "ecluse_dead_letters_oldest_timestamp_seconds",
        "When the first of them was dead-lettered.",
        dead_letters.oldest_at,
    )
    yield _time(
        "ecluse_dead_letters_newest_timestamp_seconds",
        "When the last of them was dead-lettered.",
        dead_letters.newest_at,
    )
    yield _counter("ecluse_refusals", "Events refused, by code.", "code", refusals.codes or {})


def _partitions(board: Board) -> Iterator[Metric]:
    yield _gauge(
        "ecluse_partitions_held",
        "Partitions held before a record that a worker cannot get past, or broken otherwise.",
        _partitions_in(board, State.BROKEN),
    )
    yield _gauge(
        "ecluse_partitions_without_owner",
        "Partitions that no member of a group reads.",
        _partitions_in(board, State.STOPPED),
    )


def _partitions_in(board: Board, state: State) -> int | None:
    """Partitions in a state; one that reads two topics counts once."""
    if board.sampled_at is None:
        return None
    if abs((board.at - board.sampled_at).total_seconds()) > board.old_after_s:
        return None
    found = {
        (stage.stage, row.partition)
        for stage in board.stages
        for row in stage.partitions
        if row.state is state
    }
    return len(found)


def _gauge(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about)
    if value is not None:
        family.add_metric([], value)
    return family


def _time(name: str, about: str, at: datetime | None) -> GaugeMetricFamily:
    return _gauge(name, about, None if at is None else at.timestamp())


def _counter(name: str, about: str, label: str, values: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=[label])
    for which, count in values.items():
        family.add_metric([which], count)
    return family
