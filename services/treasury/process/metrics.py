"""Figures of a treasury's process, for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.lag.present.metrics import gauge
from services.runtime.ops.errors import Unreachable
from services.treasury.domain.slips import SlipState
from services.treasury.process.intake import Intake
from services.treasury.process.jobs import Jobs
from services.treasury.process.outbox_sender import OutboxSender
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import findings, outbox, own_events, slips


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the work that waits for a person, or for the gateway."""

    findings_open: int
    oldest_finding_at: datetime | None
    """When the oldest of them was opened; None where none is open."""
    slips_unanswered: int
    oldest_unanswered_at: datetime | None
    """When the oldest of them was issued."""
    events_refused: int
    messages_unsent: int
    oldest_unsent_at: datetime | None
    """When the oldest of them was made."""


async def figures(connection: AsyncConnection) -> Figures:
    """The figures as the tables have them now."""
    opened, closed = findings.c.opened_at, findings.c.closed_at
    found = (
        await connection.execute(select(func.count(), func.min(opened)).where(closed.is_(None)))
    ).one()
    issued = slips.c.state == SlipState.ISSUED
    silent = (
        await connection.execute(select(func.count(), func.min(slips.c.issued_at)).where(issued))
    ).one()
    refused = await connection.scalar(select(func.count()).where(own_events.c.refusal.is_not(None)))
    waits = outbox.c.sent_at.is_(None)
    unsent = (
        await connection.execute(select(func.count(), func.min(outbox.c.made_at)).where(waits))
    ).one()
    return Figures(found[0], found[1], silent[0], silent[1], refused or 0, unsent[0], unsent[1])


def treasury_metrics(known: Figures | None) -> Iterator[Metric]:
    """The figures as metrics: none where the tables do not answer, no oldest of none."""
    if known is None:
        return
    yield gauge("ecluse_treasury_findings_open", "Findings nobody has closed.", known.findings_open)
    yield gauge(
        "ecluse_treasury_findings_oldest_timestamp_seconds",
        "When the oldest of them was opened.",
        known.oldest_finding_at,
    )
    yield gauge(
        "ecluse_treasury_slips_unanswered",
        "Slips issued that the gateway has not answered.",
        known.slips_unanswered,
    )
    yield gauge(
        "ecluse_treasury_slips_unanswered_oldest_timestamp_seconds",
        "When the oldest of them was issued.",
        known.oldest_unanswered_at,
    )
    yield gauge(
        "ecluse_treasury_events_refused",
        "Events made of returns that the ledger has refused.",
        known.events_refused,
    )
    yield gauge("ecluse_treasury_outbox_unsent", "Messages not sent yet.", known.messages_unsent)
    yield gauge(
        "ecluse_treasury_outbox_oldest_timestamp_seconds",
        "When the oldest of them was made.",
        known.oldest_unsent_at,
    )


class Metrics(Collector):
    """Metrics of messages taken and sent since the start, and of each partition."""

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
