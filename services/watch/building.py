"""Assembly of the watch: the app with its agents, timers, pages and metrics."""

import gc
from typing import Final

from services.lag.present.board_metrics import BoardMetrics
from services.lag.present.group_metrics import GroupMetrics
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from services.watch.agents import add_agents
from services.watch.logs import LIBRARIES, configure_by_default
from services.watch.pages import BalancePages, LagPages, add_pages
from services.watch.settings import WatchSettings
from services.watch.timers import add_timers
from services.watch.watch import Watch

COLLECT_AFTER: Final = (200_000, 10, 10)
"""Thresholds of Python's search for cycles. Tables hold none, however long they grow: searching
them again and again took a quarter of the work on a journal's record."""

BUFFERED: Final = 40
"""Slices of records that wait before each agent: as many records as Faust's own 4,096."""


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_by_default()
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
    tables, service, clock = watch.own_tables, watch.lag_service, watch.clock
    registry = watch.metrics.registry
    registry.register(BoardMetrics(lambda: service.board(clock()), lambda: watch.delivery.written))
    registry.register(
        GroupMetrics(
            watch.settings,
            lambda: service.judged(clock()),
            lambda: service.members(clock()),
            lambda: service.sampled_s,
        )
    )
    balances = BalancePages(tables.live, tables.reconciliation, lambda: watch.partitions)
    add_pages(watch, LagPages(service, clock), balances, watch.metrics)
