"""Pages of the watch: the lag document, live balances, readiness, metrics."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from events.lag import as_json
from events.texts import Translatable, _
from services.runtime.kafka.partitioning import partition_of
from services.texts.translation import both
from services.watch.process import Watch
from services.watch.tables.feed import Tables

UNKNOWN: Final = _("{budget}: the journal has no record of this budget.")
NOT_READ: Final = _(
    "{budget}: the journal of this budget has not been read here yet. Try again in a moment."
)
BROKEN: Final = _("{budget}: the journal of this budget no longer adds up ({why}). Verify it.")

FRESH: Final = {"Cache-Control": "no-store"}
"""No cache keeps an answer: a cached one would be old without a sign."""


class Answer(NamedTuple):
    """An answer in JSON."""

    status: HTTPStatus
    body: dict[str, Any]


def balances_page(name: str, tables: Tables, partitions: int | None) -> Answer:
    """The balances of one budget, their sequence, and the published ones that differ."""
    budget = tables.live.budgets.get(name)
    if budget is None or (budget.sequence == 0 and budget.fault is None):
        return _answer_without_record(name, tables, partitions)
    if budget.fault is not None:
        facts = {"budget": name, "why": budget.fault}
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "journal_broken", BROKEN.render(facts))
    body = {
        "budget": name,
        "sequence": budget.sequence,
        "caught_up": tables.reconciliation.is_read(budget.partition),
        "lines": budget.line_rows(),
        "conventions": budget.convention_rows(),
        "difference": budget.difference_rows(),
    }
    return Answer(HTTPStatus.OK, body)


def _answer_without_record(name: str, tables: Tables, partitions: int | None) -> Answer:
    """The answer about a budget without record: it does not exist, or is not read here."""
    facts = {"budget": name}
    if partitions and tables.reconciliation.is_read(partition_of(name.encode(), partitions)):
        return _error(HTTPStatus.NOT_FOUND, "unknown_budget", UNKNOWN.render(facts))
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, "not_read", NOT_READ.render(facts))


def _error(status: HTTPStatus, code: str, text: Translatable) -> Answer:
    return Answer(status, {"error": code, "message": asdict(both(text))})


def readiness(tables: Tables) -> Answer:
    """The answer whether the balances can be relied upon."""
    ready = tables.reconciliation.ready
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, {"ready": ready})


def add_pages(watch: Watch) -> None:
    """Serve /lag, /lag/history, /balances/{budget}, /healthz, /readyz and /metrics."""
    service, tables, clock = watch.lag_service, watch.own_tables, watch.clock

    @watch.page("/lag")
    async def lag(view: View, _request: Request) -> Response:
        return view.json(as_json(service.board(clock())), headers=FRESH)

    @watch.page("/lag/history")
    async def history(view: View, _request: Request) -> Response:
        return view.json(as_json(service.history(clock())), headers=FRESH)

    @watch.page("/balances/{budget}")
    async def balances(view: View, _request: Request, budget: str) -> Response:
        status, body = balances_page(budget, tables, watch.partitions)
        return view.json(body, status=status)

    @watch.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        return view.text("ok\n")

    @watch.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        status, body = readiness(tables)
        return view.json(body, status=status)

    @watch.page("/metrics")
    async def prometheus(view: View, _request: Request) -> Response:
        body = generate_latest(watch.metrics.registry)
        return view.bytes(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
