"""Findings in the tables: each opened once, listed, and closed by a person with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Translatable
from services.treasury.domain.findings import Finding, FindingKind, sentence_of
from services.treasury.store.database import in_parts
from services.treasury.store.slips import of_entities
from services.treasury.store.tables import findings


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as it stands in the tables."""

    finding_id: str
    kind: str
    budget: str | None
    slip_id: str | None
    payment_order: str | None
    facts: dict[str, Any]
    file_name: str | None
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    closing_reason: str | None = None

    @property
    def text(self) -> Translatable:
        """The finding in one sentence, with what to do."""
        return sentence_of(self.kind, self.facts, self.payment_order, self.file_name)


async def open_findings(
    connection: AsyncConnection, found: Sequence[Finding], file_name: str | None, now: datetime
) -> list[FindingRow]:
    """Open those that were never found before; they are returned."""
    new = {each.finding_id: each for each in found}
    for some in in_parts(list(new)):
        known = select(findings.c.finding_id).where(findings.c.finding_id.in_(some))
        for row in await connection.execute(known):
            del new[row.finding_id]
    opened = [
        FindingRow(
            name, each.kind.value, each.budget, each.slip_id, each.payment_order, each.facts,
            file_name, now,
        )
        for name, each in new.items()
    ]  # fmt: skip
    if opened:
        columns = findings.c.keys()
        rows = [{name: getattr(each, name) for name in columns} for each in opened]
        await connection.execute(insert(findings), rows)
    return opened


async def refusals(connection: AsyncConnection) -> dict[str, Any]:
    """The ledger's refusals of own events by the event's id, of events of lost tables too."""
    asked = select(findings.c.facts).where(findings.c.kind == FindingKind.EVENT_REFUSED.value)
    found = [row.facts for row in await connection.execute(asked)]
    return {facts["event_id"]: facts["refusal"] for facts in found}


async def listed_findings(
    connection: AsyncConnection, sirets: frozenset[str] | None, *, open_only: bool
) -> list[FindingRow]:
    """The findings of these entities, or all; the oldest first, those that are closed last."""
    asked = select(findings).order_by(
        findings.c.closed_at.is_not(None), findings.c.opened_at, findings.c.finding_id
    )
    if open_only:
        asked = asked.where(findings.c.closed_at.is_(None))
    asked = asked.where(of_entities(findings.c.budget, sirets))
    return [_opened(row) for row in await connection.execute(asked)]


async def find_finding(
    connection: AsyncConnection, finding_id: str, *, locked: bool = False
) -> FindingRow | None:
    """A finding by its id; locked until the end of the transaction where that is asked."""
    asked = select(findings).where(findings.c.finding_id == finding_id)
    row = (await connection.execute(asked.with_for_update() if locked else asked)).one_or_none()
    return None if row is None else _opened(row)


async def findings_of(connection: AsyncConnection, which: ColumnElement[bool]) -> list[FindingRow]:
    """These findings, in no order."""
    rows = await connection.execute(select(findings).where(which))
    return [_opened(row) for row in rows]


async def close_finding(
    connection: AsyncConnection, finding_id: str, by: str, reason: str, now: datetime
) -> None:
    """Note who closed a finding, and why."""
    closing = {"closed_at": now, "closed_by": by, "closing_reason": reason}
    await connection.execute(
        update(findings).where(findings.c.finding_id == finding_id).values(closing)
    )


def _opened(row: Row[Any]) -> FindingRow:
    return FindingRow(**row._asdict())
