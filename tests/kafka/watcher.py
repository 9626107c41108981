"""A watch as a process of its own, as operators start it, and what it says."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from services.runtime.local_broker import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

ECLUSE = (str(BIN / "ecluse"), "watch")
FAUST = (str(BIN / "faust"), "-A", "services.watch.app", "-L", "uvloop", "worker")

WAIT_S = 45.0
"""How long a watch may take to do anything at all, on a machine that does much else."""


class Watcher:
    """Leaving it ends the process, and says what it logged."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        folder: Path,
        command: tuple[str, ...] = ECLUSE,
        **more: str,
    ) -> None:
        self.port = free_port()
        self._log = folder / f"watch-{self.port}.log"
        self._command = command
        self._environment = {
            **{name: value for name, value in os.environ.items() if "ECLUSE" not in name},
            "PYTHONPATH": str(ROOT),
            "ECLUSE_BOOTSTRAP_SERVERS": bootstrap,
            "ECLUSE_TOPIC_PREFIX": prefix,
            "ECLUSE_INSTANCE": "watch",
            "ECLUSE_WATCH_WEB_PORT": str(self.port),
            "ECLUSE_WATCH_ROUND_S": "0.3",
            **more,
        }
        self._folder = folder
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.DEVNULL,  # Faust's banner and spinner.
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        print(self.said()[-4000:])

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self._process = self._start()

    def stop(self, limit_s: float = WAIT_S) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=limit_s)

    def ends(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._process.wait(timeout=WAIT_S)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def balances(self, budget: str) -> dict[str, Any]:
        status, body = self.get(f"/balances/{budget}")
        assert 200 == status, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def metric(self, name: str) -> float | None:
        """A metric's value; None while it has none."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(f"{name} "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def said(self) -> str:
        """Everything it logged."""
        return self._log.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        logged = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in logged if line["event"] == event]

    def until(self, what: Callable[[], Any], why: str) -> None:
        """Look until it is so, no longer than `WAIT_S` nor than the process lives."""
        for _ in range(int(WAIT_S / 0.1)):
            if what():
                return
            assert self._process.poll() is None, f"it ended while waiting: {why}"
            time.sleep(0.1)
        raise AssertionError(f"never: {why}")

    def until_ready(self) -> None:
        self.until(lambda: 200 == self.get("/readyz")[0], "ready")
