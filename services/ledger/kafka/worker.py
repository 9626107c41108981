"""The ledger as a worker, and the quarantine of the record that holds a partition."""

from typing import Final

from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry

from events import topics
from events.texts import _
from events.topics import EVENTS, LEDGER_STATE
from services.ledger.kafka.partition import TOPICS, LedgerProcessor, Metrics
from services.ledger.kafka.partition_restore import IMPORTING
from services.ledger.kafka.topic_records import current_hold, is_being_imported
from services.runtime.kafka.clients import KAFKA, Clients
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check, partition_count
from services.runtime.kafka.waits import retry_until_answered
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.health import Health
from services.runtime.processing.processor import Hold, Processor
from services.runtime.processing.worker import Worker

QUARANTINE: Final = 'mend the program, or: ecluse quarantine {partition} {offset} --reason "…"'
"""The remedy for a record that holds its partition."""


async def serve(
    settings: Settings, accept_lost: frozenset[str] = frozenset(), *, rebuild: bool = False
) -> None:
    """Run a worker of the ledger until SIGTERM or SIGINT.

    With `rebuild` the state of each partition is rebuilt from the journal when this worker first
    opens it.

    Raises:
        ClusterError, StoreError: the cluster or what is stored on it is not as it must be.
        FencedError: another process writes a partition that is assigned to this one.
        GaveUp: the cluster was down for too long.
    """
    count = await check(settings, TOPICS)
    await retry_until_answered(settings, lambda: _no_import(settings))
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    to_rebuild = set(range(count)) if rebuild else set()

    def work(partition: int, progress: Progress) -> Processor:
        return LedgerProcessor(
            settings, partition, count, progress, metrics, accept_lost, to_rebuild
        )

    group, events = settings.group(topics.LEDGER_GROUP), settings.topic(topics.EVENTS)
    await Worker(settings, group, events, work, Health(settings, registry), QUARANTINE).run()


async def _no_import(settings: Settings) -> None:
    """Stop if a journal is being imported: a worker would fence the import."""
    state = TopicPartition(settings.topic(topics.LEDGER_STATE), 0)
    async with Reader(settings, [state]) as reader:
        if await is_being_imported(reader, state):
            raise ClusterError(place_name(state), IMPORTING)


NOT_HELD = _("this partition is not held: there is nothing to set aside")
NO_SUCH_PARTITION = _(
    "there are only the partitions 0 to {last}. `ecluse journal tail` names the one that is held"
)
HELD_ELSEWHERE = _("the partition is held before {topic}, offset {offset}: name that one")
GONE = _("record {offset} is gone from there: nothing can be set aside")


async def quarantine(settings: Settings, partition: int, offset: int, by: str, why: str) -> Hold:
    """Write the record before which a partition is held as a dead letter `quarantined`.

    This takes the partition's own transactional id for a moment, so no second writer ever writes
    to its topics; the worker that holds the partition sees that it was moved, and reopens it.

    Raises:
        ClusterError: the partition is not held before that record.
        WriterFailed: the broker failed; nothing was written, and it can be tried again.
    """
    count = await partition_count(settings, LEDGER_STATE)
    if partition >= count:  # aiokafka would wait for a partition that is not there.
        where = f"{settings.topic(EVENTS)}/{partition}"
        raise ClusterError(where, NO_SUCH_PARTITION.render({"last": count - 1}))
    hold = await hold_at(settings, partition, offset)
    await quarantine_held(LedgerProcessor(settings, partition, count, Progress()), hold, by, why)
    return hold


async def quarantine_held(processor: LedgerProcessor, hold: Hold, by: str, why: str) -> None:
    """Open a held partition, journal its record as quarantined, and close it; as `quarantine`."""
    place = TopicPartition(hold.topic, hold.partition)
    try:
        next_offset = (await processor.open())[hold.topic]
        # The next record may follow a gap, such as an end marker of its sender's transaction.
        record = await processor.reader.record_at(place, next_offset)
        if record is None or record.offset != hold.offset:
            raise ClusterError(place_name(place), GONE.render({"offset": hold.offset}))
        processor.quarantine(record, by, why)
        await processor.commit()
    finally:
        await processor.close()


async def hold_at(
    settings: Settings, partition: int, offset: int, clients: Clients = KAFKA
) -> Hold:
    """The hold before that record, or ClusterError; read first, since opening fences the worker."""
    state = TopicPartition(settings.topic(LEDGER_STATE), partition)
    async with Reader(settings, [state], clients=clients) as reader:
        hold = await current_hold(reader, state)
    where = f"partition {partition}"
    if hold is None:
        raise ClusterError(where, NOT_HELD)
    if offset != hold.offset:
        raise ClusterError(where, HELD_ELSEWHERE.render(hold._asdict()))
    return hold
