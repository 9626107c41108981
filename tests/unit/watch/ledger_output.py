"""What a ledger leaves of some events in journal and balances, transaction by transaction.

Nobody writes it anywhere: it is what the watch reads.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from events.topics import BALANCES, JOURNAL
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source
from tests.builders import BUDGET, Json, topic_of

WRITTEN_MS = 1_685_613_600_123


class Out(NamedTuple):
    """A record as it is written to a topic of the contract."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


def key_of(event: bytes) -> bytes:
    """The key of a careful sender; what cannot be read has that of some budget too."""
    try:
        return str(json.loads(event)["partitionkey"]).encode()
    except (ValueError, KeyError, TypeError):
        return BUDGET.encode()


def in_batches(events: Sequence[bytes], sizes: Iterable[int]) -> Iterator[list[bytes]]:
    """The events cut into batches of these sizes, and what is left."""
    start = 0
    for size in sizes:
        if start >= len(events):
            return
        yield list(events[start : start + size])
        start += size
    if start < len(events):
        yield list(events[start:])


def transactions(
    events: Iterable[Sequence[bytes]], partition: int = 0, ledger: Ledger | None = None
) -> Iterator[list[Out]]:
    """What each batch of events leaves: records of the journal first, then balances.

    The deadline events that they led to are read behind the last of them.
    """
    ledger, offset, deadline_events = ledger or Ledger(), 0, list[bytes]()
    for batch in filter(None, chain(events, (deadline_events,))):
        for event in batch:
            offset += 1
            source = Source(topic_of(event), partition, offset)
            raw = RawRecord(event, source, key=key_of(event), timestamp_ms=WRITTEN_MS)
            ledger.handle(raw)
        decided = ledger.commit_batch([])
        deadline_events += decided.internal_events
        journal = [
            Out(JOURNAL, partition, row.budget.encode(), row.record) for row in decided.records
        ]
        balances = [
            Out(BALANCES, partition, each.key, each.value)
            for each in messages(decided.decided, decided.states)
            if each.topic == BALANCES
        ]
        yield journal + balances


def encoded(*events: Json) -> list[bytes]:
    """Events as bytes."""
    return [json.dumps(event).encode() for event in events]
