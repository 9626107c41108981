"""Restoring a partition whose state an earlier Écluse wrote: what is checked, and what is kept."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Final, cast

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition
from structlog.testing import capture_logs

from events.topics import EVENTS, INTERNAL_EVENTS, JOURNAL
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import StoreError
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.journal import Source
from services.ledger.kafka.partition_restore import PartitionTopics, RestoredPartition
from services.ledger.kafka.topic_records import (
    POSITION_KEY,
    Checkpoint,
    encode_checkpoint,
    encode_key,
)
from services.runtime.kafka.reader import Reader, SourcePosition
from services.runtime.kafka.writer import FencedError
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from tests.builders import BUDGET, a_vote, an_award, encoded
from tests.kept_state import all_rows
from tests.unit.ledger.wire import Owner

STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)
READ: Final = {EVENTS: SourcePosition(2, 1, 9, "x"), INTERNAL_EVENTS: SourcePosition(3)}
"""Of the events all, with their time; of the internal events nothing.

What stood there was given up.
"""


@dataclass
class Left:
    """A reader of what a ledger left: rows of state, and records of the journal."""

    rows: dict[bytes, bytes]
    journal: list[ConsumerRecord]
    yields: int = 0

    async def latest(self, _: TopicPartition) -> dict[bytes, bytes]:
        return dict(self.rows)

    async def bounds(self, _: TopicPartition) -> tuple[int, int]:
        return 0, len(self.journal)

    async def yield_to_event_loop(self) -> None:
        self.yields += 1

    async def to_the_end(self, _: TopicPartition) -> AsyncGenerator[list[ConsumerRecord], None]:
        yield self.journal

    async def record_at(self, _: TopicPartition, offset: int) -> ConsumerRecord | None:
        return self.journal[offset] if offset < len(self.journal) else None


@pytest.fixture
def left() -> Left:
    """A vote and an award, and the state behind them; its rows have the shape of an older one."""
    ledger = Ledger()
    for offset, event in enumerate((a_vote(), an_award())):
        source = Source(EVENTS, 0, offset)
        ledger.handle(RawRecord(encoded(event), source, STRUCTURED, BUDGET.encode(), 1))
    batch = ledger.commit_batch([])
    older = VERSIONS._replace(state=VERSIONS.state - 1)
    checkpoint = Checkpoint(READ, 1, 2, batch.decided[-1].record.hash, versions=older)
    rows = {encode_key(key): b"\xc0" for key in batch.changes}
    journal = [
        ConsumerRecord(JOURNAL, 0, offset, 1, 0, BUDGET.encode(), row.record, None, 0, 0, ())
        for offset, row in enumerate(batch.records)
    ]
    return Left(rows | {POSITION_KEY: encode_checkpoint(checkpoint)}, journal)


@pytest.fixture
def current(left: Left) -> Left:
    """The same, as the present ledger writes it."""
    ledger = asyncio.run(
        PartitionTopics(Settings(), 0).restore(cast(Reader, left), 1, Owner())
    ).ledger
    stored = all_rows(ledger.budgets[BUDGET])
    rows = {encode_key(key): value for key, value in stored.items() if value is not None}
    checkpoint = Checkpoint(READ, 1, 2, ledger.budgets[BUDGET].memory.head)
    return Left(rows | {POSITION_KEY: encode_checkpoint(checkpoint)}, left.journal)


def restored(
    left: Left, count: int = 1, *, again: bool = False, overtaken: bool = False
) -> RestoredPartition:
    topics, owner = PartitionTopics(Settings(), 0), Owner(overtaken=overtaken)
    return asyncio.run(topics.restore(cast(Reader, left), count, owner, again=again))


def test_other_partitions_go_on_while_a_state_is_restored(
    current: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All partitions of a worker open at once: else its heartbeats came twelve seconds late."""
    monkeypatch.setattr("services.ledger.kafka.partition_restore.YIELD_BYTES", 1)
    found = restored(current)
    assert (2, None) == (found.ledger.budgets[BUDGET].memory.sequence, found.rewrite)
    rows, budgets = len(current.rows) - 1, 1
    assert rows + budgets == current.yields


def test_who_was_overtaken_while_he_read_a_state_makes_none_again(current: Left) -> None:
    """The state that he read is older than the journal, which another worker went on writing."""
    last = current.journal[-1]
    current.journal.append(replace(last, offset=last.offset + 1))
    with capture_logs() as lines, pytest.raises(FencedError):
        restored(current, overtaken=True)
    assert [] == lines
    with capture_logs() as lines, pytest.raises(StoreError):
        restored(current)
    assert ["the journal goes on behind it"] == [line["why"] for line in lines]


def test_an_older_state_is_made_again_and_keeps_how_far_was_read(left: Left) -> None:
    found = restored(left)
    assert 2 == found.ledger.budgets[BUDGET].memory.sequence
    assert found.rewrite is not None
    assert (READ, VERSIONS) == (found.checkpoint.sources, found.checkpoint.versions)


def test_what_was_read_since_is_in_the_journal(left: Left) -> None:
    older = {EVENTS: SourcePosition(1, 0, 9, "x")}
    left.rows[POSITION_KEY] = encode_checkpoint(Checkpoint(older, 1, versions=VERSIONS))
    [(topic, position)] = restored(left).checkpoint.sources.items()
    assert (EVENTS, 2, 1) == (topic, position.next_offset, position.last_offset)


def test_an_older_state_beside_a_shorter_journal_stops_it(left: Left) -> None:
    left.journal.pop()
    with pytest.raises(ClusterError, match="ends at offset 1, but was written up to 2"):
        restored(left)


def test_an_older_state_beside_another_journal_stops_it(left: Left) -> None:
    left.journal[1] = replace(left.journal[0], offset=1)
    with pytest.raises(ClusterError, match="this is another journal"):
        restored(left)


def test_an_older_state_for_other_partitions_stops_it(left: Left) -> None:
    with pytest.raises(ClusterError, match="written for 1 partitions, there are 2"):
        restored(left, 2)


def written_by(left: Left, **versions: int) -> Left:
    """The same, with the versions of another Écluse."""
    head = json.loads(left.rows[POSITION_KEY])
    head["versions"] = [*VERSIONS._replace(**versions)]
    return Left(left.rows | {POSITION_KEY: json.dumps(head).encode()}, left.journal)


NEXT_STATE: Final = {"state": VERSIONS.state + 1}


def test_a_newer_state_is_left_alone_and_the_way_back_is_named(left: Left) -> None:
    with pytest.raises(ClusterError, match=r"newer Écluse.*`ecluse ledger --rebuild`"):
        restored(written_by(left, **NEXT_STATE))


def test_a_newer_state_is_made_again_where_it_is_asked_for(left: Left) -> None:
    """The way back to an older Écluse; how far was read is kept, as at an upgrade."""
    found = restored(written_by(left, **NEXT_STATE), again=True)
    assert 2 == found.ledger.budgets[BUDGET].memory.sequence
    assert found.rewrite is not None
    assert READ == found.checkpoint.sources


def test_newer_rules_have_no_way_back(left: Left) -> None:
    for versions in ({"rules": VERSIONS.rules + 1}, NEXT_STATE | {"rules": VERSIONS.rules + 1}):
        with pytest.raises(ClusterError, match=r"newer Écluse.*upgrade it$"):
            restored(written_by(left, **versions), again=True)


def test_a_newer_state_beside_a_shorter_journal_has_no_way_back(left: Left) -> None:
    del left.journal[1:]
    with pytest.raises(ClusterError, match="ends at offset 1"):
        restored(written_by(left, **NEXT_STATE), again=True)
