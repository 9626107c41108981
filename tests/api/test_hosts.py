"""By which name the API is asked: the only lock where access is off; and who comes over TLS."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from services.api.access.authentication import OpenAccess
from services.api.app import create_app
from services.api.http.components import Components
from services.api.settings import ApiSettings
from services.runtime.ops.http import LOCAL
from tests.api.environment import (
    READ_KEY,
    HandClock,
    Kept,
    KeptAudit,
    KeptBytes,
    Known,
    an_empty_read_model,
    asked,
    asking,
)

PROXIED = "https://ecluse.lille.fr"
PAGE = {"accept": "text/html"}


def an_app_of(folder: Path, *, checks: bool = False, **settings: Any) -> FastAPI:
    phrase = ApiSettings(**settings)
    return create_app(
        Components(
            an_empty_read_model(folder),
            Known() if checks else OpenAccess(),
            Kept(),
            KeptAudit(),
            KeptBytes(),
            HandClock(),
            hosts=phrase.hosts,
            over_tls=phrase.over_tls,
        )
    )


@pytest.mark.parametrize(
    ("bind", "urls", "host", "status"),
    [
        ("127.0.0.1", "", "127.0.0.1:8000", 200),
        ("127.0.0.1", "", "localhost", 200),
        ("127.0.0.1", "", "LocalHost.:8000", 200),
        ("127.0.0.1", "", "[::1]:8000", 200),
        ("127.0.0.1", "", "evil.example:8000", 421),
        ("127.0.0.1", "", "127.0.0.1.evil.example:8000", 421),
        ("127.0.0.1", "", "localhost@evil.example", 421),
        ("127.0.0.1", "", "evil.example/localhost", 421),
        ("127.0.0.1", "", "192.168.1.9:8000", 421),
        ("127.0.0.1", "", "[::1", 421),
        ("127.0.0.1", "", "", 421),
        ("192.168.1.9", "", "192.168.1.9:8000", 200),
        ("mairie.lan", "", "mairie.lan:8000", 200),
        ("mairie.lan", "", "mairie.lan.evil.example", 421),
        # At every address of the machine: none of them is a name that could be bound anew.
        ("0.0.0.0", "", "192.168.1.9:8000", 200),
        ("::", "", "[fd00::9]:8000", 200),
        ("0.0.0.0", "", "evil.example", 421),
        ("127.0.0.1", PROXIED, "ecluse.lille.fr", 200),
        ("127.0.0.1", f"{PROXIED}, http://mairie.lan:8000", "mairie.lan:8000", 200),
        ("127.0.0.1", PROXIED, "evil.example", 421),
    ],
)
def test_with_access_off_everybody_may_do_everything_by_the_names_of_the_server(
    tmp_path: Path, bind: str, urls: str, host: str, status: int
) -> None:
    app = an_app_of(tmp_path, api_bind=bind, api_urls=urls)
    answer = asked(app, "/metrics", None, headers={"Host": host})
    assert status == answer.status_code
    if status != 200:
        assert "application/problem+json" == answer.headers["content-type"]
        assert ("host_unknown", True) == (
            answer.json()["code"],
            "ECLUSE_API_URLS" in answer.json()["advice"],
        )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/console/today"), ("POST", "/events"), ("GET", "/nowhere")]
)
async def test_a_name_that_was_bound_anew_reads_nothing_and_publishes_nothing(
    tmp_path: Path, method: str, path: str
) -> None:
    app = an_app_of(tmp_path)
    async with asking(app, None) as client:
        answer = await client.request(method, path, headers={"Host": "evil.example"} | PAGE)
    assert 421 == answer.status_code
    page = path.startswith("/console")
    assert page is answer.headers["content-type"].startswith("text/html")


def test_health_is_answered_by_any_name_and_says_no_more_than_to_anybody(tmp_path: Path) -> None:
    app = an_app_of(tmp_path)
    for path, phrase in (("/healthz", {"status": "ok"}), ("/readyz", {"ready": True})):
        answer = asked(app, path, None, headers={"Host": "10.0.0.7:8000"})
        assert (200, phrase) == (answer.status_code, answer.json())


def test_where_access_is_checked_any_name_will_do(tmp_path: Path) -> None:
    app = an_app_of(tmp_path, checks=True)
    assert 200 == asked(app, "/metrics", headers={"Host": "ecluse.lille.fr"}).status_code


@pytest.mark.parametrize(
    ("urls", "tls"),
    [("", False), (PROXIED, True), (f"{PROXIED},http://mairie.lan:8000", False)],
)
async def test_behind_a_proxy_that_says_nothing_the_settings_say_that_all_come_over_tls(
    tmp_path: Path, urls: str, tls: bool
) -> None:
    app = an_app_of(tmp_path, checks=True, api_urls=urls)
    async with asking(app, None) as client:
        # As nginx passes it on, unless it is set otherwise.
        client.headers["Host"] = "127.0.0.1:8000"
        page = await client.get("/console/login", headers=PAGE)
        session = await client.post("/console/login", data={"key": READ_KEY})
    assert tls is ("strict-transport-security" in page.headers)
    assert tls is ("secure" in session.headers["set-cookie"].lower())


def test_who_logs_people_in_says_where_they_reach_the_console() -> None:
    """Else the provider would send them back to whatever name a request has."""
    at_provider: dict[str, Any] = {
        "oidc_issuer": "https://sso.lille.fr",
        "oidc_client_id": "ecluse-console",
    }
    with pytest.raises(ValidationError, match="OIDC_CLIENT_ID goes with API_URLS"):
        ApiSettings(**at_provider)
    assert (PROXIED,) == ApiSettings(**at_provider, api_urls=PROXIED).addresses


@pytest.mark.parametrize("urls", ["ecluse.lille.fr", "ftp://ecluse.lille.fr", "https://", "/"])
def test_an_address_that_is_none_is_refused_at_the_start(urls: str) -> None:
    with pytest.raises(ValidationError, match=r"https://ecluse\.example"):
        ApiSettings(api_urls=urls)


def test_this_machine_is_always_among_the_names() -> None:
    assert LOCAL < ApiSettings(api_urls=PROXIED).hosts
