"""From publishing an event to its outcome in the API, through ledger, journal and projector.

One event in so many is followed: the API is asked for it until it answers 200. The journal is read
along, so that it is known how much of the way lies before it.

`python -m bench.kafka.visible` reads a question from standard input and prints the answer.
"""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from typing import Any, Final, Self

import uvloop

from bench.asking import Connection, Endpoint, a_request, connected
from bench.kafka.latency import at_percent, figures, publish, until_all_came, watched
from bench.kafka.stream import read_names

SILENT_S: Final = 30.0
"""How long the last event may be waited for."""

LOOK_S: Final = 0.01
"""How long after an answer that does not know an event the next question follows."""

CONNECTIONS: Final = 16
SEEN, NOT_YET = 200, 404


class Followers:
    """Ask for every so manieth event until the API knows it; each by a task of its own."""

    def __init__(self, endpoint: Endpoint, every: int) -> None:
        self._endpoint, self._every = endpoint, every
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        self._open = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self.took_s: list[tuple[float, float]] = []
        """When each was due (`time.perf_counter`), and how long it took from then."""
        self.looks = 0

    async def __aenter__(self) -> Self:
        """Connect."""
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await self._open.enter_async_context(connected(self._endpoint)))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go, of what was not seen too."""
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()

    def on_sent(self, number: int, event: bytes, due_s: float) -> None:
        """An event was sent."""
        if number % self._every == 0:
            self._tasks.append(asyncio.create_task(self._follow(event, due_s)))

    async def until_all_seen(self) -> int:
        """Wait for those that are followed; how many were not seen in time."""
        if not self._tasks:
            return 0
        done, late = await asyncio.wait(self._tasks, timeout=SILENT_S)
        for each in done:
            each.result()
        return len(late)

    async def _follow(self, event: bytes, due_s: float) -> None:
        budget, event_id = read_names(event)
        request = a_request(self._endpoint, f"/events/{event_id}?budget={budget}")
        connection = await self._idle.get()
        while True:
            status, _ = await connection.ask(request)
            self.looks += 1
            if status == SEEN:
                break
            if status != NOT_YET:
                raise ValueError(f"{status} to {request!r}")
            await asyncio.sleep(LOOK_S)
        self.took_s.append((due_s, time.perf_counter() - due_s))
        self._idle.put_nowait(connection)


async def measure(question: dict[str, Any]) -> dict[str, Any]:
    """Publish at the rate that was asked for; follow events in the API, and all in the journal."""
    endpoint = Endpoint(question["port"], question["key"])
    async with (
        watched(question) as (producer, topic, seen),
        Followers(endpoint, question["every"]) as followers,
    ):
        sent = await publish(producer, topic, question, followers.on_sent)
        missing = await followers.until_all_seen()
        await until_all_came(sent, seen)  # Not all are followed: the last ones may be under way.
    journal = figures(sent, seen, question["warm_up_s"])
    first_s = min(each.due_s for each in sent.values()) + question["warm_up_s"]
    took_ms = sorted(1000 * took_s for due_s, took_s in followers.took_s if due_s >= first_s)
    return {
        "rate": journal["rate"],
        "followed": len(took_ms),
        "missing": missing,
        "p50_ms": at_percent(took_ms, 50),
        "p99_ms": at_percent(took_ms, 99),
        "max_ms": took_ms[-1],
        "looks_per_event": followers.looks / len(followers.took_s),
        "journal": journal,
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(json.load(sys.stdin)))), flush=True)
