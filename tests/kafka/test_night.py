"""A night rehearsed by whoever is on duty: the ledger is killed, seen, understood and started."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.integration.command import EXAMPLE, CommandResult, ecluse
from tests.kafka.commands import DONE, WRONG
from tests.kafka.dev_stack import START_S, Dev, skip_where_it_cannot_run
from tests.waiting import eventually

RUNBOOKS: Final = Path(__file__).parents[2] / "docs" / "runbooks"

pytestmark = pytest.mark.timeout(START_S + 60)


@pytest.fixture(scope="module", autouse=True)
def _what_dev_stands_on() -> None:
    skip_where_it_cannot_run()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Dev]:
    with Dev(tmp_path, "--json", "--keep-going") as dev:
        yield dev
        dev.interrupt()
        assert DONE == dev.ended()


def test_a_ledger_that_is_killed_is_seen_and_started_again(stack: Dev) -> None:
    where = json.loads(stack.wait_until_ready())
    cluster = {
        "ECLUSE_BOOTSTRAP_SERVERS": where["bootstrap"],
        "ECLUSE_WATCH_URL": where["watch"],
        "ECLUSE_CONSOLE_URL": where["api"],
    }

    def brief() -> CommandResult:
        return ecluse("lag", "--brief", **cluster)

    def of(result: CommandResult, stage: str) -> str:
        return next(line for line in result.text.splitlines() if line.startswith(f"{stage}: "))

    eventually(lambda: DONE == brief().code, "not all is well in the evening")
    assert 4 == len(brief().text.splitlines()), "a line for each consumer"

    # In the night the ledger dies, and the others go on.
    killed = ecluse("dev", "kill", "ledger", "--folder", where["logs"])
    assert (DONE, True) == (killed.code, "ledger has ended (signal 9)" in killed.text)
    eventually(lambda: "`ecluse dev start ledger` starts" in stack.shown, "dev is silent")
    status = ecluse("dev", "status", "--folder", where["logs"])
    assert (WRONG, True) == (status.code, "ledger: ended (signal 9)" in status.text)
    assert DONE == ecluse("publish", EXAMPLE, **cluster).code

    # Whoever is called reads one line: what it is, what to do, and where there is more.
    events = len(EXAMPLE.read_bytes().splitlines())

    def is_seen() -> bool:
        line = of(brief(), "Ledger")
        return re.match(rf"Ledger: STOPPED since [\d: -]+, {events} behind", line) is not None

    eventually(is_seen, "the ledger is not seen to have stopped")
    result = brief()
    line = of(result, "Ledger")
    assert WRONG == result.code
    assert "Start the process again: it goes on where it was." in line
    assert "treasury" not in line
    alarm = line.split(f"Runbook: {where['api']}/console/help/")[1]
    assert (RUNBOOKS / f"{alarm}.md").is_file()

    # It is done, and nothing is lost.
    started = ecluse("dev", "start", "ledger", "--folder", where["logs"])
    assert (DONE, "ledger runs again, and is ready.\n") == (started.code, started.text)
    eventually(lambda: DONE == brief().code, "not all is well again")
    # OK while it catches up; in the next samples it has.
    caught_up = "Ledger: OK, nothing behind"
    eventually(lambda: of(brief(), "Ledger").startswith(caught_up), "it does not catch up")
    lag = json.loads(ecluse("lag", "--json", **cluster).out)
    assert (True, 0) == (lag["outcomes"]["accepted"] >= events, lag["outcomes"]["refused"])
