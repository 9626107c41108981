"""The workers of a fault-injection run: real `ecluse ledger` processes, their ends, their logs."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.dev.local_broker import parent_death_prefix
from tests.waiting import WAIT_S

COMMAND: Final = (sys.executable, "-m", "services.cli.app", "ledger", "--instance")
ENDS: Final = frozenset(("worker_fenced", "worker_gave_up", "worker_cannot_go_on"))
"""Why a worker may end by itself; `Excuses` knows whether it may at that moment."""

WARNINGS_NEVER: Final = frozenset(("state_rebuilt", "records_given_up", "task_cancelled"))
"""What is only a warning elsewhere, and here means that something stored was not as it was left."""

LIBRARY: Final = "library_log"
"""A line of a library: aiokafka calls errors what a broker that was killed leads to."""

SUSPECT: Final = (
    "Traceback",
    "never retrieved",
    "never awaited",
    "Unclosed",
    "Unexpected error",
    "RuntimeWarning",
    "ResourceWarning",
    "DeprecationWarning",
    "AssertionError",
)
"""Words for what nobody handled, in whatever line they stand."""

UNSAID: Final = (
    "aiokafka.errors.UnknownError: [Error -1] UnknownError",
    "KafkaError: KafkaConnectionError('Connection at ",
    "Unexpected error while fetching data: KafkaStorageError",
)
"""What aiokafka did not expect, and tells: an answer of the coordinator of a transaction while one
of several brokers goes, a connection that ends in the midst of an answer, a full disk. The
partition is opened again, which says `RETRIED`, or fetched from again."""

RETRIED: Final = "partition_retried"
HANDLED: Final = "record_handled"
WRITTEN: Final = "deadline_event_written"

TAIL_LINES: Final = 30
LINE_CHARACTERS: Final = 1_000


@dataclass(frozen=True)
class End:
    """How a worker ended."""

    worker: str
    code: int
    why: str
    at_s: float
    """When, on the clock of `time.monotonic`."""

    @property
    def logged(self) -> str:
        """The code and the reason as text."""
        return f"{self.code}, {self.why}"

    @property
    def was_asked(self) -> bool:
        """Whether it ended as it was asked to."""
        return (self.why, self.code) in {("killed", -signal.SIGKILL), ("stopped", 0)}


@dataclass
class Log:
    """What a worker has said so far; read on with each look."""

    path: Path
    logged: Counter[str] = field(default_factory=Counter)
    suspect: list[str] = field(default_factory=list)
    critical: dict[str, Any] | None = None
    """The last thing that it called critical."""
    owned: list[int] = field(default_factory=list)
    _read_to: int = 0
    """By partition, the line of a state rebuilt by an opening that may yet come to nothing."""

    def read(self) -> None:
        """Read what is new; a line that is not whole yet is left for the next look."""
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new.rfind(b"\n") + 1
        self._read_to += whole
        for line in new[:whole].decode(errors="replace").splitlines():
            self._take(line)

    def tail(self) -> str:
        """Its last lines, for who has to find out; not those that it writes again and again."""
        lines = [
            line[:LINE_CHARACTERS]
            for line in self.path.read_text(errors="replace").splitlines()
            if not any(f'"{text}"' in line for text in (LIBRARY, HANDLED, WRITTEN))
        ]
        return "\n".join(lines[-TAIL_LINES:])

    def _take(self, line: str) -> None:
        try:
            row = json.loads(line)
        except ValueError:
            row = {"event": "", "level": ""}
        event, level = str(row["event"]), row["level"]
        self.logged[event] += 1
        if level == "critical":
            self.critical = row
        if event == "partitions_owned":
            self.owned = list(row["partitions"])
        ours_failed = level in {"error", "critical"} and event not in {LIBRARY, *ENDS}
        is_known = event == RETRIED or (event == LIBRARY and any(text in line for text in UNSAID))
        nobody_handled = not is_known and any(text in line for text in SUSPECT)
        if ours_failed or event in WARNINGS_NEVER or nobody_handled:
            self.suspect.append(line)


class WorkerProcess:
    """One worker by its name in the group; it has one process at a time."""

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: dict[str, str],
        command: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self._command = command or (*COMMAND, name)
        self.logs: list[Log] = []
        self.ends: list[End] = []
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def lives(self) -> bool:
        """Whether its process has been started and has not been seen to end."""
        return self._process is not None

    @property
    def log(self) -> Log:
        """What its last process says."""
        return self.logs[-1]

    def owned(self) -> list[int]:
        """The partitions that it says it owns; none while it does not live."""
        if not self.lives:
            return []
        self.log.read()
        return self.log.owned

    def start(self) -> None:
        """Start a process, with a log of its own."""
        assert self._process is None, "it runs already"
        path = self._folder / f"{self.name}-{len(self.logs) + 1}.log"
        with path.open("wb") as log:
            self._process = subprocess.Popen(
                [*parent_death_prefix(), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self._folder,
            )
        self.logs.append(Log(path))

    def kill(self) -> None:
        """SIGKILL."""
        self._send(signal.SIGKILL)
        self._ended("killed")

    def freeze(self) -> None:
        """SIGSTOP."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        self._send(signal.SIGTERM)
        self._ended("stopped")

    def has_ended(self) -> bool:
        """Whether it has ended by itself since the last look; why is in `ends`."""
        if self._process is None or self._process.poll() is None:
            return False
        self._ended("")
        return True

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)

    def _ended(self, why: str) -> None:
        assert self._process is not None, "it does not run"
        code = self._process.wait(WAIT_S)
        self._process = None
        self.log.read()
        end = End(self.name, code, why, time.monotonic())
        if not end.was_asked:
            logged = self.log.critical or {}
            error = str(logged.get("error") or logged.get("transactional_id") or "")
            why = f"{logged.get('event', 'silent')} {error}".strip()
            end = End(self.name, code, why, time.monotonic())
        self.ends.append(end)
