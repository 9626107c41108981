"""The page of a worker for probes, operators and Prometheus."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from events.sentences import Sentence
from services.runtime.errors import ClusterError
from services.runtime.settings import Settings
from services.runtime.task import PartitionTask, TaskState

NO_PAGE = Sentence(
    "la page de santé n'a pu s'ouvrir ({error}) : choisissez un autre ECLUSE_HEALTH_PORT",
    "the health page could not be opened ({error}): choose another ECLUSE_HEALTH_PORT",
)

Tasks = Callable[[], list[PartitionTask]]
"""The tasks of a worker, as they are now."""

READY = {TaskState.RUNNING, TaskState.PAUSED, TaskState.BROKEN}
"""In these states a partition takes what is there, or says why not."""


class Health(Collector):
    """/healthz: the loop turns; /readyz: every partition is open; /partitions; /metrics."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self.tasks: Tasks = list
        self._host, self._port = settings.health_host, settings.health_port
        self._registry = registry
        self._runner: web.AppRunner | None = None
        registry.register(self)

    async def start(self) -> None:
        """Serve; nothing where the port is 0."""
        if not self._port:
            return
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/partitions", self._partitions),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            facts = {"error": error.strerror or error}
            raise ClusterError(f"{self._host}:{self._port}", NO_PAGE.render(facts)) from error

    async def stop(self) -> None:
        """Serve no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    def collect(self) -> Any:
        """What Prometheus asks: the state and the position of every partition that is ours."""
        states = GaugeMetricFamily(
            "ecluse_partition_state",
            "1 for the state of a partition.",
            labels=["partition", "state"],
        )
        offsets = GaugeMetricFamily(
            "ecluse_next_offset", "The next offset to be read.", labels=["topic", "partition"]
        )
        for task in self.tasks():
            for state in TaskState:
                states.add_metric([str(task.partition), state], float(task.state is state))
            for topic, offset in task.next_offsets.items():
                offsets.add_metric([topic, str(task.partition)], offset)
        return [states, offsets]

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        tasks = self.tasks()
        ready = bool(tasks) and all(task.state in READY for task in tasks)
        return web.json_response({"ready": ready}, status=200 if ready else 503)

    async def _partitions(self, _request: web.Request) -> web.Response:
        rows = [
            {
                "partition": task.partition,
                "state": task.state,
                "next_offsets": task.next_offsets,
                "held": None if task.held is None else task.held._asdict(),
            }
            for task in self.tasks()
        ]
        return web.json_response(sorted(rows, key=lambda row: int(str(row["partition"]))))

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
