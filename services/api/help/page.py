"""The runbooks, for anybody: who is called at night may have no key at hand.

They hold nothing of a town. The database is not asked: it may be what has failed.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from markupsafe import Markup
from starlette.responses import Response

from events.texts import _
from services.api.console.pages import answer, locale_of
from services.api.console.texts.runbooks import NOW_AND_THEN, RUNBOOKS, SEVERITIES
from services.api.help.runbooks import names, runbook
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem

router = APIRouter()

NAME_MAX: Final = 100
Name = Annotated[str, Path(max_length=NAME_MAX)]


@router.get("/console/help")
async def listed(request: Request, components: Given) -> Response:
    """All runbooks, by how urgent their alarm is."""
    locale = locale_of(request)
    content = {
        "title": locale.say(_("Alarms, and what to do")),
        "severities": SEVERITIES,
        "runbooks": RUNBOOKS,
        "now_and_then": NOW_AND_THEN,
    }
    return _page(request, components, "help.html", content)


@router.get("/console/help/{name}")
async def one(request: Request, components: Given, name: Name) -> Response:
    """A runbook."""
    if name not in names():
        raise Problem(NOT_FOUND)
    found = runbook(name)
    content = {
        "title": found.title,
        "about": {**RUNBOOKS, **NOW_AND_THEN}.get(name),
        # Rendered from files of this program, with any HTML in them escaped.
        "body": Markup(found.html),  # noqa: S704
    }
    return _page(request, components, "runbook.html", content)


def _page(
    request: Request, components: Given, template: str, content: Mapping[str, Any]
) -> Response:
    locale = locale_of(request)
    instant = locale.instant(components.clock())
    return answer(request, locale, template, content, instant=instant)
