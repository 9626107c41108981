"""Assembly of the treasury's process: the app with its agents, timers and pages; and its run."""

import asyncio
from typing import NoReturn

from services.projector.database_errors import when_reachable
from services.runtime.agents.logs import configure_by_default
from services.runtime.agents.running import options, run
from services.runtime.kafka.topics import check
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from services.treasury.process.agents import add_agents
from services.treasury.process.app import TOPICS, Treasury
from services.treasury.process.pages import add_pages
from services.treasury.process.restore import check_tables
from services.treasury.process.timers import add_timers
from services.treasury.settings import TreasurySettings
from services.treasury.store.database import TreasuryStore


def build_treasury(settings: Settings, own: TreasurySettings) -> Treasury:
    """The app, ready to be run."""
    configure_by_default()
    web = options(settings, settings.health_host, settings.health_port or 1)
    web["web_enabled"] = bool(settings.health_port)
    treasury = Treasury(settings, own, TreasuryStore.of(own), wall_clock, **web)
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
    store = TreasuryStore.of(own)

    async def ask() -> None:
        await store.prepare()
        await check_tables(settings, store, partitions)

    try:
        await when_reachable(store.name, ask, settings.give_up_s)
    finally:
        await store.dispose()
