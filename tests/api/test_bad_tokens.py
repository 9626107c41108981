"""Bad tokens over HTTP: each is refused with its reason; none is tried as a session."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from joserfc.jwk import ECKey

from services.api.access.authentication import KnownCallers
from services.api.access.caller import EVERYBODY, Scope
from services.api.access.oidc.issuer import Issuer
from services.api.access.session import HOST_ONLY, SESSION_COOKIE
from services.api.access.session_store import Sessions
from services.api.access.store import AccessStore
from tests.api.environment import HandClock, an_app, an_empty_read_model, asking
from tests.api.provider import NOW_S, RSA, STRANGER, Provider, a_provider
from tests.api.test_tokens import BAD

SECRET: Final = "a secret of thirty-two characters"
READS: Final = ("/budgets", "/status", "/events/1", "/docs", "/openapi.json", "/nowhere")
OWN: Final = ECKey.generate_key("P-256", {"kid": "own"})
PUBLIC: Final = OWN.as_dict(private=False)
EVIL: Final = "https://evil.example/keys"

Token = Callable[[Provider], str]


def with_its_own_key(**header: Any) -> Token:
    """Signed by a key of the sender, who says in the header where to find it."""
    return lambda at: at.token(OWN, "ES256", header)


KEYS_OF_ITS_OWN: Final[list[tuple[str, Token, str]]] = [
    ("jwk", with_its_own_key(jwk=PUBLIC), "not published"),
    ("jwk, no kid", with_its_own_key(jwk=PUBLIC, kid=None), "not published"),
    ("jwk under a published name", with_its_own_key(jwk=PUBLIC, kid="ec"), "signature"),
    ("jku", with_its_own_key(jku=EVIL), "not published"),
    ("jku under a published name", with_its_own_key(jku=EVIL, kid="ec"), "signature"),
    ("x5u under a published name", with_its_own_key(x5u=EVIL, kid="ec"), "signature"),
    ("no kid, of several keys", lambda at: at.token(header={"kid": None}), "not published"),
    ("an empty kid", lambda at: at.token(header={"kid": ""}), "not published"),
    ("a kid that is a number", lambda at: at.forged({"alg": "RS256", "kid": 7}), "readable"),
    ("alg is a list", lambda at: at.forged({"alg": ["RS256"], "kid": "rsa"}), "readable"),
    ("no alg", lambda at: at.forged({"kid": "rsa"}), "readable"),
    (
        "what must be understood",
        lambda at: at.forged({"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1}),
        "readable",
    ),
    ("alg None", lambda at: at.forged({"alg": "None", "kid": "rsa"}, ""), "readable"),
]
SHOWN: Final = {
    "token_expired": "expired",
    "token_claim_exp": "“exp”",
    "token_claim_aud": "“aud”",
    "token_claim_iss": "“iss”",
    "token_claim_sub": "“sub”",
    "token_not_yet": "too early",
    "token_unreadable": "not readable",
    "token_key_unknown": "not published",
    "token_signature": "signature",
    "token_too_large": "too large",
    "token_entities": "SIRETs",
    "token_is_id_token": "ID token",
}
"""What people read for each reason, in English."""

TABLE: Final = [*((name, token, SHOWN[reason]) for name, token, reason in BAD), *KEYS_OF_ITS_OWN]


def over_http(
    folder: Path, ask: Callable[[httpx.AsyncClient, Provider, str], Awaitable[None]]
) -> None:
    """Ask an API that knows keys, sessions and a provider; with the cookie of a good session."""

    async def go() -> None:
        clock = HandClock()
        store = AccessStore(f"sqlite:///{folder / 'access.db'}", clock)
        with a_provider() as provider:
            try:
                await store.prepare()
                issuer = Issuer(provider.requirements, f"{provider.url}/keys", clock)
                access = KnownCallers(store, Sessions(store, clock), issuer, clock)
                _, key = await store.create("Agent", dict.fromkeys(Scope, EVERYBODY), "test")
                _, cookie = await access.log_in(key)
                app = an_app(an_empty_read_model(folder), access, clock=clock)
                async with asking(app, None) as client:
                    await ask(client, provider, cookie)
            finally:
                await store.dispose()

    asyncio.run(go())


def check_refused(answer: httpx.Response, phrase: str) -> None:
    assert 401 == answer.status_code
    assert 'Bearer error="invalid_token"' == answer.headers["www-authenticate"]
    assert "application/problem+json" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    body = answer.json()
    assert ("unauthenticated", 401) == (body["code"], body["status"])
    assert phrase in body["detail"]


def test_a_bad_token_is_401_at_every_input_even_with_a_good_session(tmp_path: Path) -> None:
    async def ask(client: httpx.AsyncClient, provider: Provider, cookie: str) -> None:
        session = {"Cookie": f"{HOST_ONLY}{SESSION_COOKIE}={cookie}"}
        assert 200 == (await client.get("/budgets", headers=session)).status_code
        for name, token, phrase in TABLE:
            spelled = token(provider)
            for headers in ({}, session):
                bearer = {"Authorization": f"Bearer {spelled}"} | headers
                answer = await client.get("/budgets", headers=bearer)
                check_refused(answer, phrase)
                assert spelled not in answer.text, name
        assert 2 >= provider.asked, "invented keys have nobody asked"

    over_http(tmp_path, ask)


@pytest.mark.parametrize("credential", ["Bearer nothing", "Basic YTpi", "Bearer", "nothing"])
def test_what_is_no_token_opens_no_address_even_with_a_good_session(
    tmp_path: Path, credential: str
) -> None:
    async def ask(client: httpx.AsyncClient, _provider: Provider, cookie: str) -> None:
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

    over_http(tmp_path, ask)


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
def test_a_good_token_without_the_right_is_403_and_shown_which(
    tmp_path: Path, claims: dict[str, Any], method: str, path: str, scope: str
) -> None:
    async def ask(client: httpx.AsyncClient, provider: Provider, _cookie: str) -> None:
        bearer = {"Authorization": f"Bearer {provider.token(**claims)}"}
        answer = await client.request(method, path, headers=bearer)
        assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])
        assert "application/problem+json" == answer.headers["content-type"]
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        assert challenge == answer.headers["www-authenticate"]

    over_http(tmp_path, ask)


def test_a_provider_that_is_away_is_503_for_its_tokens_and_for_nobody_else(tmp_path: Path) -> None:
    async def ask(client: httpx.AsyncClient, provider: Provider, cookie: str) -> None:
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

    over_http(tmp_path, ask)


def test_without_kid_one_published_key_is_enough_and_must_have_signed(tmp_path: Path) -> None:
    async def ask(client: httpx.AsyncClient, provider: Provider, _cookie: str) -> None:
        provider.keys = [RSA]
        statuses = []
        for key in (RSA, STRANGER):
            token = provider.token(key, header={"kid": None}, exp=NOW_S + 300)
            answer = await client.get("/budgets", headers={"Authorization": f"Bearer {token}"})
            statuses.append(answer.status_code)
        assert [200, 401] == statuses

    over_http(tmp_path, ask)
