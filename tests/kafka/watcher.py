"""A watch as a process of its own, as operators start it, and what it says."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from services.dev.local_broker import free_port
from tests.kafka import forked
from tests.kafka.running import BIN, Running

ECLUSE: Final = (forked.ECLUSE, "watch")
FAUST: Final = (str(BIN / "faust"), "-A", "services.watch.app", "-L", "uvloop", "worker")


class Watcher(Running):
    """`ecluse watch`, or Faust's own command; leaving it ends the process."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        folder: Path,
        command: tuple[str, ...] = ECLUSE,
        **more: str,
    ) -> None:
        port = free_port()
        environment = {
            "ECLUSE_BOOTSTRAP_SERVERS": bootstrap,
            "ECLUSE_TOPIC_PREFIX": prefix,
            "ECLUSE_INSTANCE": "watch",
            "ECLUSE_WATCH_WEB_PORT": str(port),
            "ECLUSE_WATCH_RECONCILE_S": "0.3",
            **more,
        }
        # On standard output there is nothing but Faust's banner and spinner.
        super().__init__(command, folder, "watch", port, environment)

    def balances(self, budget: str) -> dict[str, Any]:
        """What it answers for a budget."""
        status, body = self.get(f"/balances/{budget}")
        assert 200 == status, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it stands still, and holds its connections."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def metric(self, name: str) -> float | None:
        """A metric's value; None while it has none."""
        return self.metrics().get(name)
