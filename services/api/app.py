"""The API, put together: routes behind the gate, all inside the frame."""

from functools import cache
from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import BaseRoute

from services.api import routes
from services.api.access.forms import own_form
from services.api.access.gate import Gate
from services.api.console.problem_pages import ProblemPages
from services.api.events_in import routes as events_in
from services.api.http import documentation, health, metrics
from services.api.http.components import BODY_BYTES_MAX, Components
from services.api.http.error_handlers import add_handlers
from services.api.http.request_middleware import RequestMiddleware
from services.api.problems import problems

DESCRIPTION: Final = """\
What the ledger has decided, as figures; and the entry for new events.

Every answer speaks French or English (`Accept-Language`); every refusal is a problem (RFC 9457)
with a stable `code`. Amounts are integer cents. What belongs to an entity that your access does
not cover answers 404, as if it did not exist.
"""

EVERYWHERE: Final = (401, 403, 404, 421, 422, 500, 503)
"""The problems that any address may answer with."""


@cache
def _addresses() -> tuple[BaseRoute, ...]:
    """All routes, built once: FastAPI takes a tenth of a second for it, each time."""
    together = APIRouter(responses=problems(*EVERYWHERE))
    together.include_router(routes.data)
    together.include_router(routes.pages, include_in_schema=False, dependencies=[Depends(own_form)])
    return tuple(together.routes)


def create_app(parts: Components) -> FastAPI:
    """The API over these parts."""
    app = FastAPI(
        title="Écluse",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.state.components = parts
    observed = metrics.Observed()
    app.state.observed = observed
    app.state.readiness = health.readiness(parts)
    app.router.routes.extend(_addresses())
    documentation.mount_assets(app)
    add_handlers(app)
    app.add_middleware(Gate, access=parts.access, hosts=parts.hosts)
    app.add_middleware(
        RequestMiddleware,
        observe=observed.observe,
        limit_s=parts.request_limit_s,
        body_bytes_max=BODY_BYTES_MAX,
        limits_s=events_in.LIMITS_S,
        bodies_bytes_max=events_in.BODIES_BYTES_MAX,
        over_tls=parts.over_tls,
    )
    app.add_middleware(ProblemPages)
    return app
