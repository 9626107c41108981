"""Events of files, through `ecluse replay` as a person runs it: in memory, and into SQLite."""

import asyncio
import os
import subprocess
import time
from itertools import islice
from typing import Any, Final

from bench.kafka import stream
from bench.kafka.contenders import Site
from bench.kafka.processes import BenchFailed
from bench.kafka.progress import Progress
from bench.kafka.workers import COMMAND
from services.dev.local_broker import parent_death_prefix

RSS_UNIT: Final = 1024
"""Bytes of one unit of Linux's `ru_maxrss`."""

Figures = dict[str, Any]


async def replay(site: Site, progress: Progress) -> Figures:
    """The paces of both stores.

    Raises:
        BenchFailed: a replay failed.
    """
    count, file = min(site.events, stream.YEAR_EVENTS_MAX), site.folder / "replayed.jsonl"
    with site.stream.open("rb") as events:
        stream.write(file, (line[:-1] for line in islice(events, count)))
    count += stream.opening_events(stream.budgets_of(site.events))
    files, into = (str(site.opening), str(file)), str(site.folder / "replayed.db")
    found: Figures = {}
    for store, options in (("memory", ()), ("sqlite", ("--db", into))):
        progress.begins(f"files replayed, {store}")
        found[store] = await asyncio.to_thread(_replayed, count, *files, *options)
        progress.came(found[store]["events_per_s"])
    return found


def _replayed(count: int, *arguments: str) -> Figures:
    command = [*parent_death_prefix(), *COMMAND, "replay", "--json", *arguments]
    start_s = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 # our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(status)  # Popen itself did not wait for it.
    if process.returncode != 0:
        raise BenchFailed(f"ecluse replay ended with {process.returncode}")
    return {
        "events": count,
        "seconds": took_s,
        "events_per_s": count / took_s,
        "cpu_us_per_event": (used.ru_utime + used.ru_stime) / count * 1e6,
        "peak_bytes": used.ru_maxrss * RSS_UNIT,
    }
