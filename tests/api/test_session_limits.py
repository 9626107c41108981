"""Sessions of the console: who keeps one from ending, how many there are, under which settings."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.api.access import session_store
from services.api.access.caller import EVERYBODY, NotKnown, Scope
from services.api.access.session import LOGIN_PATH, SESSION_COOKIE
from services.api.access.session_store import IDLE_S, Sessions
from tests.api.environment import CALLERS, LILLE, LILLE_KEY, READ_KEY, HandClock
from tests.api.logging_in import ROLES, a_console, a_console_at_a_provider
from tests.api.test_access import a_store, address, clock
from tests.api.test_sessions import with_cookie

__all__ = ["address", "clock"]


async def test_an_open_page_that_nobody_looks_at_keeps_no_session(tmp_path: Path) -> None:
    """It asks for itself again when the accounts have moved, and listens for that."""
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        by_itself = {"sec-fetch-mode": "cors"}
        for _ in range(IDLE_S // 600):
            console.clock.advance(timedelta(minutes=10))
            answer = await browser.console.get("/console/orders", headers=by_itself)
            assert 200 == answer.status_code
            await console.store.finish_writing_beside()
        console.clock.advance(timedelta(seconds=1))
        answer = await browser.console.get("/console/orders", headers=by_itself)
        assert 303 == answer.status_code


async def test_who_opens_pages_keeps_the_session(tmp_path: Path) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        for headers in ({}, {"sec-fetch-mode": "navigate"}):
            console.clock.advance(timedelta(seconds=IDLE_S - 60))
            answer = await browser.console.get("/console/orders", headers=headers)
            assert 200 == answer.status_code
            await console.store.finish_writing_beside()


async def test_of_too_many_sessions_of_one_caller_the_oldest_ends(
    address: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_store, "SESSIONS_MAX", 2)
    async with a_store(address, clock) as store:
        found = Sessions(store, clock)
        other = await found.open(CALLERS[LILLE_KEY])
        cookies = []
        for _ in range(3):
            clock.advance(timedelta(seconds=1))
            cookies.append(await found.open(CALLERS[READ_KEY]))
        with pytest.raises(NotKnown, match="session_ended"):
            await found.find(cookies[0])
        for each in (other, *cookies[1:]):
            await found.find(each)


OTHER_SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("a right taken from a role", {"oidc_roles": ROLES | {"ecluse-readers": ["publish"]}}),
    ("entities", {"oidc_entities": LILLE}),
    ("client", {"oidc_client_id": "another"}),
    ("issuer", {"oidc_issuer": "https://elsewhere.example"}),
    ("no login", {"oidc_client_id": None, "oidc_client_secret": None, "oidc_audience": "ecluse"}),
    (
        "no provider",
        {"oidc_issuer": None, "oidc_client_id": None, "oidc_client_secret": None},
    ),
]


@pytest.mark.parametrize(
    "other", [row[1] for row in OTHER_SETTINGS], ids=[row[0] for row in OTHER_SETTINGS]
)
async def test_a_session_is_believed_under_the_settings_of_its_login_alone(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    async with a_console_at_a_provider(tmp_path) as console:
        browser = console.browser()
        await browser.log_in("lectrice")
        cookie = browser.console.cookies[SESSION_COOKIE]
        _, key = await console.store.create("Agent", {Scope.READ: EVERYBODY}, "test")
        by_key = console.browser()
        await by_key.console.post(LOGIN_PATH, data={"key": key})
        of_key = by_key.console.cookies[SESSION_COOKIE]
        for settings, status in (({}, 200), (other, 303)):
            restarted = a_console(tmp_path, console.provider, console.clock, **settings)
            async with restarted as later:
                assert status == (await with_cookie(later, cookie)).status_code
                assert 200 == (await with_cookie(later, of_key)).status_code
