"""Problems under /console, as pages for people: what happened, and what to do.

It stands around the whole API, so that whatever answers with a problem, the frame and the gate
included, is read as a page by a browser that asked for one.
"""

import json
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.console.pages import locale_of, page_of, render
from services.api.problems import MEDIA_TYPE

CONSOLE: Final = "/console"
SERVER_ERROR: Final = 500


class ProblemPages:
    """Makes a page of every problem that a browser is answered with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; what asks for no page passes."""
        if scope["type"] != "http" or not _asks_for_page(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, Rewriting(scope, send))


class Rewriting:
    """Sends an answer on; that of a problem once it is whole, as a page."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type") != MEDIA_TYPE:
                await self._send(message)
            else:
                self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        page = _page(self._scope, start["status"], json.loads(self._body)).encode()
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["Content-Length"] = str(len(page))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": page})


def _asks_for_page(scope: Scope) -> bool:
    path: str = scope["path"]
    if path != CONSOLE and not path.startswith(CONSOLE + "/"):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _page(scope: Scope, status: int, problem: dict[str, Any]) -> str:
    asked = HTTPConnection(scope)
    locale = locale_of(asked)
    instant = locale.instant(asked.app.state.components.clock())
    return render(
        "problem.html",
        page_of(asked, locale, instant),
        locale,
        title=problem["title"],
        tone="bad" if status >= SERVER_ERROR else "warn",
        detail=problem["detail"],
        advice=problem["advice"],
        status=status,
        code=problem["code"],
        request_id=problem.get("request_id"),
    )
