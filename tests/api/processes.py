"""The API as a process of its own: started, asked, stopped, killed."""

import json
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.integration.command import COMMAND, environment
from tests.leaks import leaks
from tests.waiting import eventually

STOP_S: Final = 60
"""Beside brokers, at a lower priority, a process has a tenth of a core."""

AT_AN_ABORT: Final = {"PYTHONFAULTHANDLER": "1"}


@dataclass
class Running:
    """A process that has said where it listens."""

    process: subprocess.Popen[bytes]
    text: dict[str, Any]
    log: Path

    @property
    def address(self) -> str:
        return str(self.text["address"])

    def kill(self) -> None:
        """SIGKILL: it has no time for anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_S)

    def stop(self) -> int:
        """SIGTERM: it drains; what it leaves with.

        One that does not end is aborted: its log says where each of its threads was.
        """
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(STOP_S)
            raise AssertionError(f"it did not end: {self.log.read_text()[-8000:]}") from None


@contextmanager
def api(log: Path, **env: str) -> Generator[Running]:
    """`ecluse api`; its log, which says where it listens, is written to `log`."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, "api", "--port", "0", "--json"],
            stderr=errors,
            env=environment(**(AT_AN_ABORT | env)),
        )
    try:
        yield Running(process, _listening(process, log), log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(STOP_S)
    assert [] == leaks(log.read_text())


def _listening(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    def found() -> list[str]:
        assert process.poll() is None, f"it has ended: {log.read_text()[-2000:]}"
        return [each for each in log.read_text().splitlines() if "api_listening" in each]

    lines = eventually(found, lambda: f"it does not listen: {log.read_text()[-2000:]}")
    return dict(json.loads(lines[0]))


@contextmanager
def embedded(data: Path, *args: object, log: Path, **env: str) -> Generator[Running]:
    """`ecluse serve --embedded` over this directory; what it logs is added to `log`."""
    command = [*COMMAND, "serve", "--embedded", "--data", data, "--port", 0, "--json", *args]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(**({"ECLUSE_AUTH": "off"} | AT_AN_ABORT | env)),
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"it ended with {process.wait(STOP_S)}: {log.read_text()[-2000:]}"
        yield Running(process, json.loads(line), log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(STOP_S)
        process.stdout.close()
    assert [] == leaks(log.read_text())
