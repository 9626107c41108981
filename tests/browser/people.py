"""The console as people log in to it: access in a file, and a real identity provider."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from services.api.access.session import CALLBACK_PATH, LOGIN_PATH
from services.api.access.store import AccessStore
from services.api.adapters.ports import lag_source
from services.api.adapters.read_model import open_read_model
from services.api.http.components import Components
from services.api.serving import access_of
from services.api.settings import ApiSettings
from services.dev.local_broker import free_port
from tests.api.environment import HandClock, Kept, KeptBytes
from tests.api.logging_in import ROLES, USERS
from tests.api.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, a_provider_of_people
from tests.browser import scenario
from tests.browser.console import NOW, Console, Ends, Served, end_of
from tests.waiting import run_apart


@dataclass
class People:
    """A console, the provider of its people, and the file of its access."""

    console: Console
    provider: OidcProvider
    clock: HandClock
    access_file: Path

    def audit(self) -> list[tuple[str, str]]:
        """Who did what, the oldest first."""
        with closing(sqlite3.connect(self.access_file)) as database:
            return database.execute("SELECT actor, action FROM audit ORDER BY number").fetchall()

    def sessions(self) -> int:
        """The number of sessions on the server."""
        with closing(sqlite3.connect(self.access_file)) as database:
            return int(database.execute("SELECT count(*) FROM sessions").fetchone()[0])


class ServedWithAccess(Served):
    """An application whose access ends with it."""

    def __init__(self, parts: Callable[[], Components], store: AccessStore, port: int) -> None:
        self._store = store
        super().__init__(parts, reused=False, port=port)

    async def _serve(self, listening: socket.socket) -> None:
        try:
            await super()._serve(listening)
        finally:
            await self._store.dispose()


@contextmanager
def a_console_of_people(read_model: Path, folder: Path) -> Iterator[People]:
    """A console over this read model that people log in to, until the block ends."""
    clock, records = HandClock(NOW), scenario.the_journal()
    database, access_file = f"sqlite+aiosqlite:///{read_model}", folder / "access.db"

    async def prepared() -> None:
        store = AccessStore(f"sqlite:///{access_file}", clock)
        await store.prepare()
        await store.dispose()

    run_apart(prepared())
    with a_provider_of_people(lambda: clock().timestamp()) as provider:
        provider.users = dict(USERS)
        port = free_port()
        given: dict[str, Any] = {
            "api_urls": f"http://127.0.0.1:{port}",
            "oidc_issuer": provider.url,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_roles": ROLES,
        }
        settings = ApiSettings(**given)
        store = AccessStore(f"sqlite:///{access_file}", clock)
        access, login = access_of(settings, store, clock)

        def parts() -> Components:
            return Components(
                open_read_model(database),
                access,
                Kept(),
                store,
                KeptBytes(),
                clock,
                journal_ends=Ends(end_of(records)),
                lag=lag_source((), clock),
                login=login,
            )

        served = ServedWithAccess(parts, store, port)
        provider.client.redirect_uris = [served.url + CALLBACK_PATH]
        provider.client.logout_uris = [served.url + LOGIN_PATH]
        try:
            console = Console(served.url, database, records, served, clock=clock)
            yield People(console, provider, clock, access_file)
        finally:
            served.stop()
