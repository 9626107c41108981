"""Metrics for Prometheus: requests, and the position of the read model."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from services.api.http.components import Components
from services.api.http.dependencies import Given, ReaderOfAll
from services.api.problems import ALL_ENTITIES, problems
from services.projector.tables import positions

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

router = APIRouter(tags=["health"])


class Observed:
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
    observed: Observed = request.app.state.observed
    body = generate_latest(observed.registry)
    if components.percent_loaded is None or components.percent_loaded() is None:
        body += generate_latest(await _read_model(components))
    return Response(body, media_type=CONTENT_TYPE_LATEST)


async def _read_model(components: Components) -> CollectorRegistry:
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
