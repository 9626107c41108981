"""A run of `ecluse dev` as its user starts it, and what descends from it."""

import os
import pty
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, Self

import pytest

from services.dev.jars import find_java
from services.runtime.ops.errors import ClusterError
from tests.integration.command import COMMAND, environment
from tests.kafka.brokers import KAFKA
from tests.waiting import eventually

START_S: Final = 180.0
"""How long all may take to be ready, fetching Kafka's jars the first time."""

PROC: Final = Path("/proc")


def skip_where_it_cannot_run() -> None:
    """Java, and Maven the first time: where they are missing, nothing of it can be run."""
    if not PROC.exists():
        pytest.skip("the tests of `ecluse dev` look for processes in /proc, which is not here")
    try:
        find_java()
    except ClusterError as error:
        pytest.skip(f"`ecluse dev` needs Java: {error}")
    if shutil.which("mvn") is None and not any((KAFKA / "libs").glob("*.jar")):
        pytest.skip("`ecluse dev` needs Maven the first time, and there is no mvn here")


class Dev:
    """One `ecluse dev` in a process group of its own, with a terminal for its errors."""

    def __init__(self, folder: Path, *args: str, within: tuple[str, ...] = (), **env: str) -> None:
        self._folder = folder
        self._mark = f"ECLUSE_TEST_MARK={folder}"
        self._stdout = folder / "stdout"
        self._shown = b""
        self._terminal, stderr = pty.openpty()
        os.set_blocking(self._terminal, False)
        with self._stdout.open("wb") as stdout:
            self.process = subprocess.Popen(
                [*within, *COMMAND, "dev", *args],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=environment(
                    TMPDIR=str(folder), ECLUSE_TEST_MARK=str(folder), TERM="xterm", **env
                ),
                start_new_session=True,
            )
        os.close(stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing outlives its test, not even where it failed."""
        print(self.out, self.shown)
        for pid in [self.process.pid, *self.alive()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        os.close(self._terminal)

    @property
    def out(self) -> str:
        return self._stdout.read_text(encoding="utf-8")

    @property
    def shown(self) -> str:
        """All that stood on the terminal."""
        try:
            while piece := os.read(self._terminal, 65536):
                self._shown += piece
        except OSError:  # For now, or for good.
            pass
        return self._shown.decode(errors="replace")

    def alive(self) -> dict[int, str]:
        """Every process that descends from it, by its command."""
        found = {}
        for each in PROC.glob("[0-9]*"):
            try:
                if self._mark.encode() in (each / "environ").read_bytes().split(b"\0"):
                    texts = (each / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(each.name)] = texts.decode().strip()
            except OSError:
                continue  # It ended in between, or is somebody else's.
        found.pop(self.process.pid, None)
        return found

    def wait_for(self, name: str) -> int:
        """Until a process whose command ends so runs; its number."""

        def poll() -> int | None:
            assert self.process.poll() is None, f"it ended before {name}: {self.shown}"
            return next((pid for pid, texts in self.alive().items() if name in texts), None)

        return int(eventually(poll, f"no {name}", START_S))

    def wait_until_ready(self) -> str:
        """What it prints then."""

        def poll() -> str:
            assert self.process.poll() is None, f"it ended before it was ready: {self.shown}"
            assert self.shown is not None, "a terminal that nobody reads fills up"
            return self.out

        return str(eventually(poll, "not ready", START_S))

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """As a terminal does it: the whole group gets the signal."""
        os.killpg(self.process.pid, number)

    def ended(self) -> int:
        """Its exit code; nothing of it is left then."""

        def poll() -> bool:
            assert self.shown is not None, "a terminal that nobody reads fills up"
            return self.process.poll() is not None

        eventually(poll, "it runs on")
        assert {} == self.alive()
        assert [] == list(self._folder.glob("ecluse-dev-*")), "its folder is gone"
        assert "Traceback" not in self.shown
        return self.process.returncode
