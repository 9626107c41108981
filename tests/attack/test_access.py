"""Access: nobody without a key, nothing of another town, no right that a key has not."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest

from services.api.access.session import SESSION_COOKIE
from tests.api.environment import ROUBAIX
from tests.api.reads.two_entities import FOREIGN, LILLE_BUDGET, ROUBAIX_BUDGET
from tests.api.reads.walking import OPEN, get_routes, shown, with_query
from tests.attack.target import Target
from tests.builders import a_payment, a_vote, encoded

ROUTES: Final = [each for each in get_routes() if each.path not in OPEN]
LISTS: Final = [
    route.path
    for route in ROUTES
    if "cursor" in route.asked and not {"{"} & {*route.path} | route.required
]
ONE: Final = "application/cloudevents+json"
FORM: Final = "application/x-www-form-urlencoded"


def forged_cursors() -> Iterator[str]:
    def spelled(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    yield from ("x", "%00", "=" * 40, "A" * 4000, spelled([]), spelled({}), spelled(7))
    yield from (spelled(["list", "a", 1]), spelled(["' OR 1=1 --"]), spelled([["a"] * 99]))
    yield base64.urlsafe_b64encode(b"[" * 2000).decode()[:4000]
    yield base64.urlsafe_b64encode(b"\xff\xfe\x00").decode()


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_shows_nothing_else(target: Target, path: str) -> None:
    with target.client("all") as client:
        others = client.get(path, params={"limit": 1}).json()["next"]
    with target.client("lille") as client:
        for cursor in [*forged_cursors(), *([others] if others else [])]:
            answer = client.get(path, params={"cursor": cursor})
            assert answer.status_code in ({200} if cursor == others else {400, 422}), cursor
            assert not [each for each in FOREIGN if each in shown(answer)]
            target.check_silent(answer.text)


class Act(NamedTuple):
    """Something that somebody may not do."""

    name: str
    key: str | None
    method: str
    path: str
    content: bytes
    headers: dict[str, str]
    status: int


ORDER: Final = f"/console/orders/{ROUBAIX_BUDGET}/R-CONV/advance"
VOTE: Final = encoded(a_vote())
PAID: Final = encoded(a_payment())
THEIR_VOTE: Final = encoded(a_vote(budget=ROUBAIX_BUDGET))
ACTS: Final = [
    Act("a reader publishes", "reader", "POST", "/events", VOTE, {"Content-Type": ONE}, 403),
    Act("nobody publishes", None, "POST", "/events", VOTE, {"Content-Type": ONE}, 401),
    Act(
        "who orders says: paid",
        "ordering",
        "POST",
        "/events",
        PAID,
        {"Content-Type": ONE},
        403,
    ),
    Act("for another town", "lille", "POST", "/events", THEIR_VOTE, {"Content-Type": ONE}, 403),
    Act("a reader sees an IBAN", "roubaix", "POST", ORDER, b"", {}, 403),
    Act("another town's reader does", "lille", "POST", ORDER, b"", {}, 403),
    Act("a record's bytes", "all", "POST", "/console/records/_dead.0/1", b"", {}, 403),
    Act("measures of all", "lille", "GET", "/metrics", b"", {}, 403),
    Act("the lag of all", "lille", "GET", "/lag", b"", {}, 403),
    Act("its page", "lille", "GET", "/console/lag", b"", {}, 403),
    Act("its stream", "lille", "GET", "/console/lag/live", b"", {}, 403),
    Act("another town by filter", "lille", "GET", f"/grants?entity={ROUBAIX}", b"", {}, 404),
    Act("a key cut short", None, "GET", "/budgets", b"", {"Authorization": "Bearer ecluse_"}, 401),
    Act(
        "a key of SQL",
        None,
        "GET",
        "/budgets",
        b"",
        {"Authorization": "Bearer ecluse_' OR 1=1 --_x"},
        401,
    ),
    Act("Basic", None, "GET", "/budgets", b"", {"Authorization": "Basic YWRtaW46YWRtaW4="}, 401),
    Act("a key in the address", None, "GET", "/budgets?key={lille}", b"", {}, 401),
    Act(
        "a key in a cookie", None, "GET", "/budgets", b"", {"Cookie": "authorization={lille}"}, 401
    ),
    Act(
        "a key as a session",
        None,
        "GET",
        "/budgets",
        b"",
        {"Cookie": f"{SESSION_COOKIE}={{lille}}"},
        401,
    ),
    Act("as from here", None, "GET", "/budgets", b"", {"X-Forwarded-For": "127.0.0.1"}, 401),
    Act("another address", None, "GET", "/healthz/../budgets", b"", {}, 401),
    Act("a header's address", None, "GET", "/healthz", b"", {"X-Original-URL": "/budgets"}, 200),
    Act(
        "a header's method",
        "reader",
        "GET",
        "/events/1",
        b"",
        {"X-HTTP-Method-Override": "POST"},
        404,
    ),
    Act("login with another's key", None, "POST", "/console/login", b"key=nothing", {}, 401),
    Act("login without a key", None, "POST", "/console/login", b"", {}, 401),
    Act(
        "login from elsewhere",
        None,
        "POST",
        "/console/login",
        b"key={lille}",
        {"Sec-Fetch-Site": "cross-site"},
        403,
    ),
]


@pytest.mark.parametrize("act", ACTS, ids=[each.name for each in ACTS])
def test_nobody_does_what_they_may_not(target: Target, act: Act) -> None:
    def known(text: str) -> str:
        return text.replace("{lille}", target.keys["lille"])

    headers = {"Content-Type": FORM} | {name: known(text) for name, text in act.headers.items()}
    with target.client(act.key) as client:
        content = known(act.content.decode()).encode()
        answer = client.request(act.method, known(act.path), content=content, headers=headers)
    assert act.status == answer.status_code, answer.text
    assert not [each for each in FOREIGN[1:] if each in answer.text and each not in act.path]
    target.check_silent(answer.text, str(answer.headers))


def logged_in(target: Target, client: httpx.Client, key: str = "lille") -> str:
    """The cookie of a new session."""
    answer = client.post("/console/login", data={"key": target.keys[key]})
    assert 303 == answer.status_code
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    return str(answer.cookies[SESSION_COOKIE])


def test_a_session_that_was_there_before_is_not_taken_over(target: Target) -> None:
    with target.client() as client:
        client.headers["Cookie"] = f"{SESSION_COOKIE}=chosen-by-somebody-else"
        own = logged_in(target, client)
        assert "chosen" not in own
        assert own != logged_in(target, client), "each is another one"


def test_cookies_that_are_not_ours_open_nothing(target: Target) -> None:
    with target.client() as client:
        own = logged_in(target, client)
        client.cookies.clear()
        bad = [own[:-1], own[1:], own + "x", own.swapcase(), own[::-1], "", ".", "..", "a.b.c"]
        bad += ["\"'", "%00", "x" * 8000, '{"key":"all"}', "W10.W10.W10"]
        for cookie in bad:
            answer = client.get("/budgets", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
            assert 401 == answer.status_code, cookie
        twice = f"{SESSION_COOKIE}=evil; {SESSION_COOKIE}={own}; {SESSION_COOKIE.upper()}=x"
        assert client.get("/budgets", headers={"Cookie": twice}).status_code in {200, 401}


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("/events", VOTE, {"Content-Type": ONE}),
        ("/console/logout", b"", {}),
        ("/console/logout", b"csrf=", {}),
        ("/console/logout", b"csrf=guessed", {}),
        ("/console/logout", b"csrf=%00%ff", {}),
        (ORDER, b"", {}),
        ("/console/logout", b"csrf=x", {"Sec-Fetch-Site": "cross-site"}),
        ("/console/logout", b"csrf=x", {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_session_that_a_browser_sends_by_itself_writes_nothing(
    target: Target, path: str, content: bytes, headers: dict[str, str]
) -> None:
    with target.client() as client:
        cookie = f"{SESSION_COOKIE}={logged_in(target, client, 'operator')}"
        client.cookies.clear()
        sent = {"Content-Type": FORM, "Cookie": cookie} | headers
        answer = client.post(path, content=content, headers=sent)
        assert (403, "forged_form") == (answer.status_code, answer.json()["code"])
        assert 200 == client.get("/budgets", headers={"Cookie": cookie}).status_code


def test_own_figures_are_shown(target: Target) -> None:
    with target.client("lille") as client:
        assert 200 == client.get(f"/budgets/{LILLE_BUDGET}").status_code
        assert 200 == client.get(with_query("/grants", {"budget": LILLE_BUDGET})).status_code
