"""The gate before every route: who asks is known, or the address is one of the few open ones.

What is closed is closed by standing behind it, not by a word that a route could forget.
"""

from typing import Final
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from events.texts import _
from services.api.access.caller import ANYBODY, Access, Caller, NotKnown
from services.api.access.session import (
    BEGIN_PATH,
    CALLBACK_PATH,
    LOGIN_PATH,
    LOGOUT_NOTICE_PATH,
    SAFE,
    SESSION_COOKIE,
    cookie_of,
    is_of_own_site,
)
from services.api.addresses import own_address
from services.api.problems import (
    FORGED_FORM,
    UNAUTHENTICATED,
    Kind,
    Problem,
    answer,
    is_console,
)
from services.runtime.ops.hosts import LOCAL, accepts_host

HEALTH: Final = frozenset({"/healthz", "/readyz"})
LOGIN: Final = frozenset({LOGIN_PATH, BEGIN_PATH, CALLBACK_PATH, LOGOUT_NOTICE_PATH})
HELP: Final = "/console/help"
"""The runbooks: who is called at night may have no key at hand. They hold nothing of a town."""

LOGIN_ASSETS: Final = "/console/static/"
"""Files of the page to log in: they hold no figure."""

CONTRACT: Final = "/schemas"
"""The published language: who writes a client needs it before a key, and it holds no figure."""

TOPICS: Final = frozenset({"/asyncapi.json", "/docs/events"})
"""The same of topics and messages, for programs and as a page."""

ROOT: Final = "/"
"""It says where the others are, to a browser by leading to the console."""

NAVIGATE: Final = "navigate"
"""Said by the browser itself of a request by which somebody opens a page (Sec-Fetch-Mode)."""

NOTHING: Final = ("no_credential", _("This address needs a key or a token."))
NOT_BEARER: Final = ("not_bearer", _("The header Authorization is not of the form “Bearer …”."))
HOST_UNKNOWN: Final = Kind(
    "host_unknown",
    421,
    _("Meant for another server"),
    _(
        "Access is not checked (ECLUSE_AUTH=off), and this server does not answer to the name by "
        "which it is asked."
    ),
    _(
        "Open http://localhost or http://127.0.0.1 with its port; the operator names other "
        "addresses by ECLUSE_API_URLS."
    ),
)


class Gate:
    """Lets through who is known, with what they may do.

    Where access is not checked: who asks for a server of these names.
    """

    def __init__(self, app: ASGIApp, access: Access, hosts: frozenset[str] = LOCAL) -> None:
        self._app = app
        self._access = access
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        try:
            asked.state.caller = await self._caller(asked)
        except NotKnown as error:
            asked.state.reason = error.reason
            if not is_open(scope["path"]):
                await _turned_away(asked, error)(scope, receive, send)
                return
        except Problem as problem:  # Whether it is known cannot be found out now.
            asked.state.reason = problem.kind.code
            if not is_open(scope["path"]):
                await answer(problem, asked)(scope, receive, send)
                return
        if self._may_be_forged(asked):
            asked.state.reason = FORGED_FORM.code
            await answer(Problem(FORGED_FORM), asked)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _caller(self, asked: HTTPConnection) -> Caller:
        if not self._access.checks:
            if not accepts_host(asked.headers.get("host", ""), self._hosts):
                raise Problem(HOST_UNKNOWN)
            return ANYBODY
        header = asked.headers.get("authorization")
        if header is not None:
            scheme, _unused, credential = header.partition(" ")
            if scheme.lower() != "bearer" or not credential.strip():
                raise NotKnown(*NOT_BEARER)
            return await self._access.by_bearer(credential.strip())
        cookie = cookie_of(asked, SESSION_COOKIE)
        if cookie is None:
            raise NotKnown(*NOTHING)
        # A script's fetch and a stream of events are none; nor is anything else that nobody opened.
        by_person = asked.headers.get("sec-fetch-mode", NAVIGATE) == NAVIGATE
        caller, asked.state.csrf = await self._access.by_session(cookie, by_person=by_person)
        return caller

    def _may_be_forged(self, asked: HTTPConnection) -> bool:
        """True if a page of another site may have had a browser send what changes something.

        A browser adds a session's cookie by itself, and where access is not checked it needs none;
        a key it does not add. With a session only the console's forms may write: those carry a
        token besides, which `check_form_token` checks.
        """
        if asked.scope["method"] in SAFE:
            return False
        if self._access.checks and "authorization" in asked.headers:
            return False
        by_session = hasattr(asked.state, "csrf")
        if by_session and not is_console(asked.scope["path"]):
            return True
        return not is_of_own_site(asked, self._hosts)


READING: Final = frozenset({"GET", "HEAD"})
"""Methods of who asks for a page."""


def is_open(path: str) -> bool:
    """True if anybody may ask there."""
    if path in HEALTH | LOGIN | TOPICS or path in {ROOT, CONTRACT, HELP}:
        return True
    return path.startswith((LOGIN_ASSETS, f"{CONTRACT}/", f"{HELP}/"))


def _turned_away(asked: HTTPConnection, error: NotKnown) -> ASGIApp:
    path = asked.scope["path"]
    if asked.scope["method"] in READING and is_console(path):
        following = quote(own_address(asked), safe="/")
        return RedirectResponse(f"{LOGIN_PATH}?next={following}", status_code=303)
    challenge = "Bearer" if error.reason == NOTHING[0] else 'Bearer error="invalid_token"'
    problem = Problem(UNAUTHENTICATED, {"why": error.why}, headers={"WWW-Authenticate": challenge})
    return answer(problem, asked)
