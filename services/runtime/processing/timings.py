"""How long records took on their way through a worker: histograms, one look a transaction."""

from prometheus_client import CollectorRegistry, Histogram

from services.runtime.processing.backlog import Delays


class Timings:
    """Observes the last record of each transaction: what it waited for all of it waited for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._arrival = Histogram(
            "ecluse_record_arrival_seconds",
            "From an event's own time to Kafka's timestamp, of a transaction's last record.",
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600, 86_400, 604_800),
            registry=registry,
        )
        self._handling = Histogram(
            "ecluse_record_handling_seconds",
            "From Kafka's timestamp to the end of the transaction, of its last record.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
            registry=registry,
        )

    def observe(self, delays: Delays) -> None:
        """A transaction has ended; where two clocks disagree, nothing takes less than no time."""
        if delays.arrival_s is not None:
            self._arrival.observe(max(0.0, delays.arrival_s))
        if delays.handling_s is not None:
            self._handling.observe(max(0.0, delays.handling_s))
