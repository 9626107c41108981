"""The page Lag: it asks the watch, and does not need the read model."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.asking import ReaderOfAll, Stands
from services.api.console.pages import LAG_LIVE_PATH, answer, voice_of
from services.api.console.views.lag import lag_token, lag_view
from services.api.console.words import lag_page as words

router = APIRouter()


@router.get("/console/lag")
async def lag(request: Request, _caller: ReaderOfAll, stands: Stands) -> Response:
    """The page of now."""
    # Both at once: where no watch answers, each waits for it.
    found, hour = await asyncio.gather(stands.lag(), stands.lag.hour())
    voice, now = voice_of(request), stands.clock()
    content = {"title": voice.say(words.WORDS["title"]), "lag": lag_view(found, hour, now, voice)}
    return answer(
        request,
        voice,
        "lag.html",
        content,
        instant=voice.instant(now),
        live_token=lag_token(found),
        live_href=LAG_LIVE_PATH,
    )
