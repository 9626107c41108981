"""Positions in a source: what may have gone from it, and what may not, table by table.

A source is drawn as its offsets: `r` a record that is read, `.` a marker, or a record of an aborted
transaction; what stands before `|` has reached the end of its retention.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.runtime.kafka.reader import Reader, SourcePosition, check_source, skip_markers
from services.runtime.ops.errors import ClusterError
from services.texts.translation import both
from tests.unit.runtime.harness import a_record

PLACE = TopicPartition("internal_events", 3)
GIVE_UP = "give up {topic}/{partition}/{first}"


@dataclass
class Drawn:
    """A reader of one partition."""

    drawing: str

    async def bounds(self, _: TopicPartition) -> tuple[int, int]:
        return max(0, self.drawing.find("|")), len(self.drawing.replace("|", ""))

    async def record_at(self, place: TopicPartition, offset: int) -> ConsumerRecord | None:
        first, _ = await self.bounds(place)
        assert first <= offset, "aiokafka raises: the offset is out of range"
        at = self.drawing.replace("|", "").find("r", offset)
        return None if at < 0 else a_record(at)


def a_position(next_offset: int, last_offset: int | None) -> SourcePosition:
    last_ms = None if last_offset is None else a_record(last_offset).timestamp
    return SourcePosition(next_offset, last_offset, last_ms, None)


def checked(drawing: str, next_offset: int, last_offset: int | None) -> int:
    """Where it is read on; a worker that opens does both."""
    reader = cast(Reader, Drawn(drawing))
    position = a_position(next_offset, last_offset)

    async def go() -> SourcePosition:
        await check_source(reader, PLACE, position, lambda *_: True, GIVE_UP)
        return await skip_markers(reader, PLACE, position)

    moved = asyncio.run(go())
    assert position == a_position(next_offset, moved.last_offset), "the last record stays known"
    return moved.next_offset


@pytest.mark.parametrize(
    ("drawing", "next_offset", "last_offset", "moved"),
    [
        ("", 0, None, 0),
        ("r", 0, None, 0),
        ("r.", 1, 0, 2),
        ("r.", 2, 0, 2),
        ("r..r", 1, 0, 1),
        ("..", 0, None, 2),
        (".r", 0, None, 0),
        ("r.|", 2, 0, 2),
        ("r.|r.", 2, 0, 2),
        ("r.|.", 2, 0, 3),
        ("..|r", 2, None, 2),
        ("r.|...", 3, 0, 5),
    ],
)
def test_a_position_moves_behind_what_nobody_reads(
    drawing: str, next_offset: int, last_offset: int | None, moved: int
) -> None:
    assert moved == checked(drawing, next_offset, last_offset)


@pytest.mark.parametrize(
    ("drawing", "next_offset", "last_offset", "statuses"),
    [
        ("r.r|", 1, 0, "are gone and were never read"),
        ("r|", 0, None, "are gone and were never read"),
        ("r", 2, 0, "this is another topic"),
        ("", 2, None, "this is another topic"),
        (".r", 2, 0, "re-created"),
        ("rr", 2, None, "re-created"),
        (".r.", 3, None, "re-created"),
        ("..|.r", 4, 1, "re-created"),
    ],
)
def test_what_was_never_read_or_is_another_topic_stops_it(
    drawing: str, next_offset: int, last_offset: int | None, statuses: str
) -> None:
    with pytest.raises(ClusterError, match=statuses):
        checked(drawing, next_offset, last_offset)


def test_what_is_gone_unread_is_given_up_by_the_command_of_the_service() -> None:
    with pytest.raises(ClusterError) as raised:
        checked("r.r|", 1, 0)
    for reported in (both(raised.value.text).fr, both(raised.value.text).en):
        assert reported.endswith("give up internal_events/3/3")
