"""Prometheus metrics of the watch itself. An unknown figure has no sample, and is never 0."""

from collections.abc import Iterable
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
            "Published balances found to differ from the sums of the journal.",
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
        self._reconciliation = tables.reconciliation
        self._latencies = tables.latencies
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        live, ready = self._live, self._reconciliation.ready
        yield CounterMetricFamily(
            "ecluse_watch_balances_compared",
            "Published balances compared with live ones.",
            value=live.comparisons.count,
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
            "1 once everything present at the assignment was read, while the cluster answers.",
            value=float(ready),
        )
        yield self._lag()
        yield _steps(self._latencies)

    def _lag(self) -> GaugeMetricFamily:
        lag = GaugeMetricFamily(
            "ecluse_watch_lag_offsets",
            "Offsets between the processed records and the end of the committed ones.",
            labels=["topic", "partition"],
        )
        for place, offsets in self._reconciliation.behind.items():
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
