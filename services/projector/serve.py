"""The projector as a worker: checks topic and database, joins the group, runs until stopped."""

from typing import Final

from prometheus_client import CollectorRegistry

from events.topics import JOURNAL, PROJECTOR_GROUP
from services.projector.database import make_engine
from services.projector.migrations import prepare_at
from services.projector.processor import BATCH_RECORDS, Metrics, ProjectorProcessor
from services.runtime.kafka.topics import check
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.health import Health
from services.runtime.processing.processor import Processor
from services.runtime.processing.worker import Worker

REMEDY: Final = (
    "mend the program and start it again; if its tables were made wrong: ecluse projector --rebuild"
)
"""Advice about a record of the journal that holds its partition."""


async def serve(settings: Settings, url: str) -> None:
    """Be a worker of the projector until SIGTERM or SIGINT; it ends as `Worker.run` does."""
    await check(settings, (JOURNAL,))
    await prepare_at(url, settings.give_up_s)
    engine = make_engine(url)
    try:
        registry = CollectorRegistry()
        metrics = Metrics(registry)

        def work(partition: int, progress: Progress) -> Processor:
            return ProjectorProcessor(settings, engine, partition, progress, metrics)

        group, topic = settings.group(PROJECTOR_GROUP), settings.topic(JOURNAL)
        health = Health(settings, registry)
        await Worker(settings, group, topic, work, health, REMEDY, BATCH_RECORDS).run()
    finally:
        await engine.dispose()
