"""Logging in and out; the files of the pages."""

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from events.texts import Translatable, _
from services.api.access.caller import NotKnown
from services.api.access.oidc.tokens import TOKEN_CHARACTERS_MAX
from services.api.access.session import (
    BEGIN_PATH,
    CALLBACK_PATH,
    LOGIN_PATH,
    LOGOUT_NOTICE_PATH,
    SESSION_COOKIE,
    attempt_cookie,
    cookie_of,
    forget,
    set_attempt,
    set_session,
)
from services.api.access.session_store import ENDED
from services.api.console.elements import Notice, Verbatim
from services.api.console.pages import STATIC, answer, locale_of
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Kind, Problem
from services.runtime.ops.http import LOCAL

router = APIRouter()
notice_router = APIRouter()
"""Of what the identity provider itself posts: it fills in no form of ours."""

HOME: Final = "/console/today"
KEY_MAX: Final = 400
PATH_MAX: Final = 2000
MEDIA_TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "copy.js": "text/javascript; charset=utf-8",
    "search.css": "text/css; charset=utf-8",
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
    """The page to log in; whoever is logged in goes on."""
    if getattr(request.state, "caller", None) is not None:
        return RedirectResponse(own_path(next_path), HTTPStatus.SEE_OTHER.value)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link in a mail or another site: a browser sends no Strict cookie with it, whoever is
        # logged in. This page leads on, which is ours; who is not comes back, from here.
        return _onward(request, components, own_path(next_path))
    ended = getattr(request.state, "reason", None) == ENDED[0]
    note = Notice("info", "info", locale_of(request).say(ENDED[1])) if ended else None
    return _login_page(request, components, own_path(next_path), note)


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
        unauthorized = HTTPStatus.UNAUTHORIZED
        return _login_page(request, components, own_path(next_path), wrong, unauthorized)
    response = RedirectResponse(own_path(next_path), HTTPStatus.SEE_OTHER.value)
    set_session(response, request, cookie)
    return response


@router.get(BEGIN_PATH)
async def begin(
    request: Request,
    components: Given,
    next_path: Annotated[str, Query(alias="next")] = HOME,
    moved: bool = False,
) -> Response:
    """To the identity provider, to log in there.

    Whoever comes by an address that is none of ours goes to ours first: the provider leads there,
    and the cookie of an attempt is of one host. Once: a proxy may hide by which address they came.
    """
    if components.login is None:
        raise Problem(NOT_FOUND)
    ours, following = components.login.address_of(request), own_path(next_path)
    if not moved and urlsplit(ours).netloc.lower() != request.headers.get("host", "").lower():
        address = f"{ours}{BEGIN_PATH}?moved=true&next={quote(following, safe='/')}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER.value)
    there, attempt = await components.login.begin(ours + CALLBACK_PATH, following)
    response = RedirectResponse(there, HTTPStatus.SEE_OTHER.value)
    set_attempt(response, request, attempt, over_tls=ours.startswith("https://"))
    return response


@router.get(CALLBACK_PATH)
async def callback(request: Request, components: Given) -> Response:
    """The identity provider's answer: a session, and on to the page that was asked for."""
    if components.login is None:
        raise Problem(NOT_FOUND)
    ours = components.login.address_of(request)
    cookie_name = attempt_cookie(request.query_params.get("state", ""))
    finished = await components.login.finish(
        request.query_params, ours + CALLBACK_PATH, cookie_of(request, cookie_name)
    )
    # Another site has led here, and behind its redirections a browser sends no Strict cookie:
    # this page leads on, which is ours.
    response = _onward(request, components, own_path(finished.return_to))
    set_session(response, request, finished.cookie, over_tls=ours.startswith("https://"))
    forget(response, request, cookie_name)
    return response


@router.post("/console/logout")
async def log_out(request: Request, components: Given) -> Response:
    """End the session, and that at the identity provider which it came from."""
    id_token = await components.access.log_out(cookie_of(request, SESSION_COOKIE) or "")
    address = None
    if components.login is not None and id_token is not None:
        back_to = components.login.address_of(request) + LOGIN_PATH
        address = await components.login.address_to_log_out(id_token, back_to)
    if address is None:
        response: Response = RedirectResponse(LOGIN_PATH, HTTPStatus.SEE_OTHER.value)
    else:
        # Chromium lets no form lead to another site, not by a redirection either (form-action).
        response = _onward(request, components, address)
    forget(response, request, SESSION_COOKIE)
    return response


@router.get("/console/static/{name}")
def static(name: str) -> Response:
    """A file of the pages."""
    if name not in MEDIA_TYPES:
        raise Problem(NOT_FOUND)
    headers = {"Cache-Control": KEPT_A_YEAR}
    # Whole in memory, as a page is: HEAD says of it what GET does, compressed or not.
    return Response((STATIC / name).read_bytes(), media_type=MEDIA_TYPES[name], headers=headers)


def own_path(path: str) -> str:
    """A page of the console to go to; anything else, which could lead elsewhere, is the first."""
    if len(path) > PATH_MAX or not (path.isascii() and path.isprintable()):
        return HOME
    try:
        found = urlsplit(path)
    except ValueError:
        return HOME
    ours = found.path.startswith("/console/") and not found.path.startswith(LOGIN_PATH)
    if found.scheme or found.netloc or not ours or "\\" in path:
        return HOME
    return found.path + (f"?{found.query}" if found.query else "")


def _login_page(
    request: Request,
    components: Given,
    next_href: str,
    note: Notice | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    locale = locale_of(request)
    login = components.login
    content = {
        "title": locale.say(_("Log in")),
        "next_href": Verbatim(next_href),
        "note": note,
        "wrong": status is HTTPStatus.UNAUTHORIZED,
        "provider": None if login is None else login.name,
        "provider_href": Verbatim(f"{BEGIN_PATH}?next={quote(next_href, safe='/')}"),
        # The cookie of a session is for encrypted ways alone, but on this very machine.
        "in_clear": request.url.scheme == "http" and request.url.hostname not in LOCAL,
    }
    return answer(
        request,
        locale,
        "login.html",
        content,
        instant=locale.instant(components.clock()),
        status=status.value,
    )


def _onward(request: Request, components: Given, href: str) -> Response:
    """A page that leads on at once, by itself."""
    locale = locale_of(request)
    content = {"title": locale.say(_("One moment")), "onward": Verbatim(href)}
    instant = locale.instant(components.clock())
    return answer(request, locale, "onward.html", content, instant=instant)


LOGOUT_TOKEN_REFUSED: Final = Kind(
    "logout_token_refused",
    400,
    _("Logout token refused"),
    Translatable("{why}"),
    _("Check issuer, client and clock of the identity provider."),
)


@notice_router.post(LOGOUT_NOTICE_PATH, include_in_schema=False)
async def notice(
    components: Given,
    logout_token: Annotated[str, Form(max_length=TOKEN_CHARACTERS_MAX)] = "",
) -> Response:
    """End the sessions that a logout token names. Nobody is logged in here: the token proves it."""
    if components.login is None:
        raise Problem(NOT_FOUND)
    try:
        await components.login.end_by(logout_token)
    except NotKnown as error:
        raise Problem(LOGOUT_TOKEN_REFUSED, {"why": error.why}, reason=error.reason) from error
    return Response(status_code=HTTPStatus.OK.value)
