"""Prometheus metrics of the watch. An unknown figure has no sample, and is never 0."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from services.lag.present.metrics import board_metrics, gauge, gauges, group_metrics
from services.runtime.ops.clock import Clock
from services.runtime.ops.settings import Settings
from services.watch.document import LagService
from services.watch.tables.balances import Fault
from services.watch.tables.budget_balance import Difference, Kind
from services.watch.tables.feed import Tables
from services.watch.tables.latencies import BOUNDS_S, Latencies


class Metrics(Collector):
    """The metrics of one watch, in a registry of their own."""

    def __init__(
        self,
        settings: Settings,
        tables: Tables,
        service: LagService,
        written: Mapping[str, int],
        clock: Clock,
    ) -> None:
        """Metrics of these sources; `written` counts the deadline events of this process."""
        self.registry: Final = CollectorRegistry()
        self._differences = Counter(
            "ecluse_watch_balance_differences",
            "Published balances found to differ from the sums of the journal.",
            labelnames=["kind"],
            registry=self.registry,
        )
        self._faults = Counter(
            "ecluse_watch_journal_faults",
            "Budgets whose journal could not be added up any further.",
            registry=self.registry,
        )
        for kind in Kind:
            self._differences.labels(kind.value)
        self._settings = settings
        self._tables = tables
        self._service = service
        self._written = written
        self._clock = clock
        self.registry.register(self)

    def count(self, fault: Difference | Fault) -> None:
        """Count a difference or a fault."""
        if isinstance(fault, Fault):
            self._faults.inc()
        else:
            self._differences.labels(fault.kind.value).inc()

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        service, now_s = self._service, self._clock()
        yield from _own(self._tables)
        yield from board_metrics(service.board(now_s), self._written)
        yield from group_metrics(
            self._settings, service.judge(now_s), service.members(now_s), service.sampled_s
        )


def _own(tables: Tables) -> Iterator[Metric]:
    live, ready = tables.live, tables.reconciliation.ready
    yield CounterMetricFamily(
        "ecluse_watch_balances_compared",
        "Published balances compared with live ones.",
        value=live.comparisons.count,
    )
    yield gauge(
        "ecluse_watch_balances_differing",
        "Published balances that differ at present.",
        live.differences() if ready else None,
    )
    yield gauge("ecluse_watch_budgets", "Budgets in the table.", len(live.budgets))
    yield gauge(
        "ecluse_watch_ready",
        "1 once everything present at the assignment was read, while the cluster answers.",
        float(ready),
    )
    yield gauges(
        "ecluse_watch_lag_offsets",
        "Offsets between the processed records and the end of the committed ones.",
        ["topic", "partition"],
        [
            ([topic, str(number)], offsets)
            for (topic, number), offsets in tables.reconciliation.behind.items()
        ],
    )
    yield _steps(tables.latencies)


def _steps(latencies: Latencies) -> HistogramMetricFamily:
    steps = HistogramMetricFamily(
        "ecluse_stage_latency_seconds",
        "How long a step of an event's way took, as far as this watch saw it.",
        labels=["stage"],
    )
    names = [*(str(each) for each in BOUNDS_S), "+Inf"]
    for step, counts, sum_s in latencies.totals():
        buckets = zip(names, map(float, accumulate(counts)), strict=True)
        steps.add_metric([step], list(buckets), sum_s)
    return steps
