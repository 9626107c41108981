"""What the tests of the API stand on: a read model in a file, keys by hand, a clock by hand."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.api.access.caller import (
    EVERYBODY,
    ROLES,
    Access,
    Action,
    Caller,
    Entities,
    NotKnown,
    Scope,
)
from services.api.access.session import SALT_DIGITS, form_token
from services.api.adapters.ports import Publisher
from services.api.adapters.read_model import open_read_model
from services.api.app import create_app
from services.api.http.components import Components
from services.api.problems import MEDIA_TYPE
from services.runtime.kafka.publishing import Message
from services.runtime.ops.errors import Stop
from tests.read_model.databases import in_a_file

LILLE: Final = "21590350100017"
ROUBAIX: Final = "21590512600011"
NOON: Final = datetime(2023, 6, 1, 12, tzinfo=UTC)

ALL_KEY: Final = "test-key-of-everything"
READ_KEY: Final = "test-key-that-reads-everything"
LILLE_KEY: Final = "test-key-of-lille"
ORDERING_KEY: Final = "test-key-of-who-orders"
PAYING_KEY: Final = "test-key-of-the-accountant"
CALLERS: Final = {
    ALL_KEY: Caller("key:all", dict.fromkeys(Scope, EVERYBODY), "Tout"),
    READ_KEY: Caller("key:read", {Scope.READ: EVERYBODY}, "Lecture"),
    LILLE_KEY: Caller(
        "key:lille", dict.fromkeys((Scope.READ, Scope.PUBLISH), Entities.parse([LILLE])), "Lille"
    ),
    ORDERING_KEY: Caller(
        "key:ordering", dict.fromkeys(Scope, EVERYBODY), "Finances", ROLES["ordonnateur"]
    ),
    PAYING_KEY: Caller(
        "key:paying", dict.fromkeys(Scope, EVERYBODY), "Trésorerie", ROLES["comptable"]
    ),
}


@dataclass
class HandClock:
    """A clock that is turned by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Known:
    """Callers by the keys of the test; a session cookie is the key itself."""

    callers: Mapping[str, Caller] = field(default_factory=lambda: CALLERS)
    checks: bool = True

    async def find_by_bearer(self, credential: str) -> Caller:
        if credential not in self.callers:
            raise NotKnown("unknown_key", _("Unknown key."))
        return self.callers[credential]

    async def find_by_session(
        self,
        cookie: str,
        *,
        by_person: bool = True,  # noqa: ARG002 # its name is the port's
    ) -> tuple[Caller, str]:
        return await self.find_by_bearer(cookie), _csrf_of(cookie)

    async def find_ended(self, _credentials: frozenset[str]) -> frozenset[str]:
        return frozenset()

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        return await self.find_by_bearer(credential), credential

    async def log_out(self, _cookie: str) -> str | None:
        return None


@dataclass
class KeptAudit:
    """An audit trail in memory: who, what, on what, facts."""

    lines: list[tuple[str, Action, str, dict[str, Any]]] = field(default_factory=list)

    async def write(
        self,
        actor: str,
        action: Action,
        subject: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.lines.append((actor, action, subject, dict(facts or {})))


@dataclass
class Kept:
    """A publisher that remembers; `down` is what it says instead."""

    messages: list[Message] = field(default_factory=list)
    down: Stop | None = None

    async def publish(self, messages: Iterable[Message]) -> None:
        if self.down is not None:
            raise self.down
        self.messages += messages


@dataclass
class KeptBytes:
    """The bytes of source records, by their place."""

    places: dict[tuple[str, int, int], bytes] = field(default_factory=dict)

    async def __call__(self, topic: str, partition: int, offset: int) -> bytes | None:
        return self.places.get((topic, partition, offset))


def _csrf_of(cookie: str) -> str:
    return f"csrf-of-{cookie}"


def a_form_token(key: str) -> str:
    """What a page has in its forms for the session of this key."""
    return form_token(_csrf_of(key), "0" * SALT_DIGITS)


def an_empty_read_model(folder: Path) -> AsyncEngine:
    """The tables of the read model in a file, without a row."""
    return open_read_model(in_a_file(folder / "read-model.sqlite"))


@lru_cache(maxsize=16)
def a_reader(url: str) -> AsyncEngine:
    """A filled read model, opened as the API opens it; the same engine when it is asked for again.

    Connections end with each `asking`; what the engine has compiled is not compiled again.
    """
    return open_read_model(url)


def an_app(
    engine: AsyncEngine,
    access: Access | None = None,
    publisher: Publisher | None = None,
    audit: KeptAudit | None = None,
    original_bytes: KeptBytes | None = None,
    clock: HandClock | None = None,
    request_limit_s: float = 30.0,
) -> FastAPI:
    """The API over this read model; what is not named is empty."""
    return create_app(
        Components(
            engine,
            access or Known(),
            publisher or Kept(),
            audit or KeptAudit(),
            original_bytes or KeptBytes(),
            clock or HandClock(),
            request_limit_s,
        )
    )


def asked(
    app: FastAPI,
    path: str,
    key: str | None = READ_KEY,
    language: str | None = "en",
    *,
    method: str = "GET",
    **more: Any,
) -> httpx.Response:
    """The answer to one question, where no event loop runs."""

    async def go() -> httpx.Response:
        async with asking(app, key, language) as client:
            return await client.request(method, path, **more)

    return asyncio.run(go())


Answers = Mapping[str, Mapping[str, Any]]


@cache
def _documented() -> tuple[tuple[str, re.Pattern[str], Answers], ...]:
    """The method, address and answers of each operation of the OpenAPI document."""
    return tuple(
        (method.upper(), re.compile(re.sub(r"{\w+}", ".+", path)), operation["responses"])
        for path, methods in an_app(open_read_model("sqlite://")).openapi()["paths"].items()
        for method, operation in methods.items()
    )


async def _check_documented(response: httpx.Response) -> None:
    """That a problem has a code which the document names at that address."""
    if response.headers.get("content-type") != MEDIA_TYPE or response.request.method == "HEAD":
        return
    await response.aread()
    asked, status, code = response.request, str(response.status_code), response.json().get("code")
    named = [
        answers[status]["content"][MEDIA_TYPE]["schema"]["properties"]["code"]["enum"]
        if status in answers
        else []
        for method, address, answers in _documented()
        if method == asked.method and address.fullmatch(asked.url.path)
    ]
    assert not named or any(code in codes for codes in named), (asked.url.path, status, code)


@asynccontextmanager
async def asking(
    app: FastAPI, key: str | None = ALL_KEY, language: str | None = "en"
) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody who asks the API, with this key and language."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    if language is not None:
        headers["Accept-Language"] = language
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://ecluse.test",
        headers=headers,
        event_hooks={"response": [_check_documented]},
    ) as client:
        yield client
    await app.state.components.engine.dispose()
