"""The cookie of the console's session, and the check that a form comes from a page of ours."""

import hmac
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from services.api.access.oidc.provider import ATTEMPT_S, Attempt
from services.api.access.session_store import SESSION_S
from services.api.problems import FORGED_FORM, Problem
from services.runtime.ops.http import LOCAL, name_in

SESSION_COOKIE: Final = "ecluse_session"
HOST_ONLY: Final = "__Host-"
"""Prefix of a cookie's name over TLS: no other host of our domain can plant one in the browser
(RFC 6265bis, 4.1.3.2)."""

LOGIN_PATH: Final = "/console/login"
BEGIN_PATH: Final = "/console/login/provider"
"""Leads the browser to the identity provider."""

CALLBACK_PATH: Final = "/console/login/callback"
"""Where the identity provider sends it back: an address that is registered there."""

LOGOUT_NOTICE_PATH: Final = "/oidc/backchannel-logout"
"""Where the identity provider itself says that a session of its has ended."""

ATTEMPT_COOKIE: Final = "ecluse_login"
"""Begins the name of the cookie that binds a login under way to the browser which began it."""

STATE_CHARACTERS: Final = 8
"""Of the state, in that name."""

CSRF_FIELD: Final = "csrf"
"""The hidden field of every form; its value is a `form_token`."""

SALT_DIGITS: Final = 16

OWN_SITE: Final = frozenset({"same-origin", "none"})
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def set_session(
    answer: Response, request: HTTPConnection, cookie: str, *, over_tls: bool = False
) -> None:
    """Give the cookie to the browser, for our own pages alone.

    Args:
        answer: what it is sent with.
        request: the browser's request.
        cookie: the session's.
        over_tls: True if the browser is known to come over TLS, whatever the request looks like.
    """
    # Without TLS only on this machine, where nobody listens on the way.
    secure = over_tls or not _is_on_this_machine(request)
    name = _name(SESSION_COOKIE, secure)
    answer.set_cookie(
        name, cookie, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure
    )


def set_attempt(
    answer: Response, request: HTTPConnection, attempt: Attempt, *, over_tls: bool = False
) -> None:
    """Give the cookie of a login to the browser; the provider's answer comes from another site."""
    secure = over_tls or not _is_on_this_machine(request)
    name = _name(attempt_cookie(attempt.state), secure)
    answer.set_cookie(
        name, attempt.cookie, max_age=ATTEMPT_S, httponly=True, samesite="lax", secure=secure
    )


def attempt_cookie(state: str) -> str:
    """The cookie's name for the login of this state: each window of a browser has its own."""
    return f"{ATTEMPT_COOKIE}_{state[:STATE_CHARACTERS]}"


def cookie_of(request: HTTPConnection, name: str) -> str | None:
    """A cookie of ours; one that another host of our domain may have planted is none."""
    own = HOST_ONLY + name in request.cookies or not _is_on_this_machine(request)
    return request.cookies.get(_name(name, secure=own))


def forget(answer: Response, request: HTTPConnection, name: str) -> None:
    """Have the browser forget a cookie of ours."""
    for secure in (True, False):
        if (whole := _name(name, secure)) in request.cookies:
            answer.delete_cookie(whole, secure=secure, httponly=True, samesite="strict")


def _name(name: str, secure: bool) -> str:
    return HOST_ONLY + name if secure else name


def _is_on_this_machine(request: HTTPConnection) -> bool:
    """True if the browser came without TLS, and to this very machine.

    A proxy that says nothing of itself asks so too, and gives its own name for ours (nginx, unless
    a proxy says otherwise). What the browser says of its page, `Origin`, it sends on.
    """
    origin = request.headers.get("origin")
    of_a_proxy = origin is not None and not (
        origin.startswith("http://") and name_in(origin) in LOCAL
    )
    in_clear = request.scope.get("scheme", "http") == "http"
    return in_clear and name_in(f"//{request.headers.get('host', '')}") in LOCAL and not of_a_proxy


def form_token(csrf: str, salt: str) -> str:
    """The token of the forms of one page, which no other page has.

    Pages are compressed, and some show what an address asks for: a text that stays the same could
    be found out by the lengths of many answers (BREACH).

    Args:
        csrf: the token of the session, `request.state.csrf`.
        salt: `SALT_DIGITS` characters of chance.
    """
    return salt + hmac.new(csrf.encode(), salt.encode(), sha256).hexdigest()


async def check_form_token(request: Request) -> None:
    """Check that a form carries the token of its session; the gate has looked where it comes from.

    Raises:
        Problem: it does not.
    """
    expected = getattr(request.state, "csrf", None)
    if request.method in SAFE or expected is None:
        return  # Nothing is changed, or no session does it.
    given = (await request.form()).get(CSRF_FIELD, "")
    if not isinstance(given, str):
        raise Problem(FORGED_FORM)
    token = form_token(expected, given[:SALT_DIGITS])
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise Problem(FORGED_FORM)


def is_of_own_site(request: HTTPConnection, hosts: frozenset[str]) -> bool:
    """True if the browser says that a page of ours sent it, by the best header that it knows.

    One that says nothing at all is no browser of these years, or a program: nobody's page.

    Args:
        request: the request.
        hosts: the names by which we are asked.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_SITE
    page = request.headers.get("origin", request.headers.get("referer"))
    return page is None or _is_ours(page, request, hosts)


def _is_ours(page: str, request: HTTPConnection, hosts: frozenset[str]) -> bool:
    """True if a page of this address is served under a name of ours."""
    try:
        place = urlsplit(page).netloc
    except ValueError:
        return False
    if place and place.lower() == request.headers.get("host", "").lower():
        return True
    # A proxy may call us by another name than the browser: then ours are those of the settings.
    return name_in(page) in hosts - LOCAL
