"""Answers of an API whose figures are still being loaded: how far it is, and no figure."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from events.texts import _
from services.api.access.gate import LOGIN_ASSETS
from services.api.adapters.ports import PercentLoaded
from services.api.problems import Kind, Problem, answer

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
