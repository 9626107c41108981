"""A thread that ends the process when a task hangs: heartbeats alone do not show that."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

EXIT_STALLED: Final = 70
"""The exit code of a process that ended itself: its supervisor starts it again."""

CHECKS_PER_LIMIT: Final = 10

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


@dataclass(slots=True, eq=False)  # Compared by identity: two equal tasks are two.
class Progress:
    """The steps of a task, and whether it is busy."""

    steps: int = 0
    busy: bool = False
    doing: str = "starting"

    def step(self) -> None:
        """Count a step."""
        self.steps += 1

    def begin(self, doing: str) -> None:
        """Start work: from now on steps are expected."""
        self.steps += 1
        self.busy = True
        self.doing = doing

    def rest(self, doing: str) -> None:
        """End work: no step is expected."""
        self.steps += 1
        self.busy = False
        self.doing = doing


class Watchdog:
    """Checks every task's progress, from outside the event loop, which may hang itself."""

    def __init__(
        self,
        stall_s: float,
        tasks: Callable[[], Mapping[Progress, int]],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._stall_s = stall_s
        self._tasks = tasks
        self._end = end
        self._seen: dict[Progress, tuple[int, float]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stopped.set()
        self._thread.join()

    def check(self, now_s: float) -> None:
        """Compare every task with the last check; end the process where one hangs."""
        tasks = self._tasks()
        self._seen = {progress: seen for progress, seen in self._seen.items() if progress in tasks}
        for progress, number in tasks.items():
            steps, since_s = self._seen.get(progress, (-1, now_s))
            if not progress.busy or progress.steps != steps:
                self._seen[progress] = (progress.steps, now_s)
            elif now_s - since_s > self._stall_s:
                log.critical(
                    "task_hangs",
                    partition=number,
                    doing=progress.doing,
                    since_s=round(now_s - since_s),
                )
                self._end(EXIT_STALLED)

    def _watch(self) -> None:
        while not self._stopped.wait(self._stall_s / CHECKS_PER_LIMIT):
            self.check(time.monotonic())
