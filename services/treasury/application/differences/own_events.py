"""Events in the treasury's name: those of the ledger against those that it made of returns.

Kafka says who may write a topic, not in whose name: whoever may write `ecluse.events.v1` may name
the treasury as the source. The ledger takes the first event of an id, whosever it is.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.codec import reread
from events.treasury import TREASURY
from services.projector.tables import journal
from services.treasury.application.differences.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.store.tables import outbox, own_events


class _Content(msgspec.Struct):
    digest: str
    """SHA-256 of what the event says."""


_read: Final = msgspec.json.Decoder(_Content).decode


async def differences(
    treasury: AsyncConnection, ledger: AsyncConnection, budget: str
) -> list[Discrepancy]:
    """Accepted events in the treasury's name that it never made, or that say something else.

    `treasury` reads the treasury's tables, `ledger` the read model.
    """
    columns = [journal.c[name] for name in ("sequence", "event_id", "payment_order", "record")]
    in_its_name = (journal.c.event_source == TREASURY) & (journal.c.outcome == "accepted")
    asked = select(*columns).where(journal.c.budget == budget, in_its_name)
    accepted = (await ledger.execute(asked.order_by(journal.c.sequence))).all()
    made = await _made(treasury, budget) if accepted else {}
    return [
        Discrepancy(
            kind=kind, budget=budget, payment_order=row.payment_order, records=(row.sequence,)
        )
        for row in accepted
        if (kind := _fault(row.event_id, row.record, made)) is not None
    ]


async def _made(treasury: AsyncConnection, budget: str) -> dict[str, bytes | None]:
    """The events made of returns by their ids, as they were sent."""
    sent = outbox.c.message_id == own_events.c.event_id
    asked = select(own_events.c.event_id, outbox.c.value).join_from(
        own_events, outbox, sent, isouter=True
    )
    rows = await treasury.execute(asked.where(own_events.c.budget == budget))
    return {row.event_id: row.value for row in rows}


def _fault(
    event_id: str, record: bytes, made: Mapping[str, bytes | None]
) -> DiscrepancyKind | None:
    if event_id not in made:
        return DiscrepancyKind.FOREIGN_EVENT
    value = made[event_id]
    if value is not None and reread(value).digest.hex() != _read(record).digest:
        return DiscrepancyKind.EVENT_DIFFERS
    return None
