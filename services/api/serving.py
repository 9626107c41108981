"""The API as a process: its parts from its settings, a server that drains before it ends."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.api.access.authentication import KnownCallers, OpenAccess
from services.api.access.caller import Access
from services.api.access.oidc.issuer import Issuer
from services.api.access.oidc.login import ProviderLogin
from services.api.access.oidc.provider import Client
from services.api.access.session_store import Sessions
from services.api.access.store import AccessStore, access_address
from services.api.access.webhook_store import Webhooks
from services.api.adapters.clock_and_chance import Clock, wall_clock
from services.api.adapters.kafka import (
    KafkaEnds,
    KafkaPublisher,
    marks_behind,
    original_bytes,
    source_records,
)
from services.api.adapters.ports import lag_source
from services.api.adapters.read_model import open_read_model, use_current_password
from services.api.app import create_app
from services.api.http.components import Components, Treasury, open_treasury
from services.api.http.connection_limits import Limits, limit_connections
from services.api.settings import ApiSettings
from services.api.webhooks.runner import Runner, delivering
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Secret, Settings
from services.runtime.ops.watchdog import END_S, exit_after
from services.texts.translation import error_text
from services.treasury.settings import TreasurySettings

DRAIN_S: Final = 8
"""Time that requests under way have to end after SIGTERM."""

CLOSE_S: Final = 3.0
"""Time for all connections to close behind that: together less than `watchdog.END_S`."""

KEEP_ALIVE_S: Final = 15
HEADER_BYTES_MAX: Final = 32 * 1024
WAITING_MAX: Final = 512
"""Connections that the system keeps before they are accepted."""

UNREAD_LIMIT_S: Final = 30
"""After how long the connection of a client ends that takes nothing of what it is sent. One that
takes a little now and then has all of its answer, however long that takes."""

NOT_OPENED = _(
    "the address could not be opened ({error}): choose another (ECLUSE_API_BIND, ECLUSE_API_PORT)"
)

Ready = Callable[[str], None]
"""Called with the address once the API answers there."""

Load = Callable[[], Coroutine[Any, Any, None]]
"""Makes ready what an API needs before it has anything to show."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


class NotListening(Stop):
    """The API cannot start: its address cannot be opened."""


class Draining(uvicorn.Server):
    """A server whose process ends well after SIGTERM: nobody is sent the signal again."""

    def __init__(self, config: uvicorn.Config, leaving: asyncio.Event) -> None:
        super().__init__(config)
        self._leaving = leaving
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Take no more connections, finish what is under way, return."""
        super().handle_exit(sig, frame)
        exit_after(END_S, 0)
        self._captured_signals.clear()
        # A signal comes between any two steps of the loop, while it sleeps, or in the middle of a
        # log line: to log here would wait for that line's lock for ever.
        self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._leaving.set()
        log.info("api_draining", limit_s=self.config.timeout_graceful_shutdown)


async def serve_api(settings: ApiSettings, kafka: Settings, ready: Ready) -> None:
    """Be the API over a read model and Kafka, until SIGTERM or SIGINT.

    Raises:
        Stop: its address is taken, or its database refuses us or does not answer.
    """
    clock = wall_clock
    address = settings.url
    store = AccessStore(access_address(address, settings.access), clock)
    publisher = KafkaPublisher(kafka)
    ends = KafkaEnds(kafka, clock)
    engine = open_read_model(address)
    of_database = Secret("database_url", settings.database_url)
    use_current_password(engine, of_database.value)
    of_access = of_database
    if settings.access_url is not None:
        of_access = Secret("access_url", settings.access_url)
    store.use_current_password(of_access.value)
    treasury = _open_treasury(engine, of_database, clock)
    try:
        await store.prepare(kafka.give_up_s)
        if treasury is not None:
            await treasury.store.prepare(kafka.give_up_s)
        access, login = access_of(settings, store, clock)
        webhooks = Webhooks(store, clock)
        parts = Components(
            engine,
            access,
            publisher,
            store,
            partial(original_bytes, kafka),
            clock,
            journal_ends=ends,
            source_records=partial(source_records, kafka),
            marks_behind=partial(marks_behind, kafka),
            lag=lag_source(settings.watches, clock),
            hosts=settings.hosts,
            over_tls=settings.over_tls,
            names=settings.names,
            login=login,
            webhooks=webhooks,
            treasury=treasury,
        )
        app = create_app(parts)
        runner = Runner(webhooks, app.state.feed, clock, settings.allowed_webhook_hosts)
        async with delivering(runner):
            await serve(app, settings, ready)
    finally:
        if treasury is not None:
            await treasury.store.dispose()
        await close_components(publisher.stop(), ends.stop(), engine.dispose(), store.dispose())


def _open_treasury(engine: AsyncEngine, of_database: Secret, clock: Clock) -> Treasury | None:
    """The treasury of this server, logging in as its settings say."""
    own = TreasurySettings()
    treasury = open_treasury(own, engine, clock)
    if treasury is not None:
        of_its_own = own.treasury_url and Secret("treasury_url", own.treasury_url)
        treasury.use_current_password((of_its_own or of_database).value)
    return treasury


async def close_components(*each: Awaitable[None], limit_s: float = CLOSE_S) -> None:
    """Close all connections at once; what does not end in time the system closes."""
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.gather(*each)
    except TimeoutError:
        log.warning("connections_dropped", limit_s=limit_s)


def access_of(
    settings: ApiSettings, store: AccessStore, clock: Clock
) -> tuple[Access, ProviderLogin | None]:
    """Access to the API, and the login at an identity provider, where people have one.

    Where access is not checked, the log says so loudly.
    """
    if settings.auth == "off":
        log.critical(
            "access_is_not_checked",
            ECLUSE_AUTH="off",
            answers_to=sorted(settings.hosts),
            means="whoever reaches this address reads everything, and publishes",
        )
        return OpenAccess(), None
    requirements, client_id = settings.requirements, settings.oidc_client_id
    if requirements is None:
        return KnownCallers(store, Sessions(store, clock), None, clock), None
    sessions = Sessions(store, clock, None if client_id is None else requirements.digest(client_id))
    issuer = Issuer(requirements, settings.oidc_jwks_url, clock)
    of_programs = None if requirements.audience is None else issuer
    access = KnownCallers(store, sessions, of_programs, clock)
    if client_id is None:
        return access, None
    secret = Secret("oidc_client_secret", settings.oidc_client_secret)
    client = Client(client_id, secret.value, settings.oidc_login_scope)
    addresses = settings.addresses
    return access, ProviderLogin(requirements, client, issuer, store, sessions, clock, addresses)


async def serve(
    app: FastAPI,
    settings: ApiSettings,
    ready: Ready,
    drain_s: int = DRAIN_S,
    load: Load | None = None,
) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish those under way.

    What is to be loaded first is loaded while the address is open: the API says how far it is.

    Raises:
        NotListening: the address cannot be opened.
        Stop: what is to be loaded cannot be.
    """
    opened = _open_socket(settings)
    host, port = opened.getsockname()[:2]
    config = uvicorn.Config(
        app,
        http=limit_connections(Limits(proxies=settings.api_forwarded_allow_ips.split(","))),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=True,
        forwarded_allow_ips=settings.api_forwarded_allow_ips,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=drain_s,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        backlog=WAITING_MAX,
    )
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    log.info("api_listening", address=address)
    server = Draining(config, app.state.components.leaving)
    with opened:
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        try:
            if load is None or await _is_loaded(load, serving):
                ready(address)
        except BaseException:
            server.should_exit = True
            raise
        finally:
            await serving
    log.info("api_stopped")


async def _is_loaded(load: Load, serving: asyncio.Task[None]) -> bool:
    """Load until the end, or until the server ends: False then."""
    loading = asyncio.create_task(load())
    await asyncio.wait([loading, serving], return_when=asyncio.FIRST_COMPLETED)
    if loading.done():
        await loading
        return True
    loading.cancel()
    await asyncio.wait([loading])
    return False


def _open_socket(settings: ApiSettings) -> socket.socket:
    place = (settings.api_bind, settings.api_port)
    try:
        family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
        opened = socket.create_server(place, family=family, backlog=WAITING_MAX)
    except OSError as error:
        where = f"{settings.api_bind}:{settings.api_port}"
        raise NotListening(where, NOT_OPENED.render({"error": error_text(error)})) from error
    if sys.platform == "linux":
        # Connections have it from here. Uvicorn has no such limit, and what closes a connection
        # there waits until all was sent. Other systems have none to be set.
        limit_ms = UNREAD_LIMIT_S * 1000
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)
    return opened
