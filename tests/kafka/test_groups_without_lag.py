"""Consumer groups without lag on a real broker, whatever stands behind their last record.

All of them at once, so that the broker, the topics and the waiting are shared. Sampled every two
seconds and with sessions of ten, as in service. Groups with lag: test_lag_states.py and
test_outage_scenarios.py.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import pytest

from events.lag import Partition
from services.lag.collect.groups import Groups
from services.lag.judge.history import History
from services.lag.judge.states import QUIET_S
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from tests.kafka.brokers import Broker
from tests.kafka.group_members import Member, a_producer, consumer_of, make_topics

SAMPLE_S: Final = 2.0
JUDGED_WITHIN_S: Final = 15.0
LONG_AGO_S: Final = QUIET_S + 60
COME_EVERY_S: Final = 0.1

WELL: Final = "OK"


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix, instance="watch")


class Consumers:
    """Topics, a group each, and the watch that looks at them."""

    def __init__(self, settings: Settings, names: Sequence[str]) -> None:
        self.names = names
        self.rates: dict[str, int] = {}
        """How many records come to a topic each tenth of a second."""
        self.members: dict[str, Member] = {}
        self.judgements: dict[str, list[tuple[float, Partition]]] = {name: [] for name in names}
        """What was said of each, and when."""
        self.records_end: dict[str, int] = {}
        self._settings = settings
        self._history = History()
        self._groups = Groups(settings, [consumer_of(name) for name in names])

    async def join(self, *names: str, instance: str | None = None) -> None:
        for name in names:
            self.members[name] = Member(self._settings, consumer_of(name), instance)
        await asyncio.gather(*(self.members[name].start() for name in names))

    async def come(self) -> None:
        """Records come, for as long as this runs."""
        async with a_producer(self._settings) as producer:
            while True:
                for name, count in self.rates.items():
                    for _ in range(count):
                        await producer.send(self._settings.topic(name), b"{}")
                await asyncio.sleep(COME_EVERY_S)

    async def watch(self) -> None:
        """Sample every two seconds, for as long as this runs."""
        next_s = time.monotonic()
        try:
            while True:
                samples = await self._groups.sample(wall_clock())
                for consumer, found in samples.items():
                    for place, sample in found.items():
                        seen = sample._replace(records_end=self.records_end.get(place.topic))
                        self._history.add(consumer, place, seen)
                for judged in self._history.judged(wall_clock()):
                    self.judgements[judged.consumer.stage].append((time.monotonic(), judged.row))
                next_s += SAMPLE_S
                await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        finally:
            await self._groups.stop()

    def last(self, name: str) -> Partition | None:
        return self.judgements[name][-1][1] if self.judgements[name] else None

    def rules(self, name: str) -> list[str]:
        """All that was said of one, each once."""
        return list(dict.fromkeys(judged.rule for _, judged in self.judgements[name]))

    def judged_after_s(self, name: str, rule: str, since_s: float) -> float | None:
        """How long after a cause it was said."""
        found = (at_s - since_s for at_s, each in self.judgements[name] if each.rule == rule)
        return next((after_s for after_s in found if after_s >= 0), None)


async def until(is_so: Callable[[], bool], why: str, limit_s: float) -> None:
    until_s = time.monotonic() + limit_s
    while not is_so():  # what others do in this very test
        assert time.monotonic() < until_s, why
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(*doings: Awaitable[None]) -> AsyncIterator[None]:
    """Meanwhile these run; one that fails fails the test."""
    tasks = [asyncio.ensure_future(each) for each in doings]
    try:
        yield
        assert [] == [each for each in tasks if each.done()]
    finally:
        for each in tasks:
            each.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [] == [each for each in ended if not isinstance(each, asyncio.CancelledError)]


STEADY: Final = ("steady", "quiet", "written-in-transactions", "half-written")
FROM_THE_FIRST_SAMPLE: Final = {
    "never-seen": ("UNKNOWN", "never_seen"),
    "silent-for-long": ("OK", "keeps_up"),
    "never-written": ("OK", "keeps_up"),
}


def test_a_consumer_without_lag_is_never_late(settings: Settings) -> None:
    names = (*STEADY, *FROM_THE_FIRST_SAMPLE, "markers")

    async def go() -> None:
        await make_topics(settings, 1, names)
        consumers = Consumers(settings, names)
        async with AsyncExitStack() as stack:
            await _write_what_was_before(stack, settings, consumers)
            await consumers.join(*(each for each in names if each != "never-seen"))
            for member in consumers.members.values():
                stack.push_async_callback(member.stop)
            consumers.rates["steady"] = 2
            async with running(consumers.come(), consumers.watch()):
                await _all_is_well_before(consumers)
                await until(
                    lambda: "markers_alone" in consumers.rules("markers"), "markers alone", 30
                )
            _nothing_else_was_judged(consumers)

    asyncio.run(go())


async def _write_what_was_before(
    stack: AsyncExitStack, settings: Settings, consumers: Consumers
) -> None:
    async with a_producer(settings) as producer:
        for name in STEADY[:2]:
            for _ in range(50):
                await producer.send(settings.topic(name), b"{}")
        long_ago_ms = int((wall_clock() - LONG_AGO_S) * 1000)
        topic = settings.topic("silent-for-long")
        await producer.send_and_wait(topic, b"{}", timestamp_ms=long_ago_ms)
    # Ten records in two transactions, and one more that was undone: behind them stand markers.
    async with a_producer(settings, "written") as writer:
        for name in ("written-in-transactions", "half-written", "markers"):
            for count, abort in ((5, False), (5, False), (1, True)):
                await writer.begin_transaction()
                for _ in range(count):
                    await writer.send_and_wait(settings.topic(name), b"{}")
                await (writer.abort_transaction() if abort else writer.commit_transaction())
    # The watch has read this topic, and knows where its last record that counts stands.
    consumers.records_end["written-in-transactions"] = 5 + 1 + 5
    # And a transaction that stays open: its records are nobody's work yet.
    opened = await stack.enter_async_context(a_producer(settings, "opened"))
    await opened.begin_transaction()
    await opened.send_and_wait(settings.topic("half-written"), b"{}")
    consumers.records_end["half-written"] = 5 + 1 + 5
    stack.push_async_callback(opened.abort_transaction)


async def _all_is_well_before(consumers: Consumers) -> None:
    """Every consumer has committed what was there, and the watch has seen it work for a while."""
    began_s = time.monotonic()

    def is_well() -> bool:
        judged = [consumers.last(name) for name in STEADY]
        return all(each is not None and each.state == WELL for each in judged)

    await until(is_well, "all is well", 20)
    for name, expected in FROM_THE_FIRST_SAMPLE.items():
        first_s, _ = consumers.judgements[name][0]
        judgements = [(each.state.value, each.rule) for _, each in consumers.judgements[name]]
        assert expected in judgements, (name, judgements)
        after_s = consumers.judged_after_s(name, expected[1], began_s)
        assert after_s is not None
        assert after_s <= JUDGED_WITHIN_S
        print(f"{name}: {expected[0]} ({expected[1]}) at look {judgements.index(expected) + 1}")
        assert first_s <= time.monotonic()


def _nothing_else_was_judged(consumers: Consumers) -> None:
    for name in STEADY:
        rules = set(consumers.rules(name)) - {"just_begun"}  # before its member had joined
        assert rules <= {"keeps_up", "catches_up", "never_seen", "never_committed"}, (name, rules)
    for name in STEADY[1:]:
        last = consumers.last(name)
        assert last is not None
        assert (0, WELL, f"client-of-{name}") == (last.behind, last.state, last.owner), name
    # Where nobody has read to the end, it is not known whether records are left.
    assert {"stands_still", "falls_behind"}.isdisjoint(consumers.rules("markers"))
