"""The readers of a fault-injection run: projector, watch and API, and the proof of what they show.

They are processes as the workers are; what is done to them is done to one of them at a time.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import urlopen

from services.dev.local_broker import free_port
from tests.kafka.clean_run import CleanRun
from tests.kafka.cluster import Cluster
from tests.kafka.faults.killer import Killer
from tests.kafka.faults.observer import Observer
from tests.kafka.faults.postgresql import FailingOver
from tests.kafka.faults.workers import WorkerProcess
from tests.kafka.processes import rows

APP: Final = (sys.executable, "-m", "services.cli.app")
CAUGHT_UP_S: Final = 240.0
POLL_S: Final = 0.5
ANSWER_S: Final = 10
SHOWN_MAX: Final = 5
DEAD: Final = "_dead."
"""The chains of what could not be read."""


class Readers:
    """A projector on PostgreSQL, a watch and an API."""

    def __init__(self, database: FailingOver, folder: Path, environment: dict[str, str]) -> None:
        self.database = database
        self.url = database.a_read_model()
        self._folder = folder
        self._watch_port, self._api_port = self._ports = free_port(), free_port()
        own = environment | {
            "ECLUSE_DATABASE_URL": self.url,
            "ECLUSE_AUTH": "off",
            "ECLUSE_WATCH_URL": f"http://127.0.0.1:{self._watch_port}",
            "ECLUSE_WATCH_WEB_PORT": str(self._watch_port),
        }
        api = ("api", "--port", str(self._api_port))
        self.projector, self.watch, self.api = self.processes = [
            WorkerProcess(name, folder, own | {"ECLUSE_INSTANCE": name}, (*APP, *command))
            for name, command in (
                ("projector", ("projector",)),
                ("watch", ("watch",)),
                ("api", api),
            )
        ]

    def wait_until_right(self, killer: Killer, observer: Observer) -> None:
        """Until watch and API are back, and the watch's figures are those of the journal.

        Raises:
            AssertionError: they are not.
        """

        def differing() -> list[str]:
            if not all(200 == _asked(port, "/readyz")[0] for port in self._ports):
                return ["watch or API are not ready"]
            return unlike(observer.heads, self._balances)

        _wait(killer, differing)

    def wait_until_projected(self, killer: Killer, observer: Observer) -> None:
        """Until all records of the journal are in the tables.

        Raises:
            AssertionError: they are not.
        """

        def differing() -> list[str]:
            records, found = observer.records, rows(self.url)
            return [] if found == records else [f"{found} of {records} records are in the tables"]

        _wait(killer, differing)

    def prove_tables(self, cluster: Cluster, observer: Observer) -> None:
        """The tables are row for row those of a projector that nobody disturbed.

        Raises:
            AssertionError: they are not.
        """
        clean = self.database.a_read_model()
        CleanRun(cluster, clean, self._folder, observer.records).assert_same(self.url)

    def _balances(self, budget: str) -> dict[str, Any]:
        status, body = _asked(self._watch_port, f"/balances/{budget}")
        found: dict[str, Any] = json.loads(body) if status == 200 else {"sequence": status}
        return found


def unlike(heads: Mapping[str, int], balances: Callable[[str], Mapping[str, Any]]) -> list[str]:
    """The budgets whose figures in the watch are not those of the journal's last record.

    The watch compares what it adds up from the journal with what the ledger publishes; a budget
    that it does not know, or knows to another record, is unlike too.
    """
    return [
        f"{budget}: {seen.get('sequence')}, {seen.get('difference')}, of {head}"
        for budget, head in heads.items()
        if not budget.startswith(DEAD)
        and (seen := balances(budget))
        and (seen.get("sequence"), seen.get("difference")) != (head, [])
    ]


def _wait(killer: Killer, differing: Callable[[], list[str]]) -> None:
    until_s = time.monotonic() + CAUGHT_UP_S
    while found := differing():
        assert time.monotonic() < until_s, "; ".join(found[:SHOWN_MAX])
        killer.sleep(POLL_S)


def _asked(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; status 0 while nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_S) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""
