"""Keys, sessions and the audit trail, in a file and on a real PostgreSQL."""

import asyncio
import io
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.requests import HTTPConnection

from services.api.access.authentication import Gate, KnownCallers
from services.api.access.caller import EVERYBODY, Action, Entities, NotKnown, Scope
from services.api.access.oidc.issuer import Issuer
from services.api.access.session import set_session
from services.api.access.session_store import Sessions
from services.api.access.store import AccessStore
from services.api.app import create_app
from services.api.console import session
from tests import silence
from tests.api.environment import (
    LILLE,
    NOON,
    HandClock,
    a_form_token,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.api.logging_in import a_console_at_a_provider, noticed
from tests.api.oidc_provider import CLIENT_SECRET
from tests.api.provider import a_provider
from tests.builders import IBAN
from tests.read_model.databases import Server

no_logs = silence.all_logs

READS_LILLE = {Scope.READ: Entities.parse([LILLE])}
NOBODY: Any = None
"""Where nothing is asked of it."""


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'access.db'}"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.a_database()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@asynccontextmanager
async def a_store(address: str, clock: HandClock) -> AsyncGenerator[AccessStore]:
    """The store of access at this address."""
    store = AccessStore(address, clock)
    try:
        await store.prepare()
        yield store
    finally:
        await store.dispose()


async def refused(access: KnownCallers, credential: str) -> str:
    with pytest.raises(NotKnown) as error:
        await access.find_by_bearer(credential)
    assert credential not in str(error.value.why)
    return error.value.reason


def known(store: AccessStore, clock: HandClock, issuer: Issuer | None = None) -> KnownCallers:
    return KnownCallers(store, Sessions(store, clock), issuer, clock)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), "key_unknown"),
        (lambda key: key[:7] + "0" * 12 + key[19:], "key_unknown"),
        (lambda key: key + "A", "key_unknown"),
        (lambda _key: "ecluse_", "key_unknown"),
        (lambda key: key.removeprefix("ecluse_"), "no_issuer"),
        (lambda key: key.upper(), "no_issuer"),
    ],
    ids=["secret", "id", "longer", "empty", "no prefix", "capitals"],
)
async def test_what_is_nearly_a_key_opens_nothing(
    tmp_path: Path, clock: HandClock, change: Callable[[str], str], reason: str
) -> None:
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        _, shown = await store.create("ERP", READS_LILLE, "test")
        assert reason == await refused(known(store, clock), change(shown))


async def test_the_audit_trail_can_only_be_added_to(address: str, clock: HandClock) -> None:
    async with a_store(address, clock) as store:
        key, _ = await store.create("ERP", {Scope.READ: EVERYBODY}, "mairie")
        await store.write("key:1", Action.IBAN_REVEALED, f"{LILLE}-00-2023/37887770800040")
        await store.revoke(key.key_id, "mairie")
        lines = await store.audit_lines(10)
        assert [Action.KEY_REVOKED, Action.IBAN_REVEALED, Action.KEY_CREATED] == [
            line.action for line in lines
        ]
        assert {NOON} == {line.at for line in lines}
        table = "ecluse_access.audit" if address.startswith("postgresql") else "audit"
        for statement in (f"UPDATE {table} SET actor = 'nobody'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="only added to"):
                async with store._engine.begin() as connection:
                    await connection.execute(text(statement))
        assert lines == await store.audit_lines(10)


async def test_the_schema_is_made_once_by_whoever_comes_first(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        await store.create("ERP", READS_LILLE, "test")
        await store.prepare()
        assert 1 == len(await store.keys())


async def test_a_session_lasts_no_longer_than_its_key(tmp_path: Path, clock: HandClock) -> None:
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        access = known(store, clock)
        key, shown = await store.create("Agent", READS_LILLE, "test")
        _, cookie = await access.log_in(shown)
        assert shown not in cookie
        caller, csrf = await access.find_by_session(cookie)
        assert (f"key:{key.key_id}", 32) == (caller.name, len(csrf))
        for wrong in ("", cookie[:-2], cookie[1:], f"{cookie}A"):
            with pytest.raises(NotKnown):
                await access.find_by_session(wrong)
        _, other = await access.log_in(shown)
        assert cookie != other
        await access.log_out(cookie)
        with pytest.raises(NotKnown):
            await access.find_by_session(cookie)
        await access.find_by_session(other)
        await store.revoke(key.key_id, "test")
        with pytest.raises(NotKnown):
            await access.find_by_session(other)


@pytest.mark.parametrize(
    ("address", "origin", "secure"),
    [
        ("http://localhost:8000/", None, False),
        ("http://127.0.0.1/", None, False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000", False),
        ("http://[::1]:8000/", "http://[::1]:8000", False),
        ("http://ecluse.example/", None, True),
        ("https://localhost/", None, True),
        # nginx as it comes: the name that it calls us by, and what the browser said.
        ("http://127.0.0.1:8000/", "https://ecluse.example", True),
        ("http://127.0.0.1:8000/", "http://erp.lan", True),
        ("http://127.0.0.1:8000/", "https://localhost", True),
        ("http://127.0.0.1:8000/", "null", True),
        ("http://127.0.0.1:8000/", "http://[", True),
    ],
)
async def test_the_cookie_is_for_our_pages_alone(
    address: str, origin: str | None, secure: bool
) -> None:
    app = FastAPI()

    @app.get("/")
    async def page(request: Request) -> PlainTextResponse:
        answer = PlainTextResponse("")
        set_session(answer, request, "cookie")
        return answer

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        headers = {} if origin is None else {"Origin": origin}
        cookie = (await client.get(address, headers=headers)).headers["set-cookie"]
    flags = {flag.strip().lower() for flag in cookie.split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert (secure, secure) == ("secure" in flags, cookie.startswith("__Host-"))


@pytest.mark.parametrize(
    ("home", "name", "status"),
    [
        ("https://ecluse.lille.fr", "__Host-ecluse_session", 200),
        # As another host of lille.fr plants it: Set-Cookie: ecluse_session=…; Domain=lille.fr
        ("https://ecluse.lille.fr", "ecluse_session", 401),
        ("http://127.0.0.1:8000", "ecluse_session", 200),
        ("http://localhost:8000", "__Host-ecluse_session", 200),
        ("http://ecluse.lille.fr", "ecluse_session", 401),
    ],
)
async def test_a_cookie_that_another_host_may_plant_is_no_session(
    tmp_path: Path, home: str, name: str, status: int
) -> None:
    async with asking(an_app(an_empty_read_model(tmp_path)), None) as client:
        headers = {"Cookie": f"{name}=test-key-of-everything"}
        assert status == (await client.get(f"{home}/budgets", headers=headers)).status_code


async def test_a_name_that_is_none_makes_no_cookie_a_session(tmp_path: Path) -> None:
    async with asking(an_app(an_empty_read_model(tmp_path)), None) as client:
        headers = {"Cookie": "ecluse_session=test-key-of-everything", "Host": "["}
        assert 401 == (await client.get("/budgets", headers=headers)).status_code


FORM = {"csrf": a_form_token("test-key-of-everything")}


@pytest.mark.parametrize(
    ("path", "form", "headers", "status"),
    [
        ("/console/probe", FORM, {}, 200),
        ("/console/probe", FORM, {"Sec-Fetch-Site": "same-origin"}, 200),
        ("/console/probe", FORM, {"Sec-Fetch-Site": "cross-site"}, 403),
        # Browsers that send no Sec-Fetch-Site.
        ("/console/probe", FORM, {"Origin": "http://ecluse.test"}, 200),
        ("/console/probe", FORM, {"Origin": "http://127.0.0.2"}, 403),
        ("/console/probe", FORM, {"Origin": "http://ecluse.test.elsewhere.example"}, 403),
        ("/console/probe", FORM, {"Origin": "http://ecluse.test:81"}, 403),
        ("/console/probe", FORM, {"Origin": "null"}, 403),
        ("/console/probe", FORM, {"Origin": ""}, 403),
        ("/console/probe", FORM, {"Origin": "http://["}, 403),
        ("/console/probe", FORM, {"Referer": "http://ecluse.test/console/orders"}, 200),
        ("/console/probe", FORM, {"Referer": "http://elsewhere.example/"}, 403),
        ("/console/probe", FORM, {"Origin": "null", "Referer": "http://ecluse.test/"}, 403),
        ("/console/probe", {"csrf": "another"}, {}, 403),
        ("/console/probe", {"csrf": ""}, {}, 403),
        ("/console/probe", {}, {}, 403),
        ("/events", FORM, {}, 403),
    ],
)
async def test_a_form_of_another_site_does_nothing(
    tmp_path: Path, path: str, form: dict[str, str], headers: dict[str, str], status: int
) -> None:
    pages = session.router  # with a route for this test alone
    before = list(pages.routes)

    @pages.post("/console/probe")
    async def probe() -> dict[str, str]:
        return {}

    try:
        app = an_app(an_empty_read_model(tmp_path))
        async with asking(app, None) as client:
            cookies = {"__Host-ecluse_session": "test-key-of-everything"}
            client.cookies.update(cookies)
            assert status == (await client.post(path, data=form, headers=headers)).status_code
    finally:
        pages.routes[:] = before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Referer": "http://elsewhere.example/"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://ecluse.test"}, 403),
        ({"Origin": "http://ecluse.test"}, 303),
        ({"Referer": "http://ecluse.test/console/login"}, 303),
        ({"Origin": "https://ecluse.lille.fr"}, 303),
    ],
)
async def test_another_site_logs_nobody_in(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    parts = an_app(an_empty_read_model(tmp_path)).state.components
    app = create_app(replace(parts, hosts=parts.hosts | {"ecluse.lille.fr"}))
    async with asking(app, None) as client:
        form = {"key": "test-key-of-everything"}
        answer = await client.post("/console/login", data=form, headers=headers)
    assert status == answer.status_code
    assert (status == 303) is ("set-cookie" in answer.headers)


@pytest.mark.parametrize(
    "refused",
    [
        lambda callers: callers.find_by_bearer("ecluse_no_key"),
        lambda callers: callers.find_by_bearer("no key, and no provider"),
        lambda callers: asking_without_a_credential(Gate(NOBODY, callers)),
    ],
    ids=["key", "token", "nothing"],
)
def test_a_refusal_holds_nothing_of_those_before(
    refused: Callable[[KnownCallers], Awaitable[object]],
) -> None:
    callers = KnownCallers(NOBODY, NOBODY, None, HandClock())
    errors = []
    for _ in range(2):
        with pytest.raises(NotKnown) as raised:
            asyncio.run(ended(refused(callers)))
        errors.append(raised.value)
    assert errors[0].reason == errors[1].reason
    assert errors[0] is not errors[1], "its traceback would grow with each request"


async def ended(work: Awaitable[object]) -> None:
    await work


async def asking_without_a_credential(gate: Gate) -> None:
    await gate._caller(HTTPConnection({"type": "http", "headers": []}))


@contextmanager
def logged() -> Generator[io.StringIO]:
    """Everything that is logged, in whatever way."""
    stream = io.StringIO()
    before = structlog.get_config()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    try:
        yield stream
    finally:
        structlog.configure(**before)
        logging.getLogger().removeHandler(handler)


async def test_no_key_nor_token_nor_iban_is_ever_logged(tmp_path: Path, clock: HandClock) -> None:
    iban = "FR7610278027150004578690110"
    async with a_store(f"sqlite:///{tmp_path / 'access.db'}", clock) as store:
        with a_provider() as provider:
            issuer = Issuer(provider.requirements, f"{provider.url}/keys", clock)
            _, shown = await store.create("ERP", {Scope.READ: EVERYBODY}, "test")
            secrets: list[str] = [shown, provider.token(), provider.token(aud="x"), iban]
            app = an_app(an_empty_read_model(tmp_path), known(store, clock, issuer))
            with logged() as stream:
                async with asking(app, None) as client:
                    for secret in secrets:
                        bearer = {"Authorization": f"Bearer {secret}", "X-Request-ID": secret}
                        for path in ("/metrics", "/readyz", f"/{secret}", f"/metrics?a={secret}"):
                            await client.get(path, headers=bearer)
                            await client.post("/events", headers=bearer, content=secret)
                        await client.get("/metrics", headers={"Authorization": secret})
                        cookie = {"Cookie": f"__Host-ecluse_session={secret}"}
                        await client.get("/metrics", headers=cookie)
            phrase = stream.getvalue()
            assert 0 < phrase.count("request_handled")
            assert [] == [secret for secret in secrets if secret in phrase]
            assert shown.split("_", 2)[2] not in phrase


async def test_nothing_that_opens_anything_is_logged(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        with logged() as stream:
            parameters = await browser.at_provider(await browser.begin(), "lectrice")
            console.provider.claims = {"nonce": "wrong"}
            await browser.come_back(parameters)
            console.provider.claims = {}
            last = await browser.at_provider(await browser.begin(), "lectrice")
            assert 200 == (await browser.come_back(last)).status_code
            await noticed(console, token := console.provider.logout_token(sub="lectrice"))
        text = stream.getvalue()
        assert 5 <= text.count("request_handled")
        assert "login_token_refused" in text
        cookies = [each.value or "" for each in browser.console.cookies.jar]
        secrets = [*parameters.values(), *last.values(), *cookies, token, CLIENT_SECRET]
        assert [] == [each for each in secrets if len(each) > 20 and each in text]


@pytest.mark.parametrize("action", Action)
async def test_no_line_of_the_audit_trail_holds_an_account_whole(
    address: str, clock: HandClock, action: Action
) -> None:
    groups = [IBAN[at : at + 4] for at in range(0, len(IBAN), 4)]
    spelled = [IBAN, " ".join(groups), "-".join(groups), IBAN.lower(), IBAN[4:], f"{IBAN}.xml"]
    facts = {"why": f"voir {spelled[1]}", "changes": [{"account": each} for each in spelled]}
    async with a_store(address, clock) as store:
        for each in spelled:
            await store.write("key:1", action, f"retour {each}", {**facts, "file": each})
        for line in await store.audit_lines(10):
            said = re.sub("[^0-9A-Z]", "", f"{line.subject} {line.facts}".upper())
            assert IBAN[8:-4] not in said
            assert IBAN[-4:] in said, "who looks for it finds it"
