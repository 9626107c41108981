"""One run of everything: each contender in turn has the broker to itself."""

import asyncio
from hashlib import sha256
from typing import Any, Final, NamedTuple

from bench import world
from bench.kafka import console, contenders, figures, replaying, securing, stream, watching
from bench.kafka.contenders import Pace, Run, Site
from bench.kafka.figures import Figures
from bench.kafka.outputs import Weights, weigh
from bench.kafka.processes import StoodStill, spent
from bench.kafka.progress import Progress
from bench.kafka.read_model import Plan, read_model
from bench.kafka.topics import PARTITIONS, delete

LEDGER, READ_MODEL, CONSOLE = "ledger", "read-model", "console"
WATCH, SECURITY = "watch", "security"
PARTS: Final = (LEDGER, READ_MODEL, CONSOLE, WATCH, SECURITY)
"""What can be measured alone."""

REST_S: Final = 2.0
QUIET_CORES: Final = 0.2
"""Above so many busy cores before a run, its figures are others' too."""


class Asked(NamedTuple):
    """What is to be measured, and how much of it."""

    parts: frozenset[str]
    rounds: int
    rate: int
    latency_s: float
    visible: Plan
    page_times: int
    watched: watching.Plan


async def run(site: Site, asked: Asked, progress: Progress) -> dict[str, Any]:
    """The figures that were asked for; what was put on a broker that is not ours is removed again.

    Raises:
        BenchFailed: a contender did not do its work.
    """
    found: Figures = {}
    try:
        if LEDGER in asked.parts:
            found |= await _ledger(site, asked, progress)
        if READ_MODEL in asked.parts:
            busy = await _busy(progress)
            made = await read_model(site, asked.visible, progress)
            found["read_model"] = {**figures.machine(), **busy, **made}
            found |= figures.of_the_read_model(made)
        if CONSOLE in asked.parts:
            busy = await _busy(progress)
            shown = await console.console(site, asked.page_times, progress)
            found["console"] = {**figures.machine(), **busy, **shown}
            found |= console.against(shown)
        if WATCH in asked.parts:
            busy = await _busy(progress)
            watched = await watching.watch(site, asked.watched, progress)
            found["watch"] = {**figures.machine(), **busy, **watched}
        if SECURITY in asked.parts:
            busy = await _busy(progress)
            secured = await securing.security(site, asked.rounds, progress)
            found["security"] = {**figures.machine(), **busy, **secured}
    finally:
        # One of ours goes away with all that is on it; the console alone needs none.
        if site.broker_pid is None and asked.parts - {CONSOLE}:
            await delete(site.bootstrap, site.prefix)
    return found


async def _ledger(site: Site, asked: Asked, progress: Progress) -> Figures:
    progress.begins("the events")
    setting = _write_events(site, int(asked.rate * asked.latency_s)) | await _busy(progress)
    measured = await _measure(site, asked.rounds, setting["opening_events"], progress)
    replayed = await replaying.replay(site, progress)
    measured |= {
        "replay": replayed,
        "replay_events_per_s": replayed["memory"]["events_per_s"],
    }
    progress.begins(f"latency at {asked.rate} events/s")
    latency = await contenders.latency(site, "latency", asked.rate, asked.latency_s / 6)
    return {**figures.machine(), **setting, **measured, "latency": latency}


async def _busy(progress: Progress) -> Figures:
    busy = await _at_rest()
    if busy > QUIET_CORES:
        progress.begins(f"the machine is not quiet: {busy:.2f} cores busy")
    return {"busy_cores_before": busy}


async def _at_rest() -> float:
    """How many cores are busy before anything begins."""
    before = spent([], None)
    await asyncio.sleep(REST_S)
    had = spent([], None).since(before)
    return had.all_s / had.at_s


def _write_events(site: Site, steady_events: int) -> Figures:
    """The files of events; what kind of events they are."""
    budgets = stream.budgets_of(site.events)
    opened = stream.write(site.opening, stream.opening(budgets))
    stream.write(site.stream, stream.stream(site.events, budgets))
    stream.write(site.steady, stream.stream(steady_events, budgets))
    return {
        "events": site.events,
        "event_bytes": site.stream.stat().st_size / site.events - 1,
        "events_sha256": sha256(site.stream.read_bytes()).hexdigest(),
        "opening_events": opened,
        "budgets": budgets,
        "conventions": budgets * world.CONVENTIONS_OF_A_BUDGET,
        "partitions": PARTITIONS,
    }


async def _measure(site: Site, rounds: int, opening_events: int, progress: Progress) -> Figures:
    progress.begins("the ledger, two workers")
    two = await contenders.ledger(site, "two", "first", "second")
    progress.came(two.pace.per_s)
    taking_turns = await _ledger_and_bare(site, rounds, progress)
    rows = {
        "ledger_one": figures.row([each.pace for each in taking_turns.ledger]),
        "ledger_two": figures.row([two.pace]),
        "bare": figures.row(taking_turns.bare),
        "faust": figures.row([await _faust(site, progress, patient=False)]),
        "faust_patient": figures.row([await _faust(site, progress, patient=True)]),
    }
    progress.begins("the ledger's steps")
    pace, seconds = await contenders.steps(site, "steps")
    progress.came(pace.per_s)
    progress.begins("restoring")
    restored = await contenders.restore(site, taking_turns.ledger[-1].name)
    return {
        **rows,
        **figures.ratios(rows),
        "outputs": figures.outputs(taking_turns.weights, site.events),
        "bare_wrote": taking_turns.bare_wrote,
        "steps": figures.steps(pace, seconds),
        "restore": figures.restored(restored, opening_events + site.events),
    }


class _TakingTurns(NamedTuple):
    """Runs of one worker and of the bare loop, and what they wrote: all wrote as much."""

    ledger: list[Run]
    bare: list[Pace]
    weights: Weights
    bare_wrote: dict[str, int]


async def _ledger_and_bare(site: Site, rounds: int, progress: Progress) -> _TakingTurns:
    done = _TakingTurns([], [], {}, {})
    for number in range(1, rounds + 1):
        progress.begins(f"the ledger, one worker, {number} of {rounds}")
        ran = await contenders.ledger(site, f"one-{number}", "first")
        done.ledger.append(ran)
        progress.came(ran.pace.per_s)
        if not done.weights:
            progress.begins("what it wrote")
            done.weights.update(await weigh(site.settings(ran.name), ran.starts, site.events))
            figures.check_outputs(done.weights, site.events)
        progress.begins(f"the bare loop, {number} of {rounds}")
        pace, wrote = await contenders.bare(site, f"bare-{number}", ran, done.weights)
        figures.check_as_many(done.weights, wrote)
        done.bare_wrote.update(wrote)
        done.bare.append(pace)
        progress.came(pace.per_s)
    return done


async def _faust(site: Site, progress: Progress, *, patient: bool) -> Pace:
    """The Faust agent; one that stands still is started once more, on new topics."""
    name = "faust-patient" if patient else "faust"
    progress.begins(f"the Faust agent{', its producer patient' if patient else ''}")
    try:
        pace = await contenders.faust(site, name, patient=patient)
    except StoodStill as error:
        progress.begins(f"once more, since {error}")
        pace = await contenders.faust(site, f"{name}-again", patient=patient)
    progress.came(pace.per_s)
    return pace
