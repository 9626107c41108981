"""The watch, built: the app with its agents, timers, pages and metrics."""

import gc
from typing import Final

from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from services.watch.agents import add_agents
from services.watch.lag_metrics import LagMetrics
from services.watch.logs import LIBRARIES, configure_where_nobody_did
from services.watch.pages import Board, Desk, add_pages
from services.watch.settings import WatchSettings
from services.watch.stall_metrics import StuckMetrics
from services.watch.timers import add_timers
from services.watch.watch import Watch

COLLECT_AFTER: Final = (200_000, 10, 10)
"""How many more objects than before set off Python's search for cycles. Tables hold none, however
long they grow: to search them again and again took a quarter of the work on a journal's record."""

BUFFERED: Final = 40
"""How many slices of records wait before each agent: as many records as Faust's own 4,096."""


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_where_nobody_did()
    gc.set_threshold(*COLLECT_AFTER)
    watch = Watch(
        settings,
        own,
        wall_clock,
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
        stream_buffer_maxsize=BUFFERED,
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
    add_agents(watch)
    add_timers(watch)
    _add_pages(watch)
    return watch


def _add_pages(watch: Watch) -> None:
    tables, outlook, clock = watch.own_tables, watch.outlook, watch.clock
    registry = watch.metrics.registry
    registry.register(StuckMetrics(lambda: outlook.known(clock()), lambda: watch.delivery.written))
    registry.register(
        LagMetrics(
            watch.settings,
            lambda: outlook.judged(clock()),
            lambda: outlook.members(clock()),
            lambda: outlook.sampled_s,
        )
    )
    desk = Desk(tables.live, tables.rounds, lambda: watch.partitions)
    add_pages(watch, desk, Board(outlook, clock), watch.metrics)
