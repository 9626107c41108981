"""What Prometheus reads of the watch. A figure that is not known yet has no sample: never 0."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.watch.balances import LiveBalances
from services.watch.budget import Kind
from services.watch.rounds import Rounds


class Metrics(Collector):
    """The metrics of one watch, in a registry of their own."""

    def __init__(self, live: LiveBalances, rounds: Rounds) -> None:
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
        self._live = live
        self._rounds = rounds
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What stands in the table now."""
        live = self._live
        yield CounterMetricFamily(
            "ecluse_watch_balances_compared",
            "Published balances held against live ones.",
            value=live.tally.compared,
        )
        yield GaugeMetricFamily(
            "ecluse_watch_balances_differing",
            "Published balances that differ at present.",
            value=live.differences(),
        )
        yield GaugeMetricFamily(
            "ecluse_watch_budgets", "Budgets in the table.", value=len(live.budgets)
        )
        yield GaugeMetricFamily(
            "ecluse_watch_ready",
            "1 once all was read that was there at assignment, while the cluster answers.",
            value=float(self._rounds.ready),
        )
        yield self._lag()

    def _lag(self) -> GaugeMetricFamily:
        lag = GaugeMetricFamily(
            "ecluse_watch_lag_offsets",
            "Offsets between what was worked on and the end of what is committed, a round ago.",
            labels=["topic", "partition"],
        )
        for place, offsets in self._rounds.behind.items():
            lag.add_metric([place.topic, str(place.number)], offsets)
        return lag
