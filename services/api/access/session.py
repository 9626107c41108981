"""The cookie of the console's session, and the check that a form comes from a page of ours."""

import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from services.api.access.oidc.attempts import ATTEMPT_S
from services.api.access.session_store import SESSION_S
from services.api.problems import FORGED_FORM, Problem
from services.runtime.ops.hosts import LOCAL, name_in

SESSION_COOKIE: Final = "ecluse_session"
LOGIN_PATH: Final = "/console/login"
BEGIN_PATH: Final = "/console/login/provider"
"""Leads the browser to the identity provider."""

CALLBACK_PATH: Final = "/console/login/callback"
"""Where the identity provider sends it back: an address that is registered there."""

LOGOUT_NOTICE_PATH: Final = "/oidc/backchannel-logout"
"""Where the identity provider itself says that a session of its has ended."""

ATTEMPT_COOKIE: Final = "ecluse_login"
"""Binds a login under way to the browser that began it."""

CSRF_FIELD: Final = "csrf"
"""The hidden field of every form; its value is `request.state.csrf`."""

OWN_SITE: Final = frozenset({"same-origin", "none"})
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def set_session(
    answer: Response, asked: HTTPConnection, cookie: str, *, over_tls: bool = False
) -> None:
    """Give the cookie to the browser, for our own pages alone.

    Args:
        answer: what it is sent with.
        asked: the browser's request.
        cookie: the session's.
        over_tls: True if the browser is known to come over TLS, whatever the request looks like.
    """
    answer.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        # Without TLS only on this machine, where nobody listens on the way.
        secure=over_tls or not _on_this_machine(asked),
    )


def set_attempt(
    answer: Response, asked: HTTPConnection, cookie: str, *, over_tls: bool = False
) -> None:
    """Give the cookie of a login to the browser; the provider's answer comes from another site."""
    answer.set_cookie(
        ATTEMPT_COOKIE,
        cookie,
        max_age=ATTEMPT_S,
        path=LOGIN_PATH,
        httponly=True,
        samesite="lax",
        secure=over_tls or not _on_this_machine(asked),
    )


def _on_this_machine(asked: HTTPConnection) -> bool:
    """True if the browser came without TLS, and to this very machine.

    A proxy that says nothing of itself asks so too, and gives its own name for ours (nginx, unless
    a proxy says otherwise). What the browser says of its page, `Origin`, it sends on.
    """
    origin = asked.headers.get("origin")
    of_a_proxy = origin is not None and not (
        origin.startswith("http://") and name_in(origin) in LOCAL
    )
    return asked.url.scheme == "http" and asked.url.hostname in LOCAL and not of_a_proxy


def end_session(answer: Response) -> None:
    """Have the browser forget it."""
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")


async def own_form(request: Request) -> None:
    """That what is sent comes from a page of ours.

    Raises:
        Problem: another site sent it, or it does not carry the token of its session.
    """
    if request.method in SAFE or "authorization" in request.headers:
        return  # A browser adds no such header by itself: nobody can borrow it.
    if not _is_of_own_site(request):
        raise Problem(FORGED_FORM)
    expected = getattr(request.state, "csrf", None)
    if expected is None:
        return  # Nobody is signed in.
    given = (await request.form()).get(CSRF_FIELD, "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem(FORGED_FORM)


def _is_of_own_site(request: Request) -> bool:
    """True if the browser says that a page of ours sent it, by the best header that it knows.

    One that says nothing at all is no browser of these years, or a program: nobody's page.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_SITE
    page = request.headers.get("origin", request.headers.get("referer"))
    return page is None or _is_ours(page, request)


def _is_ours(page: str, request: Request) -> bool:
    """True if a page of this address is served under a name of ours."""
    try:
        place = urlsplit(page).netloc
    except ValueError:
        return False
    if place and place.lower() == request.headers.get("host", "").lower():
        return True
    # A proxy may call us by another name than the browser: then ours are those of the settings.
    hosts: frozenset[str] = request.app.state.components.hosts
    return name_in(page) in hosts - LOCAL
