"""Health and metrics: liveness, readiness, and figures for Prometheus.

Whether the API can answer is asked of the read model at most once a second.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.api.adapters.clock_and_chance import TtlCache
from services.api.adapters.read_model import begin_reading
from services.api.http.components import Components
from services.api.http.dependencies import Given, Now, ReaderOfAll
from services.api.problems import ALL_ENTITIES, problems
from services.projector.database_errors import message_of
from services.projector.tables import metadata, positions

READINESS_KEPT_S: Final = 1.0
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
    """The API's readiness, as it was examined a moment ago."""
    return TtlCache(partial(_poll_read_model, parts), parts.clock, lambda _: READINESS_KEPT_S)


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


async def _poll_read_model(components: Components) -> Ready:
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


METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

OF_A_PARTITION: Final[Sequence[tuple[str, str, Callable[[Any], float | None]]]] = (
    (
        "ecluse_read_model_next_offset",
        "The next journal record to be read.",
        lambda row: row.next_offset,
    ),
    (
        "ecluse_read_model_latest_event_timestamp_seconds",
        "The latest time of an event that the read model has.",
        lambda row: row.latest_event_time and row.latest_event_time.timestamp(),
    ),
    (
        "ecluse_read_model_held",
        "1 if the partition is held.",
        lambda row: int(row.held_offset is not None),
    ),
)
"""Gauges of each partition of the journal: name, help, and the value of its position."""


class RequestMetrics:
    """Requests by method, route and status, with their durations."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ecluse_api_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._durations = Histogram(
            "ecluse_api_request_duration_seconds",
            "How long answers took, to their end.",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def observe(self, method: str, route: str, status: int, elapsed_s: float) -> None:
        # Anybody may invent a method; each would be a time series.
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._durations.labels(known, route).observe(elapsed_s)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus, of all entities",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(ALL_ENTITIES),
    },
)
async def metrics(request: Request, _caller: ReaderOfAll, components: Given) -> Response:
    """Requests by route and status, durations; of the read model, positions and event times.

    An unknown is left out, as all of a read model that is being loaded: never a 0 that nobody
    measured.
    """
    observed: RequestMetrics = request.app.state.observed
    body = generate_latest(observed.registry)
    if components.percent_loaded is None or components.percent_loaded() is None:
        body += generate_latest(await _collect_read_model(components))
    return Response(body, media_type=CONTENT_TYPE_LATEST)


async def _collect_read_model(components: Components) -> CollectorRegistry:
    registry = CollectorRegistry()
    up = Gauge("ecluse_read_model_up", "1 if the read model answers.", registry=registry)
    try:
        async with components.engine.connect() as connection:
            rows = (await connection.execute(select(positions))).all()
    except (SQLAlchemyError, OSError, TimeoutError):
        up.set(0)
        return registry
    up.set(1)
    for name, text, value_of in OF_A_PARTITION:
        gauge = Gauge(name, text, ["topic", "partition"], registry=registry)
        for row in rows:
            if (value := value_of(row)) is not None:
                gauge.labels(row.topic, str(row.partition)).set(value)
    return registry
