"""Records of the journal: event, outcome with its reason, moves, messages, hash; and by event."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery, Row
from services.api.journal.entries import CommitmentEntry
from services.api.queries.rows import (
    Act,
    BudgetLine,
    Entities,
    Name,
    mask_text,
    row_as,
    same,
    visible,
)
from services.api.queries.verdicts import (
    Verdict,
    dead_letter_verdict,
    flag_verdict,
    refusal_verdict,
    wait_verdict,
)
from services.ledger.domain.journal import JournalRecord, read_record
from services.ledger.domain.model.moves import Move
from services.ledger.domain.model.orders import OrderChange
from services.projector.tables import journal

ACCEPTED, REPEATED, REUSED = "accepted", "duplicate", "event_id_reused"


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


class _TraceContext(msgspec.Struct):
    traceparent: str | None = None


_decode_trace_context = msgspec.json.Decoder(_TraceContext).decode


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
    traceparent: Name | None
    """The event's own, of the trace of whoever sent it."""
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

    @property
    def is_repeat(self) -> bool:
        """True if it says nothing of the event itself, but of one that came under its id."""
        reused = self.refusal is not None and self.refusal.code == REUSED
        return self.outcome == REPEATED or reused


@dataclass(frozen=True, slots=True)
class Identity:
    """An event: budget, source and id. Its outcome is `accepted` once it was, else the latest.

    Repeats and reuses of its id are left aside.
    """

    budget: str
    event_source: Name
    event_id: Name
    outcome: str
    records: tuple[RecordDetail, ...]
    """All its records in order: of a parked one two, repeats and reuses of its id too."""


async def one(
    conn: AsyncConnection, entities: Entities, budget: str, sequence: int
) -> tuple[RecordDetail, bytes] | None:
    """A record, with its bytes as they stand on the topic; None where none is seen.

    The bytes hold bank details: whoever shows them masks them.
    """
    row = await _one.first(conn, entities=entities, budget=budget, sequence=sequence)
    return None if row is None else (detail_of(row), bytes(row["record"]))


async def outcomes(
    conn: AsyncConnection,
    entities: Entities,
    event_id: str,
    *,
    budget: str | None = None,
    source: str | None = None,
) -> tuple[Identity, ...]:
    """Outcomes of every event of that id, by budget and source; empty where none is seen."""
    rows = await _select_by_event.rows(
        conn, entities=entities, event_id=event_id, budget=budget, source=source
    )
    found: dict[tuple[str, str], list[RecordDetail]] = {}
    for row in rows:
        key = (row["budget"], row["event_source"] or "")
        found.setdefault(key, []).append(detail_of(row))
    return tuple(
        Identity(of_budget, source, event_id, latest(records).outcome, tuple(records))
        for (of_budget, source), records in sorted(found.items())
    )


async def list_by_event_ids(
    conn: AsyncConnection, entities: Entities, event_ids: Collection[str]
) -> list[RecordDetail]:
    """All records of the events that have one of these ids, by budget, in the journal's order."""
    if not event_ids:
        return []
    return [
        detail_of(row)
        for row in await _select_by_event_ids.rows(conn, entities=entities, ids=event_ids)
    ]


def latest(records: Sequence[RecordDetail]) -> RecordDetail:
    """The record that says what became of the event itself.

    What was accepted stays accepted: a closed year looks at no id, and refuses it when it comes
    again (rules, 31).
    """
    own = [each for each in records if not each.is_repeat]
    accepted = [each for each in own if each.outcome == ACCEPTED]
    return (accepted or own or records)[-1]


@PreparedQuery
def _one(entities: Parameters | None, budget: Parameter, sequence: Parameter) -> Select[Any]:
    return select(journal).where(
        visible(journal.c.budget, entities),
        journal.c.budget == budget,
        journal.c.sequence == sequence,
    )


@PreparedQuery
def _select_by_event(
    entities: Parameters | None,
    event_id: Parameter,
    budget: Parameter | None,
    source: Parameter | None,
) -> Select[Any]:
    return (
        select(journal)
        .where(visible(journal.c.budget, entities), journal.c.event_id == event_id)
        .where(*same(journal, budget=budget, event_source=source))
        .order_by(journal.c.budget, journal.c.sequence)
    )


@PreparedQuery
def _select_by_event_ids(entities: Parameters | None, ids: Parameters) -> Select[Any]:
    return (
        select(journal)
        .where(visible(journal.c.budget, entities), journal.c.event_id.in_(ids))
        .order_by(journal.c.budget, journal.c.sequence)
    )


def detail_of(row: Row) -> RecordDetail:
    """A record of the journal from its row in the read model."""
    record = read_record(bytes(row["record"]))
    return row_as(
        RecordDetail,
        row,
        offset=row["journal_offset"],
        source=Source(*record.source),
        traceparent=None
        if record.event is None
        else _decode_trace_context(record.event).traceparent,
        dead_letter=_dead_letter(record),
        **decision_of(
            record,
            record.review_flags,
            record.moves,
            record.commitment_entries,
            record.payment_orders,
        ),
    )


def decision_of(
    record: JournalRecord,
    flags: Iterable[Mapping[str, Any]],
    moves: Iterable[Move],
    entries: Iterable[Mapping[str, Any]],
    orders: Iterable[OrderChange],
) -> dict[str, Any]:
    """The decision of a record: its fields that say it, with those of its parts that count."""
    refusal, waits = record.refusal, record.waits_for
    return {
        "refusal": None if refusal is None else refusal_verdict(refusal["code"], refusal["facts"]),
        "waits_for": None if waits is None else wait_verdict(waits["kind"], waits["id"]),
        "review_flags": tuple(flag_verdict(each["code"], each["facts"]) for each in flags),
        "moves": tuple(_read_move(each) for each in moves),
        "commitment_entries": tuple(_entry(record, each) for each in entries),
        "payment_orders": tuple(_order(each) for each in orders),
    }


def _read_move(move: Move) -> Moved:
    return Moved(
        BudgetLine(*move.line),
        move.convention,
        move.instalment,
        move.kind.line_loses,
        move.kind.line_gains,
        move.amount_cents,
    )


def _entry(record: JournalRecord, row: Mapping[str, Any]) -> CommitmentEntry:
    item = next(at for at, each in enumerate(record.commitment_entries, 1) if each is row)
    act = row["act"]
    return row_as(
        CommitmentEntry,
        {**row, **row["line"]},
        budget=record.budget,
        sequence=record.sequence,
        item=item,
        act=None if act is None else _act(act),
        effective_on=date.fromisoformat(row["effective_on"]),
    )


def _order(change: OrderChange) -> OrderSnapshot:
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
    return Act(mask_text(row["body"]) or "", row["number"], date.fromisoformat(row["date"]))


def _dead_letter(record: JournalRecord) -> Verdict | None:
    dead_letter = record.dead_letter
    if dead_letter is None:
        return None
    facts = {name: fact for name, fact in dead_letter.items() if name != "reason"}
    return dead_letter_verdict(dead_letter["reason"], facts)
