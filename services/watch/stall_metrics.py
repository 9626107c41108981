"""What Prometheus reads of the board: what stands still, and whether outcomes add up.

A figure that is not known has no sample: never 0.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from events.deadlines import SUBJECTS
from services.due.open_items import ParkedEvent, WaitingOrder
from services.watch.board import Known, by_state, left_cents
from services.watch.lag.model import State
from services.watch.metrics import counter, gauge
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Aside
from services.watch.stages import Stage


class StuckMetrics(Collector):
    """The figures of the board, made anew at each scrape."""

    def __init__(
        self, known: Callable[[], Known], written: Callable[[], Mapping[str, int]]
    ) -> None:
        self._known = known
        self._written = written

    def collect(self) -> Iterable[Metric]:
        """What is known now."""
        known = self._known()
        yield gauge("ecluse_watch_board_timestamp_seconds", "When the board was made.", known.at_s)
        yield from _outcomes(known)
        yield from _orders(known.orders)
        reports = None if known.reports is None else len(known.reports)
        yield gauge("ecluse_reports_overdue", "Documents owed by a day that has passed.", reports)
        yield from _parked(known.parked)
        yield from _aside(known.dead_letters, known.refusals)
        yield counter(
            "ecluse_deadline_events_written",
            "Deadline events that this process wrote to the ledger.",
            "kind",
            dict.fromkeys(SUBJECTS, 0) | dict(self._written()),
        )
        pending = None if known.deadline_events is None else known.deadline_events.pending
        yield gauge(
            "ecluse_deadline_events_pending",
            "Deadline events that are due and not yet written.",
            pending,
        )
        yield from _partitions(known)


def _outcomes(known: Known) -> Iterator[Metric]:
    told = known.told
    yield counter(
        "ecluse_outcomes",
        "Records of the journal by outcome; one that waited and goes on counts by both.",
        "outcome",
        None if told is None else _counts(told),
    )
    yield gauge(
        "ecluse_outcomes_gap",
        "Records taken by the ledger of which no outcome was told.",
        known.gap,
    )
    repeated = None if told is None else told.repeated
    yield gauge("ecluse_outcomes_repeated", "Records of which the journal tells twice.", repeated)


def _counts(told: OutcomeCounts) -> dict[str, int]:
    """The outcomes as they were told: none of them ever falls, as a counter must not."""
    return {
        "accepted": told.accepted,
        "duplicate": told.duplicate,
        "refused": told.refused,
        "parked": told.parked + told.resumed,
        "dead_letter": told.dead_letter,
    }


def _orders(known: Sequence[WaitingOrder] | None) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "ecluse_orders_waiting", "Payment orders that are not paid.", labels=["state"]
    )
    for state, count in () if known is None else by_state(known).items():
        states.add_metric([state], count)
    yield states
    yield gauge(
        "ecluse_orders_waiting_amount_cents",
        "What is still to be paid of them.",
        None if known is None else left_cents(known),
    )
    yield gauge(
        "ecluse_orders_oldest_issued_timestamp_seconds",
        "The event time of the oldest of them.",
        _earliest(each.issued_at for each in known or ()),
    )
    yield gauge(
        "ecluse_orders_due",
        "Payment orders of which the due day has passed.",
        None if known is None else sum(each.due for each in known),
    )
    yield gauge(
        "ecluse_orders_unacknowledged",
        "Payment orders that the accountant has not answered for too long.",
        None if known is None else sum(each.unacknowledged for each in known),
    )


def _parked(known: Sequence[ParkedEvent] | None) -> Iterator[Metric]:
    yield gauge("ecluse_parked", "Events that wait.", None if known is None else len(known))
    yield gauge(
        "ecluse_parked_oldest_timestamp_seconds",
        "The event time of the oldest of them.",
        _earliest(each.since for each in known or ()),
    )
    yield gauge(
        "ecluse_parked_past_deadline",
        "Events that wait longer than they may.",
        None if known is None else sum(each.past for each in known),
    )


def _aside(dead_letters: Aside | None, refusals: Aside | None) -> Iterator[Metric]:
    yield gauge(
        "ecluse_dead_letters",
        "Records that could not be read.",
        None if dead_letters is None else dead_letters.count,
    )
    yield gauge(
        "ecluse_dead_letters_oldest_timestamp_seconds",
        "When the first of them was set aside.",
        None if dead_letters is None else dead_letters.oldest_s,
    )
    yield gauge(
        "ecluse_dead_letters_newest_timestamp_seconds",
        "When the last of them was set aside.",
        None if dead_letters is None else dead_letters.newest_s,
    )
    yield counter(
        "ecluse_refusals",
        "Events refused, by code.",
        "code",
        None if refusals is None else refusals.why,
    )


def _partitions(known: Known) -> Iterator[Metric]:
    is_sampled = known.is_sampled
    yield gauge(
        "ecluse_partitions_held",
        "Partitions held before a record that a worker cannot get past, or broken otherwise.",
        _partitions_in(known.stages, State.BROKEN) if is_sampled else None,
    )
    yield gauge(
        "ecluse_partitions_without_owner",
        "Partitions that no member of a group reads.",
        _partitions_in(known.stages, State.STOPPED) if is_sampled else None,
    )


def _partitions_in(stages: Iterable[Stage], state: State) -> int:
    """How many partitions are in a state; one that reads two topics counts once."""
    found = {
        (stage.consumer.stage, row.judged.place.partition)
        for stage in stages
        for row in stage.rows
        if row.judged.state is state
    }
    return len(found)


def _earliest(instants: Iterable[datetime]) -> float | None:
    earliest = min(instants, default=None)
    return None if earliest is None else earliest.timestamp()
