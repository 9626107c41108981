"""The API as a process whose PostgreSQL is away: it waits for it, and can be ended meanwhile."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from services.dev.local_broker import free_port, parent_death_prefix
from tests.integration.command import COMMAND, TIMEOUT_S, environment
from tests.waiting import eventually

GIVE_UP_S: Final = 2.0
TERMINATED: Final = 128 + signal.SIGTERM
WAITS: Final = "database_unavailable"
AWAY: Final = {
    "ECLUSE_DATABASE_URL": "postgresql://127.0.0.1:1/ecluse",
    "ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "ECLUSE_AUTH": "off",
}


@contextmanager
def api(log: Path, *before: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """It is killed in the end."""
    command = [
        *parent_death_prefix(),
        *before,
        *COMMAND,
        "api",
        "--port",
        str(free_port()),
        "--json",
    ]
    with log.open("wb") as file:
        own = environment(**AWAY, **env)
        process = subprocess.Popen(command, env=own, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(TIMEOUT_S)


@pytest.mark.timeout(2 * TIMEOUT_S)
def test_it_waits_and_gives_up(tmp_path: Path) -> None:
    log, began_s = tmp_path / "log", time.monotonic()
    with api(log, ECLUSE_GIVE_UP_S=str(GIVE_UP_S)) as process:
        assert 3 == process.wait(TIMEOUT_S)
    assert time.monotonic() - began_s > GIVE_UP_S
    lines = log.read_text()
    assert 1 == lines.count(WAITS)
    assert "ECLUSE_DATABASE_URL" in lines.splitlines()[-1]


@pytest.mark.timeout(3 * TIMEOUT_S)
@pytest.mark.skipif(os.getuid() != 0, reason="root alone makes a first process")
def test_the_first_process_of_a_container_ends_on_sigterm_while_it_waits(tmp_path: Path) -> None:
    """The kernel sends it no signal that it has no handler for, as it would to any other."""
    log = tmp_path / "log"
    with api(log, "unshare", "--pid", "--fork", "--kill-child") as outside:
        eventually(lambda: WAITS in log.read_text(), "it waits for PostgreSQL", TIMEOUT_S)
        children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children")
        [first] = map(int, children.read_text().split())
        os.kill(first, signal.SIGTERM)
        assert TERMINATED == outside.wait(TIMEOUT_S)
