"""The ledger as a worker: checks the topics, joins the group, runs until a signal."""

from typing import Final

from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry

from events import topics
from services.ledger.kafka.partition import TOPICS, LedgerProcessor, Metrics
from services.ledger.kafka.partition_restore import IMPORTING
from services.ledger.kafka.state_topic import is_being_imported
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.kafka.waits import until_answered
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.health import Health
from services.runtime.processing.processor import Processor
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
        Fenced: another process writes a partition that is assigned to this one.
        GaveUp: the cluster was down for too long.
    """
    count = await check(settings, TOPICS)
    await until_answered(settings, lambda: _no_import(settings))
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
