"""The read model, as operators run it: how fast it is made, how soon it shows, how fast it answers.

Ledger, projector and API are processes of their own; PostgreSQL writes down what it must.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.asking import a_key
from bench.kafka import stream
from bench.kafka.contenders import ANSWER_S, Site, open_year
from bench.kafka.processes import (
    BenchFailed,
    Child,
    Spent,
    ask,
    family_cpu_s,
    peak_bytes,
    spent,
)
from bench.kafka.progress import Progress
from bench.kafka.topics import LOOK_S, Looker, feed
from bench.kafka.workers import COMMAND, OPENED, OPENING_S, Workers
from services.projector.engine import make_engine
from services.projector.migrations import prepare
from services.projector.tables import outcomes
from services.runtime.ops.settings import Settings
from tests.read_model.databases import Server, a_server

FOLLOWED: Final = 10
"""One event in so many is followed into the API."""

WARM_UP_SHARE: Final = 6
"""Of a steady rate the first part does not count: one in so many."""

LISTENING: Final = "api_listening"

Figures = dict[str, Any]


class Plan(NamedTuple):
    """How much is measured."""

    asked_s: float
    """For how long the API is asked as fast as it answers."""
    rate: int
    """Events a second, while they are followed into the API."""
    seconds: float
    """For how long."""


class Stage(NamedTuple):
    """Where it is measured: the topics, and PostgreSQL."""

    site: Site
    settings: Settings
    server: Server
    url: str

    def before(self, *processes: Child) -> tuple[Spent, float]:
        """The processor time that processes and the broker, and PostgreSQL, have had until now."""
        had = spent([each.pid for each in processes], self.site.broker_pid)
        return had, _database_s(self.server)

    def cores(self, before: tuple[Spent, float], *processes: Child) -> Figures:
        """How many cores each has had since then."""
        now, database_s = self.before(*processes)
        return _cores(now.since(before[0]), database_s - before[1])

    def environment(self) -> dict[str, str]:
        """What a process finds that stands on both."""
        return _environment(self.settings, self.url)


async def read_model(site: Site, plan: Plan, progress: Progress) -> Figures:
    """All figures of the read model.

    Raises:
        BenchFailed: the projector or the API did not do its work.
    """
    progress.begins("a journal for the read model")
    count, budgets = _write_events(site, plan)
    settings, _ = await open_year(site, "read", "first")
    await feed(settings, site.read_journal)
    async with Looker(settings) as looker:
        with Workers(settings, ["first"], count) as workers:
            await looker.until_journalled(workers.children)
    records = count + stream.opening_events(budgets)
    with a_server(durable=True) as server:
        url = await asyncio.to_thread(server.a_database)  # It runs a loop of its own.
        progress.begins("journal to PostgreSQL")
        stage = Stage(site, settings, server, url)
        async with _projecting(settings, url, "into-postgresql") as projectors:
            made = await _paced(site, projectors, url, records, server)
            progress.came(made["records_per_s"], "records/s")
            found = {"to_postgresql": made}
            found |= await _asked(stage, plan, budgets, projectors[0], progress)
        url = await asyncio.to_thread(server.a_database)
        progress.begins("journal to PostgreSQL, two projectors")
        async with _projecting(settings, url, "one-of-two", "other-of-two") as projectors:
            made = await _paced(site, projectors, url, records, server)
            progress.came(made["records_per_s"], "records/s")
            found["to_postgresql_by_two"] = made
    progress.begins("journal to SQLite")
    url = f"sqlite+aiosqlite:///{site.folder / 'read.db'}"
    async with _projecting(settings, url, "into-sqlite") as projectors:
        found["to_sqlite"] = await _paced(site, projectors, url, records, None)
        progress.came(found["to_sqlite"]["records_per_s"], "records/s")
    return found


def _write_events(site: Site, plan: Plan) -> tuple[int, int]:
    """The files of events; how many are in the first, and of how many budgets they are."""
    count = min(site.events, stream.YEAR_EVENTS_MAX)
    budgets = stream.budgets_of(count)
    events = stream.stream(count + int(plan.rate * plan.seconds), budgets)
    stream.write(site.opening, stream.opening(budgets))
    stream.write(site.read_journal, (next(events) for _ in range(count)))
    stream.write(site.read_steady, events)
    return count, budgets


@asynccontextmanager
async def _projecting(
    settings: Settings, url: str, *instances: str
) -> AsyncIterator[Sequence[Child]]:
    """`ecluse projector`, as an operator starts it, over tables that are there already."""
    engine = make_engine(url)
    await prepare(engine)
    await engine.dispose()
    environment = _environment(settings, url)
    with ExitStack() as started:
        yield [
            started.enter_context(
                Child([*COMMAND, "projector", "--instance", each, "--json"], environment)
            )
            for each in instances
        ]


def _environment(settings: Settings, url: str) -> dict[str, str]:
    return {
        "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_HEALTH_PORT": "0",
        "ECLUSE_API_PORT": "0",
        "ECLUSE_LOG_LEVEL": "INFO",
    }


async def _paced(
    site: Site, projectors: Sequence[Child], url: str, records: int, server: Server | None
) -> Figures:
    """From the first partition opened until so many records are in the tables."""
    until_s = time.perf_counter() + OPENING_S
    while not all(opened := [child.moments(OPENED) for child in projectors]):
        await _look(projectors, until_s)
    start_s = min(each.at_s for moments in opened for each in moments)
    pids = [each.pid for each in projectors]
    before, before_database_s = spent(pids, site.broker_pid), _database_s(server)
    engine = make_engine(url)
    until_s += ANSWER_S
    while (done := await _projected(engine)) < records:
        await _look(projectors, until_s)
    took_s = time.perf_counter() - start_s
    had = spent(pids, site.broker_pid).since(before)
    await engine.dispose()
    return {
        "records": done,
        "seconds": took_s,
        "records_per_s": done / took_s,
        "cpu_us_per_record": had.own_s / done * 1e6,
        "database_cpu_us_per_record": (_database_s(server) - before_database_s) / done * 1e6,
        **_cores(had, _database_s(server) - before_database_s),
        "peak_bytes": max(peak_bytes(each) for each in pids),
    }


async def _look(projectors: Sequence[Child], until_s: float) -> None:
    for each in projectors:
        each.check()
    if time.perf_counter() > until_s:
        raise BenchFailed("the projector does not come to its end")
    await asyncio.sleep(LOOK_S)


async def _projected(engine: AsyncEngine) -> int:
    """How many records are in the tables: none of the bench waits for another."""
    async with engine.connect() as connection:
        found = await connection.execute(select(func.coalesce(func.sum(outcomes.c.received), 0)))
        return int(found.scalar_one())


def _database_s(server: Server | None) -> float:
    """The processor time of all processes of PostgreSQL, those that have ended among them."""
    return 0.0 if server is None else family_cpu_s(server.pid)


def _cores(had: Spent, database_s: float) -> Figures:
    """How many cores each had: the process or processes that were measured, PostgreSQL, others."""
    return {
        "cores": had.own_s / had.at_s,
        "database_cores": database_s / had.at_s,
        "broker_cores": had.broker_s / had.at_s,
        "other_cores": (had.other_s - database_s) / had.at_s,
    }


async def _asked(
    stage: Stage, plan: Plan, budgets: int, projector: Child, progress: Progress
) -> Figures:
    """Answers a second, then how soon an event shows, over tables that are up to date."""
    key = await a_key(stage.url)
    with Child([*COMMAND, "api", "--json"], stage.environment()) as api:
        endpoint = {"port": await _port(api), "key": key}
        progress.begins("reads of the API")
        question = {**endpoint, "budgets": budgets, "process": api.pid}
        answers = await _answers(stage, plan, api, question)
        progress.came(answers["reads_per_s"], "reads/s")
        progress.begins(f"until events show in the API, at {plan.rate} events/s")
        visible = await _visible(stage, plan, api, projector, endpoint)
    return {"reads": answers, "visible": visible}


async def _port(api: Child) -> int:
    until_s = time.perf_counter() + OPENING_S
    while not (said := api.moments(LISTENING)):
        api.check()
        if time.perf_counter() > until_s:
            raise BenchFailed("the API does not listen")
        await asyncio.sleep(LOOK_S)
    return int(str(said[0].line["address"]).rpartition(":")[2])


async def _answers(stage: Stage, plan: Plan, api: Child, question: Figures) -> Figures:
    asked = {"asked_s": plan.asked_s, "warm_up_s": plan.asked_s / WARM_UP_SHARE}
    before = stage.before(api)
    answer = await ask("bench.kafka.answers", {**question, **asked}, ANSWER_S)
    return {**answer, **stage.cores(before, api)}


async def _visible(
    stage: Stage, plan: Plan, api: Child, projector: Child, endpoint: Figures
) -> Figures:
    question = {
        **endpoint,
        "bootstrap": stage.site.bootstrap,
        "prefix": stage.settings.topic_prefix,
        "file": str(stage.site.read_steady),
        "rate": plan.rate,
        "warm_up_s": plan.seconds / WARM_UP_SHARE,
        "every": FOLLOWED,
    }
    with Workers(stage.settings, ["first"]) as workers:
        await workers.until_opened()
        processes = (api, projector, *workers.children)
        before = stage.before(*processes)
        answer = await ask("bench.kafka.visible", question, ANSWER_S)
        cores = stage.cores(before, *processes)
    for where, missing in (("API", answer["missing"]), ("journal", answer["journal"]["missing"])):
        if missing:
            raise BenchFailed(f"{missing} events were not seen in the {where}")
    return {**answer, **cores}
