"""The API's answers a second and how long each takes: the real server, asked over 8 connections.

100 budgets with 1,000 conventions and 20,000 payments and reports stand in the read model. Who asks
stands beside the server on the same machine, and takes its share of it.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from bench import world
from bench.asking import Endpoint, a_key, a_request, asked, connected
from services.projector.engine import make_engine
from services.projector.migrations import prepare
from tests import silence
from tests.read_model import databases
from tests.read_model.filling import fill, journal_of_events

BUDGETS: Final = 100
ASKED_S: Final = 2.0
CONNECTIONS: Final = 8
START_S: Final = 30
BATCH: Final = 1_000

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server


class Served(NamedTuple):
    """A server over a filled read model."""

    what: str
    endpoint: Endpoint
    process: int

    def cpu_s(self) -> float:
        """The processor time that the server has had."""
        spent = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def journal() -> list[bytes]:
    with pytest.MonkeyPatch.context() as size:
        size.setattr(world, "BUDGETS", BUDGETS)
        size.setattr(world, "STREAM", 20 * BUDGETS * world.CONVENTIONS_OF_A_BUDGET)
        return journal_of_events([*world.opening(), *world.stream()])


@pytest.fixture(scope="module", params=[databases.SQLITE, databases.POSTGRESQL])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, journal: list[bytes]
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    url = f"sqlite+aiosqlite:///{folder / 'read.db'}"
    if request.param == databases.POSTGRESQL:
        url = request.getfixturevalue("postgresql_server").a_database()
    asyncio.run(_prepared(url))
    began_s = time.perf_counter()
    fill(url, journal, range(BATCH, len(journal), BATCH))
    taken_s = time.perf_counter() - began_s
    print(f"\n{request.param}: {len(journal):,} records projected in {taken_s:.1f} s")
    key = asyncio.run(a_key(url))
    environment = os.environ | {
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_API_PORT": "0",
        "ECLUSE_LANG": "en",
    }
    command = [sys.executable, "-m", "services.cli.app", "api", "--json"]
    log_path = folder / "api.log"
    with log_path.open("wb") as log:
        server = subprocess.Popen(command, env=environment, stderr=log, stdout=log)  # noqa: S603 # our own
    try:
        yield Served(request.param, Endpoint(_port(log_path, server), key), server.pid)
    finally:
        server.terminate()
        server.wait(START_S)


async def _prepared(url: str) -> None:
    engine = make_engine(url)
    await prepare(engine)
    await engine.dispose()


def _port(log_path: Path, server: "subprocess.Popen[bytes]") -> int:
    """Where the server says that it listens."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        for line in log_path.read_text().splitlines():
            if "api_listening" in line:
                return int(line.split("127.0.0.1:")[1].split('"')[0])
        time.sleep(0.1)
    raise AssertionError(log_path.read_text())


def measured(served: Served, what: str, requests: Sequence[bytes], status: int = 200) -> None:
    began_cpu_s = served.cpu_s()
    answers = asyncio.run(asked(served.endpoint, requests, CONNECTIONS, ASKED_S, status))
    taken = sorted(each.took_s for each in answers)
    cpu_ms = 1000 * (served.cpu_s() - began_cpu_s) / len(taken)
    p50_ms, p99_ms = (1000 * taken[len(taken) * part // 100] for part in (50, 99))
    rate = len(taken) / ASKED_S
    print(
        f"{served.what}: {what}: {rate:,.0f} a second, p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms; "
        f"{cpu_ms:.1f} ms of one core each"
    )
    assert len(taken) > CONNECTIONS


def budgets() -> list[str]:
    return [world.budget_id(number) for number in range(BUDGETS)]


QUESTIONS: Final = {
    "balances of a budget's lines": "/balances/lines?budget={budget}",
    "the same of a day": "/balances/lines?budget={budget}&effective_on=2023-06-01",
    "a page of 100 payment orders": "/payment-orders?state=issued&limit=100",
    "a payment order": "/budgets/{budget}/payment-orders/CONV-003/advance",
    "a grant, whole": "/budgets/{budget}/grants/GRANT-003",
    "an event's outcome": "/events/pay-3-5?budget={budget}",
    "orders waiting": "/payment-orders/waiting",
    "execution as XLSX": "/budgets/{budget}/execution.xlsx",
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_answers_a_second(served: Served, what: str) -> None:
    measured(
        served,
        what,
        [a_request(served.endpoint, QUESTIONS[what].format(budget=each)) for each in budgets()],
    )


def test_answers_a_second_to_who_has_them(served: Served) -> None:
    path = f"/balances/lines?budget={world.budget_id(0)}"

    async def tag() -> str:
        async with connected(served.endpoint) as connection:
            _, headers = await connection.ask(a_request(served.endpoint, path))
            return headers["etag"]

    known = f"If-None-Match: {asyncio.run(tag())}"
    measured(served, "304, by its ETag", [a_request(served.endpoint, path, known)], status=304)
