"""What Prometheus reads of the watch. A figure that is not known yet has no sample: never 0."""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from services.watch.budget_balance import Kind
from services.watch.latencies import BOUNDS_S, Latencies
from services.watch.tables import Tables


class Metrics(Collector):
    """The metrics of one watch, in a registry of their own."""

    def __init__(self, tables: Tables) -> None:
        self.registry: Final = CollectorRegistry()
        self.differences: Final = Counter(
            "ecluse_watch_balance_differences",
            "Published balances found to differ from what the journal adds up to.",
            labelnames=["kind"],
            registry=self.registry,
        )
        self.faults: Final = Counter(
            "ecluse_watch_journal_faults",
            "Budgets whose journal could not be added up any further.",
            registry=self.registry,
        )
        for kind in Kind:
            self.differences.labels(kind.value)
        self._live = tables.live
        self._rounds = tables.rounds
        self._latencies = tables.latencies
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What stands in the tables now."""
        live, ready = self._live, self._rounds.ready
        yield CounterMetricFamily(
            "ecluse_watch_balances_compared",
            "Published balances held against live ones.",
            value=live.tally.compared,
        )
        differing = GaugeMetricFamily(
            "ecluse_watch_balances_differing", "Published balances that differ at present."
        )
        if ready:
            differing.add_metric([], live.differences())
        yield differing
        yield GaugeMetricFamily(
            "ecluse_watch_budgets", "Budgets in the table.", value=len(live.budgets)
        )
        yield GaugeMetricFamily(
            "ecluse_watch_ready",
            "1 once all was read that was there at assignment, while the cluster answers.",
            value=float(ready),
        )
        yield self._lag()
        yield _steps(self._latencies)

    def _lag(self) -> GaugeMetricFamily:
        lag = GaugeMetricFamily(
            "ecluse_watch_lag_offsets",
            "Offsets between what was worked on and the end of what is committed, a round ago.",
            labels=["topic", "partition"],
        )
        for place, offsets in self._rounds.behind.items():
            lag.add_metric([place.topic, str(place.number)], offsets)
        return lag


def _steps(latencies: Latencies) -> HistogramMetricFamily:
    steps = HistogramMetricFamily(
        "ecluse_stage_latency_seconds",
        "How long a step of an event's way took, as far as this watch saw it.",
        labels=["stage"],
    )
    names = [*(str(each) for each in BOUNDS_S), "+Inf"]
    for total in latencies.totals():
        counts = [float(each) for each in accumulate(total.counts)]
        steps.add_metric([total.step], list(zip(names, counts, strict=True)), total.sum_s)
    return steps


def gauge(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    """A figure; without a sample where it is not known."""
    family = GaugeMetricFamily(name, about)
    if value is not None:
        family.add_metric([], value)
    return family


def counter(
    name: str, about: str, label: str, values: Mapping[str, int] | None
) -> CounterMetricFamily:
    """Counts by a label; without any sample where they are not known."""
    family = CounterMetricFamily(name, about, labels=[label])
    for which, count in (values or {}).items():
        family.add_metric([which], count)
    return family
