"""`ecluse api` as a process over a real PostgreSQL: without Kafka it reads, and says so."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from services.api.serving import close_components
from tests.api.a_watch import a_watch
from tests.api.lag_scenes import at_night
from tests.api.processes import STOP_S, Running, api, embedded
from tests.builders import a_vote, encoded
from tests.integration.command import EXAMPLE, ROOT, ecluse
from tests.read_model.filling import fill, journal_of
from tests.waiting import eventually

ONE = {"Content-Type": "application/cloudevents+json"}

SIGNALLED_IN_A_LOG_LINE = """
import asyncio, io, os, signal
import structlog, uvicorn
from services.api.serving import Draining

class Log(io.StringIO):
    def write(self, text):
        if "request_handled" in text:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)

async def answer(scope, receive, send): ...

async def main():
    leaving = asyncio.Event()
    server = Draining(uvicorn.Config(answer, port=0, lifespan="off", log_config=None), leaving)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    structlog.get_logger().info("request_handled")
    await serving
    assert leaving.is_set()

log = Log()
structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
asyncio.run(main())
print(log.getvalue())
"""


def ends_at_once(running: Running, client: httpx.Client) -> None:
    """End it while a page listens: a stream that was cut instead of ended would raise here."""
    with client.stream("GET", "/console/live") as page:
        lines = page.iter_lines()
        assert "event: position" in lines, "the page listens"
        running.process.send_signal(signal.SIGTERM)
        assert "data" not in "".join(list(lines)[1:]), "nothing but its end comes any more"
        assert 0 == running.process.wait(STOP_S)


@pytest.mark.timeout(180)
def test_it_reads_without_kafka_refuses_what_it_cannot_keep_and_drains(
    postgresql_url: str, tmp_path: Path
) -> None:
    fill(postgresql_url, journal_of(EXAMPLE))
    where = {"ECLUSE_DATABASE_URL": postgresql_url, "ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    asked = ("create", "Tout", "--read", "all", "--publish", "all", "--json")
    key = json.loads(ecluse("api-keys", *asked, given=b"", **where).out)["key"]
    log = tmp_path / "log"
    with (
        a_watch(at_night().answers) as watch,
        api(log, ECLUSE_WATCH_URL=watch.url, **where) as running,
        httpx.Client(base_url=running.address, timeout=60) as client,
    ):
        assert 401 == client.get("/budgets").status_code
        client.headers["Authorization"] = f"Bearer {key}"
        assert client.get("/readyz").json()["schema_fits"]
        assert 200 == client.get("/budgets/21590350100017-00-2023").status_code
        asked_watch = {"address": watch.url, "error": None, "at": "2026-11-26T02:40:11.123000Z"}
        assert [asked_watch] == client.get("/lag").json()["watches"]
        answer = client.post("/events", content=encoded(a_vote()), headers=ONE)
        assert (503, "not_published") == (answer.status_code, answer.json()["code"])
        ends_at_once(running, client)
    phrase = log.read_text()
    assert "api_stopped" in phrase
    assert "graceful shutdown exceeded" not in phrase, "nothing was waited for until the last"
    assert key not in phrase


def test_a_signal_in_the_middle_of_a_log_line_ends_it_in_order() -> None:
    """Its handler logs nothing: it would wait for the lock of the line that it interrupted."""
    program = [sys.executable, "-c", SIGNALLED_IN_A_LOG_LINE]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "api_draining" in ended.stdout


def test_a_process_that_is_asked_says_where_it_stands_and_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with embedded(tmp_path / "data", log=log) as running:
        for _attempt in range(100):  # One in some hundred crashed it while its threads began.
            running.process.send_signal(signal.SIGUSR1)
            time.sleep(0.005)
        eventually(lambda: "most recent call first" in log.read_text(), "it says nothing")
        assert 200 == httpx.get(f"{running.address}/healthz").status_code
        assert 0 == running.stop()


def test_a_connection_that_does_not_close_keeps_no_process_alive() -> None:
    closed: list[str] = []

    async def never() -> None:
        await asyncio.Event().wait()

    async def at_once() -> None:
        closed.append("at once")

    asyncio.run(close_components(never(), at_once(), limit_s=0.05))
    assert ["at once"] == closed
