"""A login at an identity provider that is not right in every point is refused, in words."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.api.access.oidc.issuer import FRESH_FOR
from services.api.access.oidc.provider import ATTEMPT_S
from services.api.access.session import LOGIN_PATH, SESSION_COOKIE
from services.api.access.tables import sessions
from tests.api.logging_in import Browser, Console, a_console_at_a_provider
from tests.api.test_provider_login import ANNOUNCES_ISS, count_of, json_of


async def _is_away(console: Console, browser: Browser) -> httpx.Response:
    console.provider.down = True
    return await browser.begin()


async def _goes_away(console: Console, browser: Browser) -> httpx.Response:
    parameters = await browser.at_provider(await browser.begin(), "lectrice")
    console.provider.down = True
    return await browser.come_back(parameters)


async def _unknown_state(console: Console, browser: Browser) -> httpx.Response:
    parameters = await browser.at_provider(await browser.begin(), "lectrice")
    return await browser.come_back(parameters | {"state": "of-nobody"})


async def _no_parameters(_console: Console, browser: Browser) -> httpx.Response:
    await browser.begin()
    return await browser.come_back({})


async def _comes_twice(_console: Console, browser: Browser) -> httpx.Response:
    parameters = await browser.at_provider(await browser.begin(), "lectrice")
    assert 200 == (await browser.come_back(parameters)).status_code
    return await browser.come_back(parameters)


async def _too_late(console: Console, browser: Browser) -> httpx.Response:
    parameters = await browser.at_provider(await browser.begin(), "lectrice")
    console.clock.advance(timedelta(seconds=ATTEMPT_S + 1))
    return await browser.come_back(parameters)


async def _another_browser(console: Console, browser: Browser) -> httpx.Response:
    """Somebody has a link with the answer to their own login opened by another (login forgery)."""
    attacker = console.browser()
    parameters = await attacker.at_provider(await attacker.begin(), "lectrice")
    await browser.begin()
    return await browser.come_back(parameters)


async def _another_issuer(_console: Console, browser: Browser) -> httpx.Response:
    parameters = await browser.at_provider(await browser.begin(), "lectrice")
    return await browser.come_back(parameters | {"iss": "https://elsewhere.example"})


async def _no_issuer(console: Console, browser: Browser) -> httpx.Response:
    """The provider says that its answers name it (RFC 9207), and this one does not."""
    console.provider.announced = ANNOUNCES_ISS
    return await browser.log_in("lectrice")


async def _error_without_issuer(console: Console, browser: Browser) -> httpx.Response:
    console.provider.denies = "access_denied"
    return await _no_issuer(console, browser)


async def _code_of_before(_console: Console, browser: Browser) -> httpx.Response:
    """A code that was exchanged already, with a state that is in force."""
    old = await browser.at_provider(await browser.begin(), "lectrice")
    assert 200 == (await browser.come_back(old)).status_code
    new = await browser.at_provider(await browser.begin(), "lectrice")
    return await browser.come_back(new | {"code": old["code"]})


async def _code_of_another_login(console: Console, browser: Browser) -> httpx.Response:
    """A stolen code that was not exchanged yet: it has another challenge of PKCE."""
    victim = console.browser()
    stolen = await victim.at_provider(await victim.begin(), "operatrice")
    own = await browser.at_provider(await browser.begin(), "lectrice")
    return await browser.come_back(own | {"code": stolen["code"]})


async def _gives_up(console: Console, browser: Browser) -> httpx.Response:
    console.provider.denies = "access_denied"
    return await browser.log_in("lectrice")


async def _error(console: Console, browser: Browser) -> httpx.Response:
    console.provider.denies = "invalid_scope"
    return await browser.log_in("lectrice")


async def _another_secret(console: Console, browser: Browser) -> httpx.Response:
    console.provider.client.secret = "changed-since"
    return await browser.log_in("lectrice")


async def _no_role(_console: Console, browser: Browser) -> httpx.Response:
    return await browser.log_in("stagiaire")


async def _planted_error(_console: Console, browser: Browser) -> httpx.Response:
    await browser.begin()
    return await browser.come_back({"error": "call-this-number"})


async def _withdrawn_key(console: Console, browser: Browser) -> httpx.Response:
    """Whoever has a key that the provider publishes no more signs with it, under its name."""
    assert 200 == (await browser.log_in("lectrice")).status_code
    withdrawn = console.provider.key
    console.provider.rotate_key()
    console.provider.key = withdrawn
    console.clock.advance(FRESH_FOR)
    return await browser.log_in("lectrice")


async def _no_json(console: Console, browser: Browser) -> httpx.Response:
    console.provider.speaks_json = False
    return await browser.log_in("lectrice")


async def _unsigned(console: Console, browser: Browser) -> httpx.Response:
    console.provider.signs = False
    console.provider.announced = {"id_token_signing_alg_values_supported": ["RS256", "none"]}
    return await browser.log_in("lectrice")


def _announced(**otherwise: Any) -> Callable[[Console, Browser], Awaitable[httpx.Response]]:
    async def ask(console: Console, browser: Browser) -> httpx.Response:
        console.provider.announced = otherwise
        return await browser.begin()

    return ask


def _claims(**claims: Any) -> Callable[[Console, Browser], Awaitable[httpx.Response]]:
    async def ask(console: Console, browser: Browser) -> httpx.Response:
        console.provider.claims = claims
        return await browser.log_in("lectrice")

    return ask


async def _expired(console: Console, browser: Browser) -> httpx.Response:
    console.provider.expires_s = -31
    return await browser.log_in("lectrice")


AWAY: Final = (503, "login_provider_unreachable", "not as it must")
REFUSED: list[tuple[str, Callable[[Console, Browser], Awaitable[httpx.Response]], int, str, str]]
REFUSED = [
    ("provider away", _is_away, 503, "login_provider_unreachable", "does not answer"),
    ("provider goes away", _goes_away, 503, "login_provider_unreachable", "does not answer"),
    ("unknown state", _unknown_state, 400, "login_unknown", "no question of ours"),
    ("no parameters", _no_parameters, 400, "login_unknown", "no question of ours"),
    ("the same answer twice", _comes_twice, 400, "login_unknown", "twice"),
    ("too late", _too_late, 400, "login_unknown", "too late"),
    ("another browser", _another_browser, 400, "login_unknown", "another browser"),
    ("another issuer", _another_issuer, 400, "login_unknown", "no question of ours"),
    ("no issuer", _no_issuer, 400, "login_unknown", "no question of ours"),
    ("an error without issuer", _error_without_issuer, 400, "login_unknown", "no question of ours"),
    ("a code used before", _code_of_before, 401, "login_code_refused", "used already"),
    ("a stolen code", _code_of_another_login, 401, "login_code_refused", "refused the code"),
    ("access denied", _gives_up, 403, "login_denied", "access_denied"),
    ("an error", _error, 502, "login_provider_error", "invalid_scope"),
    ("another secret", _another_secret, 502, "login_provider_error", "invalid_client"),
    ("an error of nobody", _planted_error, 400, "login_unknown", "no question of ours"),
    ("no JSON", _no_json, *AWAY),
    ("another's document", _announced(issuer="https://x.example"), *AWAY),
    ("an address in clear", _announced(token_endpoint="http://x.example/"), *AWAY),
    ("unsigned", _unsigned, 401, "login_token_refused", "not readable"),
    ("a withdrawn key", _withdrawn_key, 401, "login_token_refused", "not published"),
    ("no role", _no_role, 403, "login_without_role", "stagiaire"),
    ("no entity", _claims(ecluse_entities=None), 403, "login_without_role", "Léa"),
    ("wrong nonce", _claims(nonce="wrong"), 401, "login_token_refused", "nonce"),
    ("no nonce", _claims(nonce=None), 401, "login_token_refused", "nonce"),
    ("other audience", _claims(aud="intranet"), 401, "login_token_refused", "aud"),
    ("no azp", _claims(aud=["ecluse-console", "x"]), 401, "login_token_refused", "azp"),
    ("azp of another", _claims(azp="intranet"), 401, "login_token_refused", "azp"),
    ("other issuer", _claims(iss="https://x.example"), 401, "login_token_refused", "iss"),
    ("no time", _claims(iat=None), 401, "login_token_refused", "iat"),
    ("no subject", _claims(sub=None), 401, "login_token_refused", "sub"),
    ("expired", _expired, 401, "login_token_refused", "expired"),
]


@pytest.mark.parametrize(
    ("go", "status", "code", "phrase"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_a_login_that_is_not_right_is_refused_in_words(
    tmp_path: Path,
    go: Callable[[Console, Browser], Awaitable[httpx.Response]],
    status: int,
    code: str,
    phrase: str,
) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        before = await count_of(console, sessions)
        browser.console.headers["accept"] = "application/json"
        answer = await go(console, browser)
        found = json_of(answer)
        assert (status, code) == (answer.status_code, found["code"])
        assert phrase in found["detail"]
        assert "{" not in found["detail"] + found["advice"]
        assert (status == 503) is ("retry-after" in answer.headers)
        opened = await count_of(console, sessions) - before
        assert opened == (1 if go in {_comes_twice, _code_of_before, _withdrawn_key} else 0)
        if status == 403 and code == "login_without_role":
            assert "ecluse-readers, ecluse-operators" in found["advice"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_refusal_is_a_page_in_both_languages_that_leads_to_the_login(
    tmp_path: Path, language: str
) -> None:
    title = {"fr": "Aucun rôle dans Écluse", "en": "No role in Écluse"}
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        browser.console.headers["accept-language"] = language
        answer = await browser.log_in("stagiaire")
        assert 403 == answer.status_code
        assert title[language] in answer.text
        assert f'href="{LOGIN_PATH}"' in answer.text
        assert SESSION_COOKIE not in browser.console.cookies
