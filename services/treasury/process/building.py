"""Assembly of the treasury's process: the app with its agents, timers and pages; and its run.

Each timer runs by itself, so that one that waits delays no other. A fault of our program in the
work on offsets ends the process; in a job it does not.
"""

import asyncio
from typing import Any, Final, NoReturn, cast

from faust.types import StreamT
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.lag.present.headline import short_topic
from services.projector.database_errors import when_reachable
from services.runtime.agents.consumer import Slice
from services.runtime.agents.running import ends_the_process, options, run
from services.runtime.kafka.topics import check
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.logs import configure_by_default
from services.runtime.ops.settings import Settings
from services.treasury.process.app import OFFSETS_EVERY_S, TOPICS, Offsets, Treasury
from services.treasury.process.intake import READ, Intake
from services.treasury.process.restore import check_tables
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore


def add_agents(treasury: Treasury) -> None:
    """Add an agent for each topic that the treasury reads."""
    for topic in READ:
        _add_agent(treasury, topic)


def _add_agent(treasury: Treasury, topic: str) -> None:
    name = short_topic(topic).replace("-", "_")
    # Not acked: the place is in the tables, and the group's offset is committed behind it.
    on_cluster: Any = treasury.topic(
        treasury.settings.topic(topic), key_type=bytes, value_type=bytes, acks=False
    )

    @treasury.agent(on_cluster, name=name, concurrency=1)
    @ends_the_process(treasury.role, lambda: treasury.is_stopping)
    async def take(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            some = cast(Slice, event.message)
            place = treasury.find_contract_place(some.tp)
            await treasury.intake.take(place, some)


def add_timers(treasury: Treasury) -> None:
    """Add all timers."""
    poll_s = treasury.own.treasury_poll_s

    async def send() -> None:
        partitions = treasury.partitions
        assert partitions is not None, "it is known since the start"
        await treasury.sender.run(treasury.now(), partitions)

    async def ask() -> None:
        await treasury.metrics.ask(treasury.own_store)

    treasury.every(OFFSETS_EVERY_S, "offsets", Offsets(treasury).run)
    treasury.jobs.add("figures", ask)
    treasury.jobs.add("outbox", send)
    for name, job in treasury.jobs.by_name.items():
        treasury.every(poll_s, name, job)


READY: Final = 200
NOT_READY: Final = 503


def rows(intake: Intake) -> list[dict[str, Any]]:
    """The partitions that are assigned here, in order."""
    return [
        {
            "topic": topic,
            "partition": partition,
            "next_offset": each.next_offset,
            "held": None if each.held is None else each.held.offset,
            "lost": each.lost_s is not None,
        }
        for (topic, partition), each in sorted(intake.partitions.items())
    ]


def add_pages(treasury: Treasury) -> None:
    """Serve /healthz, /readyz, /partitions and /metrics."""
    intake = treasury.intake

    @treasury.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        return view.text("ok\n")

    @treasury.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        ready = bool(intake.partitions) and not any(each["lost"] for each in rows(intake))
        return view.json({"ready": ready}, status=READY if ready else NOT_READY)

    @treasury.page("/partitions")
    async def partitions(view: View, _request: Request) -> Response:
        return view.json(rows(intake))

    @treasury.page("/metrics")
    async def prometheus(view: View, _request: Request) -> Response:
        body = generate_latest(treasury.metrics.registry)
        return view.bytes(body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def build_treasury(settings: Settings, own: TreasurySettings) -> Treasury:
    """The app, ready to be run."""
    configure_by_default()
    web = options(settings, settings.health_host, settings.health_port or 1)
    web["web_enabled"] = bool(settings.health_port)
    treasury = Treasury(settings, own, TreasuryStore.build(own), wall_clock, **web)
    add_agents(treasury)
    add_timers(treasury)
    add_pages(treasury)
    return treasury


def serve(settings: Settings, own: TreasurySettings) -> NoReturn:
    """Be a process of the treasury until SIGTERM or SIGINT.

    Raises:
        ClusterError: topics or tables are not as they must be, or cannot be reached; or the tables
            lack slips or entries that were sent.
    """
    asyncio.run(_prepare(settings, own))
    run(build_treasury(settings, own))


async def _prepare(settings: Settings, own: TreasurySettings) -> None:
    partitions = await check(settings, TOPICS)
    store = TreasuryStore.build(own)

    async def ask() -> None:
        await store.prepare()
        await check_tables(settings, store, partitions)

    try:
        await when_reachable(store.name, ask, settings.give_up_s)
    finally:
        await store.dispose()
