"""The contenders, one after another on the same broker and the same events."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.kafka.outputs import WRITTEN, Starts, Weights, recipe
from bench.kafka.processes import BenchFailed, Child, Spent, ask, peak_bytes, spent
from bench.kafka.topics import Looker, create, delete, feed, settings_of
from bench.kafka.workers import Workers
from events.topics import EVENTS, JOURNAL, LEDGER_STATE
from services.runtime.ops.settings import Settings

ANSWER_S: Final = 300.0
"""How long a contender that is asked may take for its answer."""

STEPWISE: Final = (sys.executable, "-m", "bench.kafka.stepwise")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run takes place, and with what."""

    bootstrap: str
    prefix: str
    """Stands before all topics of this run: another one may have been here."""
    broker_pid: int | None
    """None where the broker is not ours: its processor time is unknown then."""
    folder: Path
    events: int
    """How many events are timed."""
    faust_events: int
    """How many of them the Faust agent is given."""
    login: Mapping[str, str] = field(default_factory=dict)
    """Variables of workers that reach the broker by another listener, with TLS and a login."""

    @property
    def opening(self) -> Path:
        """What stands before the clock starts."""
        return self.folder / "opening"

    @property
    def stream(self) -> Path:
        """The timed events."""
        return self.folder / "stream"

    @property
    def burst(self) -> Path:
        """Events that come at once."""
        return self.folder / "burst"

    @property
    def steady(self) -> Path:
        """Events for a steady rate."""
        return self.folder / "steady"

    @property
    def read_journal(self) -> Path:
        """Events whose journal is read into tables."""
        return self.folder / "read-journal"

    @property
    def read_steady(self) -> Path:
        """Events behind those, at a steady rate."""
        return self.folder / "read-steady"

    def settings(self, name: str) -> Settings:
        """The topics of a contender."""
        return settings_of(self.bootstrap, f"{self.prefix}{name}.")


@dataclass(frozen=True, slots=True)
class Pace:
    """What a contender did in which time."""

    events: int
    seconds: float
    had: Spent
    """Its own processes, the broker and others; watched a little longer than the work took."""
    peak_bytes: int
    """The most memory that its largest process has held."""

    @property
    def per_s(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def row(self) -> dict[str, Any]:
        """All of it, and what follows from it."""
        return {
            "events": self.events,
            "seconds": self.seconds,
            "events_per_s": self.per_s,
            **cores(self.had),
            "cpu_us_per_event": self.had.own_s / self.events * 1e6,
            "broker_cpu_us_per_event": self.had.broker_s / self.events * 1e6,
            "peak_bytes": self.peak_bytes,
        }


def cores(had: Spent) -> dict[str, float]:
    """How many cores each had, in the middle; the broker none where it is not ours."""
    return {
        "cores": had.own_s / had.at_s,
        "broker_cores": had.broker_s / had.at_s,
        "other_cores": had.other_s / had.at_s,
    }


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the ledger, and where it took place."""

    pace: Pace
    name: str
    """What its topics are called."""
    starts: Starts
    """Where each topic stood before the timed events."""


async def ledger(site: Site, name: str, *instances: str) -> Run:
    """Workers that open the year, rest, and then find all timed events waiting.

    The clock runs from the first partition opened to the last journal record visible.
    """
    settings, starts = await open_year(site, name, *instances)
    await feed(settings, site.stream)
    async with Looker(settings) as looker:
        with Workers(settings, instances, site.events, login=site.login) as workers:
            pace = await timed(site, looker, workers)
            workers.check_that_all_worked()
    return Run(pace, name, starts)


async def steps(site: Site, name: str) -> tuple[Pace, dict[str, Any]]:
    """One worker that holds a clock to each of its steps; its pace, and each step's seconds."""
    settings, _ = await open_year(site, name, "first")
    await feed(settings, site.stream)
    async with Looker(settings) as looker:
        with Workers(settings, ["first"], site.events, STEPWISE) as workers:
            pace = await timed(site, looker, workers)
    said = workers.said("steps")
    if len(said) != 1:
        raise BenchFailed(f"the worker reported its steps {len(said)} times")
    return pace, said[0]["seconds"]


async def open_year(site: Site, name: str, *instances: str) -> tuple[Settings, Starts]:
    """Topics in which workers have decided the opening."""
    settings = site.settings(name)
    await create(settings)
    await feed(settings, site.opening)
    async with Looker(settings) as looker:
        with Workers(settings, instances, site.events, login=site.login) as workers:
            await workers.until_each_opened()
            await looker.until_journalled(workers.children)
        return settings, {topic: await looker.ends(topic) for topic in (EVENTS, *WRITTEN)}


async def timed(site: Site, looker: Looker, workers: Workers) -> Pace:
    """From the first partition opened to the last journal record visible."""
    start_s = await workers.until_opened()
    before = workers.spent(site.broker_pid)
    end_s = await looker.until_journalled(workers.children)
    had = workers.spent(site.broker_pid).since(before)
    return Pace(site.events, end_s - start_s, had, workers.peak_bytes())


async def bare(site: Site, name: str, read: Run, weights: Weights) -> tuple[Pace, dict[str, int]]:
    """The bare loop over the timed events that a run read; its pace, and what it wrote.

    Raises:
        BenchFailed: it did not read all of them.
    """
    settings = site.settings(name)
    await create(settings)
    question = {
        "bootstrap": site.bootstrap,
        "broker": site.broker_pid,
        "prefix": settings.topic_prefix,
        "source": site.settings(read.name).topic_prefix,
        "starts": read.starts[EVENTS],
        "events": site.events,
        "recipe": list(recipe(weights)),
    }
    answer = await ask("bench.kafka.bare", question, ANSWER_S)
    if answer["events"] != site.events:
        raise BenchFailed(f"the bare loop read {answer['events']} events of {site.events}")
    pace = Pace(site.events, answer["seconds"], Spent(*answer["had"]), answer["peak_bytes"])
    return pace, answer["wrote"]


async def faust(site: Site, name: str, *, patient: bool) -> Pace:
    """The Faust agent: it decides the opening, then finds timed events waiting.

    The clock runs from the moment when it may go on to its last journal record visible.

    Raises:
        BenchFailed: it lost an event, or decided one twice.
    """
    settings = site.settings(name)
    await create(settings)
    await feed(settings, site.opening)
    folder = site.folder / name
    folder.mkdir()
    question = {
        "bootstrap": site.bootstrap,
        "prefix": settings.topic_prefix,
        "folder": str(folder),
        "patient": patient,
    }
    command = [sys.executable, "-m", "bench.kafka.faust_agent", json.dumps(question)]
    async with Looker(settings) as looker:
        with Child(command, {}, gently=False) as agent:
            await looker.until_journalled([agent])
            starts = await looker.ends(JOURNAL)
            with agent.frozen():
                await feed(settings, site.stream, site.faust_events)
                before, start_s = spent([agent.pid], site.broker_pid), time.perf_counter()
            end_s = await looker.until_journalled([agent])
            had = spent([agent.pid], site.broker_pid).since(before)
            memory_bytes = peak_bytes(agent.pid)
        done = await looker.count_journal(starts)
    if done != site.faust_events:
        raise BenchFailed(f"the Faust agent journalled {done} of {site.faust_events} events")
    return Pace(done, end_s - start_s, had, memory_bytes)


async def restore(site: Site, name: str) -> dict[str, float]:
    """Seconds that all partitions take: to read the state back, to open, to rebuild and open."""
    settings = site.settings(name)
    question = {"bootstrap": site.bootstrap, "prefix": settings.topic_prefix}
    read = await ask("bench.kafka.restoring", {**question, "reads": True}, ANSWER_S)
    opened = await ask("bench.kafka.restoring", {**question, "reads": False}, ANSWER_S)
    await delete(site.bootstrap, settings.topic(LEDGER_STATE))
    await create(settings)
    rebuilt = await ask("bench.kafka.restoring", {**question, "reads": False}, ANSWER_S)
    return {**read, "opened_s": opened["seconds"], "rebuilt_s": rebuilt["seconds"]}


async def latency(site: Site, name: str, rate: int, warm_up_s: float) -> dict[str, Any]:
    """One worker at a steady rate, in events a second, behind the same opening.

    Raises:
        BenchFailed: a journal record did not come.
    """
    settings, _ = await open_year(site, name, "first")
    question = {
        "bootstrap": site.bootstrap,
        "prefix": settings.topic_prefix,
        "file": str(site.steady),
        "rate": rate,
        "warm_up_s": warm_up_s,
    }
    with Workers(settings, ["first"]) as workers:
        await workers.until_opened()
        before = workers.spent(site.broker_pid)
        answer = await ask("bench.kafka.latency", question, ANSWER_S)
        had = workers.spent(site.broker_pid).since(before)
        workers.check_that_all_worked()
    if answer["missing"]:
        raise BenchFailed(f"{answer['missing']} journal records were not seen")
    return {**answer, **cores(had)}
