"""A rebuild projects partitions side by side, as many as it may; one that fails ends all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from aiokafka.structs import TopicPartition

from services.projector.processor import ProjectorProcessor
from services.projector.rebuild import Rebuild
from services.runtime.kafka.writer import WriterFailed

RECORDS = 3


@dataclass
class Place:
    next_offset: int = 0


@dataclass
class Partition:
    """A partition of the journal with three records, whose database may fail."""

    number: int
    at_work: set[int]
    most: list[int]
    fails: bool = False
    position: Place = field(default_factory=Place)
    pending: int = 0
    is_full: bool = True

    @property
    def place(self) -> TopicPartition:
        return TopicPartition("journal", self.number)

    @property
    def reader(self) -> "Partition":
        return self

    async def open(self) -> None:
        """Taken."""

    async def bounds(self, _place: TopicPartition) -> tuple[int, int]:
        return 0, RECORDS

    async def to_the_end(self, _place: TopicPartition, start: int) -> AsyncIterator[list[int]]:
        self.at_work.add(self.number)
        self.most.append(len(self.at_work))
        await asyncio.sleep(0)
        yield list(range(start, RECORDS))
        self.at_work.discard(self.number)

    def handle(self, _record: int) -> None:
        self.pending += 1

    async def commit(self) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise WriterFailed("the database went away")
        self.position.next_offset += self.pending
        self.pending = 0


def made(count: int, fails: int | None = None) -> list[Partition]:
    at_work: set[int] = set()
    most: list[int] = []
    return [Partition(number, at_work, most, number == fails) for number in range(count)]


async def caught_up(partitions: list[Partition], side_by_side: int) -> Rebuild:
    again = Rebuild(lambda _done, _whole: None, side_by_side)
    await again.open([cast(ProjectorProcessor, each) for each in partitions])
    await again.catch_up()
    return again


@pytest.mark.parametrize("side_by_side", [1, 2, 4])
def test_so_many_partitions_at_once_and_no_more(side_by_side: int) -> None:
    partitions = made(6)
    again = asyncio.run(caught_up(partitions, side_by_side))
    assert 6 * RECORDS == again.records
    assert [RECORDS] * 6 == [each.position.next_offset for each in partitions]
    assert side_by_side == max(partitions[0].most)


async def test_one_that_fails_ends_all_with_its_own_error() -> None:
    with pytest.raises(WriterFailed):
        await caught_up(made(4, fails=2), 2)
    assert {asyncio.current_task()} == asyncio.all_tasks(), "nobody goes on behind it"
