"""Authentication: a gate before every route, which knows callers by key, token or session.

What is closed is closed by standing behind it, not by a word that a route could forget.
"""

from typing import Final
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from events.texts import _
from services.api.access.caller import ANYBODY, Access, Action, Caller, NotKnown
from services.api.access.keys import ApiKey, has_key_format, parse_key
from services.api.access.oidc.issuer import Issuer
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
from services.api.access.session_store import ENDED, Sessions, caller_of, csrf_of
from services.api.access.store import AccessStore
from services.api.adapters.clock_and_chance import Clock
from services.api.problems import (
    FORGED_FORM,
    UNAUTHENTICATED,
    Kind,
    Problem,
    answer,
    is_console,
)
from services.api.requests import own_address
from services.runtime.ops.http import LOCAL, accepts_host

HEALTH: Final = frozenset({"/healthz", "/readyz"})
LOGIN: Final = frozenset({LOGIN_PATH, BEGIN_PATH, CALLBACK_PATH, LOGOUT_NOTICE_PATH})
HELP: Final = "/console/help"
"""The runbooks: who is called at night may have no key at hand. They hold nothing of a town."""

LOGIN_ASSETS: Final = "/console/static/"
"""Files of the page to log in: they hold no figure."""

CONTRACT: Final = "/schemas"
"""The published language: who writes a client needs it before a key, and it holds no figure."""

TOPICS: Final = "/asyncapi.json"
"""The address of topics and messages."""

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
        request = HTTPConnection(scope)
        try:
            request.state.caller = await self._caller(request)
        except NotKnown as error:
            request.state.reason = error.reason
            if not is_open(scope["path"]):
                await _reject(request, error)(scope, receive, send)
                return
        except Problem as problem:  # Whether it is known cannot be found out now.
            request.state.reason = problem.kind.code
            if not is_open(scope["path"]):
                await answer(problem, request)(scope, receive, send)
                return
        if self._may_be_forged(request):
            request.state.reason = FORGED_FORM.code
            await answer(Problem(FORGED_FORM), request)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _caller(self, request: HTTPConnection) -> Caller:
        if not self._access.checks:
            if not accepts_host(request.headers.get("host", ""), self._hosts):
                raise Problem(HOST_UNKNOWN)
            return ANYBODY
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _unused, credential = header.partition(" ")
            if scheme.lower() != "bearer" or not credential.strip():
                raise NotKnown(*NOT_BEARER)
            return await self._access.find_by_bearer(credential.strip())
        cookie = cookie_of(request, SESSION_COOKIE)
        if cookie is None:
            raise NotKnown(*NOTHING)
        # A script's fetch and a stream of events are none; nor is anything else that nobody opened.
        by_person = request.headers.get("sec-fetch-mode", NAVIGATE) == NAVIGATE
        caller, request.state.csrf = await self._access.find_by_session(cookie, by_person=by_person)
        return caller

    def _may_be_forged(self, request: HTTPConnection) -> bool:
        """True if a page of another site may have had a browser send what changes something.

        A browser adds a session's cookie by itself, and where access is not checked it needs none;
        a key it does not add. With a session only the console's forms may write: those carry a
        token besides, which `check_form_token` checks.
        """
        if request.scope["method"] in SAFE:
            return False
        if self._access.checks and "authorization" in request.headers:
            return False
        by_session = hasattr(request.state, "csrf")
        if by_session and not is_console(request.scope["path"]):
            return True
        return not is_of_own_site(request, self._hosts)


READING: Final = frozenset({"GET", "HEAD"})
"""Methods of who asks for a page."""


def is_open(path: str) -> bool:
    """True if anybody may ask there."""
    if path in HEALTH | LOGIN or path in {ROOT, CONTRACT, TOPICS, HELP}:
        return True
    return path.startswith((LOGIN_ASSETS, f"{CONTRACT}/", f"{HELP}/"))


def _reject(request: HTTPConnection, error: NotKnown) -> ASGIApp:
    path = request.scope["path"]
    if request.scope["method"] in READING and is_console(path):
        following = quote(own_address(request), safe="/")
        return RedirectResponse(f"{LOGIN_PATH}?next={following}", status_code=303)
    challenge = "Bearer" if error.reason == NOTHING[0] else 'Bearer error="invalid_token"'
    problem = Problem(UNAUTHENTICATED, {"why": error.why}, headers={"WWW-Authenticate": challenge})
    return answer(problem, request)


UNKNOWN_KEY: Final = ("key_unknown", _("This key is not known."))
REVOKED_KEY: Final = ("key_revoked", _("This key has been revoked."))
EXPIRED_KEY: Final = ("key_expired", _("This key has expired: ask the operator for another."))
NO_ISSUER: Final = ("no_issuer", _("This is no key of Écluse, and no identity provider is set."))


class KnownCallers:
    """Access by keys of the store, tokens of the provider, and sessions."""

    checks: Final = True

    def __init__(
        self, store: AccessStore, sessions: Sessions, issuer: Issuer | None, clock: Clock
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._issuer = issuer
        self._clock = clock

    async def find_by_bearer(self, credential: str) -> Caller:
        if not has_key_format(credential):
            if self._issuer is None:
                raise NotKnown(*NO_ISSUER)
            return await self._issuer.caller_of(credential)
        return (await self._key(credential)).caller

    async def find_by_session(self, cookie: str, *, by_person: bool = True) -> tuple[Caller, str]:
        session = await self._sessions.find(cookie, by_person=by_person)
        if session.key_id is None:
            return caller_of(session), csrf_of(cookie)
        key = await self._store.find(session.key_id)
        if key is None or not key.is_in_force(self._clock()):
            raise NotKnown(*ENDED)
        return key.caller, csrf_of(cookie)

    async def find_ended(self, credentials: frozenset[str]) -> frozenset[str]:
        return credentials - await self._sessions.find_in_force(credentials)

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        key = await self._key(credential)
        await self._store.write(key.caller.name, Action.SESSION_OPENED, key.label)
        return key.caller, await self._sessions.open(key.caller, key.key_id)

    async def log_out(self, cookie: str) -> str | None:
        return await self._sessions.end(cookie)

    async def _key(self, credential: str) -> ApiKey:
        """The key that somebody holds.

        Raises:
            NotKnown: it is none that is in force.
        """
        written = parse_key(credential)
        key = written and await self._store.find(written.key_id, written.secret)
        if key is None:
            raise NotKnown(*UNKNOWN_KEY)
        if key.revoked_at is not None:
            raise NotKnown(*REVOKED_KEY)
        if key.has_expired(self._clock()):
            raise NotKnown(*EXPIRED_KEY)
        self._store.note_use(key)
        return key


class OpenAccess:
    """ECLUSE_AUTH=off: everybody may do everything, without a cookie or a token in forms."""

    checks = False

    async def find_by_bearer(self, _credential: str) -> Caller:
        return ANYBODY

    async def find_by_session(
        self,
        _cookie: str,
        *,
        by_person: bool = True,  # noqa: ARG002 # its name is the port's
    ) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def find_ended(self, _credentials: frozenset[str]) -> frozenset[str]:
        return frozenset()

    async def log_in(self, _credential: str) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def log_out(self, _cookie: str) -> str | None:
        return None
