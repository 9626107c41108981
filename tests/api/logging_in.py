"""Somebody who logs in to the console at an identity provider, over HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import SecretStr

from services.api import serving
from services.api.access.session import BEGIN_PATH, CALLBACK_PATH, LOGIN_PATH, LOGOUT_NOTICE_PATH
from services.api.access.store import AccessStore
from services.api.app import create_app
from services.api.http.components import Components
from services.api.settings import ApiSettings
from tests.api.environment import HandClock, Kept, KeptBytes, an_empty_read_model
from tests.api.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, a_provider_of_people

PAGE: Final = {"accept": "text/html", "accept-language": "en"}
ROLES: Final = {
    "ecluse-readers": ["read"],
    "ecluse-operators": ["read", "operate"],
}
USERS: Final[dict[str, dict[str, Any]]] = {
    "lectrice": {"name": "Léa Lectrice", "roles": ["ecluse-readers"], "ecluse_entities": "all"},
    "operatrice": {"roles": ["ecluse-operators", "mail"], "ecluse_entities": "all"},
    "stagiaire": {"roles": ["mail"], "ecluse_entities": "all"},
}
"""People of the provider, by their names there, with the claims of their ID tokens."""

HOME: Final = "http://127.0.0.1:8000"


@dataclass
class Console:
    """The API with a login at a provider, its access in a file."""

    app: Any
    store: AccessStore
    provider: OidcProvider
    clock: HandClock
    settings: ApiSettings
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self) -> "Browser":
        """A browser of its own, which keeps its cookies."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url=HOME, headers=PAGE
        )
        at_provider = httpx.AsyncClient()
        self.clients += [client, at_provider]
        return Browser(client, at_provider)


@dataclass
class Browser:
    """A browser at the console, and at the provider."""

    console: httpx.AsyncClient
    provider: httpx.AsyncClient

    async def begin(self, next_path: str = "/console/orders") -> httpx.Response:
        """Follow the link to log in."""
        return await self.console.get(BEGIN_PATH, params={"next": next_path})

    async def at_provider(self, begun: httpx.Response, user: str) -> dict[str, str]:
        """Log in there; the parameters with which it sends the browser back."""
        address = begun.headers["location"]
        page = await self.provider.get(address)
        if page.status_code == 200:
            await self.provider.post(address, data={"user": user})
            page = await self.provider.get(address)
        assert 302 == page.status_code, page.text
        back = urlsplit(page.headers["location"])
        assert CALLBACK_PATH == back.path
        return dict(parse_qsl(back.query))

    async def come_back(self, parameters: dict[str, str], **headers: str) -> httpx.Response:
        """Bring the provider's answer."""
        return await self.console.get(CALLBACK_PATH, params=parameters, headers=headers)

    async def log_in(self, user: str, next_path: str = "/console/orders") -> httpx.Response:
        """All of it."""
        parameters = await self.at_provider(await self.begin(next_path), user)
        return await self.come_back(parameters)

    async def status(self, path: str = "/budgets") -> int:
        """The status that an address answers with."""
        return (await self.console.get(path)).status_code


@asynccontextmanager
async def a_console(
    folder: Path, provider: OidcProvider, clock: HandClock, **settings: Any
) -> AsyncGenerator[Console]:
    """A console that people log in to at this provider."""
    given: dict[str, Any] = {
        "api_urls": HOME,
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SecretStr(CLIENT_SECRET),
        "oidc_roles": ROLES,
    }
    chosen = ApiSettings(**(given | settings))
    store = AccessStore(f"sqlite:///{folder / 'access.db'}", clock)
    engine = an_empty_read_model(folder)
    access, login = serving.access_of(chosen, store, clock)
    parts = Components(
        engine, access, Kept(), store, KeptBytes(), clock, hosts=chosen.hosts, login=login
    )
    provider.users = dict(USERS)
    provider.client.redirect_uris = [HOME + CALLBACK_PATH]
    provider.client.logout_uris = [HOME + LOGIN_PATH]
    console = Console(create_app(parts), store, provider, clock, chosen)
    try:
        await store.prepare()
        yield console
    finally:
        for each in console.clients:
            await each.aclose()
        await store.dispose()
        await engine.dispose()


@asynccontextmanager
async def a_console_at_a_provider(folder: Path, **settings: Any) -> AsyncGenerator[Console]:
    """A console whose provider was just started."""
    clock = HandClock()
    with a_provider_of_people(lambda: clock().timestamp()) as provider:
        async with a_console(folder, provider, clock, **settings) as console:
            yield console


async def noticed(console: Console, token: str) -> httpx.Response:
    """The provider's notice, as it sends it: without a cookie, from no page."""
    transport = httpx.ASGITransport(app=console.app)
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        headers = {"accept-language": "en"}
        data = {"logout_token": token}
        return await client.post(LOGOUT_NOTICE_PATH, data=data, headers=headers)
