"""Periodic work of the watch: reconciliation, group samples, deadline events, lag history.

Each runs by itself, so that one that waits for the cluster delays no other.
"""

import asyncio
from typing import Final

import structlog
from aiokafka.errors import IllegalStateError

from events.lag import POINT_S
from events.topics import Place
from services.runtime.agents.consumer import Consumer
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.refusals import Refusals
from services.runtime.kafka.waits import within
from services.runtime.ops.errors import ClusterError
from services.watch.process.watch import Watch
from services.watch.tables.partitions import ReadProgress

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
        await refusals.failed(error)
        return
    refusals.succeeded()
    was_ready = reconciliation.ready
    for each in watch.own_tables.reconcile(reached, asked_s):
        watch.report(each)
    if reconciliation.ready and not was_ready:
        log.info("watch_ready", budgets=len(watch.own_tables.live.budgets))


async def _progress(watch: Watch) -> dict[Place, ReadProgress]:
    consumer, where = watch.consumer, watch.settings.bootstrap_servers
    assert isinstance(consumer, Consumer), "the transport is ours"
    worked = {own: watch.own_tables.next_offset(own) for own in watch.assigned}
    fetched = await within(REQUEST_TIMEOUT_S, consumer.fetched(), "Kafka", where)
    ends = await watch.ends.of(fetched)
    named = {watch.in_the_contract(place): place for place in fetched}
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
        await refusals.failed(error)
        return
    refusals.succeeded()
    ledger, *_ = service.consumers
    throttle.sampled(found.get(ledger, {}), begun_s)
    service.sampled(found, own, watch.groups.members, begun_s, watch.clock())
