"""`python -m bench.treasury`: how fast the treasury is, on SQLite and on PostgreSQL."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.kafka.brokers import a_broker
from bench.kafka.figures import Figures, machine
from bench.kafka.processes import ROOT, BenchFailed, ask, spent
from bench.kafka.progress import Progress
from bench.treasury import catching_up, console, page, returns
from services.runtime.ops.errors import ClusterError
from tests.read_model.databases import a_server, in_a_file

DONE, FAILED, INTERRUPTED = 0, 1, 130
SLIPS, RETURNS, CAUGHT_UP, CONSOLE = PARTS = ("slips", "returns", "caught_up", "console")
DATABASES: Final = tuple(page.NAMES)
STEP_S: Final = 240.0
"""How long a step may take that runs as a process of its own."""

LOOK_S: Final = 1.0
"""How long is looked at what keeps the cores busy before the run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures down, print them, and give the exit code."""
    asked = _asked(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        found = _measured(asked)
    except (BenchFailed, ClusterError) as error:
        sys.stderr.write(f"no figures: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    found["aims"] = page.against_aims(found)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if asked.page is not None:
        asked.page.write_text(page.page(found), encoding="utf-8")
    sys.stdout.write((json.dumps(found) if asked.json else page.tables(found)) + "\n")
    return DONE


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    sizes = {aim.part: aim.size for aim in page.AIMS}
    parser = argparse.ArgumentParser(prog="python -m bench.treasury", description=__doc__)
    parser.add_argument("--orders", type=int, default=sizes[SLIPS], help="how many wait")
    parser.add_argument(
        "--return-bytes", type=int, default=sizes[RETURNS], help="how large the return is"
    )
    parser.add_argument(
        "--topic-orders", type=int, default=sizes[CAUGHT_UP], help="how many are on the topic"
    )
    parser.add_argument("--page-times", type=int, default=20, help="how often the page is asked")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may come again")
    parser.add_argument("--database", choices=DATABASES, action="append", help="this one alone")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "treasury.json", help="figures"
    )
    parser.add_argument("--page", type=Path, help="write build/treasury-speed.md")
    parser.add_argument("--json", action="store_true", help="print one JSON object, not tables")
    return parser.parse_args(arguments)


class _Database(NamedTuple):
    """A kind of database, and how a new one is had: with the read model's tables, at a URL."""

    name: str
    new_url: Callable[[], str]


def _measured(asked: argparse.Namespace) -> Figures:
    progress = Progress(time.monotonic())
    parts = frozenset(asked.only or PARTS)
    found: Figures = {**machine(), "busy_cores_before": _busy_cores()}
    found["sizes"] = {
        SLIPS: asked.orders,
        RETURNS: asked.return_bytes,
        CAUGHT_UP: asked.topic_orders,
        CONSOLE: asked.orders,
    }
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="ecluse-bench-")))
        databases = list(_databases(open_, folder, asked.database or DATABASES))
        if {SLIPS, CONSOLE} & parts:
            for each in databases:
                for part, row in _orders(each, asked, parts, folder, progress):
                    found.setdefault(part, {})[each.name] = row
        if RETURNS in parts:
            found[RETURNS] = _returns(databases, asked, folder, progress)
        if CAUGHT_UP in parts:
            found[CAUGHT_UP] = _caught_up(databases, asked, folder, progress)
    return found


def _busy_cores() -> float:
    before = spent([], None)
    time.sleep(LOOK_S)
    passed = spent([], None).since(before)
    return passed.all_s / passed.at_s


def _databases(open_: ExitStack, folder: Path, names: Sequence[str]) -> Iterator[_Database]:
    numbers = iter(range(100))
    if "sqlite" in names:

        def new_file() -> str:
            place = folder / f"sqlite-{next(numbers)}"
            place.mkdir()
            return in_a_file(place / "read.db")

        yield _Database("sqlite", new_file)
    if "postgresql" in names:
        server = open_.enter_context(a_server(durable=True))
        yield _Database("postgresql", server.a_read_model)


def _orders(
    database: _Database,
    asked: argparse.Namespace,
    parts: frozenset[str],
    folder: Path,
    progress: Progress,
) -> Iterator[tuple[str, Figures]]:
    """The page with all orders waiting, then the slip that takes them."""
    url = database.new_url()
    progress.begins(f"{asked.orders:,} orders into {database.name}")
    _ask("bench.treasury.made_orders", url=url, count=asked.orders)
    if CONSOLE in parts:
        progress.begins(f"the console's page on {database.name}")
        row = asyncio.run(console.page(url, folder, asked.page_times))
        yield CONSOLE, {"waiting": asked.orders, **row}
    if SLIPS in parts:
        progress.begins(f"from waiting to file on {database.name}")
        yield SLIPS, _ask("bench.treasury.slips", url=url)


def _returns(
    databases: Sequence[_Database], asked: argparse.Namespace, folder: Path, progress: Progress
) -> Figures:
    file = folder / "return.xml"
    progress.begins(f"a return of {asked.return_bytes:,} bytes")
    count = returns.write(file, asked.return_bytes)
    found: Figures = {}
    for each in databases:
        progress.begins(f"its {count:,} pieces into {each.name}, then it is taken twice")
        url = each.new_url()
        _ask("bench.treasury.returns", url=url, fill=count)
        row = _ask("bench.treasury.returns", url=url, file=str(file))
        if (row["pieces"], row["findings"], row["again"]["events"]) != (count, 0, 0):
            raise BenchFailed(f"the return was not taken as it must be: {row}")
        found[each.name] = {"file_bytes": file.stat().st_size, **row}
    return found


def _caught_up(
    databases: Sequence[_Database], asked: argparse.Namespace, folder: Path, progress: Progress
) -> Figures:
    found: Figures = {}
    with a_broker(folder / "broker") as broker:
        progress.begins(f"{asked.topic_orders:,} orders onto the topic")
        feed = catching_up.feed(broker.bootstrap, f"bench-{os.getpid()}-", asked.topic_orders)
        settings = asyncio.run(feed)
        for each in databases:
            progress.begins(f"caught up into {each.name}")
            url = each.new_url()
            found[each.name] = asyncio.run(catching_up.caught_up(settings, url, asked.topic_orders))
            progress.came(asked.topic_orders / found[each.name]["took_s"], "orders/s")
    return found


def _ask(module: str, **question: Any) -> Figures:
    return asyncio.run(ask(module, question, STEP_S))


if __name__ == "__main__":
    sys.exit(main())
