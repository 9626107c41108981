"""Assembly of the watch: its agents, which feed the tables, its timers, and its pages.

An agent reads one topic record by record, and ends with its process. Each timer runs by itself, so
that one that waits for the cluster delays no other.
"""

import asyncio
import gc
import time
from typing import Any, Final, cast

import structlog
from aiokafka.errors import IllegalStateError
from faust.types import StreamT

from events.lag import POINT_S
from events.topics import Place
from services.lag.present.headline import short_topic
from services.runtime.agents.consumer import Consumer, Slice
from services.runtime.agents.running import ends_the_process, options
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.refusals import Refusals
from services.runtime.kafka.waits import wait_within
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.logs import configure_by_default
from services.runtime.ops.settings import Settings
from services.watch.pages import add_pages
from services.watch.process import Watch
from services.watch.settings import WATCHED, WatchSettings
from services.watch.tables.feed import Record
from services.watch.tables.partitions import ReadProgress

COLLECT_AFTER: Final = (200_000, 10, 10)
"""Thresholds of Python's search for cycles. Tables hold none, however long they grow: searching
them again and again took a quarter of the work on a journal's record."""


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_by_default()
    gc.set_threshold(*COLLECT_AFTER)
    watch = Watch(settings, own, wall_clock, **options(settings, own.web_bind, own.web_port))
    add_agents(watch)
    add_timers(watch)
    add_pages(watch)
    return watch


def add_agents(watch: Watch) -> None:
    """Add an agent for each topic that the watch reads."""
    for topic in WATCHED:
        _add_agent(watch, topic)


def _add_agent(watch: Watch, topic: str) -> None:
    name = short_topic(topic).replace("-", "_")
    # Not acked: the group holds no offset, each table its own.
    on_cluster: Any = watch.topic(
        watch.settings.topic(topic), key_type=bytes, value_type=bytes, acks=False
    )
    tables = watch.own_tables

    @watch.agent(on_cluster, name=name, concurrency=1)
    @ends_the_process(watch.role, lambda: watch.is_stopping)
    async def follow(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            some = cast(Slice, event.message)
            for each in some.records:
                record = Record(
                    each.partition,
                    each.offset,
                    each.key,
                    each.value,
                    each.headers,
                    each.timestamp / 1000,
                )
                for found in tables.read(topic, record):
                    watch.report(found)
            pause_s = watch.cpu_throttle.pause_s(time.monotonic(), time.process_time())
            if pause_s > 0:
                await watch.sleep(pause_s)


AGAIN_S: Final = 1.0
"""Time until the next sample where a partition has just lost its owner: only a second sample
confirms that (`OWNERLESS_SAMPLES`), and an ended session has taken ten of the fifteen seconds."""

log: Final = structlog.get_logger()


def add_timers(watch: Watch) -> None:
    """Add all timers."""
    # Each counts its own: one that succeeds says nothing of the rights of the other.
    of_samples, of_reading = Refusals(watch.settings), Refusals(watch.settings)

    async def sample() -> None:
        await _sample(watch, of_samples)
        if watch.lag_service.has_lost_an_owner():
            await asyncio.sleep(min(AGAIN_S, watch.own.sample_s))
            await _sample(watch, of_samples)

    async def note() -> None:
        watch.lag_service.note(watch.clock())

    own = watch.own
    watch.every(own.reconcile_s, "reconciliation", lambda: _reconcile(watch, of_reading))
    watch.every(own.sample_s, "samples", sample)
    watch.every(POINT_S, "history", note)
    if own.deadline_events:
        watch.every(own.reconcile_s, "deadline_events", watch.delivery.run)


async def _reconcile(watch: Watch, refusals: Refusals) -> None:
    """Reconcile all assigned partitions, by their progress and ends of now."""
    reconciliation, asked_s = watch.own_tables.reconciliation, watch.clock()
    try:
        reached = await _progress(watch)
    except (ClusterError, IllegalStateError) as error:
        # The broker is away, or partitions are being reassigned: the next call tries again.
        reconciliation.no_answer()
        log.warning("reconciliation_postponed", error=str(error))
        await refusals.note_failure(error)
        return
    refusals.note_success()
    was_ready = reconciliation.ready
    for each in watch.own_tables.reconcile(reached, asked_s):
        watch.report(each)
    if reconciliation.ready and not was_ready:
        log.info("watch_ready", budgets=len(watch.own_tables.live.budgets))


async def _progress(watch: Watch) -> dict[Place, ReadProgress]:
    consumer, where = watch.consumer, watch.settings.bootstrap_servers
    assert isinstance(consumer, Consumer), "the transport is ours"
    worked = {own: watch.own_tables.next_offset(own) for own in watch.assigned}
    fetched = await wait_within(REQUEST_TIMEOUT_S, consumer.fetch_positions(), "Kafka", where)
    ends = await watch.ends.read(fetched)
    named = {watch.find_contract_place(place): place for place in fetched}
    return {
        own: ReadProgress(worked.get(own, 0), *fetched[place], ends[place])
        for own, place in named.items()
    }


async def _sample(watch: Watch, refusals: Refusals) -> None:
    """Take one sample of all groups of the deployment."""
    service, throttle, begun_s = watch.lag_service, watch.cpu_throttle, watch.clock()
    own = service.own_progress(begun_s)
    try:
        found = await watch.groups.sample(begun_s)
    except ClusterError as error:
        service.no_answer()
        throttle.no_answer()
        log.warning("sample_postponed", error=str(error))
        await refusals.note_failure(error)
        return
    refusals.note_success()
    ledger, *_ = service.consumers
    throttle.note_samples(found.get(ledger, {}), begun_s)
    service.note_samples(found, own, watch.groups.members, begun_s, watch.clock())
