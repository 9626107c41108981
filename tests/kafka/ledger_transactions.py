"""What a ledger leaves of some events, written to a real broker without the ledger's worker."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Self

from aiokafka import AIOKafkaProducer

from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import BATCH_BYTES
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import TopicOptions
from services.runtime.kafka.topics import apply
from services.runtime.ops.settings import Settings
from services.watch.settings import WatchSettings
from tests.unit.watch.ledger_output import Out, in_batches, key_of, transactions

PARTITIONS = 4
BATCH_EVENTS = 50


def ledger_transactions(
    events: Iterable[bytes], batch_events: int = BATCH_EVENTS
) -> Iterator[list[Out]]:
    """One transaction after the other, as a ledger of each partition would write them."""
    homes: dict[int, list[bytes]] = {}
    for event in events:
        homes.setdefault(partition_of(key_of(event), PARTITIONS), []).append(event)
    for partition, local in sorted(homes.items()):
        yield from transactions(in_batches(local, repeat(batch_events)), partition)


async def make_topics(settings: Settings) -> None:
    """The topics that the watch reads, as `ecluse topics apply` makes them."""
    catalogue = read_catalogue()
    wanted = {name: catalogue.topics[name] for name in WatchSettings().topics}
    only_these = catalogue.model_copy(update={"topics": wanted})
    await apply(only_these, settings, TopicOptions(partitions=PARTITIONS))


class Writer:
    """Writes transactions; an aborted one leaves its records and a marker behind."""

    def __init__(self, settings: Settings, name: str = "writer") -> None:
        self._settings = settings
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap_servers,
            transactional_id=settings.topic_prefix + name,
            max_request_size=2**24,
            max_batch_size=BATCH_BYTES,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def write(self, outs: Iterable[Out], *, abort: bool = False) -> None:
        """One transaction."""
        await self._producer.begin_transaction()
        for out in outs:
            topic = self._settings.topic(out.topic)
            await self._producer.send(topic, out.value, key=out.key, partition=out.partition)
        await self._producer.flush()
        if abort:
            await self._producer.abort_transaction()
        else:
            await self._producer.commit_transaction()
