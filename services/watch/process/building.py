"""Assembly of the watch: the app with its agents, timers, pages and logs; and its run."""

import gc
import logging
import sys
from signal import Signals
from typing import Any, Final, NoReturn

import faust
import structlog
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT
from mode.loop import use

from services.runtime.kafka.security import security_arguments
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.forced_exit import END_S, leave_after
from services.runtime.ops.inner_pages import only_by
from services.runtime.ops.settings import Settings
from services.watch.process.agents import add_agents
from services.watch.process.pages import add_pages
from services.watch.process.timers import add_timers
from services.watch.process.watch import Watch
from services.watch.settings import WatchSettings

COLLECT_AFTER: Final = (200_000, 10, 10)
"""Thresholds of Python's search for cycles. Tables hold none, however long they grow: searching
them again and again took a quarter of the work on a journal's record."""

BUFFERED: Final = 40
"""Slices of records that wait before each agent: as many records as Faust's own 4,096."""

LIBRARIES: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"lines": {"()": "services.runtime.ops.library_logging.LibraryLogHandler"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    # Reconciliation waits for a fetch that finds nothing, and Faust warns of each late timer.
    "loggers": {"mode.timers": {"level": "ERROR"}},
}
"""Configuration of the standard library's logging: warnings of libraries, in our format."""


def _credentials(settings: Settings) -> CredentialsT | None:
    """TLS and login of the connections that Faust makes itself; None for plain ones."""
    arguments = security_arguments(settings)
    context = arguments.get("ssl_context")
    if not settings.with_login:
        return None if context is None else faust.SSLCredentials(context)
    provider = arguments.get("sasl_oauth_token_provider")
    if provider is not None:
        return OAuthCredentials(oauth_cb=provider, ssl_context=context)
    return faust.SASLCredentials(
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
        mechanism=arguments["sasl_mechanism"],
        ssl_context=context,
    )


def build_watch(settings: Settings, own: WatchSettings) -> Watch:
    """The app, ready to be started by `ecluse watch` or by Faust's own command line."""
    configure_by_default()
    gc.set_threshold(*COLLECT_AFTER)
    watch = Watch(
        settings,
        own,
        wall_clock,
        broker=[f"kafka://{each.strip()}" for each in settings.bootstrap_servers.split(",")],
        broker_credentials=_credentials(settings),
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
        web_application_options={"middlewares": [only_by(settings.hosts)]},
        logging_config=LIBRARIES,
        worker_redirect_stdouts=False,
    )
    add_agents(watch)
    add_timers(watch)
    add_pages(watch)
    return watch


def configure_by_default() -> None:
    """Log as JSON to standard error, unless `ecluse watch` has configured its own logs."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class _Worker(faust.Worker):
    """Faust's worker; on a signal it ends within a limit, whatever it waits for."""

    def _schedule_shutdown(self, signal: Signals) -> None:
        leave_after(END_S, 0)
        super()._schedule_shutdown(signal)


def run(app: faust.App) -> NoReturn:
    """Work until SIGTERM or SIGINT, as Faust's own command does; exit 0, or 1 where it failed."""
    use("uvloop")
    worker = _Worker(app, loglevel="WARN", quiet=True)
    worker.spinner = None  # It writes to the terminal, where our own lines go.
    worker.execute_from_commandline()
