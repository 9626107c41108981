"""The ledger as a worker: checks the topics, joins the group, works until it is told to stop."""

from typing import Final

from prometheus_client import CollectorRegistry

from events import topics
from services.ledger.partition import OUTPUTS, LedgerWork, Metrics
from services.runtime.health import Health
from services.runtime.progress import Progress
from services.runtime.settings import Settings
from services.runtime.topics import check
from services.runtime.work import Work
from services.runtime.worker import Worker

TOPICS: Final = (*topics.DOORS, *OUTPUTS)
"""What the ledger reads and writes."""


async def serve(
    settings: Settings, accept_lost: frozenset[str] = frozenset(), *, rebuild: bool = False
) -> None:
    """Be a worker of the ledger until SIGTERM or SIGINT.

    With `rebuild` the state of each partition is made again from the journal when this worker
    first opens it.

    Raises:
        ClusterError, StoreError: the cluster or what is stored on it is not as it must be.
        Fenced: another process writes a partition that this one holds to be its own.
        GaveUp: the cluster was away for too long.
    """
    count = await check(settings, TOPICS)
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    to_rebuild = set(range(count)) if rebuild else set()

    def work(partition: int, progress: Progress) -> Work:
        return LedgerWork(settings, partition, count, progress, metrics, accept_lost, to_rebuild)

    group, events = settings.group(topics.LEDGER_GROUP), settings.topic(topics.EVENTS)
    await Worker(settings, group, events, work, Health(settings, registry)).run()
