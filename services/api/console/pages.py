"""Frame of every page of the console, and its rendering."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from events.masking import mask_name
from events.texts import Translatable, _, pgettext
from services.api.access.caller import ANYBODY, Caller, Scope
from services.api.access.session import CSRF_FIELD, form_token
from services.api.adapters.clock_and_chance import make_unique_name
from services.api.console import texts
from services.api.console.elements import (
    Link,
    Verbatim,
    address,
    bar_of,
    beneficiary_href,
    budget_href,
    capital,
    figure_href,
    grant_href,
    line_name,
    money_shown,
    order_href,
    record_href,
    slip_href,
    type_name,
)
from services.api.console.states import move_ends, stage_name, state_of
from services.api.requests import LANGUAGE_COOKIE, LANGUAGE_PARAMETER, language_of, own_address
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from services.texts.translation import isolate

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
STATIC_PATH: Final = "/console/static/"
LIVE_PATH: Final = "/console/live"
TODAY_LIVE_PATH: Final = "/console/today/live"
LAG_LIVE_PATH: Final = "/console/lag/live"
VERSION_DIGITS: Final = 12

LANGUAGE_KEPT_S: Final = 365 * 24 * 3600
"""Time that the browser remembers which language was chosen."""

NAVIGATION: Final = {
    "today": _("Today"),
    "budgets": _("Budgets"),
    "grants": _("Grants"),
    "orders": _("Payment orders"),
    "treasury": _("Treasury"),
    "troubles": _("Needs action"),
    "lag": _("Processing"),
}
"""The pages of the main navigation, in its order."""

FOR_WHO_READS_ALL: Final = frozenset({"lag"})
"""Those that tell of all entities: nobody else is shown the way."""

LISTS: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "grants": {
        "grants": _("Grants"),
        "conventions": _("Conventions"),
        "acts": _("Acts"),
        "documents": _("Documents owed"),
        "recoveries": _("Recoveries"),
    },
}
"""By entry of the main navigation, the lists that stand beside each other under it."""

SECTIONS: Final[Mapping[str, str]] = {
    **{name: section for section, names in LISTS.items() for name in names},
    "beneficiaries": "grants",
    "figures": "budgets",
    "help": "lag",
    "payment-plan": "orders",
    "records": "budgets",
}
"""By the first step of an address, the page of the main navigation under which it stands; else it
is that step. A page that knows better has a `section` in its content."""

SEARCH_PATH: Final = "/console/search"

FORMATS: Final = (
    "say",
    "quantity",
    "number",
    "rate",
    "day",
    "short_day",
    "days_away",
    "days_overdue",
    "instant",
    "short_instant",
)
"""Formats of the locale that templates use as filters."""

LIVE_TEXTS: Final = {
    "live": _("Live updates"),
    "pause": _("Pause the updates"),
    "resume": _("Resume the updates"),
    "updated": _("The page was updated."),
    "lost": _("The live update no longer answers; load the page again."),
}
"""Texts of the script that updates a page."""

COPY_TEXTS: Final = {
    "copy": _("Copy"),
    "curl": _("Copy as curl"),
    "copied": _("Copied"),
}
"""Texts of the script that copies a value."""

ELEMENTS: Final[Mapping[str, Callable[..., Any]]] = {
    "bar": bar_of,
    "money": money_shown,
    "move_ends": move_ends,
    "stage_name": stage_name,
    "state": state_of,
    "type_name": type_name,
}
"""Filters that take the locale last."""

OPEN_ACCESS: Final = _("Open access (demonstration)")
"""The name of whoever asks, where access is not checked."""

LANGUAGE_NAMES: Final = {Language.FR: "Français", Language.EN: "English"}


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
    found.filters.update({name: _bind_locale(getattr(LocaleFormat, name)) for name in FORMATS})
    found.filters.update({name: _bind_locale(of, last=True) for name, of in ELEMENTS.items()})
    found.filters["capital"] = capital
    found.filters["isolate"] = isolate
    found.globals.update(
        asset=asset,
        csrf_field=CSRF_FIELD,
        address=address,
        beneficiary_href=beneficiary_href,
        budget_href=budget_href,
        codes=texts,
        figure_href=figure_href,
        grant_href=grant_href,
        line_name=line_name,
        order_href=order_href,
        record_href=record_href,
        slip_href=slip_href,
    )
    return found


def _bind_locale(of: Callable[..., Any], *, last: bool = False) -> Callable[..., Any]:
    """A filter that gives the locale of the page to a function, first or `last`."""

    @pass_context
    def apply(context: Context, value: Any, *more: Any) -> Any:
        locale = context["locale"]
        return of(value, *more, locale) if last else of(locale, value, *more)

    return apply


def _as_shown(value: Any) -> Any:
    """A value as it stands on a page: text that is nothing else has its IBANs shortened."""
    return mask_name(value) if type(value) is str else value


def locale_of(request: HTTPConnection) -> LocaleFormat:
    """The locale in which this request is answered."""
    return LocaleFormat(language_of(request))


def answer(
    request: HTTPConnection,
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
    live = None
    if live_token is not None:
        live = {
            "href": live_href,
            "token": Verbatim(live_token),
            "texts": _texts(LIVE_TEXTS, locale),
        }
    headers = {"Content-Language": locale.language.value}
    page = _render(request, locale, template, content, instant=instant, live=live)
    response = HTMLResponse(page, status, headers)
    _keep_language(response, request)
    return response


def redirect(request: HTTPConnection, page: str) -> RedirectResponse:
    """Lead a GET on to another page, in the language that its address asks for."""
    response = RedirectResponse(page, HTTPStatus.SEE_OTHER.value)
    _keep_language(response, request)
    return response


def _keep_language(response: Response, request: HTTPConnection) -> None:
    """Have the browser remember the language that the address asks for."""
    language = language_of(request).value
    if request.query_params.get(LANGUAGE_PARAMETER) == language:
        response.set_cookie(
            LANGUAGE_COOKIE, language, LANGUAGE_KEPT_S, httponly=True, samesite="lax"
        )


def problem_page(
    request: HTTPConnection, problem: Mapping[str, Any], headers: Mapping[str, str]
) -> HTMLResponse:
    """A problem as a page: what happened, and what to do."""
    locale, status = locale_of(request), problem["status"]
    tone = "bad" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "warn"
    instant = locale.instant(request.app.state.components.clock())
    page = _render(request, locale, "problem.html", {**problem, "tone": tone}, instant=instant)
    return HTMLResponse(page, status, headers)


def _render(
    request: HTTPConnection,
    locale: LocaleFormat,
    template: str,
    content: Mapping[str, Any],
    *,
    instant: str,
    live: Mapping[str, str] | None = None,
) -> str:
    def text(msgid: str, **facts: object) -> str:
        return locale.say(Translatable(msgid), **facts)

    def text_of(context: str, msgid: str, **facts: object) -> str:
        return locale.say(pgettext(context, msgid), **facts)

    frame = _frame(request, locale) | {"instant": instant, "live": live}
    frame["section"] = content.get("section") or frame["section"]
    found = environment().get_template(template)
    names = request.app.state.components.names
    return found.render(page=frame, _=text, pgettext=text_of, locale=locale, names=names, **content)


def _frame(request: HTTPConnection, locale: LocaleFormat) -> dict[str, Any]:
    caller: Caller | None = getattr(request.state, "caller", None)
    sees_all = caller is not None and caller.entities(Scope.READ).every
    csrf = getattr(request.state, "csrf", None)
    return {
        "language": locale.language.value,
        # Somebody is logged in, or access is not checked.
        "known": caller is not None,
        "who": name_of(caller, locale),
        "unchecked": caller is ANYBODY,
        "csrf": None if csrf is None else Verbatim(form_token(csrf, make_unique_name())),
        "path": request.scope["path"],
        "section": _section(request.scope["path"]),
        "asked": request.query_params.get("q", "") if request.scope["path"] == SEARCH_PATH else "",
        "copy_texts": _texts(COPY_TEXTS, locale),
        "navigation": {
            f"/console/{name}": locale.say(text)
            for name, text in NAVIGATION.items()
            if sees_all or name not in FOR_WHO_READS_ALL
        },
        "lists": [
            Link(address(name), locale.say(text))
            for name, text in LISTS.get(_section(request.scope["path"]), {}).items()
        ],
        "languages": [
            (language.value, name, _switch_language(request, language))
            for language, name in LANGUAGE_NAMES.items()
        ],
    }


def name_of(caller: Caller | None, locale: LocaleFormat) -> str:
    """The name of the caller on the page; where access is not checked, that it is open."""
    if caller is None:
        return ""
    return locale.say(OPEN_ACCESS) if caller is ANYBODY else caller.label or caller.name


def _texts(texts: Mapping[str, Translatable], locale: LocaleFormat) -> str:
    """Texts of a script, as JSON."""
    found = {name: locale.say(text) for name, text in texts.items()}
    return json.dumps(found, ensure_ascii=False)


def _section(path: str) -> str:
    """The page of the main navigation under which an address stands."""
    step = path.removeprefix("/console/").partition("/")[0]
    return SECTIONS.get(step, step)


def _switch_language(request: HTTPConnection, language: Language) -> str:
    return Verbatim(own_address(request, **{LANGUAGE_PARAMETER: language.value}))
