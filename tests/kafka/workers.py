"""Workers of the ledger as processes: started, watched and ended, every wait with an end."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from events import topics
from services.dev.local_broker import free_port
from tests.builders import Json
from tests.integration.command import environment
from tests.kafka.cluster import Cluster
from tests.kafka.forked import ECLUSE
from tests.kafka.running import Running

WAIT_S: Final = 40.0
"""How long anything that a worker should do may take."""

POLL_S: Final = 0.1
Found = TypeVar("Found")


class NotInTime(AssertionError):
    """Something awaited did not come; the message says what came instead."""


class Worker(Running):
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
        settings = {
            "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
            "ECLUSE_TOPIC_PREFIX": cluster.prefix,
            "ECLUSE_HEALTH_PORT": str(port := free_port()),
            "ECLUSE_LOG_LEVEL": "INFO",
        }
        command = (ECLUSE, "ledger", "--instance", name, *args)
        super().__init__(command, folder, name, port, environment(**settings | env), fault=fault)

    def wait_for(self, event: str, **facts: Any) -> Json:
        """Until its log has such a line; the first one."""

        def poll() -> list[Json]:
            found = self.logged(event, **facts)
            assert found or self.code is None, f"it ended before {event}: {self.text}"
            return found

        return eventually(poll, f"no {event} with {facts}")[0]

    def partitions(self) -> dict[int, Json]:
        """Its page /partitions, by partition number; empty while nobody answers."""
        status, page = self.get("/partitions")
        return {row["partition"]: row for row in json.loads(page)} if status == 200 else {}

    def wait_for_states(self, **states: int) -> dict[int, Json]:
        """Until so many partitions are in each state, and none in another; the page."""

        def poll() -> dict[int, Json] | None:
            page = self.partitions()
            counts: dict[str, int] = {}
            for row in page.values():
                counts[row["state"]] = counts.get(row["state"], 0) + 1
            return page if counts == states else None

        return eventually(poll, f"not {states}")

    def ready(self) -> int:
        """The status of its page /readyz."""
        return self.get("/readyz")[0]

    @property
    def size(self) -> str:
        """Its open files and its memory as text, where the system shows them."""
        about = Path(f"/proc/{self._process.pid}")
        if not about.exists():
            return "?"
        files = len(list((about / "fd").iterdir()))
        memory = (about / "status").read_text(encoding="ascii").split("VmRSS:")[1].splitlines()[0]
        return f"{files} open files, {memory.strip()}"


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
