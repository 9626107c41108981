"""The API, put together: routes behind the gate, all inside the middleware of requests."""

from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import BaseRoute

from services.api import help as help_pages
from services.api import statements
from services.api.access.authentication import HOST_UNKNOWN, Gate
from services.api.access.authorization import Listeners
from services.api.access.oidc.issuer import ISSUER_AWAY
from services.api.access.session import check_form_token
from services.api.acts import page as act_page
from services.api.acts.lists import ACTS
from services.api.beneficiaries import page as beneficiary_pages
from services.api.budgets import figure_page
from services.api.budgets import page as budget_pages
from services.api.budgets import routes as budgets
from services.api.console import session
from services.api.console.pages import LAG_LIVE_PATH, LIVE_PATH, TODAY_LIVE_PATH, problem_page
from services.api.contract import routes as contract
from services.api.contract.openapi import complete
from services.api.conventions import page as convention_page
from services.api.conventions.lists import CONVENTIONS
from services.api.documents import page as document_page
from services.api.documents.lists import OWED_DOCUMENTS
from services.api.events_in import routes as events_in
from services.api.files.formats import XLSX_MEDIA_TYPE
from services.api.forms import page as form_pages
from services.api.grants import page as grant_pages
from services.api.grants import routes as grants
from services.api.http import health
from services.api.http.components import BODY_BYTES_MAX, Components
from services.api.http.error_handlers import SOURCE_UNREACHABLE, add_handlers
from services.api.http.request_middleware import LOADING, RequestMiddleware, WhileLoading
from services.api.journal import page as record_page
from services.api.journal import routes as journal
from services.api.lag import routes as lag
from services.api.lists.page import page_routes
from services.api.lists.routes import routes_of
from services.api.orders import page as order_pages
from services.api.orders import routes as orders
from services.api.outcomes import routes as outcomes
from services.api.outcomes.feed import Feed
from services.api.problems import (
    DATABASE_UNREACHABLE,
    FORGED_FORM,
    INTERNAL,
    INVALID_REQUEST,
    LENGTH_TWICE,
    NOT_FOUND,
    SCOPE_MISSING,
    TOO_LARGE,
    TOO_SLOW,
    UNAUTHENTICATED,
    add_problems,
    problems,
)
from services.api.queries.explanation import Explanations
from services.api.recoveries import page as recovery_page
from services.api.recoveries.lists import RECOVERIES
from services.api.rejections import page as rejection_pages
from services.api.rejections import redrive, review
from services.api.rejections import routes as rejections
from services.api.search import page as search_page
from services.api.search import routes as search
from services.api.today import live
from services.api.today import page as today_page
from services.api.today import routes as today
from services.api.treasury import page as treasury_pages
from services.api.treasury import routes as treasury
from services.api.treasury import upload as treasury_upload
from services.api.treasury import waiting_page as treasury_waiting
from services.api.webhooks import routes as webhooks

DESCRIPTION: Final = """\
What the ledger has decided, as figures; and the entry for new events.

Every answer speaks French or English (`Accept-Language`); every refusal is a problem (RFC 9457)
with a stable `code`. Amounts are integer cents. What belongs to an entity that your access does
not cover answers 404, as if it did not exist.
"""

EVERYWHERE: Final = (
    LENGTH_TWICE,
    UNAUTHENTICATED,
    SCOPE_MISSING,
    FORGED_FORM,
    NOT_FOUND,
    TOO_LARGE,
    HOST_UNKNOWN,
    INVALID_REQUEST,
    INTERNAL,
    TOO_SLOW,
    DATABASE_UNREACHABLE,
    SOURCE_UNREACHABLE,
    ISSUER_AWAY,
    LOADING,
)
"""The problems that any address may answer with."""

LISTS: Final = (CONVENTIONS, ACTS, OWED_DOCUMENTS, RECOVERIES)
"""Declared lists."""

LIST_PAGES: Final = (convention_page, act_page, document_page, recovery_page)
"""Modules that declare the pages of these lists."""

DATA: Final = (
    # Routes are tried in this order: what is asked most often stands first.
    budgets.balance_router,
    orders.router,
    journal.router,
    grants.router,
    health.router,
    events_in.router,
    statements.router,
    budgets.router,
    today.router,
    journal.entry_router,
    rejections.router,
    redrive.router,
    search.router,
    lag.router,
    session.notice_router,
    contract.router,
    outcomes.router,
    webhooks.router,
    treasury.router,
    *map(routes_of, LISTS),
)
"""Routes that answer programs, by JSON."""

PAGES: Final = (
    session.router,
    help_pages.router,
    contract.page_router,
    lag.page_router,
    live.router,
    today_page.router,
    budget_pages.router,
    beneficiary_pages.router,
    grant_pages.router,
    figure_page.router,
    order_pages.router,
    rejection_pages.router,
    review.router,
    record_page.router,
    search_page.router,
    form_pages.router,
    treasury_pages.router,
    treasury_waiting.router,
    *(page_routes(each.PAGE, budget_pages.budget_choice) for each in LIST_PAGES),
)
"""Routes that answer people, by pages."""

COMPRESSED_MIN: Final = 1_000
"""Bytes of the smallest answer that is compressed: a smaller one is one packet anyway."""

COMPRESSION: Final = 6
"""Level of compression: the highest one takes twice the time, for two per cent."""

COMPRESSED_ALREADY: Final = (*DEFAULT_EXCLUDED_CONTENT_TYPES, XLSX_MEDIA_TYPE)
"""Types of answers that are sent as they are; streams of events are among them."""

STREAMS: Final = frozenset({LIVE_PATH, TODAY_LIVE_PATH, LAG_LIVE_PATH})
"""Addresses of the pages' streams of events: to answer HEAD, one would go on for nobody."""


@cache
def routes() -> tuple[BaseRoute, ...]:
    """All routes, built once: FastAPI takes a tenth of a second for it, each time."""
    together = APIRouter(responses=problems(*EVERYWHERE))
    for data in DATA:
        together.include_router(data)
    for pages in PAGES:
        for route in pages.routes:
            _answer_head(route)
        together.include_router(
            pages, include_in_schema=False, dependencies=[Depends(check_form_token)]
        )
    # A large form: its sender is known, and has the right, before any of it is read.
    before = [Depends(treasury_upload.receive_upload), Depends(check_form_token)]
    together.include_router(treasury_upload.router, include_in_schema=False, dependencies=before)
    return tuple(together.routes)


def _answer_head(route: BaseRoute) -> None:
    """Have a page answer HEAD as it does GET (RFC 9110, 9.1)."""
    if not isinstance(route, APIRoute) or route.path in STREAMS:
        return
    if route.methods and "GET" in route.methods:
        route.methods.add("HEAD")


class Api(FastAPI):
    """FastAPI, whose document holds what no route returns: published schemas, and problems."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        document = super().openapi()
        complete(document)
        add_problems(document, EVERYWHERE)
        return document


def create_app(parts: Components) -> FastAPI:
    """The API over these parts."""
    app = Api(
        title="Écluse",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # It would lead to the host that was asked for, whoever named it.
        redirect_slashes=False,
        # OpenTelemetry, which nobody sets up here, is looked for at each request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )

    limits_s = events_in.LIMITS_S | treasury.LIMITS_S | treasury_upload.LIMITS_S
    bodies_bytes_max = (
        events_in.BODIES_BYTES_MAX | treasury.BODIES_BYTES_MAX | treasury_upload.BODIES_BYTES_MAX
    )

    def limits(path: str) -> tuple[float, int]:
        limit_s = limits_s.get(path, parts.request_limit_s)
        return limit_s, bodies_bytes_max.get(path, BODY_BYTES_MAX)

    app.state.components = parts
    observed = health.RequestMetrics()
    app.state.observed = observed
    app.state.problem_page = problem_page
    app.state.feed = Feed(parts.engine, parts.clock)
    app.state.listeners = Listeners(parts.access, parts.clock)
    app.state.explanations = Explanations(parts.source_records)
    app.state.readiness = health.readiness(parts)
    app.router.routes.extend(routes())
    contract.mount_assets(app)
    add_handlers(app)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=COMPRESSED_MIN,
        compresslevel=COMPRESSION,
        exclude_content_types=COMPRESSED_ALREADY,
    )
    app.add_middleware(Gate, access=parts.access, hosts=parts.hosts)
    if parts.percent_loaded is not None:
        app.add_middleware(WhileLoading, percent=parts.percent_loaded)
    app.add_middleware(
        RequestMiddleware, observe=observed.observe, limits=limits, over_tls=parts.over_tls
    )
    return app
