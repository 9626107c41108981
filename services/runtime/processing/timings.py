"""Histograms of the delays of records: from event to Kafka, from Kafka to commit."""

from prometheus_client import CollectorRegistry, Histogram

from services.runtime.processing.backlog import Delays


class Timings:
    """Observes the delays of each transaction's last record; the others waited as long for it."""

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
        """Observe a committed transaction; delays below 0, from clocks that differ, count as 0."""
        if delays.arrival_s is not None:
            self._arrival.observe(max(0.0, delays.arrival_s))
        if delays.handling_s is not None:
            self._handling.observe(max(0.0, delays.handling_s))
