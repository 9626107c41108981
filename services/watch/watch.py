"""The Faust app: an agent over the journal, one over the published balances, and rounds."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

import faust
import structlog
from aiokafka.errors import IllegalStateError
from faust.types import TP, StreamT

from events.topics import BALANCES, JOURNAL
from services.runtime.clients import REQUEST_TIMEOUT_S
from services.runtime.errors import ClusterError
from services.runtime.limits import within
from services.runtime.settings import Settings
from services.runtime.topics import check
from services.watch.balances import Fault, LiveBalances, Partition
from services.watch.budget import Difference
from services.watch.consumer import Consumer, Ends, Transport
from services.watch.ending import EXIT_FAILED, ends_the_process, leave_after
from services.watch.logs import LIBRARIES, configure_where_nobody_did
from services.watch.metrics import Metrics
from services.watch.pages import Desk, add_pages
from services.watch.rounds import Reached, Rounds
from services.watch.settings import WatchSettings

GROUP: Final = "ecluse.watch"
"""The consumer group: it shares out partitions, and holds no offsets."""

STOP_S: Final = 5.0
"""How long stopping may take: without a broker Faust waits for a minute, and nothing is kept."""

log = structlog.get_logger()


class Watch(faust.App):
    """The watch: what it holds, beside what every Faust app does."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.settings = settings
        self.live: Final = LiveBalances()
        self.rounds: Final = Rounds(self.live)
        self.metrics: Final = Metrics(self.live, self.rounds)
        self.ends: Final = Ends(settings)
        self.partitions: int | None = None
        """How many the topics have; None until that is known."""
        self._names = {settings.topic(name): name for name in (JOURNAL, BALANCES)}
        super().__init__(settings.group(GROUP), **options)

    def in_the_contract(self, place: TP) -> Partition:
        """A partition of this cluster, by its topic's name in the contract."""
        return Partition(self._names[place.topic], place.partition)

    def places_of(self, assigned: Collection[TP]) -> dict[TP, int]:
        """From where on to read what is assigned now; what no longer is, is forgotten."""
        named = {place: self.in_the_contract(place) for place in assigned}
        self.live.keep_only(named.values())
        self.rounds.keep_only(named.values())
        return {place: self.live.next_offset(own) for place, own in named.items()}

    @property
    def is_stopping(self) -> bool:
        """Whether the process was asked to stop, rather than failed."""
        return self.should_stop and not self.crashed

    async def on_first_start(self) -> None:
        """Look first whether the topics are what they must be.

        Raises:
            ClusterError: they are not, or cannot be reached.
        """
        try:
            self.partitions = await check(self.settings, (JOURNAL, BALANCES))
        except ClusterError as error:
            log.error("watch_cannot_start", fr=error.said.fr, en=error.said.en)  # noqa: TRY400
            raise
        log.info("watch_starts", partitions=self.partitions, web=str(self.conf.canonical_url))
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Let go of what is ours, then of what is Faust's; no longer than `STOP_S`."""
        leave_after(STOP_S, 0 if self.is_stopping else EXIT_FAILED)
        with suppress(ClusterError):  # Where the broker is away, nothing is left to let go of.
            await self.ends.stop()
        await super().on_stop()

    def report(self, found: Difference | Fault) -> None:
        """Say what was found: an error line, and a metric."""
        if isinstance(found, Fault):
            self.metrics.faults.inc()
            log.error("journal_broken", **found._asdict())
        else:
            self.metrics.differences.labels(found.kind.value).inc()
            log.error("balance_differs", budget=found.budget, **found.row())

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self, loop=self.loop)

    def _create_directories(self) -> None:
        """Nothing is kept on disk: the table is made anew from the journal."""


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_where_nobody_did()
    watch = Watch(
        settings,
        broker=[f"kafka://{each.strip()}" for each in settings.bootstrap_servers.split(",")],
        broker_client_id=f"ecluse-{settings.instance}",
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 4,
        broker_request_timeout=settings.session_timeout_s + 10,
        broker_max_poll_interval=60.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance,
        consumer_metadata_max_age_ms=60_000,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_disable_leader=True,
        topic_allow_declare=False,
        cython_optimizations=True,
        key_serializer="raw",
        value_serializer="raw",
        web_bind=own.web_bind,
        web_port=own.web_port,
        web_host=own.web_bind,
        web_router_enabled=False,
        web_tables_enabled=False,
        logging_config=LIBRARIES,
        worker_redirect_stdouts=False,
    )
    _add_agents(watch)
    _add_rounds(watch, own.round_s)
    add_pages(watch, Desk(watch.live, watch.rounds, lambda: watch.partitions), watch.metrics)
    return watch


def _add_agents(watch: Watch) -> None:
    whole = ends_the_process(lambda: watch.is_stopping)

    def topic(name: str) -> Any:
        # Not acked: the group holds no offset, the table its own place.
        return watch.topic(watch.settings.topic(name), key_type=bytes, value_type=bytes, acks=False)

    @watch.agent(topic(JOURNAL), name="journal", concurrency=1)
    @whole
    async def add_up(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            message = event.message
            found = watch.live.add(message.partition, message.offset, message.key, message.value)
            for each in (found,) if isinstance(found, Fault) else found:
                watch.report(each)

    @watch.agent(topic(BALANCES), name="balances", concurrency=1)
    @whole
    async def compare(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            message = event.message
            for each in watch.live.publish(
                message.partition, message.offset, message.key, message.value
            ):
                watch.report(each)


def _add_rounds(watch: Watch, round_s: float) -> None:
    @ends_the_process(lambda: watch.is_stopping)
    async def turn() -> None:
        try:
            reached = await _ask_how_far(watch)
        except (ClusterError, IllegalStateError) as error:
            # The broker is away, or partitions go to others: the next round looks again.
            watch.rounds.no_answer()
            log.warning("round_postponed", error=str(error))
            return
        was_ready = watch.rounds.ready
        for each in watch.rounds.turn(reached):
            watch.report(each)
        if watch.rounds.ready and not was_ready:
            log.info("watch_ready", budgets=len(watch.live.budgets))

    watch.timer(interval=round_s, name="rounds")(turn)


async def _ask_how_far(watch: Watch) -> dict[Partition, Reached]:
    consumer, where = watch.consumer, watch.settings.bootstrap_servers
    assert isinstance(consumer, Consumer), "the transport is ours"
    worked = watch.live.next_offsets()
    fetched = await within(REQUEST_TIMEOUT_S, consumer.fetched(), "Kafka", where)
    ends = await watch.ends.of(fetched)
    named = {watch.in_the_contract(place): place for place in fetched}
    return {
        own: Reached(worked.get(own, 0), *fetched[place], ends[place])
        for own, place in named.items()
    }
