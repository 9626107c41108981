"""Tells an open page when the accounts have moved on: server-sent events, nothing but a word."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import State
from starlette.responses import Response, StreamingResponse

from services.api.asking import Reader, Stands
from services.api.console.addresses.visit import position_token
from services.api.console.pages import LIVE_PATH
from services.api.parts import Parts

router = APIRouter()

LOOK_EVERY_S = 1.0
"""How often is looked whether the accounts have moved on."""

AGAIN_MS = 3_000
"""How long a page that was cut off waits before it asks again."""

TICK_EVERY: Final = 10
"""After how many looks a page is told that time has passed: it says how old the accounts are."""

LOOKS_MAX: Final = 600
"""After how many looks the browser must ask again, and show that it still may."""

PAGES_MAX: Final = 200
"""How many pages may listen at once; what is beyond goes without."""

LISTENING: Final = "console_pages_listening"
"""Where the application counts them."""


@router.get(LIVE_PATH)
async def live(request: Request, _caller: Reader, stands: Stands) -> Response:
    """A stream of words: `position` whenever the accounts have moved, `tick` as time passes."""
    if getattr(request.app.state, LISTENING, 0) >= PAGES_MAX:
        return Response(
            status_code=HTTPStatus.SERVICE_UNAVAILABLE.value, headers={"Retry-After": "30"}
        )
    return StreamingResponse(_told(request.app.state, stands), media_type="text/event-stream")


async def _told(state: State, stands: Parts) -> AsyncGenerator[str]:
    setattr(state, LISTENING, getattr(state, LISTENING, 0) + 1)
    try:
        yield f"retry: {AGAIN_MS}\n\n"
        known = ""
        for look in range(LOOKS_MAX):
            token = await _token(stands.engine)
            if token is not None and token != known:
                known = token
                yield f"event: position\ndata: {token}\n\n"
            elif look % TICK_EVERY == TICK_EVERY - 1:
                yield "event: tick\ndata: \n\n"
            if await _is_leaving(stands.leaving):
                return  # A process that ends waits for its answers, and this one would go on.
    finally:
        setattr(state, LISTENING, getattr(state, LISTENING) - 1)


async def _is_leaving(leaving: asyncio.Event) -> bool:
    """Whether the process was told to end, until the next look."""
    try:
        await asyncio.wait_for(leaving.wait(), LOOK_EVERY_S)
    except TimeoutError:
        return False
    return True


async def _token(engine: AsyncEngine) -> str | None:
    """How far the accounts are; None while the database is away."""
    try:
        async with engine.connect() as connection:
            return await position_token(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        return None
