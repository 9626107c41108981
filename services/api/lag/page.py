"""The page Processing: it asks the watch, and does not need the read model."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from events.texts import _
from services.api.console.pages import LAG_LIVE_PATH, answer, locale_of
from services.api.http.dependencies import Given, ReaderOfAll
from services.api.lag.view import lag_token, lag_view

router = APIRouter()


@router.get("/console/lag")
async def lag(request: Request, _caller: ReaderOfAll, components: Given) -> Response:
    """The page of now."""
    # Both at once: where no watch answers, each waits for it.
    found, hour = await asyncio.gather(components.lag(), components.lag.hour())
    locale, now = locale_of(request), components.clock()
    content = {"title": locale.say(_("Processing")), "lag": lag_view(found, hour, now, locale)}
    return answer(
        request,
        locale,
        "lag.html",
        content,
        instant=locale.instant(now),
        live_token=lag_token(found),
        live_href=LAG_LIVE_PATH,
    )
