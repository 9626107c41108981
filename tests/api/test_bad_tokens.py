"""Bad tokens over HTTP: each is refused with its reason; none is tried as a session."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.api.access.caller import EVERYBODY, Scope
from services.api.access.oidc.issuer import Issuer
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from tests.api.bad_tokens import BAD, PHRASES
from tests.api.environment import HandClock, an_app, an_empty_read_model, asking
from tests.api.provider import NOW_S, RSA, STRANGER, Provider, a_provider
from tests.api.test_access import a_store, known

READS: Final = ("/budgets", "/status", "/events/1", "/docs", "/openapi.json", "/nowhere")


@asynccontextmanager
async def over_http(folder: Path) -> AsyncGenerator[tuple[httpx.AsyncClient, Provider, str]]:
    """An API that knows keys, sessions and a provider; with the cookie of a good session."""
    clock = HandClock()
    async with a_store(f"sqlite:///{folder / 'access.db'}", clock) as store:
        with a_provider() as provider:
            issuer = Issuer(provider.requirements, f"{provider.url}/keys", clock)
            access = known(store, clock, issuer)
            _, key = await store.create("Agent", dict.fromkeys(Scope, EVERYBODY), "test")
            _, cookie = await access.log_in(key)
            app = an_app(an_empty_read_model(folder), access, clock=clock)
            async with asking(app, None) as client:
                yield client, provider, cookie


def check_refused(answer: httpx.Response, phrase: str) -> None:
    assert 401 == answer.status_code
    assert 'Bearer error="invalid_token"' == answer.headers["www-authenticate"]
    assert "application/problem+json" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    body = answer.json()
    assert ("unauthenticated", 401) == (body["code"], body["status"])
    assert phrase in body["detail"]


async def test_a_bad_token_is_401_at_every_input_even_with_a_good_session(tmp_path: Path) -> None:
    async with over_http(tmp_path) as (client, provider, cookie):
        session = {"Cookie": f"{HOST_ONLY}{SESSION_COOKIE}={cookie}"}
        assert 200 == (await client.get("/budgets", headers=session)).status_code
        for name, (token, reason) in BAD.items():
            spelled = token(provider)
            for headers in ({}, session):
                bearer = {"Authorization": f"Bearer {spelled}"} | headers
                answer = await client.get("/budgets", headers=bearer)
                check_refused(answer, PHRASES[reason])
                assert spelled not in answer.text, name
        assert 2 >= provider.asked, "invented keys have nobody asked"


@pytest.mark.parametrize("credential", ["Bearer nothing", "Basic YTpi", "Bearer", "nothing"])
async def test_what_is_no_token_opens_no_address_even_with_a_good_session(
    tmp_path: Path, credential: str
) -> None:
    async with over_http(tmp_path) as (client, _provider, cookie):
        headers = {"Authorization": credential, "Cookie": f"{HOST_ONLY}{SESSION_COOKIE}={cookie}"}
        for path in READS:
            check_refused(await client.get(path, headers=headers), "")
        check_refused(await client.post("/events", headers=headers, content="{}"), "")
        check_refused(await client.post("/console/logout", headers=headers), "")
        page = await client.get("/console/today", headers=headers)
        assert (303, "/console/login?next=/console/today") == (
            page.status_code,
            page.headers["location"],
        )


@pytest.mark.parametrize(
    ("claims", "method", "path", "scope"),
    [
        ({"scope": "ecluse:publish"}, "GET", "/budgets", "read"),
        ({"scope": "ecluse:operate"}, "GET", "/status", "read"),
        ({"scope": "ecluse:read"}, "POST", "/events", "publish"),
        ({"scope": "openid"}, "GET", "/events/1", "read"),
        ({"scope": None}, "GET", "/metrics", "read"),
        ({"ecluse_entities": None}, "GET", "/budgets", "read"),
    ],
)
async def test_a_good_token_without_the_right_is_403_and_shown_which(
    tmp_path: Path, claims: dict[str, Any], method: str, path: str, scope: str
) -> None:
    async with over_http(tmp_path) as (client, provider, _cookie):
        bearer = {"Authorization": f"Bearer {provider.token(**claims)}"}
        answer = await client.request(method, path, headers=bearer)
        assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])
        assert "application/problem+json" == answer.headers["content-type"]
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        assert challenge == answer.headers["www-authenticate"]


async def test_a_provider_that_is_away_is_503_for_its_tokens_and_for_nobody_else(
    tmp_path: Path,
) -> None:
    async with over_http(tmp_path) as (client, provider, cookie):
        provider.away = True
        session = {"Cookie": f"{HOST_ONLY}{SESSION_COOKIE}={cookie}"}
        bearer = {"Authorization": f"Bearer {provider.token()}"}
        for headers in (bearer, bearer | session):
            answer = await client.get("/budgets", headers=headers)
            assert (503, "issuer_unreachable") == (answer.status_code, answer.json()["code"])
            assert "application/problem+json" == answer.headers["content-type"]
            assert 0 < int(answer.headers["retry-after"])
            assert "www-authenticate" not in answer.headers, "the token may be good"
        assert 200 == (await client.get("/budgets", headers=session)).status_code
        assert 200 == (await client.get("/healthz", headers=bearer)).status_code


async def test_without_kid_one_published_key_is_enough_and_must_have_signed(tmp_path: Path) -> None:
    async with over_http(tmp_path) as (client, provider, _cookie):
        provider.keys = [RSA]
        statuses = []
        for key in (RSA, STRANGER):
            token = provider.token(key, header={"kid": None}, exp=NOW_S + 300)
            answer = await client.get("/budgets", headers={"Authorization": f"Bearer {token}"})
            statuses.append(answer.status_code)
        assert [200, 401] == statuses
