"""What the watch serves: who is behind, live balances, its own state, and its metrics."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import faust
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from events.sentences import Sentence
from services.runtime.kafka.partitioning import partition_of
from services.runtime.ops.clock import Clock
from services.watch.balances import LiveBalances
from services.watch.board import Json, board_of, history_of
from services.watch.lag_service import Outlook
from services.watch.metrics import Metrics
from services.watch.reconciliation import Rounds

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
"""Nobody between us and a reader keeps an answer: it would be old, and not say so."""


class Answer(NamedTuple):
    """What is answered, as JSON."""

    status: HTTPStatus
    body: dict[str, Any]


class Board:
    """Answers who is behind, as of now."""

    def __init__(self, outlook: Outlook, clock: Clock) -> None:
        self._outlook = outlook
        self._clock = clock

    def lag(self) -> Json:
        """Everything that is known at this moment."""
        return board_of(self._outlook.known(self._clock()))

    def history(self) -> Json:
        """The last hour."""
        stages = [each.stage for each in self._outlook.consumers]
        return history_of(self._outlook.past.points, stages, self._clock())


class Desk:
    """Answers questions about the table."""

    def __init__(
        self, live: LiveBalances, rounds: Rounds, partitions: Callable[[], int | None]
    ) -> None:
        self._live = live
        self._rounds = rounds
        self._partitions = partitions

    def balances(self, name: str) -> Answer:
        """The balances of one budget, how far they go, and which published ones differ."""
        budget = self._live.budgets.get(name)
        if budget is None or (budget.sequence == 0 and budget.fault is None):
            return self._unknown(name)
        if budget.fault is not None:
            facts = {"budget": name, "why": budget.fault}
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "journal_broken", BROKEN.render(facts))
        body = {
            "budget": name,
            "sequence": budget.sequence,
            "caught_up": self._rounds.is_read(budget.partition),
            "lines": budget.line_rows(),
            "conventions": budget.convention_rows(),
            "difference": budget.difference_rows(),
        }
        return Answer(HTTPStatus.OK, body)

    def _unknown(self, name: str) -> Answer:
        """Nothing is known of it: either there is nothing, or it was not read here (yet)."""
        partitions, facts = self._partitions(), {"budget": name}
        if partitions and self._rounds.is_read(partition_of(name.encode(), partitions)):
            return _error(HTTPStatus.NOT_FOUND, "unknown_budget", UNKNOWN.render(facts))
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "not_read", NOT_READ.render(facts))

    def ready(self) -> Answer:
        """Whether the table can be relied upon."""
        ready = self._rounds.ready
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, {"ready": ready})


def _error(status: HTTPStatus, code: str, said: Sentence) -> Answer:
    return Answer(status, {"error": code, "message": {"fr": said.fr, "en": said.en}})


def add_pages(app: faust.App, desk: Desk, board: Board, metrics: Metrics) -> None:
    """Serve /lag, /lag/history, /balances/{budget}, /healthz, /readyz and /metrics."""

    @app.page("/lag")
    async def lag(view: View, _request: Request) -> Response:
        return view.json(board.lag(), headers=FRESH)

    @app.page("/lag/history")
    async def history(view: View, _request: Request) -> Response:
        return view.json(board.history(), headers=FRESH)

    @app.page("/balances/{budget}")
    async def balances(view: View, _request: Request, budget: str) -> Response:
        status, body = desk.balances(budget)
        return view.json(body, status=status)

    @app.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        return view.text("ok\n")

    @app.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        status, body = desk.ready()
        return view.json(body, status=status)

    @app.page("/metrics")
    async def prometheus(view: View, _request: Request) -> Response:
        body = generate_latest(metrics.registry)
        return view.bytes(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
