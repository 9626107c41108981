"""Workers of the ledger as processes: started, watched and ended, every wait with an end."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from events import topics
from services.dev.local_broker import free_port
from tests.builders import Json
from tests.integration.command import environment
from tests.kafka.cluster import Cluster
from tests.kafka.forked import ECLUSE, FORKS, run

WAIT_S: Final = 40.0
"""How long anything that a worker should do may take."""

POLL_S: Final = 0.1
Found = TypeVar("Found")


class NotInTime(AssertionError):
    """Something awaited did not come; the message says what came instead."""


class Worker:
    """One `ecluse ledger`; its log goes to a file, which outlives it."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        name: str = "a",
        *args: str,
        fault: str | None = None,
        **env: str,
    ) -> None:
        self._port = free_port()
        self._seen: dict[str, int] = {}
        self._file = folder / f"{name}-{self._port}.log"
        settings = {
            "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
            "ECLUSE_TOPIC_PREFIX": cluster.prefix,
            "ECLUSE_HEALTH_PORT": str(self._port),
            "ECLUSE_LOG_LEVEL": "INFO",
        }
        self._file.touch()
        command = (ECLUSE, "ledger", "--instance", name, *args)
        variables = environment(**{**settings, **env})
        streams = (Path.cwd(), self._file, Path(os.devnull))
        self._process = FORKS.Process(
            target=run, args=(command, variables, *streams, fault), name=f"worker {name}"
        )
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """No worker outlives its test; a failed one shows what the worker said."""
        self.kill()
        if error is not None:
            # aiokafka says the same again and again while a broker is away.
            print(
                *(line for line in self.text.splitlines() if "library_said" not in line), sep="\n"
            )

    # ------------------------------------------------------------ what it says
    @property
    def text(self) -> str:
        """All that it wrote on standard error."""
        return self._file.read_text(encoding="utf-8", errors="replace")

    @property
    def log(self) -> list[Json]:
        """Its log, line by line; other words left out."""
        lines = self.text.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    @property
    def messages(self) -> str:
        """What it said to people, and no log."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("{"))

    def logged(self, event: str, **facts: Any) -> list[Json]:
        """The lines of its log of this name, with these facts."""
        return [
            line for line in self.log if line["event"] == event and facts.items() <= line.items()
        ]

    def wait_for(self, event: str, **facts: Any) -> Json:
        """Until its log has such a line; the first one."""

        def poll() -> list[Json]:
            found = self.logged(event, **facts)
            assert found or self.code is None, f"it ended before {event}: {self.text}"
            return found

        return eventually(poll, f"no {event} with {facts}")[0]

    # ------------------------------------------------------------ what it shows
    def partitions(self) -> dict[int, Json]:
        """Its page /partitions, by partition number; empty while nobody answers."""
        try:
            page = f"http://127.0.0.1:{self._port}/partitions"
            with urllib.request.urlopen(page, timeout=5) as answer:
                return {row["partition"]: row for row in json.load(answer)}
        except (urllib.error.URLError, ConnectionError):
            return {}

    def wait_for_states(self, **states: int) -> dict[int, Json]:
        """Until so many partitions are in each state, and none in another; the page."""

        def poll() -> dict[int, Json] | None:
            page = self.partitions()
            counts: dict[str, int] = {}
            for row in page.values():
                counts[row["state"]] = counts.get(row["state"], 0) + 1
            return page if counts == states else None

        return eventually(poll, f"not {states}")

    def metrics(self) -> dict[str, float]:
        """Its page /metrics: each figure by its name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        rows = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(figure) for name, figure in rows}

    def ready(self) -> int:
        """The status of its page /readyz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as got:
                return int(got.status)
        except urllib.error.HTTPError as error:
            return error.code

    @property
    def size(self) -> str:
        """Its open files and its memory in words, where the system tells them."""
        about = Path(f"/proc/{self._process.pid}")
        if not about.exists():
            return "?"
        files = len(list((about / "fd").iterdir()))
        memory = (about / "status").read_text(encoding="ascii").split("VmRSS:")[1].splitlines()[0]
        return f"{files} open files, {memory.strip()}"

    # ------------------------------------------------------------ how it ends
    @property
    def code(self) -> int | None:
        """What it ended with, a signal as a negative number; None while it runs."""
        return self._process.exitcode

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self.ended()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.join()

    def ended(self, limit_s: float = WAIT_S) -> int:
        """Wait until it ends; its exit code."""
        self._process.join(limit_s)
        if self.code is None:
            raise NotInTime(f"it still runs after {limit_s:g} s")
        return self.code


def eventually(
    poll: Callable[[], Found | None],
    otherwise: str,
    limit_s: float = WAIT_S,
    pause_s: float = POLL_S,
) -> Found:
    """What `look` gives, once that is something."""
    until_s = time.monotonic() + limit_s
    while True:
        found = poll()
        if found:
            return found
        if time.monotonic() > until_s:
            raise NotInTime(f"{otherwise} after {limit_s:g} s")
        time.sleep(pause_s)


def wait_for_records(cluster: Cluster, count: int) -> dict[int, list[Json]]:
    """Until the journal holds that many records, and no more; by partition."""

    def poll() -> dict[int, list[Json]] | None:
        if cluster.count(topics.JOURNAL) < count:
            return None  # Cheaper than to read what is not enough.
        journal = cluster.journal()
        seen = sum(map(len, journal.values()))
        assert seen <= count, f"{seen} records where {count} were wanted"
        return journal if seen == count else None

    # Each look is a connection and three questions.
    return eventually(poll, f"no {count} records in the journal", pause_s=0.2)


def outcomes(records: Iterable[Json]) -> list[str]:
    return [record["outcome"] for record in records]
