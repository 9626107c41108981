"""Around every request: its name, its limits, its headers, one line in the log.

An API whose figures are still being loaded says how far it is, and shows no figure.
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events.texts import _
from services.api.access.authentication import LOGIN_ASSETS
from services.api.adapters.clock_and_chance import make_unique_name
from services.api.adapters.ports import PercentLoaded
from services.api.problems import INTERNAL, LENGTH_TWICE, TOO_LARGE, TOO_SLOW, Kind, Problem, answer

REQUEST_ID: Final = re.compile(r"[0-9a-f-]{8,64}")
"""Format of request ids that senders may choose: no key nor IBAN can be written so."""

UNKNOWN_ROUTE: Final = "unknown"
CLIENT_GONE: Final = 499
"""Status in the log and in the metrics where nobody waited for the answer."""

GONE: Final = "client_gone"
"""Reason in the log where a sender went away before all of a body had come."""

Observe = Callable[[str, str, int, float], None]
"""Called for each request with method, route, status and seconds."""

Limits = Callable[[str], tuple[float, int]]
"""Gives, for a path, the seconds until an answer must begin, and the bytes of the largest body."""

CONTENT_SECURITY: Final = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline, in nobody's frame."""

ALWAYS: Final = Headers(
    {
        "Content-Security-Policy": CONTENT_SECURITY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
).raw
KEPT_BY_NOBODY: Final = "no-store"
KEPT_IF_ASKED_AGAIN: Final = "private, no-cache"
"""Caching of an answer with an ETag: by who asked, revalidated each time."""

VARIES: Final = "Accept-Language, Authorization, Cookie"

log: Final = structlog.stdlib.get_logger("ecluse.api")


class RequestMiddleware:
    """The outermost layer."""

    def __init__(
        self, app: ASGIApp, observe: Observe, limits: Limits, *, over_tls: bool = False
    ) -> None:
        self._app, self._observe, self._limits, self._over_tls = app, observe, limits, over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; what is none passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._over_tls:
            scope["scheme"] = "https"  # Up to the proxy before us, which does not say so.
        limit_s, body_bytes_max = self._limits(scope["path"])
        handling = Handling(scope, receive, send, body_bytes_max)
        await handling.run(self._app, limit_s, self._observe)


class Handling:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, body_bytes_max: int) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._body_bytes_max = body_bytes_max
        self._asked = HTTPConnection(scope)
        self._status = 0
        self._taken_bytes = 0
        self._is_gone = False
        self._limit: asyncio.Timeout | None = None
        given = self._asked.headers.get("x-request-id", "")
        self._id = given if REQUEST_ID.fullmatch(given) else make_unique_name()
        self._asked.state.request_id = self._id

    async def run(self, app: ASGIApp, limit_s: float, observe: Observe) -> None:
        """Answer it, and say so in one line."""
        began_s = time.perf_counter()
        error: str | None = None
        try:
            error = await self._answer(app, limit_s)
        finally:
            elapsed_s = time.perf_counter() - began_s
            status, method = self._status or CLIENT_GONE, self._scope["method"]
            observe(method, self._route(), status, elapsed_s)
            caller = getattr(self._asked.state, "caller", None)
            log.info(
                "request_handled",
                request_id=self._id,
                method=method,
                route=self._route(),
                status=status,
                duration_ms=round(elapsed_s * 1000, 1),
                caller=None if caller is None else caller.name,
                body_bytes=self._taken_bytes,
                # Why it was refused, where it was: a stable code.
                reason=error or getattr(self._asked.state, "reason", None),
            )

    async def _answer(self, app: ASGIApp, limit_s: float) -> str | None:
        """Have it answered; what went wrong on the way, if anything did."""
        if {"content-length", "transfer-encoding"}.issubset(self._asked.headers.keys()):
            # A proxy may have taken the other one for its end (RFC 9112, 6.3: request smuggling).
            await self._say(Problem(LENGTH_TWICE, headers={"Connection": "close"}))
            return LENGTH_TWICE.code
        declared = self._asked.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._body_bytes_max:
            await self._say(Problem(TOO_LARGE, {"limit_bytes": self._body_bytes_max}))
            return TOO_LARGE.code
        limit = None
        try:
            async with asyncio.timeout(limit_s) as limit:
                self._limit = limit
                try:
                    await app(self._scope, self._taking, self._sending)
                finally:
                    self._limit = None
        except TimeoutError as late:
            if limit is None or not limit.expired():
                return await self._answer_failure(late)
            if not self._status:
                facts = {"limit_s": limit_s}
                await self._say(Problem(TOO_SLOW, facts, headers={"Retry-After": "10"}))
            return TOO_SLOW.code
        except ClientDisconnect:
            return GONE
        except Exception as bug:  # noqa: BLE001 # logged, counted and answered: nothing is swallowed
            return await self._answer_failure(bug)
        return GONE if self._is_gone else None

    async def _answer_failure(self, bug: Exception) -> str:
        log.error("request_failed", request_id=self._id, route=self._route(), exc_info=bug)
        if self._status:
            raise bug  # Half of an answer is out: the server cuts the connection.
        await self._say(Problem(INTERNAL))
        return INTERNAL.code

    async def _say(self, problem: Problem) -> None:
        await answer(problem, self._asked)(self._scope, self._receive, self._sending)

    async def _taking(self) -> Message:
        message = await self._receive()
        # While an answer is sent its sender may go: then it has its status already.
        self._is_gone |= message["type"] == "http.disconnect" and not self._status
        self._taken_bytes += len(message.get("body", b""))
        if self._taken_bytes > self._body_bytes_max:
            # FastAPI lets this one through from inside its reading of a body.
            raise HTTPException(TOO_LARGE.status, detail=str(self._body_bytes_max))
        return message

    async def _sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # What FastAPI makes of a form that never came to its end is read by nobody.
            self._status = CLIENT_GONE if self._is_gone else message["status"]
            headers = MutableHeaders(scope=message)
            _add_headers(headers, self._id, self._scope.get("scheme", "http"))
            if self._limit is not None and not self._limit.expired():
                self._limit.reschedule(None)  # A long answer may take as long as it is read.
        await self._send(message)

    def _route(self) -> str:
        """The address as it was declared, without what a caller put into it."""
        return getattr(self._scope.get("route"), "path", UNKNOWN_ROUTE)


def _add_headers(headers: MutableHeaders, request_id: str, scheme: str) -> None:
    """Add what the route has not said itself."""
    if "content-encoding" in headers and headers.get("etag", "").startswith('"'):
        # Of a file of the pages: what is sent is equal to it, but not byte by byte.
        headers["ETag"] = f"W/{headers['etag']}"
    own = {name for name, _ in headers.raw}
    headers.raw.extend(each for each in ALWAYS if each[0] not in own)
    kept = KEPT_IF_ASKED_AGAIN if "etag" in headers else KEPT_BY_NOBODY
    headers.setdefault("Cache-Control", kept)
    if scheme == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.add_vary_header(VARIES)
    headers["X-Request-ID"] = request_id


LOADING: Final = Kind(
    "loading",
    503,
    _("Loading"),
    _("Écluse is loading events ({percent} %). It shows no figure before all of them are loaded."),
    _("Try again in a moment. There is nothing else to do."),
)

ALIVE_PATH: Final = "/healthz"
OPEN_PATHS: Final = frozenset({ALIVE_PATH, "/metrics"})
"""A process that loads is not down, for whoever scrapes it."""
READY_PATH: Final = "/readyz"
AGAIN_S: Final = "5"
"""Seconds after which to ask again; a browser does so by itself."""


class WhileLoading:
    """Answers everything itself but whether the process lives, and its metrics, until the end."""

    def __init__(self, app: ASGIApp, percent: PercentLoaded) -> None:
        self._app, self._percent = app, percent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say how far the loading is."""
        percent = self._percent()
        path = scope.get("path", ALIVE_PATH)
        if percent is None or path in OPEN_PATHS or path.startswith(LOGIN_ASSETS):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        asked.state.reason = LOADING.code
        headers = {"Retry-After": AGAIN_S, "Refresh": AGAIN_S}
        loading = answer(Problem(LOADING, {"percent": percent}, headers=headers), asked)
        if path == READY_PATH:
            loading = JSONResponse({"ready": False}, LOADING.status, headers)
        await loading(scope, receive, send)
