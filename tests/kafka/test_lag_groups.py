"""Consumer groups on a real broker: each does something else, and the watch says what within 15 s.

All of them at once, so that the broker, the topics and the waiting are shared. Sampled every two
seconds and with sessions of ten, as in service.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import pytest

from services.lag.collect.groups import Groups
from services.lag.judge.history import History
from services.lag.judge.model import Judged
from services.lag.judge.states import QUIET_S
from services.runtime.ops.clock import the_clock_on_the_wall
from services.runtime.ops.settings import Settings
from services.runtime.processing.offset_metadata import Held, spell
from tests.kafka.brokers import Broker
from tests.kafka.group_members import Member, a_producer, consumer_of, make_topics
from tests.unit.lag.notation import a_word

SAMPLE_S: Final = 2.0
TOLD_WITHIN_S: Final = 15.0
LONG_AGO_S: Final = QUIET_S + 60
COME_EVERY_S: Final = 0.1

WELL: Final = "OK"


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix, instance="watch")


class Town:
    """Topics, a group each, and the watch that looks at them."""

    def __init__(self, settings: Settings, names: Sequence[str]) -> None:
        self.names = names
        self.rates: dict[str, int] = {}
        """How many records come to a topic each tenth of a second."""
        self.members: dict[str, Member] = {}
        self.told: dict[str, list[tuple[float, Judged]]] = {name: [] for name in names}
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
                looks = await self._groups.look(the_clock_on_the_wall())
                for consumer, found in looks.items():
                    for place, look in found.items():
                        seen = look._replace(records_end=self.records_end.get(place.topic))
                        self._history.add(consumer, place, seen)
                for judged in self._history.judged(the_clock_on_the_wall()):
                    self.told[judged.consumer.stage].append((time.monotonic(), judged))
                next_s += SAMPLE_S
                await asyncio.sleep(max(0.0, next_s - time.monotonic()))
        finally:
            await self._groups.stop()

    def last(self, name: str) -> Judged | None:
        return self.told[name][-1][1] if self.told[name] else None

    def rules(self, name: str) -> list[str]:
        """All that was said of one, each once."""
        return list(dict.fromkeys(judged.rule for _, judged in self.told[name]))

    def told_after_s(self, name: str, rule: str, since_s: float) -> float | None:
        """How long after a cause it was said."""
        found = (at_s - since_s for at_s, each in self.told[name] if each.rule == rule)
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
EVENTFUL: Final = {
    "stalls": "stands_still",
    "slow": "falls_behind",
    "killed": "no_owner",
    "leaves": "no_owner",
    "goes-back": "went_back",
    "held": "held",
}
FROM_THE_FIRST_LOOK: Final = {
    "never-seen": ("UNKNOWN", "never_seen"),
    "silent-for-long": ("OK", "keeps_up"),
    "never-written": ("OK", "keeps_up"),
}


def test_what_a_consumer_does_is_told_within_15_seconds(settings: Settings) -> None:
    names = (*STEADY, *EVENTFUL, *FROM_THE_FIRST_LOOK, "markers")

    async def go() -> None:
        await make_topics(settings, 1, names)
        town = Town(settings, names)
        async with AsyncExitStack() as stack:
            await _write_what_was_before(stack, settings, town)
            with_members = [each for each in names if each not in {"killed", "never-seen"}]
            await town.join("killed", instance="killed-1")
            await town.join(*with_members)
            for member in town.members.values():
                stack.push_async_callback(member.stop)
            for name in ("steady", "stalls", "held", "goes-back"):
                town.rates[name] = 2
            async with running(town.come(), town.watch()):
                await _all_is_well_before(town)
                causes = await _things_happen(town)
                await _all_is_told(town, causes)
            _nothing_else_was_told(town)

    asyncio.run(go())


async def _write_what_was_before(stack: AsyncExitStack, settings: Settings, town: Town) -> None:
    async with a_producer(settings) as producer:
        for name in (*STEADY[:2], *EVENTFUL):
            for _ in range(50):
                await producer.send(settings.topic(name), b"{}")
        long_ago_ms = int((the_clock_on_the_wall() - LONG_AGO_S) * 1000)
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
    town.records_end["written-in-transactions"] = 5 + 1 + 5
    # And a transaction that stays open: its records are nobody's work yet.
    opened = await stack.enter_async_context(a_producer(settings, "opened"))
    await opened.begin_transaction()
    await opened.send_and_wait(settings.topic("half-written"), b"{}")
    town.records_end["half-written"] = 5 + 1 + 5
    stack.push_async_callback(opened.abort_transaction)


async def _all_is_well_before(town: Town) -> None:
    """Every consumer has committed what was there, and the watch has seen it work for a while."""
    began_s = time.monotonic()

    def is_well() -> bool:
        judged = [town.last(name) for name in (*STEADY, *EVENTFUL)]
        return all(each is not None and each.state == WELL for each in judged)

    await until(is_well, "all is well", 20)
    for name, expected in FROM_THE_FIRST_LOOK.items():
        first_s, _ = town.told[name][0]
        told = [(each.state.value, each.rule) for _, each in town.told[name]]
        assert expected in told, (name, told)
        after_s = town.told_after_s(name, expected[1], began_s)
        assert after_s is not None
        assert after_s <= TOLD_WITHIN_S
        print(f"{name}: {expected[0]} ({expected[1]}) at look {told.index(expected) + 1}")
        assert first_s <= time.monotonic()


async def _things_happen(town: Town) -> dict[str, float]:
    """When each of them does what it is called after."""
    members = town.members
    members["stalls"].commits = False
    members["slow"].at_once = 2
    town.rates["slow"] = 5
    await members["goes-back"].go_back()
    await members["held"].say(
        spell(a_word(the_clock_on_the_wall(), state="broken", held=Held(7, "e-7")))
    )
    await members["killed"].stop()
    await members["leaves"].stop()
    return dict.fromkeys(EVENTFUL, time.monotonic())


async def _all_is_told(town: Town, causes: dict[str, float]) -> None:
    def missing() -> dict[str, list[str]]:
        return {
            name: town.rules(name)
            for name, rule in EVENTFUL.items()
            if town.told_after_s(name, rule, causes[name]) is None
        }

    limit_s = TOLD_WITHIN_S + 2 * SAMPLE_S  # So that the assertion below can say by how much.
    await until(lambda: not missing(), f"told: {missing()}", limit_s)
    for name, rule in EVENTFUL.items():
        after_s = town.told_after_s(name, rule, causes[name])
        print(f"{name}: {rule} after {after_s:.1f} s")
        assert after_s is not None
        assert after_s <= TOLD_WITHIN_S, name
    held = next(each for _, each in town.told["held"] if each.rule == "held")
    assert (Held(7, "e-7"), "broken", "client-of-held") == (held.held, held.doing, held.owner)


def _nothing_else_was_told(town: Town) -> None:
    for name in STEADY:
        rules = set(town.rules(name)) - {"just_begun"}  # before its member had joined
        assert rules <= {"keeps_up", "catches_up", "never_seen", "never_committed"}, (name, rules)
    for name in STEADY[1:]:
        last = town.last(name)
        assert last is not None
        assert (0, WELL) == (last.behind, last.state), name
    # Of the same topic, had nobody read it to its end, nobody knows whether records are left.
    assert "markers_alone" in town.rules("markers")
    assert {"stands_still", "falls_behind"}.isdisjoint(town.rules("markers"))
