"""`python -m bench.kafka`: the whole benchmark, on a broker of its own or on a given one."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

from bench.kafka import console, figures, page, stream, watching
from bench.kafka.brokers import a_broker
from bench.kafka.contenders import Site
from bench.kafka.processes import ROOT, BenchFailed
from bench.kafka.progress import Progress
from bench.kafka.read_model import Plan
from bench.kafka.run import CONSOLE, PARTS, Asked, run
from services.runtime.ops.errors import ClusterError

DONE, FAILED, UNREACHABLE, INTERRUPTED = 0, 1, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures down, print them, and give the exit code."""
    asked = _asked(arguments)
    # As Ctrl-C: whatever was started is ended, whatever was made is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A topic just made has no leader for a moment, and the client says so for each batch.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        found = _measured(asked)
    except BenchFailed as error:
        sys.stderr.write(f"no figures: {error}\n")
        return FAILED
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return UNREACHABLE
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    if asked.only and asked.out.exists():  # The other parts' figures stay.
        found = json.loads(asked.out.read_text(encoding="utf-8")) | found
    found["aims"] = figures.against_aims(found)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if asked.page is not None:
        asked.page.write_text(page.page(found) + "\n", encoding="utf-8")
    sys.stdout.write((json.dumps(found) if asked.json else page.tables(found)) + "\n")
    return DONE


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.kafka", description=__doc__)
    parser.add_argument("--events", type=int, default=stream.EVENTS, help="how many are timed")
    parser.add_argument("--faust-events", type=int, default=30_000, help="how many Faust is given")
    parser.add_argument("--rounds", type=int, default=3, help="of what takes turns")
    parser.add_argument("--latency-s", type=float, default=60.0, help="how long it is watched")
    parser.add_argument("--rate", type=int, default=500, help="events a second meanwhile")
    parser.add_argument("--asked-s", type=float, default=10.0, help="how long the API is asked")
    parser.add_argument(
        "--visible-s", type=float, default=40.0, help="how long events are followed into it"
    )
    parser.add_argument("--visible-rate", type=int, default=100, help="events a second meanwhile")
    parser.add_argument(
        "--page-times", type=int, default=console.TIMES, help="how often a page is asked for"
    )
    parser.add_argument(
        "--burst-events", type=int, default=watching.BURST_EVENTS, help="how many come at once"
    )
    parser.add_argument("--only", choices=PARTS, help="this part; the others' figures stay")
    parser.add_argument("--bootstrap", help="a broker that runs already, as host:port")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="figures")
    parser.add_argument("--page", type=Path, help="write build/bench.md, or another")
    parser.add_argument("--json", action="store_true", help="print one JSON object, not tables")
    return parser.parse_args(arguments)


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-bench-")))
        bootstrap, pid = asked.bootstrap, None
        if bootstrap is None and asked.only != CONSOLE:  # Its pages are made without a broker.
            broker = open_.enter_context(a_broker(folder / "broker"))
            bootstrap, pid = broker.bootstrap, broker.pid
        site = Site(
            bootstrap or "",
            f"bench-{os.getpid()}-",
            pid,
            folder,
            asked.events,
            min(asked.faust_events, asked.events),
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_until_ended(site, asked))


async def _until_ended(site: Site, asked: argparse.Namespace) -> dict[str, Any]:
    """The run; SIGTERM cancels it."""
    task = asyncio.current_task()
    assert task is not None, "this is a coroutine"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    progress = Progress(time.monotonic())
    parts = frozenset([asked.only] if asked.only else PARTS)
    visible = Plan(asked.asked_s, asked.visible_rate, asked.visible_s)
    watched = watching.Plan(asked.rounds, asked.burst_events)
    wanted = Asked(
        parts, asked.rounds, asked.rate, asked.latency_s, visible, asked.page_times, watched
    )
    return await run(site, wanted, progress)


if __name__ == "__main__":
    sys.exit(main())
