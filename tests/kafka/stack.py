"""All that a test stands on: topics of its own on a broker, a folder, and processes started there.

A test takes `stack`, or `nowhere` for one without topics; `module_stack` is the same for a module.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.api import processes as api_processes
from tests.builders import Json
from tests.kafka.cluster import Cluster
from tests.kafka.processes import WATCH, Projector, Watcher, Worker, api
from tests.kafka.treasury_process import Treasurer


@dataclass(frozen=True)
class Stack(Cluster):
    """A cluster, and the processes of a ledger on it."""

    folder: Path
    """Logs and files of this test."""

    def create_with(self, partitions: int) -> "Stack":
        """The same with that many partitions, and its topics."""
        made = replace(self, partitions=partitions)
        made.create()
        return made

    def ledger(self, name: str = "a", *args: str, fault: str | None = None, **env: str) -> Worker:
        """One `ecluse ledger`, with a fault of tests/kafka/planted.py."""
        return Worker(self, self.folder, name, *args, fault=fault, **env)

    def projector(self, url: str, *args: str, fault: str | None = None, **env: str) -> Projector:
        """One `ecluse projector` on this database."""
        return Projector(self, url, self.folder, *args, fault=fault, **env)

    def watch(self, command: tuple[str, ...] = WATCH, /, **env: str) -> Watcher:
        """One `ecluse watch`, or Faust's own command."""
        return Watcher(self, self.folder, command, **env)

    def treasury(self, url: str, name: str = "treasury", /, **env: str) -> Treasurer:
        """One `ecluse treasury run` on these tables."""
        return Treasurer(self, url, self.folder, name, **env)

    def api(self, url: str, **env: str) -> AbstractContextManager[api_processes.Running]:
        """One `ecluse api` over this database, open to everybody."""
        return api(self, url, self.folder, **env)

    def decided(self, records: int, *args: str) -> dict[int, list[Json]]:
        """The journal by partition, once a ledger has written so many records, and ended."""
        with self.ledger("a", *args) as worker:
            journal = self.wait_for_records(records)
            assert 0 == worker.stop()
        return journal
