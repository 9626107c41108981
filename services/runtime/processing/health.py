"""The HTTP endpoint of a worker for probes, operators and Prometheus."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from events.texts import _
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.http import host_filter
from services.runtime.ops.settings import Settings
from services.runtime.processing.backlog import Delays
from services.runtime.processing.status import Status, TaskState
from services.runtime.processing.task import PartitionTask
from services.texts.translation import error_text

NO_PAGE = _("the health page could not be opened ({error}): choose another ECLUSE_HEALTH_PORT")

STOP_S: Final = 1.0
"""The time that clients have to receive their responses, once the process ends."""

Tasks = Callable[[], list[PartitionTask]]
"""The tasks of a worker, as they are now."""

READY = {TaskState.RUNNING, TaskState.PAUSED, TaskState.BROKEN}
"""The states in which a partition reads, or reports why it does not."""


class Timings:
    """Observes the delays of each transaction's last record; the others waited as long for it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._arrival = Histogram(
            "ecluse_record_arrival_seconds",
            "From an event's own time to Kafka's timestamp, of a transaction's last record.",
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600, 86_400, 604_800),
            registry=registry,
        )
        self._handling = Histogram(
            "ecluse_record_handling_seconds",
            "From Kafka's timestamp to the end of the transaction, of its last record.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
            registry=registry,
        )

    def observe(self, delays: Delays) -> None:
        """Observe a committed transaction; delays below 0, from clocks that differ, count as 0."""
        if delays.arrival_s is not None:
            self._arrival.observe(max(0.0, delays.arrival_s))
        if delays.handling_s is not None:
            self._handling.observe(max(0.0, delays.handling_s))


class Health(Collector):
    """/healthz: the event loop runs; /readyz: all partitions are open; /partitions; /metrics."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self.tasks: Tasks = list
        self.timings = Timings(registry)
        self._host, self._port = settings.health_host, settings.health_port
        self._hosts = settings.hosts
        self._registry = registry
        self._runner: web.AppRunner | None = None
        registry.register(self)

    async def start(self) -> None:
        """Serve, unless the port is 0."""
        if not self._port:
            return
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=STOP_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            facts = {"error": error_text(error)}
            raise ClusterError(f"{self._host}:{self._port}", NO_PAGE.render(facts)) from error

    def application(self) -> web.Application:
        """The pages."""
        app = web.Application(middlewares=[host_filter(self._hosts)])
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/partitions", self._partitions),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    def collect(self) -> Any:
        """Return state, position and backlog of every assigned partition, for Prometheus."""
        states = GaugeMetricFamily(
            "ecluse_partition_state",
            "1 for the state of a partition.",
            labels=["partition", "state"],
        )
        failed = CounterMetricFamily(
            "ecluse_transactions_failed",
            "Attempts to open a partition or to commit in it that failed.",
            labels=["partition"],
        )
        offsets = GaugeMetricFamily(
            "ecluse_next_offset", "The next offset to be read.", labels=["topic", "partition"]
        )
        taken = CounterMetricFamily(
            "ecluse_records_taken",
            "Records done since the partition came to this worker.",
            labels=["topic", "partition"],
        )
        statuses: list[tuple[list[str], Status]] = []
        for task in self.tasks():
            number = str(task.partition)
            for state in TaskState:
                states.add_metric([number, state], float(task.state is state))
            failed.add_metric([number], task.failed)
            for topic, offset in task.next_offsets.items():
                offsets.add_metric([topic, number], offset)
            for topic, reported in task.statuses().items():
                statuses.append(([topic, number], reported.status))
                taken.add_metric([topic, number], reported.status.taken)
        return [states, offsets, failed, *_gauges(statuses), taken]

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


STATUS_GAUGES: Final[tuple[tuple[str, str, Callable[[Status], float | None]], ...]] = (
    (
        "ecluse_oldest_unprocessed_event_timestamp_seconds",
        "The time of the event of the oldest record that was taken and is not done.",
        lambda status: status.oldest_event_s,
    ),
    (
        "ecluse_latest_done_event_timestamp_seconds",
        "The latest event time of what was done: of the last record of each transaction.",
        lambda status: status.done_event_s,
    ),
    (
        "ecluse_caught_up",
        "1 where all was taken that there was at the last poll, else 0.",
        lambda status: float(status.caught_up),
    ),
)
"""Gauges of each topic and partition, from the worker's status; None where not known."""


def _gauges(statuses: list[tuple[list[str], Status]]) -> Iterator[Any]:
    for name, text, value_of in STATUS_GAUGES:
        gauge = GaugeMetricFamily(name, text, labels=["topic", "partition"])
        for labels, status in statuses:
            if (value := value_of(status)) is not None:
                gauge.add_metric(labels, value)
        yield gauge
