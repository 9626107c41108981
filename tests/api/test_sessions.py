"""Sessions of the console end on the server: by logging out, by the provider, and with time."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from services.api.access.caller import EVERYBODY, NotKnown, Scope
from services.api.access.oidc.login import LOGOUT_TOKEN_S
from services.api.access.oidc.provider import ATTEMPT_S, Attempt
from services.api.access.session import LOGIN_PATH, SALT_DIGITS, SESSION_COOKIE, form_token
from services.api.access.session_store import (
    IDLE_S,
    SEEN_EVERY,
    SESSION_S,
    Notice,
    ProviderSession,
    Sessions,
    caller_of,
    csrf_of,
)
from services.api.access.tables import logout_tokens, sessions
from tests.api.environment import CALLERS, LILLE_KEY, READ_KEY, HandClock
from tests.api.logging_in import HOME, Browser, Console, a_console_at_a_provider, noticed
from tests.api.oidc_provider import CLIENT_ID, LOGOUT_EVENT
from tests.api.test_access import a_store, address, clock

__all__ = ["address", "clock"]


async def log_out(browser: Browser) -> httpx.Response:
    cookie = browser.console.cookies[SESSION_COOKIE]
    return await browser.console.post(
        "/console/logout", data={"csrf": form_token(csrf_of(cookie), "0" * SALT_DIGITS)}
    )


async def with_cookie(console: Console, cookie: str) -> httpx.Response:
    """Whoever has this cookie, in another browser."""
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"}
    return await console.browser().console.get("/console/orders", headers=headers)


async def test_logging_out_ends_the_session_here_and_at_the_provider(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        stolen = browser.console.cookies[SESSION_COOKIE]
        assert 200 == (await with_cookie(console, stolen)).status_code
        page = await log_out(browser)
        assert 200 == page.status_code
        assert "Max-Age=0" in page.headers["set-cookie"]
        onward = page.text.split("0; url=")[1].split('"')[0].replace("&amp;", "&")
        assert f"{console.provider.url}/logout" == onward.partition("?")[0]
        asked = parse_qs(urlsplit(onward).query)
        assert [f"{HOME}{LOGIN_PATH}"] == asked["post_logout_redirect_uri"]
        back = await browser.provider.get(onward)
        assert (302, f"{HOME}{LOGIN_PATH}") == (back.status_code, back.headers["location"])
        assert 1 == len(console.provider.ended)
        answer = await with_cookie(console, stolen)
        assert (303, True) == (answer.status_code, LOGIN_PATH in answer.headers["location"])


async def test_logging_out_works_while_the_provider_is_away(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        console.clock.advance(timedelta(minutes=30))
        console.provider.down = True
        stolen = browser.console.cookies[SESSION_COOKIE]
        assert (303, LOGIN_PATH) == (
            (answer := await log_out(browser)).status_code,
            answer.headers["location"],
        )
        assert 303 == (await with_cookie(console, stolen)).status_code


async def test_a_session_by_a_key_ends_on_the_server_too(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        _, key = await console.store.create("Agent", {Scope.READ: EVERYBODY}, "test")
        browser = console.browser()
        await browser.console.post(LOGIN_PATH, data={"key": key})
        stolen = browser.console.cookies[SESSION_COOKIE]
        assert 200 == (await with_cookie(console, stolen)).status_code
        assert 303 == (await log_out(browser)).status_code
        assert 303 == (await with_cookie(console, stolen)).status_code


async def test_a_session_that_has_ended_leads_back_to_where_one_was(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        console.clock.advance(timedelta(seconds=IDLE_S + 1))
        answer = await browser.console.get("/console/orders?age_days=30&x=%26")
        login = answer.headers["location"]
        assert f"{LOGIN_PATH}?next=/console/orders%3Fage_days%3D30%26x%3D%2526" == login
        page = (await browser.console.get(login)).text
        assert "The session has ended" in page
        href = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        begun = await browser.console.get(href)
        back = await browser.come_back(await browser.at_provider(begun, "lectrice"))
        assert 'content="0; url=/console/orders?age_days=30&amp;x=%26"' in back.text


async def test_a_session_ends_after_a_working_day_or_two_idle_hours(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        found = Sessions(store, clock)
        cookie = await found.open(CALLERS[READ_KEY])
        for _ in range(SESSION_S // IDLE_S):
            await found.find(cookie)
            await store.finish_writing_beside()
            clock.advance(timedelta(seconds=IDLE_S))
        await found.find(cookie)
        await store.finish_writing_beside()
        clock.advance(timedelta(seconds=1))
        with pytest.raises(NotKnown, match="session_ended"):
            await found.find(cookie)
        idle = await found.open(CALLERS[READ_KEY])
        clock.advance(timedelta(seconds=IDLE_S + 1))
        with pytest.raises(NotKnown, match="session_ended"):
            await found.find(idle)
        await found.open(CALLERS[READ_KEY])
        async with store.connect() as connection:
            rows = (await connection.execute(select(sessions))).all()
        assert 1 == len(rows), "those that have ended are swept"


async def test_the_last_request_is_noted_now_and_then(address: str, clock: HandClock) -> None:
    async with a_store(address, clock) as store:
        found = Sessions(store, clock)
        cookie, opened = await found.open(CALLERS[READ_KEY]), clock()
        seen = []
        for _ in range(3):
            await found.find(cookie)
            await store.finish_writing_beside()
            seen.append((await found.find(cookie)).last_seen_at - opened)
            clock.advance(SEEN_EVERY * 0.6)
        assert [timedelta(), timedelta(), SEEN_EVERY * 1.2] == seen


HERE = "https://ecluse.example/console/login/callback"


def test_an_attempt_is_of_one_cookie_and_one_state_for_ten_minutes() -> None:
    clock = HandClock()
    attempt, other = (Attempt.begin(HERE, "/console/x?é=1", clock()) for _ in range(2))
    assert attempt == Attempt.from_answer(attempt.cookie, attempt.state, HERE, clock())
    for cookie, state in ((attempt.cookie, other.state), (attempt.cookie, ""), ("", "")):
        assert Attempt.from_answer(cookie, state, HERE, clock()) is None
    clock.advance(timedelta(seconds=ATTEMPT_S))
    assert Attempt.from_answer(attempt.cookie, attempt.state, HERE, clock()) == attempt
    clock.advance(timedelta(seconds=1))
    assert Attempt.from_answer(attempt.cookie, attempt.state, HERE, clock()) is None


@pytest.mark.parametrize(
    "cookie", ["", ".", "..", "a.b.c", "9.b", "9.b.c.d", "9.b.é", "9.b._w", "9" * 5000 + ".b.c"]
)
def test_a_cookie_that_somebody_made_up_is_no_attempt(cookie: str) -> None:
    state = Attempt(cookie, HERE, "").state  # They can tell the state that goes with it.
    assert Attempt.from_answer(cookie, state, HERE, HandClock()()) is None


async def test_a_notice_ends_what_it_names_and_is_taken_once(
    address: str, clock: HandClock
) -> None:
    async with a_store(address, clock) as store:
        found = Sessions(store, clock)
        reader, town = CALLERS[READ_KEY], CALLERS[LILLE_KEY]
        cookies = [
            await found.open(caller, provider_session=ProviderSession(subject, sid, "token"))
            for caller, subject, sid in ((reader, "a", "1"), (reader, "a", "2"), (town, "b", "3"))
        ]
        assert [reader, reader, town] == [caller_of(await found.find(each)) for each in cookies]
        forget_at = clock() + timedelta(seconds=LOGOUT_TOKEN_S)
        assert 1 == await found.end_by(Notice("first", "a", "1", forget_at))
        with pytest.raises(NotKnown, match="notice_taken"):
            await found.end_by(Notice("first", "b", None, forget_at))
        assert 0 == await found.end_by(Notice("second", "b", "2", forget_at))
        assert 1 == await found.end_by(Notice("third", None, "3", forget_at))
        assert "token" == await found.end(cookies[1])
        assert await found.end(cookies[1]) is None


async def sid_of(console: Console, number: int) -> str:
    async with console.store.connect() as connection:
        asked = select(sessions.c.provider_session).order_by(sessions.c.created_at)
        return str((await connection.execute(asked)).scalars().all()[number])


async def test_the_provider_ends_one_session_or_all_of_somebody(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browsers = [console.browser() for _ in range(4)]
        for each, user in zip(browsers, ("lectrice",) * 3 + ("operatrice",), strict=True):
            await each.log_in(user)
            console.clock.advance(timedelta(seconds=1))
        sid = await sid_of(console, 1)
        token = console.provider.logout_token(sid=sid, sub="lectrice")
        answer = await noticed(console, token)
        assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
        assert [200, 401, 200, 200] == [await each.status() for each in browsers]
        assert (
            200
            == (await noticed(console, console.provider.logout_token(sub="lectrice"))).status_code
        )
        assert [401, 401, 401, 200] == [await each.status() for each in browsers]
        elsewhere = console.provider.logout_token(sid=await sid_of(console, 0), sub="lectrice")
        assert 200 == (await noticed(console, elsewhere)).status_code
        assert 200 == await browsers[3].status(), "the session is not that subject's"


async def test_a_session_whose_name_the_provider_keeps_to_itself_ends_by_its_subject(
    tmp_path: Path,
) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        console.provider.claims = {"sid": None}
        browsers = [console.browser(), console.browser()]
        for each, user in zip(browsers, ("lectrice", "operatrice"), strict=True):
            await each.log_in(user)
        nobodys = console.provider.logout_token(sid="of-the-provider")
        assert 200 == (await noticed(console, nobodys)).status_code
        assert [200, 200] == [await each.status() for each in browsers]
        token = console.provider.logout_token(sid="of-the-provider", sub="lectrice")
        assert 200 == (await noticed(console, token)).status_code
        assert [401, 200] == [await each.status() for each in browsers]


OLD_S = LOGOUT_TOKEN_S + 1
BAD_NOTICES: list[tuple[dict[str, Any], str]] = [
    ({"aud": "intranet"}, "token_claim_aud"),
    ({"iss": "https://elsewhere.example"}, "token_claim_iss"),
    ({"events": None}, "token_claim_events"),
    ({"events": {"http://schemas.example/other": {}}}, "token_claim_events"),
    ({"events": [LOGOUT_EVENT]}, "token_claim_events"),
    ({"events": {LOGOUT_EVENT: True}}, "token_claim_events"),
    ({"nonce": "n"}, "token_claim_nonce"),
    ({"jti": None}, "token_claim_jti"),
    ({"iat": None}, "token_claim_iat"),
    ({"sub": None}, "token_claim_sub"),
    ({"sub": ["lectrice"]}, "token_claim_sub"),
]


@pytest.mark.parametrize(("claims", "reason"), BAD_NOTICES, ids=[str(row) for row in BAD_NOTICES])
async def test_a_notice_that_is_not_right_ends_nothing(
    tmp_path: Path, claims: dict[str, Any], reason: str
) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        token = console.provider.logout_token(**({"sub": "lectrice"} | claims))
        answer = await noticed(console, token)
        found = answer.json()
        assert (400, "logout_token_refused", reason) == (
            answer.status_code,
            found["code"],
            found["reason"],
        )
        assert 200 == await browser.status()


async def test_a_notice_is_taken_once_and_not_when_it_is_old(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        token = console.provider.logout_token(sub="lectrice", exp=2_000_000_000)
        assert 200 == (await noticed(console, token)).status_code
        browser = console.browser()
        await browser.log_in("lectrice")
        for age_s, reason in ((0, "notice_taken"), (OLD_S, "token_claim_iat")):
            console.clock.advance(timedelta(seconds=age_s))
            answer = await noticed(console, token)
            assert (400, reason) == (answer.status_code, answer.json()["reason"])
        assert 200 == await browser.status()
        console.clock.advance(timedelta(seconds=60))
        await noticed(console, console.provider.logout_token(sub="nobody"))
        async with console.store.connect() as connection:
            rows = (await connection.execute(select(logout_tokens))).all()
        assert 1 == len(rows), "what nobody would believe any more is swept"


async def test_a_notice_need_not_say_when_it_ends(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        over = console.provider.logout_token(sub="lectrice", exp=1_000_000_000)
        assert "token_expired" == (await noticed(console, over)).json()["reason"]
        token = console.provider.logout_token(sub="lectrice", exp=None)
        assert 200 == (await noticed(console, token)).status_code
        assert 401 == await browser.status()


async def test_an_id_token_is_no_notice_and_a_notice_no_login(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        async with console.store.connect() as connection:
            asked = select(sessions.c.id_token)
            id_token = (await connection.execute(asked)).scalar_one()
        assert 400 == (await noticed(console, id_token)).status_code
        assert 400 == (await noticed(console, "")).status_code
        assert 200 == await browser.status()
        bearer = {"Authorization": f"Bearer {console.provider.logout_token(sub='lectrice')}"}
        assert 401 == (await console.browser().console.get("/budgets", headers=bearer)).status_code
        assert CLIENT_ID == console.settings.oidc_client_id


async def test_a_console_without_a_provider_takes_no_notice(tmp_path: Path) -> None:
    none = {"oidc_client_id": None, "oidc_client_secret": None, "oidc_audience": "ecluse"}
    async with a_console_at_a_provider(tmp_path, **none) as console:
        answer = await noticed(console, console.provider.logout_token(sub="lectrice"))
        assert 404 == answer.status_code
