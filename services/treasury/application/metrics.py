"""Figures of the treasury for Prometheus, asked of its tables. An unknown figure has no sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.lag.present.metrics import gauge
from services.treasury.domain.slips import SlipState
from services.treasury.store.tables import findings, outbox, own_events, slips


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits for a person, or for the gateway."""

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
