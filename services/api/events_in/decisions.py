"""Decisions on events that were sent: read from the read model, waited for within a limit."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Final

from services.api.access.caller import Caller, Scope
from services.api.adapters.read_model import POLL_EVERY_S
from services.api.events_in.reading import PublishedEvent
from services.api.http.components import Components
from services.api.http.dependencies import reading
from services.api.journal import records
from services.api.journal.entries import CommitmentEntry
from services.api.journal.records import Moved, OrderSnapshot, RecordDetail
from services.api.problems import Problem
from services.api.queries.verdicts import Verdict

WAIT_MAX_S: Final = 20
"""The longest wait of a request; a sender may ask again at the event's address."""

Identity = tuple[str, str, str]
"""Budget, source and id: who an event is."""

Sequences = Mapping[Identity, int]
"""The number of the last record about an event."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that the ledger has taken on an event, or would take now."""

    outcome: str
    """accepted, duplicate, refused or parked."""
    sequence: int | None
    """The number of its record in the budget's journal; None of a trial."""
    refusal: Verdict | None
    waits_for: Verdict | None
    review_flags: tuple[Verdict, ...]
    moves: tuple[Moved, ...]
    commitment_entries: tuple[CommitmentEntry, ...]
    payment_orders: tuple[OrderSnapshot, ...]


async def find_earlier_records(
    components: Components, caller: Caller, events: Iterable[PublishedEvent]
) -> Sequences:
    """The last record about each of these events, of those that have one already.

    Raises:
        Problem: the database does not answer.
    """
    found = await _records(components, caller, events)
    return {identity: rows[-1].sequence for identity, rows in found.items()}


async def wait_for_decisions(
    components: Components,
    caller: Caller,
    events: Sequence[PublishedEvent],
    before: Sequences,
    limit_s: float,
) -> list[Decision | None]:
    """The decision on each event behind the records of `before`; None where it is not known yet.

    The read model is asked again only when its position has moved.
    """
    known: list[Decision | None] = [None] * len(events)
    seen: str | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            while None in known and not components.leaving.is_set():
                position = await components.position.now(components.engine)
                if position is not None and position != seen:
                    # A database that is away for a moment has lost nothing: the events are kept.
                    with suppress(Problem):
                        rows = await _records(components, caller, events)
                        known, seen = _decisions(rows, events, before), position
                if None in known:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(components.leaving.wait(), POLL_EVERY_S)
    return known


def decision_in(record: RecordDetail) -> Decision:
    """The decision that a record holds."""
    return Decision(**{each.name: getattr(record, each.name) for each in fields(Decision)})


async def _records(
    components: Components, caller: Caller, events: Iterable[PublishedEvent]
) -> dict[Identity, list[RecordDetail]]:
    """The records about these events, in their order."""
    entities = caller.entities(Scope.READ).sirets
    async with reading(caller, components) as connection:
        rows = await records.list_by_event_ids(connection, entities, {each.id for each in events})
    found: dict[Identity, list[RecordDetail]] = {}
    for row in rows:
        identity = (row.budget, row.event_source or "", row.event_id or "")
        found.setdefault(identity, []).append(row)
    return found


def _decisions(
    records_by_event: Mapping[Identity, Sequence[RecordDetail]],
    events: Sequence[PublishedEvent],
    before: Sequences,
) -> list[Decision | None]:
    """The decision on each sending: the second of an event in a request has its second record."""
    decisions: list[Decision | None] = []
    sendings = Counter[Identity]()
    for each in events:
        identity = (each.budget, each.source, each.id)
        new = [
            row
            for row in records_by_event.get(identity, ())
            if row.sequence > before.get(identity, 0)
        ]
        arrived = [row for row in new if row.resumes is None][sendings[identity] :]
        sendings[identity] += 1
        decisions.append(_decision(arrived[0], new) if arrived else None)
    return decisions


def _decision(arrived: RecordDetail, new: Sequence[RecordDetail]) -> Decision:
    """The decision on a sending by its record, or by that with which its wait has ended."""
    resumed = (row for row in new if row.resumes == arrived.sequence)
    return decision_in(next(resumed, arrived))
