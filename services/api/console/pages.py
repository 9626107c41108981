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
from starlette.responses import HTMLResponse

from events.masking import masked_name
from events.texts import Translatable, _, pgettext
from services.api.access.caller import ANYBODY, Caller, Scope
from services.api.access.session import CSRF_FIELD, form_token
from services.api.adapters.randomness import make_unique_name
from services.api.addresses import own_address
from services.api.console.elements import (
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
from services.api.console.texts import codes
from services.api.language import LANGUAGE_COOKIE, LANGUAGE_PARAMETER, language_of
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

SECTIONS: Final[Mapping[str, str]] = {
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
    "counted",
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
    found.filters.update({name: _in_locale(getattr(LocaleFormat, name)) for name in FORMATS})
    found.filters.update({name: _in_locale(of, last=True) for name, of in ELEMENTS.items()})
    found.filters["capital"] = capital
    found.filters["isolate"] = isolate
    found.globals.update(
        asset=asset,
        csrf_field=CSRF_FIELD,
        address=address,
        beneficiary_href=beneficiary_href,
        budget_href=budget_href,
        codes=codes,
        figure_href=figure_href,
        grant_href=grant_href,
        line_name=line_name,
        order_href=order_href,
        record_href=record_href,
        slip_href=slip_href,
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


def locale_of(asked: HTTPConnection) -> LocaleFormat:
    """The locale in which this request is answered."""
    return LocaleFormat(language_of(asked))


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
    live = None
    if live_token is not None:
        live = {
            "href": live_href,
            "token": Verbatim(live_token),
            "texts": _texts(LIVE_TEXTS, locale),
        }
    headers = {"Content-Language": locale.language.value}
    page = _rendered(asked, locale, template, content, instant=instant, live=live)
    response = HTMLResponse(page, status, headers)
    if asked.query_params.get(LANGUAGE_PARAMETER) == locale.language:
        response.set_cookie(
            LANGUAGE_COOKIE, locale.language.value, LANGUAGE_KEPT_S, httponly=True, samesite="lax"
        )
    return response


def problem_page(
    asked: HTTPConnection, problem: Mapping[str, Any], headers: Mapping[str, str]
) -> HTMLResponse:
    """A problem as a page: what happened, and what to do."""
    locale, status = locale_of(asked), problem["status"]
    tone = "bad" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "warn"
    instant = locale.instant(asked.app.state.components.clock())
    page = _rendered(asked, locale, "problem.html", {**problem, "tone": tone}, instant=instant)
    return HTMLResponse(page, status, headers)


def _rendered(
    asked: HTTPConnection,
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

    frame = _frame(asked, locale) | {"instant": instant, "live": live}
    frame["section"] = content.get("section") or frame["section"]
    found = environment().get_template(template)
    names = asked.app.state.components.names
    return found.render(page=frame, _=text, pgettext=text_of, locale=locale, names=names, **content)


def _frame(asked: HTTPConnection, locale: LocaleFormat) -> dict[str, Any]:
    caller: Caller | None = getattr(asked.state, "caller", None)
    sees_all = caller is not None and caller.entities(Scope.READ).every
    csrf = getattr(asked.state, "csrf", None)
    return {
        "language": locale.language.value,
        # Somebody is logged in, or access is not checked.
        "known": caller is not None,
        "who": name_of(caller, locale),
        "unchecked": caller is ANYBODY,
        "csrf": None if csrf is None else Verbatim(form_token(csrf, make_unique_name())),
        "path": asked.scope["path"],
        "section": _section(asked.scope["path"]),
        "asked": asked.query_params.get("q", "") if asked.scope["path"] == SEARCH_PATH else "",
        "copy_texts": _texts(COPY_TEXTS, locale),
        "navigation": {
            f"/console/{name}": locale.say(text)
            for name, text in NAVIGATION.items()
            if sees_all or name not in FOR_WHO_READS_ALL
        },
        "languages": [
            (language.value, name, _in_language(asked, language))
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


def _in_language(asked: HTTPConnection, language: Language) -> str:
    return Verbatim(own_address(asked, **{LANGUAGE_PARAMETER: language.value}))
