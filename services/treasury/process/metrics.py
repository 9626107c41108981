"""Figures of a treasury's process, for Prometheus."""

from collections.abc import Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from services.runtime.ops.errors import Unreachable
from services.treasury.application.metrics import Figures, figures, treasury_metrics
from services.treasury.jobs.jobs import Jobs
from services.treasury.process.intake import Intake
from services.treasury.process.outbox_sender import OutboxSender
from services.treasury.store.database import TreasuryStore


class Metrics(Collector):
    """What was taken and sent since the start, and how each partition stands."""

    def __init__(self, intake: Intake, sender: OutboxSender, jobs: Jobs) -> None:
        self.registry: Final = CollectorRegistry()
        self._intake = intake
        self._sender = sender
        self._jobs = jobs
        self._waiting: Figures | None = None
        self.registry.register(self)

    async def ask(self, store: TreasuryStore) -> None:
        """Ask the tables for what waits; nobody knows it where they do not answer."""
        try:
            async with store.reading() as connection:
                self._waiting = await figures(connection)
        except Unreachable:
            self._waiting = None

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
        failed = CounterMetricFamily(
            "ecluse_treasury_jobs_failed",
            "Runs of jobs that failed by a fault of our program.",
            labels=["name"],  # Prometheus has a label `job` of its own.
        )
        for name, number in self._jobs.failed.items():
            failed.add_metric([name], number)
        yield failed
        done = GaugeMetricFamily(
            "ecluse_treasury_job_done_timestamp_seconds",
            "The time when a job was last done, or the process was started.",
            labels=["name"],
        )
        for name, at in self._jobs.done.items():
            done.add_metric([name], at.timestamp())
        yield done
        if (left := self._jobs.files_left) is not None:
            yield GaugeMetricFamily(
                "ecluse_treasury_returns_left",
                "Files in the folder of returns that could not be read through, or not be moved.",
                left,
            )
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
        yield from treasury_metrics(self._waiting)
