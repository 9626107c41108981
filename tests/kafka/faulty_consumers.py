"""A ledger, a treasury and a projector of a test's own, as far as their groups go; what comes.

They are in the groups of the contract, so that a real watch looks at them, and they do as a test
wants: none of them reads what it takes.
"""

import asyncio
from collections import Counter, defaultdict
from typing import Final

from aiokafka import AIOKafkaProducer

from events.topics import BALANCES, EVENTS, INTERNAL_EVENTS, JOURNAL, PAYMENT_ORDERS
from services.lag.judge.states import QUIET_S
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source
from services.runtime.ops.clock import wall_clock
from services.watch.settings import WatchSettings
from tests.builders import BUDGET, a_convention, a_payment, a_vote, an_award, encoded
from tests.kafka.cluster import Cluster, partition_for
from tests.kafka.group_members import Member, a_producer
from tests.unit.watch.ledger_output import WRITTEN_MS

LEDGER, TREASURY, PROJECTOR = "ledger", "treasury", "projector"

LONG_AGO_S: Final = QUIET_S + 60
COME_EVERY_S: Final = 0.1
TAKEN_S: Final = 20.0
ORDERS: Final = 100
"""So many that a treasury which takes them again one by one is at it for half a minute."""

Kept = tuple[bytes | None, bytes]
"""Key and value of a record."""


class FaultyConsumers:
    """The members, and the records that come to them."""

    def __init__(self, cluster: Cluster) -> None:
        groups = {each.stage: each for each in WatchSettings().consumers}
        self.ledger: Final = Member(cluster.settings, groups[LEDGER])
        self.treasury: Final = Member(cluster.settings, groups[TREASURY])
        # With a name of its own a member that is gone does not say so: as if it had been killed.
        self.projector: Final = Member(cluster.settings, groups[PROJECTOR], "projector-1")
        self.rates: dict[str, int] = {}
        """How many records come to partition 0 of a topic each tenth of a second."""
        self._cluster = cluster
        self._left = left_by_a_ledger(partition_for(BUDGET, cluster.partitions))
        self._written = Counter[str]()

    async def write_what_was_before(self) -> None:
        """A grant in the books, orders of more than ten minutes ago, and some internal events."""
        async with a_producer(self._cluster.settings) as producer:
            for topic in (JOURNAL, BALANCES):
                for key, value in self._left[topic]:
                    home = partition_for(BUDGET, self._cluster.partitions)
                    await producer.send(self._cluster.name(topic), value, key, home)
            long_ago_ms = int((wall_clock() - LONG_AGO_S) * 1000)
            for number in range(ORDERS):
                await self._send(producer, PAYMENT_ORDERS, int(number % 10 == 0), long_ago_ms)
            for topic in (EVENTS, INTERNAL_EVENTS, INTERNAL_EVENTS):
                await self._send(producer, topic)

    async def come(self) -> None:
        """Records come, for as long as this runs."""
        async with a_producer(self._cluster.settings) as producer:
            while True:
                for topic, count in self.rates.items():
                    for _ in range(count):
                        await self._send(producer, topic)
                await asyncio.sleep(COME_EVERY_S)

    async def one_comes(self, topic: str) -> None:
        """One record, which stands in its topic when this returns."""
        async with a_producer(self._cluster.settings) as producer:
            await self._send(producer, topic)

    async def _send(
        self, producer: AIOKafkaProducer, topic: str, partition: int = 0, at_ms: int | None = None
    ) -> None:
        key, value = (None, encoded(a_payment(1)))
        if topic == PAYMENT_ORDERS:
            key, value = self._left[topic][0]
        name = self._cluster.name(topic)
        await producer.send(name, value, key, partition, timestamp_ms=at_ms)
        self._written[name] += 1

    async def all_is_taken(self) -> None:
        """Until ledger and treasury have committed all that was written."""
        async with asyncio.timeout(TAKEN_S):
            while True:
                taken: dict[str, int] = defaultdict(int)
                for member in (self.ledger, self.treasury):
                    for place, offset in member.committed.items():
                        taken[place.topic] += offset
                if taken == dict(self._written):
                    return
                await asyncio.sleep(COME_EVERY_S)


def left_by_a_ledger(partition: int) -> dict[str, list[Kept]]:
    """What a ledger leaves of a grant, by topic."""
    ledger, key = Ledger(), BUDGET.encode()
    for offset, event in enumerate((a_vote(), an_award(), a_convention())):
        source = Source(EVENTS, partition, offset)
        ledger.handle(RawRecord(encoded(event), source, key=key, timestamp_ms=WRITTEN_MS))
    decided = ledger.commit_batch([])
    found = defaultdict[str, list[Kept]](list)
    found[JOURNAL] += [(each.budget.encode(), each.record) for each in decided.records]
    for each in messages(decided.decided, decided.states):
        assert each.value is not None
        found[each.topic].append((each.key, each.value))
    return found
