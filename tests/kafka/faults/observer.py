"""Observation of a run from outside: how far the journal is, and which transactions are open.

It reads `read_committed`, as the readers of the journal do.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Coroutine, Iterable
from threading import Thread
from typing import Any, Final, NamedTuple, Self, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    DEAD_LETTERS,
    INPUT_TOPICS,
    JOURNAL,
    LEDGER_STATE,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.due.deadline_events import WATCH
from tests.waiting import WAIT_S

Result = TypeVar("Result")
SourceKind = tuple[str, int]
Unsettled = tuple[TopicPartition, int, int]
"""A place, the offset behind which nothing is committed, and its end."""

OUTPUTS: Final = (
    JOURNAL,
    COMMITMENT_ENTRIES,
    PAYMENT_ORDERS,
    BALANCES,
    REFUSALS,
    DEAD_LETTERS,
    LEDGER_STATE,
)
ASKED_S: Final = 2.0
"""How long a question about open transactions may take: a worker may be stopped meanwhile."""

POLL_MS: Final = 20
REQUEST_MS: Final = 10_000
"""How long one broker may take for an answer: of several, another may have taken its place."""


class Open(NamedTuple):
    """A transaction that is open in a partition of the journal."""

    partition: int
    offset: int


class Backstage:
    """An event loop in a thread of its own: the run itself blocks while it kills and waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name="backstage", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def call(self, coroutine: Coroutine[Any, Any, Result], limit_s: float = WAIT_S) -> Result:
        """Run it there, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit_s)

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Silences:
    """For how long partitions stood still although there was something to read."""

    def __init__(self) -> None:
        self.spans_s: list[tuple[float, float]] = []
        """From, to: each time that a partition got on again."""
        self._since_s: dict[int, float] = {}

    def asked(self, partition: int) -> None:
        """A record came in."""
        self._since_s.setdefault(partition, time.monotonic())

    def answered(self, partition: int, *, is_behind: bool) -> None:
        """A record was journalled; there may be others."""
        now_s = time.monotonic()
        since_s = self._since_s.pop(partition, None)
        if since_s is not None:
            self.spans_s.append((since_s, now_s))
        if is_behind:
            self._since_s[partition] = now_s


class Observer:
    """Follows the input topics and the journal of all partitions.

    Made on the event loop it lives on.
    """

    def __init__(self, bootstrap: str, prefix: str, partitions: int) -> None:
        self.journalled = 0
        """Journal records of source records; those that resume a parked one are beside them."""
        self.outcomes: Counter[str] = Counter()
        self.heads: dict[str, int] = {}
        """The last sequence of each budget's chain."""
        self.deadlines = 0
        """Events of the watch."""
        self.deadlines_accepted: Counter[str] = Counter()
        """Those that counted, by budget and id: each may once."""
        self.silences = Silences()
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._numbers = range(partitions)
        self._input_topics = tuple(prefix + name for name in INPUT_TOPICS)
        self._last: dict[SourceKind, int] = {}
        self._followed: dict[SourceKind, int] = {}
        self._tail = self._reader("read_committed")
        # What is committed, and what is written: where they differ, a transaction is open.
        self._stable = self._reader("read_committed")
        self._written = self._reader("read_uncommitted")

    @property
    def records(self) -> int:
        """All records of the journal."""
        return self.journalled + self.outcomes["resumed"]

    @property
    def deadlines_twice(self) -> list[str]:
        """Deadlines that passed more than once, by budget and id."""
        return [name for name, count in self.deadlines_accepted.items() if count > 1]

    async def start(self) -> None:
        """Connect, and begin at the first record of each partition."""
        for reader in (self._tail, self._stable, self._written):
            await reader.start()
        places = [
            TopicPartition(topic, number)
            for topic in (*self._input_topics, self._prefix + JOURNAL)
            for number in self._numbers
        ]
        self._tail.assign(places)
        await self._tail.seek_to_beginning(*places)

    async def stop(self) -> None:
        """Let go of the connections."""
        for reader in (self._tail, self._stable, self._written):
            await reader.stop()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                taken = await self._tail.getmany(timeout_ms=POLL_MS)
            except OffsetOutOfRangeError:
                # A follower that lags answers so to a client that takes it for the leader. Were a
                # record lost, the run would wait for it in vain, and the verifier find the gap.
                await asyncio.sleep(POLL_MS / 1000)
                continue
            for place, records in taken.items():
                if place.topic in self._input_topics:
                    self._last[place] = records[-1].offset
                    if self._is_behind(place.partition):
                        self.silences.asked(place.partition)
                else:
                    self._follow(records)
                    is_behind = self._is_behind(place.partition)
                    self.silences.answered(place.partition, is_behind=is_behind)

    async def open_transactions(self) -> set[Open]:
        """Those that are open in the journal at this moment, as far as known."""
        try:
            async with asyncio.timeout(ASKED_S):
                unsettled = await self._unsettled((JOURNAL,))
        except (KafkaError, TimeoutError):
            return set()
        return {Open(place.partition, stable) for place, stable, _ in unsettled}

    async def left_open(self, wait_s: float) -> set[Open]:
        """Those that stay open: nobody goes on with them."""
        before = await self.open_transactions()
        await asyncio.sleep(wait_s)
        return before & await self.open_transactions()

    async def wait_until_settled(self) -> None:
        """Until no transaction is open in any topic: a commit is answered before it is written.

        Raises:
            AssertionError: one stays open.
        """
        until_s = time.monotonic() + WAIT_S
        while unsettled := await self.unsettled():
            assert time.monotonic() < until_s, f"transactions stay open: {unsettled}"
            await asyncio.sleep(POLL_MS / 1000)

    async def unsettled(self) -> dict[str, str]:
        """Where a transaction is open in any topic, since which offset, and where the end is."""
        return {
            f"{place.topic}/{place.partition}": f"since {stable}, end {written}"
            for place, stable, written in await self._unsettled((*INPUT_TOPICS, *OUTPUTS))
        }

    async def _unsettled(self, names: Iterable[str]) -> list[Unsettled]:
        numbers = self._numbers
        places = [TopicPartition(self._prefix + name, each) for name in names for each in numbers]
        written = await self._written.end_offsets(places)
        stable = await self._stable.end_offsets(places)
        return [
            (place, stable[place], written[place])
            for place in places
            if stable[place] < written[place]
        ]

    async def is_complete(self) -> bool:
        """Whether every committed record of the input topics has been journalled."""
        places = [
            TopicPartition(topic, number)
            for topic in self._input_topics
            for number in self._numbers
        ]
        try:
            ends = await self._stable.end_offsets(places)
            for place in places:
                if await self._tail.position(place) < ends[place]:
                    return False
        except KafkaError:
            return False
        return not any(map(self._is_behind, self._numbers))

    def _is_behind(self, number: int) -> bool:
        """Whether a record of this partition's input topics is not journalled, as far as seen."""
        input_topics = [TopicPartition(topic, number) for topic in self._input_topics]
        return any(
            self._followed.get(input_topic, -1) < self._last.get(input_topic, -1)
            for input_topic in input_topics
        )

    def missing(self) -> dict[str, str]:
        """Which input topics are not followed to their end: for who waits in vain."""
        return {
            f"{input_topic[0]}/{input_topic[1]}": f"{self._followed.get(input_topic, -1)} of {last}"
            for input_topic, last in self._last.items()
            if self._followed.get(input_topic, -1) < last
        }

    def _follow(self, records: list[ConsumerRecord]) -> None:
        for each in records:
            row = json.loads(each.value)
            self.heads[row["budget"]] = row["sequence"]
            if row["resumes"] is not None:
                self.outcomes["resumed"] += 1
                continue
            self.journalled += 1
            self.outcomes[row["outcome"]] += 1
            if row["event_source"] == WATCH:
                self.deadlines += 1
                name = f"{row['budget']} {row['event_id']}"
                self.deadlines_accepted[name] += row["outcome"] == "accepted"
            source = row["source"]
            self._followed[TopicPartition(source["topic"], source["partition"])] = source["offset"]

    def _reader(self, isolation_level: str) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id="fault-run",
            group_id=None,
            auto_offset_reset="none",
            isolation_level=isolation_level,
            request_timeout_ms=REQUEST_MS,
            fetch_max_wait_ms=POLL_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
