"""Run and end of a service of agents: Faust's options, its worker, the exit where an agent fails.

The process exits before Faust acks an unfinished record.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import wraps
from signal import Signals
from typing import Any, Final, NoReturn, ParamSpec

import faust
import structlog
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT
from mode.loop import use

from services.runtime.kafka.security import security_arguments
from services.runtime.ops.errors import Stop
from services.runtime.ops.http import host_filter
from services.runtime.ops.logs import LIBRARIES
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import END_S, exit_after, exit_now
from services.texts.translation import both

BUFFERED: Final = 40
"""Slices of records that wait before each agent: as many records as Faust's own 4,096."""


def options(settings: Settings, web_bind: str, web_port: int) -> dict[str, Any]:
    """Faust's options of an app of ours, which serves its pages at this address."""
    return {
        "broker": [f"kafka://{each.strip()}" for each in settings.bootstrap_servers.split(",")],
        "broker_credentials": _credentials(settings),
        "broker_client_id": f"ecluse-{settings.instance}",
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.session_timeout_s / 4,
        # Faust's own waits; a request has a time-out of its own.
        "broker_request_timeout": settings.give_up_s,
        "broker_max_poll_interval": 60.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.instance,
        "consumer_metadata_max_age_ms": 60_000,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": BUFFERED,
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "cython_optimizations": True,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "web_bind": web_bind,
        "web_port": web_port,
        "web_host": web_bind,
        "web_router_enabled": False,
        "web_tables_enabled": False,
        "web_application_options": {"middlewares": [host_filter(settings.hosts)]},
        "logging_config": LIBRARIES,
        "worker_redirect_stdouts": False,
    }


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


class _Worker(faust.Worker):
    """Faust's worker; on a signal it ends within a limit, whatever it waits for."""

    def _schedule_shutdown(self, signal: Signals) -> None:
        exit_after(END_S, 0)
        super()._schedule_shutdown(signal)


def run(app: faust.App) -> NoReturn:
    """Work until SIGTERM or SIGINT, as Faust's own command does; exit 0, or 1 where it failed."""
    use("uvloop")
    worker = _Worker(app, loglevel="WARN", quiet=True)
    worker.spinner = None  # It writes to the terminal, where our own lines go.
    worker.execute_from_commandline()


EXIT_FAILED: Final = 1
EXIT_STOPPED: Final = 3
"""The exit code of all services where a dependency cannot be reached, or refuses us."""

Arguments = ParamSpec("Arguments")


def stop(role: str, error: Stop) -> NoReturn:
    """Exit at once: a dependency cannot be reached, or refuses us."""
    structlog.get_logger().error(f"{role}_cannot_go_on", **asdict(both(error.text)))
    exit_now(EXIT_STOPPED)


def ends_the_process(
    role: str,
    is_stopping: Callable[[], bool],
) -> Callable[[Callable[Arguments, Awaitable[None]]], Callable[Arguments, Awaitable[None]]]:
    """Exit the process at once when the coroutine fails or is cancelled.

    Faust acks the record at which an agent fails or is cancelled, and continues behind it. The
    exit code is 0 where the process was asked to stop, 3 where a dependency stops it, else 1: then
    a supervisor starts it again, and it goes on at the place that its own tables hold.

    Args:
        role: the service, in the names of its log's events.
        is_stopping: True once the process was asked to stop.
    """

    def decorate(
        body: Callable[Arguments, Awaitable[None]],
    ) -> Callable[Arguments, Awaitable[None]]:
        @wraps(body)
        async def whole(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            try:
                await body(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 # CancelledError is the case in point.
                stopping = is_stopping()
                if isinstance(error, Stop) and not stopping:
                    stop(role, error)
                if not stopping:
                    structlog.get_logger().error(f"{role}_failed", exc_info=error)
                exit_now(0 if stopping else EXIT_FAILED)

        return whole

    return decorate
