"""Health: whether this process lives, and whether it can answer. The two are open to all."""

from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.api.adapters.read_model import begin_reading
from services.api.adapters.ttl_cache import TtlCache
from services.api.http.components import Components
from services.api.http.dependencies import Now
from services.projector.database_errors import message_of
from services.projector.tables import metadata, positions

KEPT_S: Final = 1.0
"""Time that the state is cached: anybody may ask, and each answer is a query of every table."""

log: Final = structlog.stdlib.get_logger("ecluse.api")
router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process lives."""

    status: Literal["ok"]


class Ready(BaseModel):
    """True if the API can answer; what is behind it, only for who shows a key or token."""

    ready: bool
    database: bool | None = Field(None, description="Whether the read model answers.")
    schema_fits: bool | None = Field(None, description="Whether its tables are those of this API.")
    latest_event_time: datetime | None = Field(
        None, description="The latest time of an event that it has; it is never a failure."
    )
    latest_event_age_s: float | None = None


def readiness(parts: Components) -> TtlCache[Ready]:
    """Whether the API can answer, as it was found a moment ago."""
    return TtlCache(partial(_polled, parts), parts.clock, lambda _: KEPT_S)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="The process lives; nothing else is asked")
async def healthz() -> Alive:
    """Always 200 while the event loop turns.

    It never asks a dependency: a probe that does restarts every process when a database is slow.
    """
    return Alive(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="The API can answer",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "It cannot, now."}},
)
async def readyz(request: Request, now: Now) -> JSONResponse:
    """200 if the read model answers and its tables are those of this API; else 503."""
    found: Ready = await request.app.state.readiness()
    content: dict[str, Any] = {"ready": found.ready}
    if getattr(request.state, "caller", None) is not None:
        content = found.model_dump(mode="json")
        if found.latest_event_time is not None:
            age = now - found.latest_event_time
            content["latest_event_age_s"] = round(age.total_seconds(), 3)
    return JSONResponse(content, 200 if found.ready else 503)


async def _polled(components: Components) -> Ready:
    try:
        async with components.engine.connect() as connection:
            try:
                await begin_reading(connection)
                # A column that is not there is found by asking for it; no row is read.
                for table in metadata.sorted_tables:
                    await connection.execute(select(table).limit(0))
            except DBAPIError as error:
                log.warning("read_model_not_ready", error=message_of(error))
                return Ready(ready=False, database=not error.connection_invalidated)
            asked = select(func.max(positions.c.latest_event_time))
            latest = (await connection.execute(asked)).scalar_one()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("read_model_not_ready", error=message_of(error))
        return Ready(ready=False, database=False)
    return Ready(ready=True, database=True, schema_fits=True, latest_event_time=latest)
