"""Samples of metrics, as Prometheus reads them."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector


class _Collector(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def figures_of(metrics: Iterable[Metric]) -> dict[str, float]:
    """The figure of each sample, by its name with its labels."""
    registry = CollectorRegistry()
    registry.register(_Collector(metrics))
    lines = generate_latest(registry).decode().splitlines()
    parts = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(figure) for name, figure in parts}
