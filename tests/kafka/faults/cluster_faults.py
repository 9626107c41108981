"""Faults of three brokers, and of the network between them and the processes."""

import asyncio
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
import time
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import AlterPartitionReassignmentsRequest

from tests.kafka.faults.killer import Do, Killer
from tests.kafka.faults.network import Way
from tests.kafka.faults.plan import Fault
from tests.kafka.three_brokers import BROKERS, ThreeBrokers

SETTLED_S: Final = 60.0
"""Within which leaders have moved, and replicas that were away are in sync again."""

POLL_S: Final = 0.3
MOVE_MS: Final = 10_000
STALLS_S: Final = (1.0, 4.0, 12.0, 30.0, 60.0)


class ClusterFaults:
    """What is done to several brokers at once, or to the way to them."""

    def __init__(self, killer: Killer, brokers: ThreeBrokers, prefix: str, stall_s: float) -> None:
        self._killer = killer
        self._brokers = brokers
        self._prefix = prefix
        self._stalls_s = [each for each in STALLS_S if each <= stall_s]
        self.kinds: dict[Fault, Do] = {
            Fault.BROKERS_KILL: self._kill_two,
            Fault.BROKERS_ROLL: self._restart_each,
            Fault.LEADERS: self._move_leaders,
            Fault.CUT: self._cut,
            Fault.STALL: self._stall,
            Fault.DELAY: self._delay,
            Fault.HALVE: self._halve,
        }

    def _kill_two(self, chance: random.Random) -> None:
        victims = chance.sample(self._brokers.brokers, 2)
        away_s = chance.choice((0.0, 2.0, 6.0))
        with self._killer.away(Fault.BROKERS_KILL, "killed, and another, and both started"):
            for each in victims:
                each.kill()
            self._killer.sleep(away_s)
            # Neither answers before the other is there.
            for each in victims:
                each.launch()
            for each in victims:
                each.wait_until_it_answers()

    def _restart_each(self, chance: random.Random) -> None:
        order = chance.sample(self._brokers.brokers, BROKERS)
        with self._killer.away(Fault.BROKERS_ROLL, "restarted, and each other behind it"):
            for each in order:
                self._wait(self._is_in_sync)
                each.restart()

    def _move_leaders(self, _: random.Random) -> None:
        with (
            self._killer.excuses.broker_is_away(),
            self._killer.doing(Fault.LEADERS, "all leaders moved to other brokers"),
        ):
            asyncio.run(self._rotate())
            self._wait(self._is_led_by_the_first)

    def _cut(self, chance: random.Random) -> None:
        self._during(Fault.CUT, Way.CUT, chance, chance.choice((0.0, 0.5, 3.0)))

    def _stall(self, chance: random.Random) -> None:
        self._during(Fault.STALL, Way.STALLED, chance, chance.choice(self._stalls_s))

    def _delay(self, chance: random.Random) -> None:
        delay_s, hold_s = chance.choice((0.02, 0.1, 0.5)), chance.uniform(2.0, 6.0)
        self._during(Fault.DELAY, Way.DELAYED, chance, hold_s, delay_s)

    def _halve(self, chance: random.Random) -> None:
        self._during(Fault.HALVE, Way.HALVED, chance, chance.uniform(0.2, 2.0))

    def _during(
        self, fault: Fault, way: Way, chance: random.Random, hold_s: float, delay_s: float = 0.0
    ) -> None:
        links = () if chance.random() < 0.4 else (chance.randrange(BROKERS),)
        network = self._brokers.network
        which = f"to broker {links[0] + 1}" if links else "to all brokers"
        with (
            self._killer.excuses.broker_is_away(),
            self._killer.doing(fault, f"{fault.value} {which}"),
        ):
            network.become(way, *links, delay_s=delay_s)
            try:
                self._killer.sleep(hold_s)
            finally:
                network.become(Way.OPEN)

    # ------------------------------------------------------------ what is asked of the cluster
    async def _described(self) -> list[tuple[str, dict[str, Any]]]:
        return await described(self._brokers.bootstrap, self._prefix)

    def _wait(self, is_so: Any) -> None:
        until_s = time.monotonic() + SETTLED_S
        while not asyncio.run(is_so()):
            assert time.monotonic() < until_s, "the brokers do not settle"
            self._killer.sleep(POLL_S)

    async def _is_in_sync(self) -> bool:
        parts = await self._described()
        return bool(parts) and all(len(each["isr"]) == BROKERS for _, each in parts)

    async def _is_led_by_the_first(self) -> bool:
        parts = await self._described()
        return bool(parts) and all(each["leader"] == each["replicas"][0] for _, each in parts)

    async def _rotate(self) -> None:
        """Have each partition led by the next of its replicas; the brokers see to it by and by."""
        by_topic: dict[str, list[tuple[int, list[int], dict[str, Any]]]] = {}
        for topic, each in await self._described():
            replicas = [*each["replicas"][1:], each["replicas"][0]]
            by_topic.setdefault(topic, []).append((each["partition"], replicas, {}))
        asked: Any = [(topic, parts, {}) for topic, parts in by_topic.items()]
        async with _Admin(self._brokers.bootstrap) as admin:
            answer = await admin._send_request(
                AlterPartitionReassignmentsRequest(MOVE_MS, asked, {})
            )
        assert 0 == answer.error_code, answer


async def described(bootstrap: str, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """The partitions of these topics, as they are now; none while nobody answers."""
    try:
        async with _Admin(bootstrap) as admin:
            topics = await admin.describe_topics()
    except (KafkaError, OSError):
        return []
    return [
        (topic["topic"], each)
        for topic in topics
        if topic["topic"].startswith(prefix)
        for each in topic["partitions"]
    ]


class _Admin:
    """A client for one question."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def __aenter__(self) -> AIOKafkaAdminClient:
        self._client = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await self._client.start()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
