"""Each state of a consumer, from its cause until the watch's board says so: within 15 s.

A real watch before a real broker; the members of the groups are a test's own, and do what a ledger,
a treasury or a projector does when it is faulty. The causes come side by side, in one scenario.
Those of a whole stack, on page, metric and command too: test_outage_scenarios.py.

The seconds count from when nothing more has to happen:

- never seen, just watched: the watch answers. Nobody was ever in that group; all orders are taken,
  and more than ten minutes old: which the watch has not seen, so it is no state of theirs.
- slow: more comes than the member takes.
- rewound: the broker has the offset that lies back.
- stalled: the first order that will not be taken stands in its topic.
- stopped: the member is gone without a word; its session lasts for another ten seconds.
"""

import asyncio
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from events.lag import Board, State, read_board
from events.topics import BALANCES, EVENTS, INTERNAL_EVENTS, JOURNAL, PAYMENT_ORDERS
from services.lag.judge.states import QUIET_S
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source
from services.runtime.ops.clock import wall_clock
from services.watch.settings import WatchSettings
from tests.builders import BUDGET, a_convention, a_payment, a_vote, an_award, encoded
from tests.kafka.cluster import Cluster, partition_for
from tests.kafka.group_members import Member, meanwhile
from tests.kafka.processes import Watcher
from tests.unit.watch.ledger_output import WRITTEN_MS
from tests.waiting import eventually_async

PARTITIONS: Final = 2
LEDGER, TREASURY, PROJECTOR = "ledger", "treasury", "projector"
SHOWN_S: Final = 15.0
READY_S: Final = 60.0
QUIET_FOR_S: Final = 10.0
LONG_AGO_S: Final = QUIET_S + 60
COME_EVERY_S: Final = 0.1
ORDERS: Final = 100
"""So many that a treasury which takes them again one by one is at it for half a minute."""

pytestmark = pytest.mark.timeout(240)  # What is not shown is waited for, each time.


class Case(NamedTuple):
    """A state of a stage, and the rule that finds it."""

    stage: str
    state: State
    rule: str


NEVER_SEEN: Final = Case(PROJECTOR, State.UNKNOWN, "never_seen")
JUST_WATCHED: Final = Case(TREASURY, State.OK, "keeps_up")
SLOW: Final = Case(LEDGER, State.SLOW, "falls_behind")
REWOUND: Final = Case(TREASURY, State.REWOUND, "went_back")
STALLED: Final = Case(TREASURY, State.STALLED, "stands_still")
STARTED: Final = Case(PROJECTOR, State.OK, "keeps_up")
STOPPED: Final = Case(PROJECTOR, State.STOPPED, "no_owner")

WELL: Final = {State.OK, State.NO_TRAFFIC}
QUIET: Final = {
    "never written": (LEDGER, EVENTS, 1),
    "behind its records an open transaction": (LEDGER, INTERNAL_EVENTS, 0),
    "behind its records markers, and one that was aborted": (TREASURY, PAYMENT_ORDERS, 1),
}
"""Partitions of which all is done and to which nothing comes, in groups with a faulty consumer."""


class FaultyConsumers:
    """A ledger, a treasury and a projector as far as their groups go, and records for them.

    They are in the groups of the contract, so that a real watch looks at them, and they do as a
    test wants: none of them reads what it takes.
    """

    def __init__(self, cluster: Cluster) -> None:
        groups = {each.stage: each for each in WatchSettings().consumers}
        self.ledger: Final = Member(cluster.settings, groups[LEDGER])
        self.treasury: Final = Member(cluster.settings, groups[TREASURY])
        # With a name of its own a member that is gone does not say so: as if it had been killed.
        self.projector: Final = Member(cluster.settings, groups[PROJECTOR], "projector-1")
        self.rates: dict[str, int] = {}
        """How many records come to partition 0 of a topic each tenth of a second."""
        self._cluster = cluster
        self._home = partition_for(BUDGET, cluster.partitions)
        self._left = left_by_a_ledger(self._home)
        self._written: dict[TopicPartition, int] = {}
        """Behind the last record of each partition."""

    async def write_what_was_before(self) -> None:
        """A grant in the books, orders of more than ten minutes ago, and some internal events."""
        long_ago_ms = int((wall_clock() - LONG_AGO_S) * 1000)
        async with self._cluster.producer() as producer:
            for topic in (JOURNAL, BALANCES):
                for key, value in self._left[topic]:
                    await producer.send(self._cluster.name(topic), value, key, self._home)
            for _ in range(ORDERS):
                await self._send(producer, PAYMENT_ORDERS, at_ms=long_ago_ms)
            for topic in (EVENTS, INTERNAL_EVENTS):
                await self._send(producer, topic)
        async with self._cluster.producer("written") as producer:
            for _ in range(2):
                async with producer.transaction():
                    await self._send(producer, PAYMENT_ORDERS, 1, long_ago_ms)
            await producer.begin_transaction()
            key, value = self._left[PAYMENT_ORDERS][0]
            await producer.send_and_wait(self._cluster.name(PAYMENT_ORDERS), value, key, 1)
            await producer.abort_transaction()

    async def come(self) -> None:
        """Records come, for as long as this runs."""
        async with self._cluster.producer() as producer:
            while True:
                for topic, count in list(self.rates.items()):
                    for _ in range(count):
                        await self._send(producer, topic)
                await asyncio.sleep(COME_EVERY_S)

    async def one_comes(self, topic: str) -> None:
        """One record, which stands in its topic when this returns."""
        async with self._cluster.producer() as producer:
            await self._send(producer, topic)

    async def _send(
        self, producer: AIOKafkaProducer, topic: str, partition: int = 0, at_ms: int | None = None
    ) -> None:
        key, value = (None, encoded(a_payment(1)))
        if topic == PAYMENT_ORDERS:
            key, value = self._left[topic][0]
        name = self._cluster.name(topic)
        sent = await producer.send_and_wait(name, value, key, partition, timestamp_ms=at_ms)
        self._written[TopicPartition(name, partition)] = sent.offset + 1

    async def all_is_taken(self) -> bool:
        """Whether ledger and treasury have committed all that was written."""
        return self._written == self.ledger.committed | self.treasury.committed


def left_by_a_ledger(partition: int) -> dict[str, list[tuple[bytes | None, bytes]]]:
    """What a ledger leaves of a grant, by topic: keys and values."""
    ledger, home = Ledger(), BUDGET.encode()
    for offset, event in enumerate((a_vote(), an_award(), a_convention())):
        source = Source(EVENTS, partition, offset)
        ledger.handle(RawRecord(encoded(event), source, key=home, timestamp_ms=WRITTEN_MS))
    decided = ledger.commit_batch([])
    found = defaultdict[str, list[tuple[bytes | None, bytes]]](list)
    found[JOURNAL] += [(each.budget.encode(), each.record) for each in decided.records]
    for topic, key, value, *_ in messages(decided.decided, decided.states):
        found[topic].append((key, value or b""))
    return found


class Scenario:
    """The events of a scenario, and what the watch says of them."""

    def __init__(self, consumers: FaultyConsumers, watch: Watcher) -> None:
        self.boards: Final[list[tuple[float, Board]]] = []
        """What was said, and when."""
        self.seconds: Final[dict[Case, float]] = {}
        """How long after its cause each was said."""
        self._consumers = consumers
        self._watch = watch

    async def listen(self) -> None:
        """Ask the watch again and again, for as long as this runs."""
        while True:
            status, body = await asyncio.to_thread(self._watch.get, "/lag")
            if status == 200:
                self.boards.append((time.monotonic(), read_board(body.encode())))
            await asyncio.sleep(COME_EVERY_S)

    async def passes(self) -> None:
        """From when the watch answers until all was said."""
        await asyncio.gather(self._said(NEVER_SEEN), self._said(JUST_WATCHED))
        await asyncio.gather(self._of_the_ledger(), self._of_treasury(), self._of_projector())

    async def _of_the_ledger(self) -> None:
        self._consumers.ledger.at_once = 2
        self._consumers.rates[EVENTS] = 5
        await self._said(SLOW)

    async def _of_treasury(self) -> None:
        treasury = self._consumers.treasury
        await treasury.go_back()
        await self._said(REWOUND)
        treasury.at_once = 500
        await eventually_async(lambda: self._is_so_now(JUST_WATCHED), "not back", READY_S)
        treasury.commits = False
        await self._consumers.one_comes(PAYMENT_ORDERS)
        self._consumers.rates[PAYMENT_ORDERS] = 1
        await self._said(STALLED)

    async def _of_projector(self) -> None:
        projector = self._consumers.projector
        await projector.start()
        await eventually_async(lambda: self._is_so_now(STARTED), "not started", READY_S)
        await projector.stop()
        await self._said(STOPPED)

    async def _said(self, case: Case) -> None:
        """Until it is said what has just been caused, and not before."""
        since_s, before = time.monotonic(), len(self.boards)

        async def is_said() -> bool:
            return any(case in cases_of(board) for _, board in self.boards[before:])

        if case not in {NEVER_SEEN, JUST_WATCHED}:
            early = [case for _, board in self.boards if case in cases_of(board)]
            assert [] == early, "said before its cause"
        await eventually_async(is_said, f"not {case}", SHOWN_S + READY_S)
        self.seconds[case] = time.monotonic() - since_s

    async def _is_so_now(self, case: Case) -> bool:
        return bool(self.boards) and case in cases_of(self.boards[-1][1])


def cases_of(board: Board) -> set[Case]:
    return {Case(each.stage, each.state, each.rule) for each in board.stages}


@pytest.fixture(scope="module")
def scenario(module_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The one scenario of this module, from its beginning to its end."""

    async def play() -> Scenario:
        consumers = FaultyConsumers(module_cluster)
        async with AsyncExitStack() as stack:
            for member in (consumers.ledger, consumers.treasury, consumers.projector):
                stack.push_async_callback(member.stop)
            await consumers.write_what_was_before()
            await asyncio.gather(consumers.ledger.start(), consumers.treasury.start())
            await eventually_async(consumers.all_is_taken, "not all is taken")
            # No deadline events: nobody here decides, and what comes to a quiet topic is not quiet.
            folder = tmp_path_factory.mktemp("scenario")
            watch = Watcher(module_cluster, folder, ECLUSE_WATCH_DEADLINE_EVENTS="false")
            stack.enter_context(watch)
            opened = await stack.enter_async_context(module_cluster.producer("opened"))
            await opened.begin_transaction()
            await opened.send_and_wait(module_cluster.name(INTERNAL_EVENTS), b"{}", partition=0)
            stack.push_async_callback(opened.abort_transaction)
            scenario = Scenario(consumers, watch)
            async with meanwhile(consumers.come(), scenario.listen()):

                async def answers() -> bool:
                    return bool(scenario.boards)

                await eventually_async(answers, "the watch does not answer", READY_S)
                await scenario.passes()
        return scenario

    return asyncio.run(play())


@pytest.mark.parametrize("case", [NEVER_SEEN, JUST_WATCHED, SLOW, REWOUND, STALLED, STOPPED])
def test_a_state_is_on_the_board_within_15_seconds(scenario: Scenario, case: Case) -> None:
    print(f"{case}: {scenario.seconds[case]:.1f} s")
    assert scenario.seconds[case] <= SHOWN_S


@pytest.mark.parametrize("name", QUIET)
def test_a_quiet_partition_never_seems_late(scenario: Scenario, name: str) -> None:
    said = [
        (at_s, each)
        for at_s, board in scenario.boards
        for stage in board.stages
        for each in stage.partitions
        if QUIET[name] == (stage.stage, each.topic, each.partition)
    ]
    assert said[-1][0] - said[0][0] >= QUIET_FOR_S, "while others of its group were faulty"
    assert [] == [each for _, each in said if each.state not in WELL or each.behind]
