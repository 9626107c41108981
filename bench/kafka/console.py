"""The console over 100,000 records and 5,000 grants: how long each page takes, one after the other.

The read model is filled without a broker, in PostgreSQL and in SQLite; `ecluse api` serves it as an
operator starts it. An address that a version does not have is left out, and named.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog

from bench import world
from bench.asking import Connection, Endpoint, a_request, connected
from bench.kafka import stream
from bench.kafka.contenders import Site
from bench.kafka.figures import Figures
from bench.kafka.latency import at_percent
from bench.kafka.processes import BenchFailed, Child, cpu_s
from bench.kafka.progress import Progress
from bench.kafka.workers import COMMAND, OPENING_S
from tests.read_model.databases import a_server, prepared
from tests.read_model.filling import fill, journal_of_events

BATCH: Final = 1_000
WARM_UP: Final = 3
"""Questions that do not count: an operator's API has answered before."""

TIMES: Final = 100
"""How often each page is asked for, each time about another grant, order or budget."""

PAGES: Final[Mapping[str, str]] = {
    "today": "/console/today",
    "budgets": "/console/budgets",
    "the state of execution of a budget": "/console/budgets/{budget}",
    "grants": "/console/grants",
    "a grant": "/console/grants/{budget}/{grant}",
    "a beneficiary": "/console/beneficiaries/{siret}",
    "payment orders that wait": "/console/orders",
    "all payment orders": "/console/orders?state=all",
    "a payment order": "/console/orders/{budget}/{convention}/advance",
    "the payment plan": "/console/payment-plan",
    "what needs action": "/console/troubles/refused",
    "the moves of a figure": "/console/figures/{budget}/paid",
    "a record": "/console/records/{budget}/{sequence}",
    "processing": "/console/lag",
}
"""Pages with their addresses; the names in braces are of a budget or grant that exists."""

SEARCHED: Final[Mapping[str, str]] = {
    "a convention": "{convention}",
    "a payment order": "{convention}/advance",
    "a grant": "{grant}",
    "a SIRET with spaces": "{siret_spaced}",
    "a name in other spelling": "àssociation {number}",
    "an amount": "{amount}",
    "an event": "pay-{each}-0",
    "what is nowhere": "introuvable {number}",
}
SEARCH: Final = "/console/search?q="


async def console(site: Site, times: int, progress: Progress) -> Figures:
    """The milliseconds of each page and of each search, on both databases.

    Raises:
        BenchFailed: the API does not answer, or a page is an error.
    """
    progress.begins("a journal for the console")
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)  # It is replayed in this process.
    events = min(site.events, stream.YEAR_EVENTS_MAX)
    budgets = stream.budgets_of(events)
    journal = await asyncio.to_thread(
        lambda: journal_of_events([*stream.opening(budgets), *stream.stream(events, budgets)])
    )
    names = list(_names(budgets, WARM_UP + times))
    found: Figures = {
        "records": len(journal),
        "grants": budgets * world.CONVENTIONS_OF_A_BUDGET,
        "times": times,
    }
    with a_server(durable=True) as server:
        url = await asyncio.to_thread(server.a_database)
        await asyncio.to_thread(_fill, url, journal, progress)
        # As autovacuum does within a minute: without figures of its tables it plans blindly.
        database = url.partition("@/")[2].partition("?")[0]
        await asyncio.to_thread(server.run, "ANALYZE", database)
        found["postgresql"] = await _measured(url, names, progress)
    url = f"sqlite+aiosqlite:///{site.folder / 'console.db'}"
    await asyncio.to_thread(_fill, url, journal, progress)
    found["sqlite"] = await _measured(url, names, progress)
    return found


def against(found: Figures) -> Figures:
    """The figures for their aims: the slowest page and the slowest search, of both databases."""
    databases = [found[name] for name in ("postgresql", "sqlite")]
    slowest = {
        kind: [row["p99_ms"] for database in databases for row in database[kind].values()]
        for kind in ("pages", "searches")
    }
    return {
        f"console_{name}_p99_ms": max(slowest[kind])
        for name, kind in (("page", "pages"), ("search", "searches"))
        if slowest[kind]
    }


def _fill(url: str, journal: Sequence[bytes], progress: Progress) -> None:
    """Project the journal; in a thread without a loop, since this runs loops of its own."""
    progress.begins(f"the journal into {url.partition('+')[0]}")
    prepared(url)
    fill(url, journal, range(BATCH, len(journal), BATCH))


async def _measured(url: str, names: Sequence[Figures], progress: Progress) -> Figures:
    environment = {
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_AUTH": "off",
        "ECLUSE_API_BIND": "127.0.0.1",
        "ECLUSE_API_PORT": "0",
        "ECLUSE_LOG_LEVEL": "INFO",
        "ECLUSE_LANG": "fr",
    }
    with Child([*COMMAND, "api", "--json"], environment) as api:
        endpoint = Endpoint(await port_of(api), "")
        progress.begins(f"pages of the console on {url.partition('+')[0]}")
        async with connected(endpoint) as connection:
            asked = _Asked(connection, endpoint, api.pid, names)
            pages = {name: await asked.row(path, HTTPStatus.OK) for name, path in PAGES.items()}
            searches = {
                # One that has a single hit leads to its page.
                name: await asked.row(
                    SEARCH + quote(text, safe="{}"), HTTPStatus.OK, HTTPStatus.SEE_OTHER
                )
                for name, text in SEARCHED.items()
            }
    return {
        "pages": {name: row for name, row in pages.items() if row},
        "searches": {name: row for name, row in searches.items() if row},
        "missing": [
            *(name for name, row in pages.items() if not row),
            *(f"the search for {name}" for name, row in searches.items() if not row),
        ],
    }


class _Asked:
    """One connection that asks one question after the other."""

    def __init__(
        self, connection: Connection, endpoint: Endpoint, pid: int, names: Sequence[Figures]
    ) -> None:
        self._connection, self._endpoint, self._pid = connection, endpoint, pid
        self._names = names

    async def row(self, path: str, *answers: HTTPStatus) -> Figures:
        """How long a page takes to answer so; empty where there is no such page."""
        took_ms = []
        for number, names in enumerate(self._names):
            if number == WARM_UP:
                before_s = cpu_s(self._pid)
            began_s = time.perf_counter()
            status, _ = await self._connection.ask(
                a_request(self._endpoint, path.format_map(names))
            )
            took_ms.append(1000 * (time.perf_counter() - began_s))
            if status == HTTPStatus.NOT_FOUND:
                return {}
            if status not in answers:
                raise BenchFailed(f"{status} to {path.format_map(names)}")
        counted = sorted(took_ms[WARM_UP:])
        return {
            "p50_ms": at_percent(counted, 50),
            "p99_ms": at_percent(counted, 99),
            "cpu_ms": 1000 * (cpu_s(self._pid) - before_s) / len(counted),
        }


def _names(budgets: int, count: int) -> Iterator[Figures]:
    """What the addresses name, another each time."""
    for number in range(count):
        budget, each = number * 7 % budgets, number % world.CONVENTIONS_OF_A_BUDGET
        siret = world.siret(10_000 + budget * world.CONVENTIONS_OF_A_BUDGET + each)
        yield {
            "budget": world.budget_id(budget),
            "grant": f"GRANT-{each:03d}",
            "convention": f"CONV-{each:03d}",
            "siret": siret,
            "siret_spaced": quote(f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"),
            "each": each,
            "number": number,
            "amount": world.LINES_OF_A_CONVENTION * world.advance_cents(budget, each) // 100,
            "sequence": 1 + number % (1 + 2 * world.CONVENTIONS_OF_A_BUDGET),
        }


async def port_of(api: Child) -> int:
    """Where an API listens that was started on port 0.

    Raises:
        BenchFailed: it ended, or does not listen.
    """
    until_s = time.perf_counter() + OPENING_S
    while not (said := api.moments("api_listening")):
        api.check()
        if time.perf_counter() > until_s:
            raise BenchFailed("the API does not listen")
        await asyncio.sleep(0.1)
    return int(str(said[0].line["address"]).rpartition(":")[2])
