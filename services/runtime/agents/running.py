"""Run of a service of agents: Faust's options, and its worker until a signal."""

from signal import Signals
from typing import Any, Final, NoReturn

import faust
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT
from mode.loop import use

from services.runtime.agents.logs import LIBRARIES
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.forced_exit import END_S, exit_after
from services.runtime.ops.inner_pages import host_filter
from services.runtime.ops.settings import Settings

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
