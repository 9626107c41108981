"""Figures of a treasury's process, for Prometheus."""

from collections.abc import Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from services.treasury.process.intake import Intake
from services.treasury.process.outbox_sender import OutboxSender


class Metrics(Collector):
    """What was taken and sent since the start, and how each partition stands."""

    def __init__(self, intake: Intake, sender: OutboxSender) -> None:
        self.registry: Final = CollectorRegistry()
        self._intake = intake
        self._sender = sender
        self.registry.register(self)

    def collect(self) -> Iterator[Any]:
        """The figures, as they are now."""
        taken = CounterMetricFamily(
            "ecluse_treasury_records_taken", "Records taken into the tables.", labels=["topic"]
        )
        for topic, number in self._intake.taken.items():
            taken.add_metric([topic], number)
        yield taken
        sent = CounterMetricFamily(
            "ecluse_treasury_messages_sent", "Messages that left the outbox."
        )
        sent.add_metric([], self._sender.sent)
        yield sent
        labels = ["topic", "partition"]
        offsets = GaugeMetricFamily(
            "ecluse_treasury_next_offset", "The next offset to be taken.", labels=labels
        )
        held = GaugeMetricFamily(
            "ecluse_treasury_held", "1 for a partition that is held before a record.", labels=labels
        )
        for (topic, partition), each in self._intake.partitions.items():
            offsets.add_metric([topic, str(partition)], each.next_offset)
            held.add_metric([topic, str(partition)], float(each.held is not None))
        yield offsets
        yield held
