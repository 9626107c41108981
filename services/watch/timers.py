"""Periodic work of the watch: reconciliation, group samples, deadline events, lag history.

Each runs by itself, so that one that waits for the cluster holds up no other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiokafka.errors import IllegalStateError

from services.runtime.kafka.clients import REQUEST_TIMEOUT_S
from services.runtime.kafka.timeouts import within
from services.runtime.ops.errors import ClusterError
from services.watch.balances import Partition
from services.watch.consumer import Consumer
from services.watch.lag_history import EVERY_S
from services.watch.process_exit import ends_the_process
from services.watch.reconciliation import Reached
from services.watch.watch import Watch

AGAIN_S: Final = 1.0
"""How soon it looks again where a partition has just lost its owner. Only a second look may tell
that (`OWNERLESS_LOOKS`), and of the fifteen seconds a session that ended has taken ten."""

log: Final = structlog.get_logger()


def add_timers(watch: Watch) -> None:
    """All that is done by the clock."""

    async def turn() -> None:
        await _turn(watch)

    async def look() -> None:
        await _look(watch)
        if watch.outlook.has_lost_an_owner():
            await asyncio.sleep(min(AGAIN_S, watch.own.sample_s))
            await _look(watch)

    async def write() -> None:
        await watch.delivery.turn()

    async def note() -> None:
        watch.outlook.note(watch.clock())

    _every(watch, watch.own.round_s, "rounds", turn)
    _every(watch, watch.own.sample_s, "looks", look)
    _every(watch, EVERY_S, "past", note)
    if watch.own.deadline_events:
        _every(watch, watch.own.round_s, "deadline_events", write)


def _every(watch: Watch, interval_s: float, name: str, body: Callable[[], Awaitable[None]]) -> None:
    whole = ends_the_process(lambda: watch.is_stopping)(body)
    watch.timer(interval=interval_s, name=name)(whole)


async def _turn(watch: Watch) -> None:
    """One round: how far all that is assigned was read, and what has waited too long."""
    rounds, asked_s = watch.own_tables.rounds, watch.clock()
    try:
        reached = await _ask_how_far(watch)
    except (ClusterError, IllegalStateError) as error:
        # The broker is away, or partitions go to others: the next round looks again.
        rounds.no_answer()
        log.warning("round_postponed", error=str(error))
        return
    was_ready = rounds.ready
    for each in watch.own_tables.turn(reached, asked_s):
        watch.report(each)
    if rounds.ready and not was_ready:
        log.info("watch_ready", budgets=len(watch.own_tables.live.budgets))


async def _ask_how_far(watch: Watch) -> dict[Partition, Reached]:
    consumer, where = watch.consumer, watch.settings.bootstrap_servers
    assert isinstance(consumer, Consumer), "the transport is ours"
    worked = {own: watch.own_tables.next_offset(own) for own in watch.assigned}
    fetched = await within(REQUEST_TIMEOUT_S, consumer.fetched(), "Kafka", where)
    ends = await watch.ends.of(fetched)
    named = {watch.in_the_contract(place): place for place in fetched}
    return {
        own: Reached(worked.get(own, 0), *fetched[place], ends[place])
        for own, place in named.items()
    }


async def _look(watch: Watch) -> None:
    """One look at all groups of the deployment."""
    outlook, courtesy, begun_s = watch.outlook, watch.courtesy, watch.clock()
    own = outlook.stand(begun_s)
    try:
        found = await watch.groups.look(begun_s)
    except ClusterError as error:
        outlook.no_answer()
        courtesy.unseen()
        log.warning("look_postponed", error=str(error))
        return
    ledger, *_ = outlook.consumers
    courtesy.saw(found.get(ledger, {}), begun_s)
    outlook.looked(found, own, watch.groups.members, begun_s, watch.clock())
