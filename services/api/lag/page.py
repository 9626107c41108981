"""Who is behind: the page Lag. It asks the watch, and nothing of the read model."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.console.pages import LAG_LIVE_PATH, answer, voice_of
from services.api.console.texts import lag_page as words
from services.api.http.dependencies import ReaderOfAll, Stands
from services.api.lag.view import lag_token, lag_view

router = APIRouter()


@router.get("/console/lag")
async def lag(request: Request, _caller: ReaderOfAll, stands: Stands) -> Response:
    """How far each stage is, and what waits: as the watch says it, at this moment."""
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
