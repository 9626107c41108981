"""A command as a process of its own, as operators start it, and what it says and shows."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.kafka.forked import FORKS, run

ROOT: Final = Path(__file__).resolve().parents[2]
BIN: Final = Path(sys.executable).parent
WAIT_S: Final = 60.0
"""How long a process may take to do anything at all, on a machine that does much else."""

POLL_S: Final = 0.1


class Running:
    """Leaving it ends the process, and says what it logged."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        log_name: str,
        port: int,
        environment: Mapping[str, str],
        *,
        keeps_output: bool = False,
        fault: str | None = None,
    ) -> None:
        self.port = port
        self._command = tuple(command)
        self._folder = folder
        self._fault = fault
        self._log = folder / f"{log_name}-{port}.log"
        self._out = folder / f"{log_name}-{port}.out" if keeps_output else Path(os.devnull)
        self._environment = {
            **{name: value for name, value in os.environ.items() if "ECLUSE" not in name},
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.start_again()

    def start_again(self) -> None:
        """As the first time; it is logged behind what was."""
        streams = (self._folder, self._log, self._out)
        arguments = (self._command, self._environment, *streams, self._fault)
        self._process = FORKS.Process(target=run, args=arguments)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        # aiokafka says the same again and again while a broker is away.
        lines = [line for line in self.text.splitlines() if "library_log" not in line]
        print("\n".join(lines)[-4000:])

    # ------------------------------------------------------------ its end

    def kill(self) -> None:
        """As a power cut would."""
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    @property
    def code(self) -> int | None:
        """What it ended with, a signal as a negative number; None while it runs."""
        return self._process.exitcode

    def stop(self, limit_s: float = WAIT_S) -> int:
        """Ask it to end; its exit code."""
        self._process.terminate()
        return self.ended(limit_s)

    def ended(self, limit_s: float = WAIT_S) -> int:
        """Wait until it ends; its exit code."""
        self._process.join(limit_s)
        assert self.code is not None, f"it still runs after {limit_s:g} s"
        return self.code

    # ------------------------------------------------------------ its output

    @property
    def text(self) -> str:
        """All that it wrote on standard error."""
        if not self._log.exists():
            return ""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log, line by line; other lines left out."""
        return [json.loads(line) for line in self.text.splitlines() if line[:1] + line[-1:] == "{}"]

    @property
    def messages(self) -> str:
        """The lines for people, without the log."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("{"))

    def logged(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """The lines of its log of this name, with these facts."""
        return [
            line for line in self.log if line["event"] == event and facts.items() <= line.items()
        ]

    def printed(self) -> str:
        """What it said on standard output."""
        return self._out.read_text()

    # ------------------------------------------------------------ its pages

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def metrics(self) -> dict[str, float]:
        """Its figures by name and labels; none while nobody answers."""
        status, page = self.get("/metrics")
        lines = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
        return {name: float(figure) for name, figure in lines} if status == 200 else {}

    def until(
        self,
        what: Callable[[], Any],
        why: str,
        limit_s: float = WAIT_S,
        pause_s: float = POLL_S,
    ) -> None:
        """Look until it is so, no longer than that nor than the process lives."""
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s:
            if what():
                return
            assert self.code is None, f"it ended while waiting: {why}"
            time.sleep(pause_s)
        raise AssertionError(f"never: {why}")

    def until_ready(self) -> None:
        """Until it says that it is."""
        self.until(lambda: 200 == self.get("/readyz")[0], "ready")
