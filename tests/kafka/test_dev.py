"""`ecluse dev` as its user runs it: everything on this machine, and nothing of it left behind."""

import json
import os
import re
import signal
import socket
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

import httpx
import pytest

from services.dev.local_broker import free_port
from tests.builders import BUDGET
from tests.integration.command import EXAMPLE, ecluse, real_ecluse
from tests.kafka.commands import UNREACHABLE
from tests.kafka.dev_stack import START_S, Dev, skip_where_it_cannot_run
from tests.kafka.processes import STOP_S, rows
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.waiting import WAIT_S, eventually

IN_THE_BACKGROUND: Final = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""As a shell starts what stands before `&`: without Ctrl-C."""

pytestmark = pytest.mark.timeout(2 * START_S)


@pytest.fixture(scope="module", autouse=True)
def _what_dev_stands_on() -> None:
    skip_where_it_cannot_run()


def page(url: str) -> Any:
    try:
        with urlopen(url, timeout=WAIT_S) as answer:
            return json.load(answer)
    except URLError:
        return None


def check_that_nothing_is_wrong(where: dict[str, str], received: int) -> None:
    """The page and the command ask the watch that runs here."""
    watch = {"ECLUSE_WATCH_URL": where["watch"]}
    eventually(lambda: 0 == ecluse("lag", given=b"", **watch).code, "not all is well")

    def poll() -> Any:
        """What is shown is of the watch's last look: what has just come stands in the next."""
        lag = json.loads(ecluse("lag", "--json", given=b"", **watch).out or b"{}")
        is_counted = received == (lag.get("outcomes") or {}).get("received")
        written = lag.get("deadline_events") or {}
        return lag if is_counted and written.get("pending") == 0 else None

    lag = eventually(poll, "not all that came is counted, or a deadline event is pending")
    assert ["ledger", "projector", "watch", "treasury"] == [each["stage"] for each in lag["stages"]]
    assert {"written": 1, "pending": 0} == lag["deadline_events"]
    with urlopen(f"{where['api']}/console/lag?lang=en", timeout=WAIT_S) as console:
        assert "The count adds up" in console.read().decode()


def check_that_a_sender_may_wait(where: dict[str, str]) -> None:
    """Through the broker, the ledger and the projector, in one answer."""
    again = httpx.post(
        f"{where['api']}/events",
        params={"wait": 20},
        content=EXAMPLE.read_bytes(),
        headers={"Content-Type": "application/x-ndjson"},
        timeout=60,
    )
    decisions = [each["decision"]["outcome"] for each in again.json()["events"]]
    assert (200, {"duplicate"}) == (again.status_code, set(decisions))


def test_everything_runs_until_it_is_interrupted_and_nothing_is_left(tmp_path: Path) -> None:
    with Dev(tmp_path, "--json") as dev:
        where = json.loads(dev.wait_until_ready())
        roles = ["ledger", "watch", "projector", "treasury", "api"]
        names = ["bootstrap", *roles, "database", "logs"]
        assert names == list(where)
        kafka = {"ECLUSE_BOOTSTRAP_SERVERS": where["bootstrap"]}
        events = len(EXAMPLE.read_bytes().splitlines())
        published = ecluse("publish", EXAMPLE, "--json", given=b"", **kafka)
        assert events == json.loads(published.out)["published"]
        expected = json.loads(ecluse("replay", EXAMPLE, "--json").out)

        # The documents of 2023 were due in 2024, and have not come: the watch says so by an
        # internal event.
        def watched() -> Any:
            found = page(f"{where['watch']}/balances/{BUDGET}")
            return found if found and found["sequence"] == events + 1 else None

        found = eventually(watched, "nothing to be seen at the watch")
        balances = json.loads(ecluse("balances", "--json", given=b"", **kafka).out)
        for name in ("lines", "conventions"):
            assert expected[name] == found[name] == balances[name]
        partitions = page(f"{where['ledger']}/partitions")
        assert ["running"] * 4 == [row["state"] for row in partitions]

        eventually(lambda: events + 1 == rows(where["database"]), "nothing in the tables")
        asked = page(f"{where['api']}/balances/lines?budget={BUDGET}")
        assert expected["lines"] == asked["items"]
        check_that_nothing_is_wrong(where, events + 1)
        check_that_a_sender_may_wait(where)
        with urlopen(f"{where['api']}/console", timeout=WAIT_S) as console:
            assert console.url.endswith("/console/today"), "no key is asked"
            assert BUDGET in console.read().decode()
        logs = Path(where["logs"])
        made = ["kafka", "read-model", *(f"{role}.log" for role in roles)]
        assert sorted(made) == sorted(each.name for each in logs.iterdir())

        dev.interrupt()
        assert 0 == dev.ended()
        assert 1 == dev.out.count("\n"), "the addresses, and nothing else"
        assert not page(f"{where['watch']}/healthz")
        assert not page(f"{where['api']}/healthz")


def test_a_ledger_that_dies_ends_the_rest_with_a_message_and_its_log(tmp_path: Path) -> None:
    of_the_user, port = tmp_path / "of-the-user.db", str(free_port())
    with Dev(
        *(tmp_path, "--api-port", port),
        ECLUSE_TOPIC_PREFIX="mine.",
        ECLUSE_ACCESS_URL=f"sqlite:///{of_the_user}",
    ) as dev:
        text = dev.wait_until_ready()
        assert f"http://127.0.0.1:{port}/console/lag\n" in text
        assert not of_the_user.exists(), "the user's own keys are left alone"
        exported = dict(re.findall(r"export (ECLUSE_\w+)=(\S+)", text))
        assert "mine." == exported["ECLUSE_TOPIC_PREFIX"]
        assert exported["ECLUSE_WATCH_URL"].startswith("http://127.0.0.1:")
        assert exported["ECLUSE_DATABASE_URL"].startswith("sqlite:///")
        there = ecluse("balances", "--json", **exported)
        assert (0, 0) == (there.code, json.loads(there.out)["events"])
        os.kill(dev.wait_for("services.cli.app ledger"), signal.SIGKILL)
        assert UNREACHABLE == dev.ended()
        assert "ledger" in dev.shown
        assert '"event": "worker_started"' in dev.shown, "the end of its log"


def test_a_broker_that_dies_ends_the_rest_with_a_message_and_its_log(tmp_path: Path) -> None:
    with Dev(tmp_path) as dev:
        dev.wait_for("services.cli.app watch")
        os.kill(dev.wait_for("kafka.Kafka"), signal.SIGKILL)
        assert UNREACHABLE == dev.ended()
        assert "INFO" in dev.shown.split("The end of its log:")[1]
        assert "" == dev.out


def test_while_the_broker_answers_nobody_it_ends_in_time_and_leaves_nothing(tmp_path: Path) -> None:
    with Dev(tmp_path) as dev:
        dev.wait_until_ready()
        os.kill(dev.wait_for("kafka.Kafka"), signal.SIGSTOP)
        began_s = undisturbed_s()
        dev.interrupt()
        assert 0 == dev.ended()
        assert undisturbed_s() - began_s < STOP_S


@pytest.mark.parametrize(
    ("program", "within"),
    [("kafka.tools.StorageTool", ()), ("kafka.Kafka", IN_THE_BACKGROUND)],
    ids=["its disk is made", "in the background"],
)
def test_an_interruption_while_the_broker_starts_leaves_nothing(
    tmp_path: Path, program: str, within: tuple[str, ...]
) -> None:
    with Dev(tmp_path, within=within) as dev:
        dev.wait_for(program)
        dev.interrupt()
        assert (0, "") == (dev.ended(), dev.out)


def test_a_termination_while_services_start_leaves_nothing(tmp_path: Path) -> None:
    with Dev(tmp_path, "--json") as dev:
        dev.wait_for("services.cli.app ledger")
        dev.interrupt(signal.SIGTERM)
        dev.interrupt()  # Who asks twice does not cut the cleaning up short.
        assert (0, "") == (dev.ended(), dev.out)


@pytest.mark.parametrize("option", ["--port", "--api-port"])
def test_a_port_that_is_taken_is_reported(tmp_path: Path, option: str) -> None:
    """Else the broker of somebody else would be taken for ours, and given our topics."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = real_ecluse("dev", option, port, TMPDIR=str(tmp_path))
    assert (UNREACHABLE, b"") == (result.code, result.out)
    assert f"127.0.0.1:{port}" in result.err
    assert f"Leave {option} out" in result.err
    assert [] == list(tmp_path.iterdir())
