"""A ledger of whose transactions the coordinator forgets partitions, and never ends them there.

Kafka 4.4 takes a partition without a leader for a deleted one, and all are without one for a moment
while a broker comes back: how a transaction ended, which was ending then, is never written there.
The fault-injection run meets that by chance; here the coordinator does not know of a partition,
which leaves the same behind (docs/decisions/0008).
"""

from collections.abc import Collection

from aiokafka.structs import TopicPartition

from events.topics import EVENTS, REFUSALS
from services.ledger.kafka.partition import LedgerProcessor
from services.runtime.ops.watchdog import Progress
from tests.kafka.cluster import Cluster

UNVERIFIED = {"transaction.partition.verification.enable": "false"}
"""Else the broker takes no records for a partition that its coordinator does not know."""


class Died(Exception):
    """The worker was killed."""


def forget(
    work: LedgerProcessor, cluster: Cluster, number: int, places: Collection[TopicPartition]
) -> None:
    """Let the coordinator forget these places of each transaction that a partition begins."""
    writer = work._writer
    begin = writer.begin

    async def begin_and_forget() -> None:
        await begin()
        manager = writer._producer._txn_manager
        manager._txn_partitions.update(places)
        # Nothing is written there, but so the coordinator knows that there is a transaction.
        manager.maybe_add_partition_to_txn(cluster.place(REFUSALS, number))

    writer.begin = begin_and_forget  # type: ignore[method-assign]


class Forgetting:
    """A ledger at work on partition 0, of whose transactions the coordinator forgets partitions."""

    def __init__(self, cluster: Cluster, timeout_s: float = 60.0) -> None:
        settings = cluster.settings.model_copy(update={"transaction_timeout_s": timeout_s})
        self._cluster = cluster
        self._work = LedgerProcessor(settings, 0, cluster.partitions, Progress())
        self._read_to = 0
        self.writer = self._work._writer
        self._begin = self.writer.begin

    async def open(self) -> None:
        """As a worker opens it."""
        next_offsets = await self._work.open()
        self._read_to = next_offsets[self._cluster.name(EVENTS)]

    async def commit(self, hanging: Collection[str] = (), *, dies: bool = False) -> None:
        """Handle what is there in one transaction, and be killed before it ends, or not."""

        async def die() -> None:
            raise Died

        self.writer.begin = self._begin  # type: ignore[method-assign]
        places = [self._cluster.place(topic, 0) for topic in hanging]
        forget(self._work, self._cluster, 0, places)
        if dies:
            self.writer.commit = die  # type: ignore[method-assign]
        input_topic = self._cluster.place(EVENTS, 0)
        async for records in self._work.reader.to_the_end(input_topic, self._read_to):
            for record in records:
                self._work.handle(record)
                self._read_to = record.offset + 1
        await self._work.commit()

    async def close(self) -> None:
        await self._work.close()


async def worked(cluster: Cluster, hanging: Collection[str] = (), *, dies: bool = False) -> None:
    """Open, handle what is there, let go; or be killed before the transaction ends."""
    ledger = Forgetting(cluster)
    try:
        await ledger.open()
        await ledger.commit(hanging, dies=dies)
    except Died:
        pass
    finally:
        await ledger.close()
