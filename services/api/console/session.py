"""Signing in and out; the files of the pages."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from events.texts import _
from services.api.access.caller import NotKnown
from services.api.access.session import LOGIN_PATH, end_session, set_session
from services.api.console.elements import Notice, Verbatim
from services.api.console.pages import STATIC, answer, locale_of
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem
from services.runtime.ops.hosts import LOCAL

router = APIRouter()

HOME: Final = "/console/today"
KEY_MAX: Final = 400
MEDIA_TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
"""The files of the pages: no other is given out."""

KEPT_A_YEAR: Final = "public, max-age=31536000, immutable"
"""Their addresses carry their version."""


@router.get("/console")
@router.get("/console/")
async def home() -> Response:
    """The first page."""
    return RedirectResponse(HOME, HTTPStatus.SEE_OTHER.value)


@router.get(LOGIN_PATH)
async def login(
    request: Request, components: Given, next_path: Annotated[str, Query(alias="next")] = HOME
) -> Response:
    """The page to sign in; whoever is signed in goes on."""
    if getattr(request.state, "caller", None) is not None:
        return RedirectResponse(own_path(next_path), HTTPStatus.SEE_OTHER.value)
    return _login_page(request, components, own_path(next_path))


@router.post(LOGIN_PATH)
async def log_in(
    request: Request,
    components: Given,
    key: Annotated[str, Form(max_length=KEY_MAX)] = "",
    next_path: Annotated[str, Form(alias="next")] = HOME,
) -> Response:
    """A session for whoever holds the key."""
    try:
        cookie = (await components.access.log_in(key.strip()))[1]
    except NotKnown as error:
        request.state.reason = error.reason
        wrong = Notice("bad", "bad", locale_of(request).say(error.why))
        return _login_page(request, components, own_path(next_path), wrong)
    response = RedirectResponse(own_path(next_path), HTTPStatus.SEE_OTHER.value)
    set_session(response, request, cookie)
    return response


@router.post("/console/logout")
async def log_out() -> Response:
    """End the session."""
    response = RedirectResponse(LOGIN_PATH, HTTPStatus.SEE_OTHER.value)
    end_session(response)
    return response


@router.get("/console/static/{name}")
async def static(name: str) -> Response:
    """A file of the pages."""
    if name not in MEDIA_TYPES:
        raise Problem(NOT_FOUND)
    headers = {"Cache-Control": KEPT_A_YEAR}
    return FileResponse(STATIC / name, media_type=MEDIA_TYPES[name], headers=headers)


def own_path(asked: str) -> str:
    """A page of the console to go to; anything else, which could lead elsewhere, is the first."""
    try:
        found = urlsplit(asked)
    except ValueError:
        return HOME
    ours = found.path.startswith("/console/") and not found.path.startswith(LOGIN_PATH)
    if found.scheme or found.netloc or not ours or "\\" in asked:
        return HOME
    return found.path + (f"?{found.query}" if found.query else "")


def _login_page(
    request: Request, components: Given, next_href: str, wrong: Notice | None = None
) -> Response:
    locale = locale_of(request)
    content = {
        "title": locale.say(_("Sign in")),
        "next_href": Verbatim(next_href),
        "wrong": wrong,
        # The cookie of a session is for encrypted ways alone, but on this very machine.
        "in_clear": request.url.scheme == "http" and request.url.hostname not in LOCAL,
    }
    return answer(
        request,
        locale,
        "login.html",
        content,
        instant=locale.instant(components.clock()),
        status=(HTTPStatus.OK if wrong is None else HTTPStatus.UNAUTHORIZED).value,
    )
