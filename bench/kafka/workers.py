"""Workers of the ledger, as an operator starts them."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from bench.kafka.processes import BenchFailed, Child, Moment, Spent, peak_bytes, spent
from bench.kafka.topics import LOOK_S
from services.runtime.ops.settings import Settings

OPENED: Final = "partition_opened"
OPENING_S: Final = 120.0
"""How long a worker may take to open its first partition."""

SESSION_S: Final = 10.0
FED_PER_S: Final = 5_000
"""Sessions outlive the feeding between two starts: the same worker gets its partitions back."""

NO_LOGIN: Final = MappingProxyType[str, str]({})
COMMAND: Final = (str(Path(sys.executable).with_name("ecluse")),)


class Workers:
    """Workers that are started and ended together.

    Args:
        settings: where their topics are.
        instances: what they are called.
        events: how many are fed between their end and the next start.
        command: what is run instead of `ecluse`.
        login: variables of TLS and a login.
    """

    def __init__(
        self,
        settings: Settings,
        instances: Sequence[str],
        events: int = 0,
        command: Sequence[str] = COMMAND,
        login: Mapping[str, str] = NO_LOGIN,
    ) -> None:
        self._open = ExitStack()
        environment = {
            "ECLUSE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "ECLUSE_TOPIC_PREFIX": settings.topic_prefix,
            "ECLUSE_SESSION_TIMEOUT_S": str(SESSION_S + events / FED_PER_S),
            "ECLUSE_HEALTH_PORT": "0",
            "ECLUSE_LOG_LEVEL": "INFO",
            **login,
        }
        self.children = [
            Child([*command, "ledger", "--instance", each], environment) for each in instances
        ]

    def __enter__(self) -> Self:
        """Start them all."""
        with ExitStack() as started:
            for each in self.children:
                started.enter_context(each)
            self._open = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End them all."""
        self._open.close()

    def spent(self, broker: int | None) -> Spent:
        """The processor time that they have had together, and others."""
        return spent([each.pid for each in self.children], broker)

    def peak_bytes(self) -> int:
        """The most memory that the largest has held."""
        return max(peak_bytes(each.pid) for each in self.children)

    def said(self, event: str) -> list[dict[str, Any]]:
        """Their log lines of this name."""
        return [each.line for each in self._moments(event)]

    def check_that_all_worked(self) -> None:
        """That each had partitions to work on.

        Raises:
            BenchFailed: one had none.
        """
        if idle := [each for each in self.children if not each.moments(OPENED)]:
            raise BenchFailed(f"{len(idle)} workers of {len(self.children)} had nothing to do")

    async def until_each_opened(self) -> None:
        """Until each has opened a partition.

        Raises:
            BenchFailed: one did not, or ended.
        """
        await self._until(lambda: all(each.moments(OPENED) for each in self.children))

    async def until_opened(self) -> float:
        """When the first partition was opened (`time.perf_counter`).

        Raises:
            BenchFailed: none was, or a worker ended.
        """
        await self._until(lambda: any(each.moments(OPENED) for each in self.children))
        return min(each.at_s for each in self._moments(OPENED))

    async def _until(self, is_so: Callable[[], bool]) -> None:
        until_s = time.perf_counter() + OPENING_S
        while not is_so():
            for child in self.children:
                child.check()
            if time.perf_counter() > until_s:
                raise BenchFailed(f"no partition was opened in {OPENING_S:g} s")
            await asyncio.sleep(LOOK_S)

    def _moments(self, event: str) -> list[Moment]:
        return [moment for each in self.children for moment in each.moments(event)]
