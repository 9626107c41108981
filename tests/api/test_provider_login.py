"""People log in to the console at an identity provider; everything else is refused in words."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import func, select

from services.api.access.caller import Action
from services.api.access.keys import digest_of
from services.api.access.oidc.issuer import AT_MOST_EVERY
from services.api.access.oidc.provider import ATTEMPT_S, AWAY_S, Attempt
from services.api.access.session import (
    ATTEMPT_COOKIE,
    BEGIN_PATH,
    CALLBACK_PATH,
    LOGIN_PATH,
    SESSION_COOKIE,
)
from services.api.access.tables import metadata, sessions
from services.api.adapters.clock_and_chance import wall_clock
from services.dev.local_broker import free_port
from services.runtime.ops import settings
from tests.api.environment import LILLE
from tests.api.logging_in import HOME, Console, a_console_at_a_provider
from tests.api.oidc_provider import CLIENT_ID, CLIENT_SECRET, a_provider_of_people
from tests.api.processes import embedded

ANNOUNCES_ISS: Final = {"authorization_response_iss_parameter_supported": True}


def json_of(answer: httpx.Response) -> dict[str, Any]:
    assert "application/problem+json" == answer.headers["content-type"]
    return dict(answer.json())


async def test_who_logs_in_has_the_rights_of_their_roles_and_no_others(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        reader, operator = console.browser(), console.browser()
        answer = await reader.log_in("lectrice", "/console/orders?age_days=30")
        assert 200 == answer.status_code
        assert '<meta http-equiv="refresh" content="0; url=/console/orders?age_days=30">' in (
            unescape(answer.text)
        )
        assert 200 == (await operator.log_in("operatrice")).status_code
        for each in (reader, operator):
            assert 200 == await each.status("/console/orders")
            assert 200 == await each.status("/budgets")
        assert "Léa Lectrice" in (await reader.console.get("/console/orders")).text
        rows = await rows_of(console, sessions)
        assert [{"read": ["all"]}, {"operate": ["all"], "read": ["all"]}] == [
            dict(sorted(row.rights.items())) for row in rows
        ]
        cookie = reader.console.cookies[SESSION_COOKIE]
        assert [digest_of(cookie)] == [row.id_sha256 for row in rows if row.subject == "lectrice"]
        assert cookie.encode() not in (tmp_path / "access.db").read_bytes()
        opened, _other = await console.store.audit_lines(2)
        assert ("oidc:operatrice", Action.SESSION_OPENED) == (opened.actor, opened.action)


async def test_the_cookies_are_for_our_pages_alone(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        begun = await browser.begin()
        flags = {each.strip().lower() for each in begun.headers["set-cookie"].split(";")}
        # The provider's answer is a request from another site: Strict would leave it out there.
        assert {"httponly", "samesite=lax", "path=/", f"max-age={ATTEMPT_S}"} <= flags
        back = await browser.come_back(await browser.at_provider(begun, "lectrice"))
        given, removed = back.headers.get_list("set-cookie")
        flags = {each.strip().lower() for each in given.split(";")}
        assert {"httponly", "samesite=strict", "path=/"} <= flags
        assert (True, True) == (ATTEMPT_COOKIE in removed, "max-age=0" in removed.lower())
        assert [SESSION_COOKIE] == list(browser.console.cookies)
        assert "no-store" == back.headers["cache-control"]


async def test_the_provider_is_asked_as_the_standards_say(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        asked = httpx.URL((await browser.begin()).headers["location"]).params
        (cookie,) = browser.console.cookies.values()
        attempt = Attempt(cookie, "", "")
        # RFC 7636, 4.2, by hand: Authlib makes it here and checks it at the provider.
        digest = sha256(attempt.code_verifier.encode()).digest()
        expected = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": f"{HOME}{CALLBACK_PATH}",
            "scope": "openid profile",
            "nonce": attempt.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        assert expected == {name: asked[name] for name in asked if name != "state"}
        assert asked["state"] == attempt.state
        made = {attempt.state, attempt.nonce, attempt.code_verifier}
        assert [43, 43, 43] == [len(each) for each in made], "each is another one"


async def rows_of(console: Console, table: Any) -> list[Any]:
    async with console.store.connect() as connection:
        return list((await connection.execute(select(table))).all())


async def count_of(console: Console, table: Any) -> int:
    async with console.store.connect() as connection:
        asked = select(func.count()).select_from(table)
        return int((await connection.execute(asked)).scalar_one())


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/console/../..//elsewhere.example\\",
        "javascript:alert(1)",
        "/budgets",
        "/console/login",
        "/console/today\x00",
        "/console/" + "a" * 2000,
        "",
    ],
)
async def test_nobody_is_led_elsewhere(tmp_path: Path, elsewhere: str) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        answer = await console.browser().log_in("lectrice", elsewhere)
        assert 'content="0; url=/console/today"' in answer.text


async def test_what_another_browser_brings_is_left_to_the_one_that_began(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        first, second = console.browser(), console.browser()
        parameters = await first.at_provider(await first.begin(), "lectrice")
        await second.begin()
        assert 400 == (await second.come_back(parameters)).status_code
        assert 200 == (await first.come_back(parameters)).status_code


async def test_one_browser_logs_in_in_two_windows_at_once(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        begun = [await browser.begin("/console/orders"), await browser.begin("/console/grants")]
        for each, page in zip(begun, ("orders", "grants"), strict=True):
            answer = await browser.come_back(await browser.at_provider(each, "lectrice"))
            assert f'content="0; url=/console/{page}"' in answer.text


async def test_a_provider_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        console.provider.down = True
        for _again in range(3):
            assert 503 == (await browser.begin()).status_code
        console.provider.down = False
        console.clock.advance(timedelta(seconds=AWAY_S))
        assert 200 == (await browser.log_in("lectrice")).status_code


async def test_a_new_key_of_the_provider_is_found(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        assert 200 == (await browser.log_in("lectrice")).status_code
        console.provider.rotate_key()
        console.clock.advance(AT_MOST_EVERY)
        assert 200 == (await browser.log_in("lectrice")).status_code


async def test_a_public_client_logs_in_by_pkce_alone(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path, oidc_client_secret=None) as console:
        console.provider.client.secret = None
        console.provider.client.method = "none"
        assert 200 == (await console.browser().log_in("lectrice")).status_code


async def test_a_provider_that_takes_the_secret_in_the_form_alone_has_it_there(
    tmp_path: Path,
) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        console.provider.client.method = "client_secret_post"
        assert 200 == (await console.browser().log_in("lectrice")).status_code


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_secret_may_hold_any_sign(tmp_path: Path, method: str) -> None:
    secret = "€uro: 100 % + %41"
    async with a_console_at_a_provider(tmp_path, oidc_client_secret=secret) as console:
        console.provider.client.secret, console.provider.client.method = secret, method
        assert 200 == (await console.browser().log_in("lectrice")).status_code


async def test_an_answer_that_names_the_provider_as_announced_logs_in(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        console.provider.announced = ANNOUNCES_ISS
        browser = console.browser()
        parameters = await browser.at_provider(await browser.begin(), "lectrice")
        answer = await browser.come_back(parameters | {"iss": console.provider.url})
        assert 200 == answer.status_code


async def test_entities_may_stand_in_the_settings_and_roles_anywhere(tmp_path: Path) -> None:
    async with a_console_at_a_provider(
        tmp_path,
        oidc_entities=LILLE,
        oidc_roles_claim="realm_access.roles",
        oidc_roles={"compta": ["read", "treasury"]},
    ) as console:
        claims = {"ecluse_entities": None, "roles": None, "realm_access": {"roles": ["compta"]}}
        console.provider.claims = claims
        assert 200 == (await console.browser().log_in("lectrice")).status_code
        (row,) = await rows_of(console, sessions)
        assert {"read": [LILLE], "treasury": [LILLE]} == row.rights


async def test_a_changed_secret_is_taken_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{CLIENT_SECRET}\n")
    monkeypatch.setenv("ECLUSE_OIDC_CLIENT_SECRET_FILE", str(file))
    monkeypatch.setattr(settings, "WRITING_S", 0.0)
    async with a_console_at_a_provider(tmp_path) as console:
        assert 200 == (await console.browser().log_in("lectrice")).status_code
        console.provider.client.secret = "the-next-secret"
        file.write_text("the-next-secret\n")
        assert 200 == (await console.browser().log_in("lectrice")).status_code


async def test_nobody_is_kept_out_by_those_who_begin_and_never_finish(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        begun = await browser.begin()
        for _ in range(50):
            await console.browser().begin()
        assert [] == [
            table.name for table in metadata.sorted_tables if await count_of(console, table)
        ], "nothing is kept on the server until the provider has answered"
        parameters = await browser.at_provider(begun, "lectrice")
        assert 200 == (await browser.come_back(parameters)).status_code


@pytest.mark.parametrize(("settings", "shown"), [({}, True), ({"oidc_client_id": None}, False)])
async def test_the_login_page_offers_the_provider_where_one_is_set(
    tmp_path: Path, settings: dict[str, Any], shown: bool
) -> None:
    if not shown:
        settings = settings | {"oidc_client_secret": None, "oidc_audience": "ecluse"}
    async with a_console_at_a_provider(tmp_path, **settings) as console:
        browser = console.browser()
        page = (await browser.console.get(LOGIN_PATH, params={"next": "/console/orders?a=1"})).text
        assert shown is ("Log in with localhost" in page)
        assert shown is ("/console/login/provider?next=/console/orders%3Fa%3D1" in page)
        assert 'name="key"' in page, "keys log in as ever"
        assert (303 if shown else 404) == (await browser.begin()).status_code
        assert (400 if shown else 404) == (await browser.come_back({})).status_code


BY_ADDRESS = {"api_urls": "https://console.lille.fr, https://ecluse.lille.fr/"}


async def begun_at(console: Console, host: str, **parameters: str) -> httpx.Response:
    """The link to log in, as a browser follows it that came by this name."""
    headers = {"host": host}
    return await console.browser().console.get(BEGIN_PATH, params=parameters, headers=headers)


async def test_an_attempt_is_for_the_address_by_which_the_browser_came(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path, **BY_ADDRESS) as console:
        for host in ("console.lille.fr", "ecluse.lille.fr"):
            begun = await begun_at(console, host)
            back = httpx.URL(begun.headers["location"]).params["redirect_uri"]
            assert f"https://{host}/console/login/callback" == back
            cookie = begun.headers["set-cookie"]
            assert cookie.startswith(f"__Host-{ATTEMPT_COOKIE}_")
            assert "secure" in cookie.lower()


# The last is as nginx passes it on, unless it is set otherwise.
@pytest.mark.parametrize("host", ["ecluse.mairie.lan", "127.0.0.1:8000"])
async def test_who_comes_by_another_address_goes_to_ours_first_and_once(
    tmp_path: Path, host: str
) -> None:
    async with a_console_at_a_provider(tmp_path, **BY_ADDRESS) as console:
        moved = await begun_at(console, host, next="/console/orders?age_days=30")
        address = httpx.URL(moved.headers["location"])
        assert ("console.lille.fr", BEGIN_PATH) == (address.host, address.path)
        assert "/console/orders?age_days=30" == address.params["next"]
        assert "set-cookie" not in moved.headers
        begun = await begun_at(console, host, **dict(address.params))
        assert begun.headers["location"].startswith(console.provider.url)
        assert f"__Host-{ATTEMPT_COOKIE}_" in begun.headers["set-cookie"]


async def test_a_token_for_programs_is_no_login_and_an_id_token_no_program_s(
    tmp_path: Path,
) -> None:
    async with a_console_at_a_provider(tmp_path, oidc_audience="ecluse-api") as console:
        browser = console.browser()
        assert 200 == (await browser.log_in("lectrice")).status_code
        (row,) = await rows_of(console, sessions)
        bearer = {"Authorization": f"Bearer {row.id_token}"}
        assert 401 == (await console.browser().console.get("/budgets", headers=bearer)).status_code
        console.provider.claims = {"aud": "ecluse-api"}
        assert 401 == (await console.browser().log_in("lectrice")).status_code


async def test_an_id_token_is_no_program_s_where_both_have_one_audience(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path, oidc_audience=CLIENT_ID) as console:
        console.provider.claims = {"scope": "ecluse:read"}
        assert 200 == (await console.browser().log_in("lectrice")).status_code
        (row,) = await rows_of(console, sessions)
        bearer = {"Authorization": f"Bearer {row.id_token}"}
        answer = await console.browser().console.get("/budgets", headers=bearer)
        assert (401, True) == (answer.status_code, "ID token" in answer.json()["detail"])


@pytest.mark.rest
def test_a_process_takes_it_all_from_its_variables(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{CLIENT_SECRET}\n")
    with a_provider_of_people(lambda: wall_clock().timestamp()) as provider:
        provider.users = {"lectrice": {"groups": {"town": ["compta"]}}}
        port = free_port()
        variables = {
            "ECLUSE_AUTH": "on",
            "ECLUSE_API_URLS": f"http://127.0.0.1:{port}",
            "ECLUSE_OIDC_ISSUER": provider.url,
            "ECLUSE_OIDC_CLIENT_ID": CLIENT_ID,
            "ECLUSE_OIDC_CLIENT_SECRET_FILE": str(secret),
            "ECLUSE_OIDC_ROLES_CLAIM": "groups.town",
            "ECLUSE_OIDC_ROLES": '{"compta": ["read"]}',
            "ECLUSE_OIDC_ENTITIES": "all",
        }
        data = tmp_path / "data"
        with embedded(data, "--port", port, log=tmp_path / "log", **variables) as running:
            provider.client.redirect_uris = [running.address + CALLBACK_PATH]
            with httpx.Client(headers={"accept": "text/html"}) as client:
                page = client.get(f"{running.address}/console/login/provider?next=/console/lag")
                there = page.headers["location"]
                client.post(there, data={"user": "lectrice"})
                back = client.get(client.get(there).headers["location"])
                assert (200, True) == (back.status_code, 'url=/console/lag"' in back.text)
                assert 200 == client.get(f"{running.address}/console/lag").status_code
