"""Left by returns in the tables: findings, and the accountant's answers on cancelled orders.

A finding is opened once, listed, and closed by a person with a reason.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.payments import PaymentExecuted
from events.texts import Translatable
from services.treasury.domain.findings import Finding, FindingKind, sentence_of
from services.treasury.domain.returned_pieces import REJECTED
from services.treasury.store.database import split_in_parts
from services.treasury.store.slips import is_of_entities
from services.treasury.store.tables import (
    findings,
    orders,
    own_events,
    piece_payments,
    piece_states,
    pieces,
)


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
    connection: AsyncConnection, reported: Sequence[Finding], file_name: str | None, now: datetime
) -> list[FindingRow]:
    """Open those that were never found before; they are returned."""
    new = {each.finding_id: each for each in reported}
    for some in split_in_parts(list(new)):
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


async def list_findings(
    connection: AsyncConnection, sirets: frozenset[str] | None, *, open_only: bool
) -> list[FindingRow]:
    """The findings of these entities, or all; the oldest first, those that are closed last."""
    asked = select(findings).order_by(
        findings.c.closed_at.is_not(None), findings.c.opened_at, findings.c.finding_id
    )
    if open_only:
        asked = asked.where(findings.c.closed_at.is_(None))
    asked = asked.where(is_of_entities(findings.c.budget, sirets))
    return [_read_finding(row) for row in await connection.execute(asked)]


async def find_finding(
    connection: AsyncConnection, finding_id: str, *, locked: bool = False
) -> FindingRow | None:
    """A finding by its id; locked until the end of the transaction where that is asked."""
    asked = select(findings).where(findings.c.finding_id == finding_id)
    row = (await connection.execute(asked.with_for_update() if locked else asked)).one_or_none()
    return None if row is None else _read_finding(row)


async def findings_of(connection: AsyncConnection, which: ColumnElement[bool]) -> list[FindingRow]:
    """These findings, in no order."""
    rows = await connection.execute(select(findings).where(which))
    return [_read_finding(row) for row in rows]


async def close_finding(
    connection: AsyncConnection, finding_id: str, by: str, reason: str, now: datetime
) -> None:
    """Note who closed a finding, and why."""
    closing = {"closed_at": now, "closed_by": by, "closing_reason": reason}
    await connection.execute(
        update(findings).where(findings.c.finding_id == finding_id).values(closing)
    )


def _read_finding(row: Row[Any]) -> FindingRow:
    return FindingRow(**row._asdict())


CLOSED: Final = "payment_order_closed"
"""The ledger's refusal of a payment of an order that was cancelled meanwhile."""

OrderName = tuple[str, str]
"""Budget and payment order."""


class AccountantAnswers(NamedTuple):
    """The accountant's answers on an order."""

    by_line: Mapping[int, int] = {}
    """Cents paid by IdLigne, from 1; a line of which no return says anything is left out."""
    refused_cents: int = 0
    """Payments that the ledger refused, for it had cancelled the order by then."""
    is_rejected: bool = False
    """The accountant has rejected its piece: nothing of it is left to take back."""


NO_ANSWERS: Final = AccountantAnswers()


async def read_answers(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> dict[OrderName, AccountantAnswers]:
    """The answers on these orders; those of which no return says anything are left out.

    Of a line the newest return counts: a payment that it names no more is none. Where none is kept
    of it, in tables that were made again, the events count that were made of returns.
    """
    by_line, rejected = await _newest(connection, which)
    listed = {(name, line) for name, lines in by_line.items() for line in lines}
    refused_cents = Counter[OrderName]()
    for name, facts, code in await _payments(connection, which):
        line, cents = facts["line"], facts["amount_cents"]
        if code == CLOSED:
            refused_cents[name] += cents
        if (name, line) not in listed:
            by_line[name][line] += cents
    return {
        name: AccountantAnswers(by_line.get(name, {}), refused_cents[name], name in rejected)
        for name in {*by_line, *rejected}
    }


async def _payments(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> list[tuple[OrderName, Mapping[str, Any], str | None]]:
    """The payments of which events were made, with the code by which the ledger refused one."""
    of = own_events.c
    its = and_(orders.c.budget == of.budget, orders.c.payment_order == of.payment_order)
    asked = select(of.budget, of.payment_order, of.facts, of.refusal).join(orders, its)
    rows = await connection.execute(asked.where(which, of.event_type == PaymentExecuted.TYPE))
    return [
        ((row.budget, row.payment_order), row.facts, (row.refusal or {}).get("code"))
        for row in rows
    ]


async def _newest(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> tuple[dict[OrderName, Counter[int]], set[OrderName]]:
    """Cents paid of each line by the newest return, and the orders whose piece is rejected."""
    its_piece = and_(
        pieces.c.slip_id == orders.c.slip_id,
        pieces.c.budget == orders.c.budget,
        pieces.c.payment_order == orders.c.payment_order,
    )
    its_state = and_(
        piece_states.c.slip_id == pieces.c.slip_id, piece_states.c.piece_number == pieces.c.number
    )
    its_payments = and_(
        piece_payments.c.slip_id == pieces.c.slip_id,
        piece_payments.c.piece_number == pieces.c.number,
    )
    asked = (
        select(
            orders.c.budget,
            orders.c.payment_order,
            piece_states.c.state,
            piece_payments.c.listed,
        )
        .select_from(orders)
        .join(pieces, its_piece)
        .join(piece_states, its_state, isouter=True)
        .join(piece_payments, its_payments, isouter=True)
    )
    by_line: dict[OrderName, Counter[int]] = defaultdict(Counter)
    rejected = set[OrderName]()
    for budget, name, state, listed in await connection.execute(asked.where(which)):
        if state == REJECTED:
            rejected.add((budget, name))
        for line, (_file_on, payments) in (listed or {}).items():
            by_line[budget, name][int(line)] = sum(cents * n for _on, cents, n in payments)
    return by_line, rejected
