"""What a running watch costs the ledger, whether it keeps up, and what its promises are worth.

One worker drains the same events with and without `ecluse watch` beside it, in pairs that begin
with one and with the other in turn. A page asks the watch meanwhile, and Prometheus. Its deadline
events are off: the events are of 2023, and every order in them is overdue today.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, Final, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout

from bench.kafka import contenders, figures, stream
from bench.kafka.contenders import Pace, Site
from bench.kafka.figures import Figures
from bench.kafka.processes import BenchFailed, Child, cpu_s, peak_bytes
from bench.kafka.progress import Progress
from bench.kafka.promises import Promise, kept
from bench.kafka.topics import Looker, feed
from bench.kafka.workers import COMMAND, Workers
from services.dev.local_broker import HOST, free_port
from services.runtime.ops.settings import Settings

BURST_EVENTS: Final = 200_000
ASK_S: Final = 0.2
"""How often the watch is asked; it looks at the groups every 2 s by itself."""

ASKED_S: Final = 5.0
"""How often a page that is open asks it, and how often Prometheus of the stack does."""

ANSWER_S: Final = 10.0
READY_S: Final = 120.0
CAUGHT_UP_S: Final = 600.0


class Plan(NamedTuple):
    """How much is measured."""

    pairs: int
    """How often the ledger works with the watch, and without."""
    burst_events: int
    """How many events come at once."""


class Watch:
    """`ecluse watch` beside a ledger."""

    def __init__(self, child: Child, session: ClientSession) -> None:
        self._child = child
        self._session = session

    @property
    def pid(self) -> int:
        return self._child.pid

    async def board(self) -> Figures | None:
        """What it answers; None while it does not.

        Raises:
            BenchFailed: it has ended.
        """
        found = await self._asked("/lag")
        return None if found is None else json.loads(found)

    @asynccontextmanager
    async def looked_at(self) -> AsyncIterator[None]:
        """Meanwhile a page asks, and Prometheus."""
        asking = [asyncio.create_task(self._asked_on(path)) for path in ("/lag", "/metrics")]
        try:
            yield
        finally:
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _asked_on(self, path: str) -> None:
        while True:
            await self._asked(path)
            await asyncio.sleep(ASKED_S)

    async def _asked(self, path: str) -> bytes | None:
        self._child.check()
        try:
            async with self._session.get(path) as answer:
                found = await answer.read()
                return found if answer.status == 200 else None
        except (ClientError, TimeoutError):
            return None

    async def until_it_has(self, received: int, limit_s: float) -> tuple[float, Figures]:
        """When it had so many records in its count, and nothing left to read; its answer then.

        Raises:
            BenchFailed: it has not in that time.
        """
        until_s, board = time.perf_counter() + limit_s, None
        while time.perf_counter() < until_s:
            board = await self.board()
            if board is not None and _received(board) == received and _behind(board) == 0:
                return time.perf_counter(), board
            await asyncio.sleep(ASK_S)
        raise BenchFailed(f"the watch has not counted {received} records: {board}")

    async def next_look(self, before: Figures | None) -> Figures:
        """Its first answer of a later look at the groups than that of an answer before."""
        seen = before and before["sampled_at"]
        until_s = time.perf_counter() + READY_S
        while time.perf_counter() < until_s:
            board = await self.board()
            if board is not None and board["sampled_at"] not in {None, seen}:
                return board
            await asyncio.sleep(ASK_S)
        raise BenchFailed("the watch does not look at the groups any more")


async def watch(site: Site, plan: Plan, progress: Progress) -> Figures:
    """All figures of the watch.

    Raises:
        BenchFailed: ledger or watch did not do its work.
    """
    budgets = stream.budgets_of(site.events)
    opened = stream.write(site.opening, stream.opening(budgets))
    stream.write(site.stream, stream.stream(site.events, budgets))
    stream.write(site.burst, stream.stream(plan.burst_events, budgets))
    found = await _pairs(site, plan.pairs, opened, progress)
    progress.begins(f"a burst of {plan.burst_events:,} events")
    found["burst"] = burst = await _burst(site, plan.burst_events, opened)
    progress.came(plan.burst_events / (burst["published_s"] + burst["took_s"]))
    return found


async def _pairs(site: Site, pairs: int, opened: int, progress: Progress) -> Figures:
    alone: list[Pace] = []
    watched: list[tuple[Pace, Figures]] = []
    for number in range(pairs):
        for with_it in (False, True) if number % 2 == 0 else (True, False):
            said = "with" if with_it else "without"
            progress.begins(f"the ledger {said} the watch, {number + 1} of {pairs}")
            name = f"{said}-{number}"
            if with_it:
                watched.append(await _watched(site, name, opened))
                progress.came(watched[-1][0].per_s)
            else:
                alone.append((await contenders.ledger(site, name, "first")).pace)
                progress.came(alone[-1].per_s)
    ratios = [pace.per_s / without.per_s for (pace, _), without in zip(watched, alone, strict=True)]
    middle = figures.median([pace for pace, _ in watched])
    return {
        "alone": figures.row(alone),
        "watched": figures.row([pace for pace, _ in watched]),
        "ratios": ratios,
        "watch_cost_percent": 100 * (1 - median(ratios)),
        **next(said for pace, said in watched if pace is middle),
    }


async def _watched(site: Site, name: str, opened: int) -> tuple[Pace, Figures]:
    """As `contenders.ledger`, with a watch that had read all before, and reads on."""
    settings, _ = await contenders.open_year(site, name, "first")
    async with Looker(settings) as looker, _running(settings) as running:
        await running.until_it_has(opened, READY_S)
        await feed(settings, site.stream)
        before_s = cpu_s(running.pid)
        with Workers(settings, ["first"], site.events) as workers:
            async with running.looked_at():
                pace = await contenders.timed(site, looker, workers)
            end_s, during_s = time.perf_counter(), cpu_s(running.pid) - before_s
            at_end = await running.next_look(await running.board())
            caught_up_s, board = await running.until_it_has(opened + site.events, CAUGHT_UP_S)
        if board["watch"]["balances_differing"] or board["watch"]["journal_faults"]:
            raise BenchFailed(f"the watch finds the ledger at fault: {board['watch']}")
        whole_s = cpu_s(running.pid) - before_s
        return pace, {
            "watch_cores": during_s / pace.had.at_s,
            "watch_cpu_us_per_event": whole_s / site.events * 1e6,
            "watch_peak_bytes": peak_bytes(running.pid),
            "behind_at_end": _behind(at_end),
            "caught_up_s": caught_up_s - end_s,
        }


async def _burst(site: Site, events: int, opened: int) -> Figures:
    """Worker and watch are at rest; then all events come at once.

    Raises:
        BenchFailed: ledger or watch did not do its work.
    """
    settings, _ = await contenders.open_year(site, "burst", "first")
    async with Looker(settings) as looker, _running(settings) as running:
        with Workers(settings, ["first"]) as workers:
            await workers.until_opened()
            await running.until_it_has(opened, READY_S)
            start_s = time.perf_counter()
            await feed(settings, site.burst)
            published_s = time.perf_counter()
            seen: list[Promise] = []
            looking = asyncio.create_task(_look(running, seen))
            try:
                end_s = await looker.until_journalled(workers.children)
            finally:
                looking.cancel()
                (ended,) = await asyncio.gather(looking, return_exceptions=True)
            if isinstance(ended, Exception):
                raise ended
    return {
        "events": events,
        "published_s": published_s - start_s,
        **kept(seen, published_s, max(end_s, published_s)),
    }


async def _look(running: Watch, seen: list[Promise]) -> None:
    """Note what each new look of the watch says of the ledger."""
    board = await running.board()
    while True:
        board = await running.next_look(board)
        (ledger,) = (stage for stage in board["stages"] if stage["stage"] == "ledger")
        seen.append(Promise(time.perf_counter(), ledger["behind"], ledger["drain_s"]))


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[Watch]:
    port = free_port()
    environment = {
        "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
        "ECLUSE_INSTANCE": "watch",
        "ECLUSE_LOG_LEVEL": "INFO",
        "ECLUSE_WATCH_WEB_PORT": str(port),
        "ECLUSE_WATCH_TREASURY_GROUP": "",
        "ECLUSE_WATCH_DEADLINE_EVENTS": "false",
    }
    limit = ClientTimeout(total=ANSWER_S)
    with Child([*COMMAND, "watch", "--json"], environment) as child:
        async with ClientSession(f"http://{HOST}:{port}", timeout=limit) as session:
            yield Watch(child, session)


def _received(board: Figures) -> Any:
    return board["outcomes"] and board["outcomes"]["received"]


def _behind(board: Figures) -> Any:
    """How many records the watch itself has not read; None where it does not know."""
    return next((each["behind"] for each in board["stages"] if each["stage"] == "watch"), None)
