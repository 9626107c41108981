"""Frame of every page of the console, and its rendering."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from events.masking import masked_name
from events.texts import Translatable, pgettext
from services.api.access.caller import Caller, Scope
from services.api.access.forms import CSRF_FIELD
from services.api.console.elements import (
    Verbatim,
    address,
    bar_of,
    capital,
    figure_href,
    grant_href,
    line_name,
    order_href,
    record_href,
    type_name,
    verdict_do,
)
from services.api.console.states import stage_name, state_of
from services.api.console.texts import TEXTS, codes
from services.api.language import LANGUAGE_COOKIE, LANGUAGE_PARAMETER, language_of
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
STATIC_PATH: Final = "/console/static/"
LIVE_PATH: Final = "/console/live"
TODAY_LIVE_PATH: Final = "/console/today/live"
LAG_LIVE_PATH: Final = "/console/lag/live"
VERSION_DIGITS: Final = 12

LANGUAGE_KEPT_S: Final = 365 * 24 * 3600
"""Time that the browser remembers which language was chosen."""

NAVIGATION: Final = ("today", "grants", "orders", "troubles", "lag")
"""The pages of the main navigation, in its order."""

FOR_WHO_READS_ALL: Final = frozenset({"lag"})
"""Those that tell of all entities: nobody else is shown the way."""

FORMATS: Final = (
    "say",
    "counted",
    "money",
    "number",
    "day",
    "short_day",
    "days_away",
    "instant",
    "short_instant",
)
"""Formats of the locale that templates use as filters."""

ELEMENTS: Final[Mapping[str, Callable[..., Any]]] = {
    "bar": bar_of,
    "stage_name": stage_name,
    "state": state_of,
    "type_name": type_name,
    "verdict_do": verdict_do,
}
"""Filters that take the locale last."""

LIVE_TEXTS: Final = ("live", "pause", "resume", "updated", "lost")

LANGUAGE_NAMES: Final = {Language.FR: "Français", Language.EN: "English"}


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """One entry of the main navigation."""

    href: str
    text: str
    here: bool
    exact: bool


@dataclass(frozen=True, slots=True)
class Other:
    """One language of the switch."""

    code: str
    name: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The frame of a page around its content."""

    language: str
    known: bool
    """True if somebody is signed in, or access is not checked."""
    who: str
    unchecked: bool
    csrf: str | None
    navigation: Sequence[NavigationLink]
    languages: Sequence[Other]
    instant: str
    live_href: str | None
    live_token: str
    live_texts: str
    csrf_field: str = CSRF_FIELD

    def asset(self, name: str) -> str:
        """The address of a file of ours, with its version in it."""
        return asset(name)


def asset(name: str) -> str:
    """The address of a static file: other content has another address, so that it may be kept.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return f"{STATIC_PATH}{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:VERSION_DIGITS]


@cache
def environment() -> Environment:
    """The templates: everything is escaped, and a name that nobody gave is an error."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update({name: _in_locale(getattr(LocaleFormat, name)) for name in FORMATS})
    found.filters.update({name: _in_locale(of, last=True) for name, of in ELEMENTS.items()})
    found.filters["capital"] = capital
    found.globals.update(
        address=address,
        codes=codes,
        figure_href=figure_href,
        grant_href=grant_href,
        line_name=line_name,
        order_href=order_href,
        record_href=record_href,
    )
    return found


def _in_locale(of: Callable[..., Any], *, last: bool = False) -> Callable[..., Any]:
    """A filter that gives the locale of the page to a function, first or `last`."""

    @pass_context
    def filtered(context: Context, value: Any, *more: Any) -> Any:
        locale = context["locale"]
        return of(value, *more, locale) if last else of(locale, value, *more)

    return filtered


def _as_shown(value: Any) -> Any:
    """A value as it stands on a page: text that is nothing else has its IBANs shortened."""
    return masked_name(value) if type(value) is str else value


def render(template: str, page: Page, locale: LocaleFormat, **content: Any) -> str:
    """A page as HTML."""

    def text(msgid: str, **facts: object) -> str:
        return locale.say(Translatable(msgid), **facts)

    def text_of(context: str, msgid: str, **facts: object) -> str:
        return locale.say(pgettext(context, msgid), **facts)

    found = environment().get_template(template)
    return found.render(page=page, _=text, pgettext=text_of, locale=locale, **content)


def answer(
    asked: HTTPConnection,
    locale: LocaleFormat,
    template: str,
    content: Mapping[str, Any],
    *,
    instant: str,
    status: int = HTTPStatus.OK.value,
    live_token: str | None = None,
    live_href: str = LIVE_PATH,
) -> HTMLResponse:
    """A page as an answer to this request; with `live_token` the page learns when it is stale."""
    page = page_of(asked, locale, instant, live_token, live_href)
    headers = {"Content-Language": locale.language.value}
    response = HTMLResponse(render(template, page, locale, **content), status, headers)
    if asked.query_params.get(LANGUAGE_PARAMETER) == locale.language:
        response.set_cookie(
            LANGUAGE_COOKIE, locale.language.value, LANGUAGE_KEPT_S, httponly=True, samesite="lax"
        )
    return response


def locale_of(asked: HTTPConnection) -> LocaleFormat:
    """The locale in which this request is answered."""
    return LocaleFormat.of(language_of(asked))


def page_of(
    asked: HTTPConnection,
    locale: LocaleFormat,
    instant: str,
    live_token: str | None = None,
    live_href: str = LIVE_PATH,
) -> Page:
    """The frame of a page, for whoever asked for it."""
    caller = getattr(asked.state, "caller", None)
    path = asked.url.path
    csrf = getattr(asked.state, "csrf", None)
    return Page(
        language=locale.language.value,
        known=caller is not None,
        who="" if caller is None else caller.label or caller.name,
        unchecked=caller is not None and not asked.app.state.components.access.checks,
        csrf=None if csrf is None else Verbatim(csrf),
        navigation=[_link(name, path, locale) for name in _pages_of(caller)],
        languages=[_other(each, asked, locale) for each in Language],
        instant=instant,
        live_href=None if live_token is None else live_href,
        live_token=Verbatim(live_token or ""),
        live_texts=json.dumps(
            {name: locale.say(TEXTS[f"shell.{name}"]) for name in LIVE_TEXTS}, ensure_ascii=False
        ),
    )


def _pages_of(caller: Caller | None) -> Sequence[str]:
    if caller is not None and caller.entities(Scope.READ).every:
        return NAVIGATION
    return [name for name in NAVIGATION if name not in FOR_WHO_READS_ALL]


def _link(name: str, path: str, locale: LocaleFormat) -> NavigationLink:
    href = f"/console/{name}"
    here = path == href or path.startswith(href + "/")
    return NavigationLink(href, locale.say(TEXTS[f"shell.{name}"]), here, path == href)


def _other(language: Language, asked: HTTPConnection, locale: LocaleFormat) -> Other:
    url = asked.url.include_query_params(**{LANGUAGE_PARAMETER: language.value})
    href = url.path + (f"?{url.query}" if url.query else "")
    name = LANGUAGE_NAMES[language]
    return Other(language.value, name, Verbatim(href), language is locale.language)
