"""Pages of the watch: the lag document, live balances, readiness, metrics."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import faust
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from events.lag import as_json
from events.sentences import Sentence
from services.runtime.kafka.partitioning import partition_of
from services.runtime.ops.clock import Clock
from services.watch.balances import LiveBalances
from services.watch.board import history_of
from services.watch.lag_service import LagService
from services.watch.metrics import Metrics
from services.watch.reconciliation import Reconciliation

UNKNOWN: Final = Sentence(
    "{budget}\u00a0: le journal n'a pas d'enregistrement de ce budget.",
    "{budget}: the journal has no record of this budget.",
)
NOT_READ: Final = Sentence(
    "{budget}\u00a0: le journal de ce budget n'est pas encore lu ici. Réessayez dans un instant.",
    "{budget}: the journal of this budget has not been read here yet. Try again in a moment.",
)
BROKEN: Final = Sentence(
    "{budget}\u00a0: le journal de ce budget ne s'additionne plus ({why}). Vérifiez-le.",
    "{budget}: the journal of this budget no longer adds up ({why}). Verify it.",
)


FRESH: Final = {"Cache-Control": "no-store"}
"""No cache keeps an answer: a cached one would be old without a sign."""


class Answer(NamedTuple):
    """An answer in JSON."""

    status: HTTPStatus
    body: dict[str, Any]


class LagPages:
    """The pages /lag and /lag/history."""

    def __init__(self, service: LagService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    def lag(self) -> dict[str, Any]:
        """The lag document of now."""
        return as_json(self._service.board(self._clock()))

    def history(self) -> dict[str, Any]:
        """The last hour."""
        stages = [each.stage for each in self._service.consumers]
        at = datetime.fromtimestamp(self._clock(), UTC)
        return as_json(history_of(self._service.past.points, stages, at))


class BalancePages:
    """The pages /balances/{budget} and /readyz."""

    def __init__(
        self,
        live: LiveBalances,
        reconciliation: Reconciliation,
        partitions: Callable[[], int | None],
    ) -> None:
        self._live = live
        self._reconciliation = reconciliation
        self._partitions = partitions

    def balances(self, name: str) -> Answer:
        """The balances of one budget, their sequence, and the published ones that differ."""
        budget = self._live.budgets.get(name)
        if budget is None or (budget.sequence == 0 and budget.fault is None):
            return self._unknown(name)
        if budget.fault is not None:
            facts = {"budget": name, "why": budget.fault}
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "journal_broken", BROKEN.render(facts))
        body = {
            "budget": name,
            "sequence": budget.sequence,
            "caught_up": self._reconciliation.is_read(budget.partition),
            "lines": budget.line_rows(),
            "conventions": budget.convention_rows(),
            "difference": budget.difference_rows(),
        }
        return Answer(HTTPStatus.OK, body)

    def _unknown(self, name: str) -> Answer:
        """The answer about a budget without record: it does not exist, or is not read here."""
        partitions, facts = self._partitions(), {"budget": name}
        if partitions and self._reconciliation.is_read(partition_of(name.encode(), partitions)):
            return _error(HTTPStatus.NOT_FOUND, "unknown_budget", UNKNOWN.render(facts))
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "not_read", NOT_READ.render(facts))

    def ready(self) -> Answer:
        """The answer whether the balances can be relied upon."""
        ready = self._reconciliation.ready
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, {"ready": ready})


def _error(status: HTTPStatus, code: str, text: Sentence) -> Answer:
    return Answer(status, {"error": code, "message": {"fr": text.fr, "en": text.en}})


def add_pages(
    app: faust.App, lag_pages: LagPages, balance_pages: BalancePages, metrics: Metrics
) -> None:
    """Serve /lag, /lag/history, /balances/{budget}, /healthz, /readyz and /metrics."""

    @app.page("/lag")
    async def lag(view: View, _request: Request) -> Response:
        return view.json(lag_pages.lag(), headers=FRESH)

    @app.page("/lag/history")
    async def history(view: View, _request: Request) -> Response:
        return view.json(lag_pages.history(), headers=FRESH)

    @app.page("/balances/{budget}")
    async def balances(view: View, _request: Request, budget: str) -> Response:
        status, body = balance_pages.balances(budget)
        return view.json(body, status=status)

    @app.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        return view.text("ok\n")

    @app.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        status, body = balance_pages.ready()
        return view.json(body, status=status)

    @app.page("/metrics")
    async def prometheus(view: View, _request: Request) -> Response:
        body = generate_latest(metrics.registry)
        return view.bytes(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
