"""The log of the simulation and a real broker give the same answers to the same steps.

What a simulation proves is worth as much as its model of Kafka: here the ledger's own writer and
reader do the same on both, and see the same offsets, gaps, fences and ends.
"""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from contextlib import AsyncExitStack
from typing import Any

from aiokafka.structs import TopicPartition

from events.topics import JOURNAL, LEDGER_STATE
from services.runtime.kafka.clients import KAFKA, Clients, Isolation, Outgoing
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedError, FencedWriter
from services.runtime.ops.settings import Settings
from tests.kafka.stack import Stack
from tests.simulation import broker as memory
from tests.simulation.clients import clients_of
from tests.simulation.faults import Plan
from tests.simulation.loop import PROCESS, Process, virtually
from tests.simulation.network import Network
from tests.waiting import run

Seen = list[tuple[str, Any]]


class Steps:
    """Steps of two writers and their readers, and what was seen behind each."""

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self.seen: Seen = []
        self._settings = settings
        self._clients = clients
        self._journal = TopicPartition(settings.topic(JOURNAL), 0)
        self._state = TopicPartition(settings.topic(LEDGER_STATE), 0)

    async def play(self) -> Seen:
        async with AsyncExitStack() as stack:
            first, second = (self._writer(stack) for _ in range(2))
            await first.start()
            await self._commits(first)
            await self._is_fenced(first, second)
            await self._is_ended_by_hand(second)
        return self.seen

    async def _commits(self, writer: FencedWriter) -> None:
        await writer.begin()
        await self._note("written", writer.write(self._records(b"1", b"2")))
        await self._poll("written, not committed")
        await writer.commit()
        await self._note("ended", writer.hanging([self._journal, self._state]))
        await self._poll("committed")

    async def _is_fenced(self, old: FencedWriter, new: FencedWriter) -> None:
        await old.begin()
        await self._note("written again", old.write(self._records(b"3")))
        open_now = await old.hanging([self._journal])
        self.seen.append(("open", [(each.first_offset) for each in open_now]))
        await new.start()
        self.seen.append(("the same producer", old.producer_id == new.producer_id))
        await self._note("nothing is open", new.hanging([self._journal, self._state]))
        for name, step in (("commit", old.commit), ("begin", old.begin)):
            try:
                await step()
                self.seen.append((name, "done"))
            except FencedError:
                self.seen.append((name, "fenced"))
        await new.begin()
        await self._note("written by the other", new.write(self._records(b"4")))
        await new.commit()
        await self._note("ended again", new.hanging([self._journal, self._state]))
        await self._poll("behind an aborted transaction")

    async def _is_ended_by_hand(self, writer: FencedWriter) -> None:
        await writer.begin()
        await writer.write(self._records(b"5"))
        for each in await writer.hanging([self._journal]):
            await writer.end(each, committed=True)
        await self._poll("ended by hand in one of two partitions")

    async def _note(self, name: str, doing: Any) -> None:
        found = await doing
        if isinstance(found, dict):
            found = {
                place.topic.removeprefix(self._settings.topic("")): end
                for place, end in found.items()
            }
        self.seen.append((name, found))

    async def _poll(self, when: str) -> None:
        """What readers of either kind see of both partitions."""
        for isolation in ("read_committed", "read_uncommitted"):
            async with AsyncExitStack() as stack:
                reader = await self._reader(stack, isolation)
                for place in (self._journal, self._state):
                    name = (
                        f"{when}, {isolation}, {place.topic.removeprefix(self._settings.topic(''))}"
                    )
                    bounds = await reader.bounds(place)
                    records = [
                        (each.offset, each.key, each.value, tuple(each.headers))
                        async for chunk in reader.to_the_end(place)
                        for each in chunk
                    ]
                    behind = await reader.record_at(place, 3)
                    self.seen.append((name, (bounds, records, behind and behind.offset)))
                self.seen.append((f"{when}, latest", await reader.latest(self._state)))

    def _records(self, *values: bytes) -> dict[TopicPartition, list[Outgoing]]:
        headers = (("name", b"content"), ("empty", None))
        outgoing: list[Outgoing] = [(b"key", value, headers) for value in values]
        return {self._journal: outgoing, self._state: [(b"k", values[-1], ())]}

    def _writer(self, stack: AsyncExitStack) -> FencedWriter:
        writer = FencedWriter(
            self._settings, f"{self._settings.topic('writer')}", (), self._clients
        )
        stack.push_async_callback(writer.stop)
        return writer

    async def _reader(self, stack: AsyncExitStack, isolation: Isolation) -> Reader:
        places = [self._journal, self._state]
        reader = Reader(self._settings, places, isolation=isolation, clients=self._clients)
        stack.push_async_callback(reader.stop)
        await reader.start()
        return reader


def simulated(settings: Settings) -> Seen:
    """The steps on the log in memory."""

    async def play() -> Seen:
        PROCESS.set(Process("one"))
        places = [TopicPartition(settings.topic(name), 0) for name in (JOURNAL, LEDGER_STATE)]
        chance = random.Random(1)
        log = memory.Broker(places, chance)
        return await Steps(settings, clients_of(Network(log, Plan(()), chance))).play()

    return virtually(play())


def test_the_simulated_log_answers_as_a_broker_does(stack: Stack) -> None:
    real = run(Steps(stack.settings, KAFKA).play())
    assert real == simulated(stack.settings)
    assert "fenced" == dict(real)["commit"], "and the steps are not idle"
