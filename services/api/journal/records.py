"""A record of the journal: event, outcome with its reason, moves, messages and hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.journal.entries import CommitmentEntry
from services.api.queries.rows import Act, BudgetLine, Entities, Name, shown, visible
from services.api.queries.verdicts import (
    Verdict,
    dead_letter_verdict,
    flag_verdict,
    refusal_verdict,
    wait_verdict,
)
from services.ledger.domain.journal import JournalRecord, read_record
from services.ledger.domain.model.lines import Line
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange
from services.projector.tables import journal


@dataclass(frozen=True, slots=True)
class Source:
    """The source position of an event."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Moved:
    """An amount that went from one stage to another; None is outside the budget."""

    line: BudgetLine
    convention: Name | None
    instalment: Name | None
    from_stage: str | None
    to_stage: str | None
    amount_cents: int


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """A payment order as it stood behind the record."""

    payment_order: Name
    convention: Name
    instalment: Name
    amount_cents: int
    paid_cents: int
    state: str
    due_on: date
    issued: bool
    """True if it was issued by this record; else it was changed."""


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """A record of the journal. Its event's own bytes are not in it."""

    budget: str
    sequence: int
    partition: int
    offset: int
    """Its position in the journal."""
    source: Source
    event_id: Name | None
    event_source: Name | None
    event_type: str | None
    event_time: datetime | None
    outcome: str
    resumes: int | None
    """The record of the time when it was parked."""
    refusal: Verdict | None
    waits_for: Verdict | None
    dead_letter: Verdict | None
    review_flags: tuple[Verdict, ...]
    moves: tuple[Moved, ...]
    commitment_entries: tuple[CommitmentEntry, ...]
    payment_orders: tuple[OrderSnapshot, ...]
    hash: str


async def one(
    conn: AsyncConnection, entities: Entities, budget: str, sequence: int
) -> tuple[RecordDetail, bytes] | None:
    """A record, with its bytes as they stand on the topic; None where none is seen.

    The bytes hold bank details: whoever shows them masks them.
    """
    query = select(journal).where(
        visible(journal.c.budget, entities),
        journal.c.budget == budget,
        journal.c.sequence == sequence,
    )
    row = (await conn.execute(query)).mappings().first()
    return None if row is None else (record_detail(row), bytes(row["record"]))


def record_detail(row: RowMapping) -> RecordDetail:
    """The record of a row of the journal."""
    record = read_record(bytes(row["record"]))
    return RecordDetail(
        record.budget,
        record.sequence,
        row["partition"],
        row["journal_offset"],
        Source(*record.source),
        record.event_id,
        record.event_source,
        row["event_type"],
        row["event_time"],
        record.outcome.value,
        record.resumes,
        _refusal(record),
        _wait(record),
        _dead_letter(record),
        tuple(flag_verdict(each["code"], each["facts"]) for each in record.review_flags),
        tuple(moved(each) for each in record.moves),
        tuple(entry(record, item, each) for item, each in enumerate(record.commitment_entries, 1)),
        tuple(order_snapshot(each) for each in record.payment_orders),
        record.hash,
    )


def moved(move: Move) -> Moved:
    """A move as an answer spells it."""
    kind = move.kind
    return Moved(
        _line(move.line),
        move.convention,
        move.instalment,
        kind.line_loses,
        kind.line_gains,
        move.amount_cents,
    )


def entry(record: JournalRecord, item: int, row: Mapping[str, Any]) -> CommitmentEntry:
    """A commitment entry as an answer spells it."""
    line, act = row["line"], row["act"]
    return CommitmentEntry(
        row["entry_id"],
        record.budget,
        record.sequence,
        item,
        row["kind"],
        BudgetLine(line["chapter"], line["article"], line["function"], line["operation"]),
        row["amount_cents"],
        None if act is None else _act(act),
        row["convention"],
        date.fromisoformat(row["effective_on"]),
    )


def order_snapshot(change: OrderChange) -> OrderSnapshot:
    """A payment order as it stood behind a record."""
    order = change.order
    return OrderSnapshot(
        order.payment_order,
        order.convention,
        order.instalment,
        order.amount_cents,
        order.paid_cents,
        order.state.value,
        order.due_on,
        change.issued is not None,
    )


def _act(row: Mapping[str, Any]) -> Act:
    return Act(shown(row["body"]) or "", row["number"], date.fromisoformat(row["date"]))


def _line(line: Line) -> BudgetLine:
    return BudgetLine(*line)


def _refusal(record: JournalRecord) -> Verdict | None:
    refusal = record.refusal
    return None if refusal is None else refusal_verdict(refusal["code"], refusal["facts"])


def _wait(record: JournalRecord) -> Verdict | None:
    waits = record.waits_for
    return None if waits is None else wait_verdict(waits["kind"], waits["id"])


def _dead_letter(record: JournalRecord) -> Verdict | None:
    dead_letter = record.dead_letter
    if dead_letter is None:
        return None
    facts = {name: fact for name, fact in dead_letter.items() if name != "reason"}
    return dead_letter_verdict(dead_letter["reason"], facts)
