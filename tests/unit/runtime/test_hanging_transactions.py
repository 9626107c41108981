"""Hanging transactions: completed with the outcome found in other partitions.

A partition is drawn as what stands in it: `A` a record of ours, `a` one of our transaction before,
`-` one of ours without a mark, `x` a stranger's, `y` a stranger's of the day before, `o` and `z` a
stranger's with a header like ours that says nothing, or nonsense. Behind them the markers: `!`
commits what is ours, `?` aborts it, and `;` commits what is the stranger's.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from typing import Any, ClassVar, cast

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.runtime.kafka import hanging_transactions
from services.runtime.kafka.hanging_transactions import WriteTargets, complete_hanging_transactions
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from tests.unit.runtime.harness import a_setting

OURS, THEIRS = 7, 99
MARKS: dict[str, bytes | None] = {
    "A": b"0-5",
    "a": b"0-4",
    "-": b"",
    "x": b"1-1",
    "y": b"1-0",
    "o": None,
    "z": b"\xff",
}
WRITTEN_MS = 1_700_000_000_000
DAY_MS = 24 * 3_600_000
NAMES = ("journal", "orders", "state")
INTERNAL_EVENTS = ("internal_events/0", "internal_events/1")
Drawings = dict[str, str]


class Log:
    """A partition with transactions, as it was drawn."""

    def __init__(self, place: TopicPartition, drawing: str) -> None:
        self.size = len(drawing)
        self.records: list[ConsumerRecord] = []
        self.seen: set[int] = set()
        self._open: dict[int, list[int]] = {}
        for offset, what in enumerate(drawing):
            if what in MARKS:
                self._open.setdefault(THEIRS if what in "xyoz" else OURS, []).append(offset)
                self.records.append(_record(place, offset, what))
                continue
            ended = self._open.pop(THEIRS if what == ";" else OURS, [])
            if what != "?":
                self.seen |= set(ended)

    @property
    def open(self) -> dict[int, int]:
        """Where what is open begins, by producer."""
        return {producer: offsets[0] for producer, offsets in self._open.items()}

    @property
    def stable(self) -> int:
        return min(self.open.values(), default=self.size)


def _record(place: TopicPartition, offset: int, what: str) -> ConsumerRecord:
    mark = MARKS[what]
    headers = () if mark == b"" else ((hanging_transactions.MARK_HEADER, mark),)
    written_ms = WRITTEN_MS - DAY_MS if what == "y" else WRITTEN_MS
    return ConsumerRecord(*place, offset, written_ms, 0, b"", b"", None, 0, 0, headers)


class DrawnReader(Reader):
    """Reads a drawn partition."""

    logs: ClassVar[dict[TopicPartition, Log]]
    read: ClassVar[int]

    def __init__(
        self, _: Settings, _places: Any, progress: Progress, isolation: str, **_clients: Any
    ) -> None:
        self._progress = progress
        self._committed = isolation == "read_committed"

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        log = self.logs[place]
        return 0, log.stable if self._committed else log.size

    async def to_the_end(
        self, place: TopicPartition, start: int | None = None
    ) -> AsyncGenerator[list[ConsumerRecord], None]:
        _, end = await self.bounds(place)
        log = self.logs[place]
        found = [
            each
            for each in log.records
            if (start or 0) <= each.offset < end
            and (not self._committed or each.offset in log.seen)
        ]
        DrawnReader.read += len(found)
        self._progress.step()
        if found:
            yield found

    async def offset_at(self, place: TopicPartition, timestamp_ms: int) -> int | None:
        later = [each for each in self.logs[place].records if each.timestamp >= timestamp_ms]
        return later[0].offset if later else None


class DrawnWriter:
    """Tells what is open, and remembers what it ended and how."""

    producer_id = OURS

    def __init__(self, shared: Iterable[TopicPartition]) -> None:
        self._shared = frozenset(shared)
        self.ended: dict[str, bool] = {}

    async def hanging(self, places: Iterable[TopicPartition]) -> list[OpenTransaction]:
        return [
            OpenTransaction(place, first, producer, 0, 0)
            for place in places
            for producer, first in DrawnReader.logs[place].open.items()
            if place not in self._shared or producer == OURS
        ]

    async def end(self, transaction: OpenTransaction, *, committed: bool) -> None:
        self.ended[transaction.place.topic] = committed


@pytest.fixture(autouse=True)
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hanging_transactions, "Reader", DrawnReader)


def ended(**drawings: str) -> dict[str, bool]:
    """Where a transaction was ended, and whether as committed."""
    drawn = {re.sub(r"_(\d)$", r"/\1", name): drawing for name, drawing in drawings.items()}
    places = {name: TopicPartition(name, 0) for name in (*NAMES, *INTERNAL_EVENTS)}
    DrawnReader.logs = {place: Log(place, drawn.get(name, "")) for name, place in places.items()}
    DrawnReader.read = 0
    shared = [places[name] for name in INTERNAL_EVENTS]
    where = WriteTargets(0, places["journal"], [places[name] for name in NAMES], shared)
    writer = DrawnWriter(shared)
    progress = Progress()
    asyncio.run(
        complete_hanging_transactions(a_setting(), cast(FencedWriter, writer), where, progress)
    )
    assert progress.steps > 0, "the watchdog would take it for hanging"
    return writer.ended


def everywhere(*, committed: bool, names: str) -> dict[str, bool]:
    return dict.fromkeys(names.split(), committed)


@pytest.mark.parametrize(
    ("drawings", "committed", "where"),
    [
        ({"journal": "a!A!", "state": "a!A"}, True, "state"),
        ({"journal": "a!A?", "state": "a!A"}, False, "state"),
        ({"journal": "A", "state": "A!"}, True, "journal"),
        ({"journal": "A", "state": "A?"}, False, "journal"),
        ({"journal": "A", "state": "A", "orders": "A!"}, True, "journal state"),
        ({"journal": "A", "state": "A", "internal_events_0": "xA!;"}, True, "journal state"),
        ({"journal": "A", "state": "A", "internal_events_0": "A?"}, False, "journal state"),
        (
            {"journal": "A", "state": "A", "internal_events_0": "A"},
            False,
            "journal state internal_events/0",
        ),
        ({"journal": "a!", "state": "a!-"}, False, "state"),
        ({"journal": "A!!", "state": "A"}, True, "state"),
        ({"journal": "a!A" + "!" * 30, "state": "a!A"}, True, "state"),
        ({"journal": "A!!!", "orders": "A"}, True, "orders"),
        ({"journal": "A!", "internal_events_0": "Aozx;"}, True, "internal_events/0"),
        ({"journal": "A", "internal_events_0": "ozA!;"}, True, "journal"),
        ({"journal": "??????", "state": "A"}, False, "state"),
    ],
)
def test_it_ends_as_it_ended_elsewhere(drawings: Drawings, committed: bool, where: str) -> None:
    assert everywhere(committed=committed, names=where) == ended(**drawings)


@pytest.mark.parametrize(("internal_event", "how"), [("xA!", "!"), ("xA?", "?")])
def test_a_journal_that_ended_is_asked_alone(internal_event: str, how: str) -> None:
    """Whatever stands among the internal events.

    Nobody waits for a stranger's, and none is read.
    """
    committed = how == "!"
    drawn = {
        "journal": f"A{how}",
        "state": "A",
        "internal_events_0": internal_event,
        "internal_events_1": "x;" * 100,
    }
    assert everywhere(committed=committed, names="state") == ended(**drawn)
    assert 10 > DrawnReader.read


def test_internal_events_of_another_day_are_not_searched() -> None:
    drawn = {
        "journal": "A",
        "state": "A",
        "internal_events_0": "y;" * 100 + "xA!;",
        "internal_events_1": "y;" * 100,
    }
    assert everywhere(committed=True, names="journal state") == ended(**drawn)
    assert 10 > DrawnReader.read


def test_an_internal_event_behind_a_stranger_s_is_asked_elsewhere_first() -> None:
    drawn = {"journal": "A", "state": "A", "internal_events_0": "xA!", "internal_events_1": "A!"}
    assert everywhere(committed=True, names="journal state") == ended(**drawn)


def test_where_nothing_else_tells_it_waits_and_names_both() -> None:
    with pytest.raises(
        WriterFailed, match=r"whether 0-5 was .* internal_events/0/0/2 behind .* since 1$"
    ):
        ended(journal="A", state="A", internal_events_0="-xA!")


def test_what_is_somebody_else_s_stops_it() -> None:
    with pytest.raises(ClusterError, match="producer 99 hangs there, which is not ours"):
        ended(journal="x")
    with pytest.raises(ClusterError, match="different transactions hang there"):
        ended(journal="a", state="A")
