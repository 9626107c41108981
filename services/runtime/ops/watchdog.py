"""The end of a process that hangs: a watchdog over its tasks, and the exit after a signal.

The watchdog is a thread that ends the process when a task hangs: heartbeats alone do not show that.
A forced exit waits for nothing.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Thread, Timer
from traceback import walk_stack
from types import FrameType
from typing import Any, Final, NoReturn

import structlog

EXIT_STALLED: Final = 70
"""The exit code of a process that ended itself: its supervisor starts it again."""

CHECKS_PER_LIMIT: Final = 10
FRAMES_MAX: Final = 30
"""The innermost calls of a stack that are logged."""

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
        waits_at: Callable[[Progress], list[str]] = lambda _: [],
    ) -> None:
        """A watchdog over the tasks that there are at each moment.

        Args:
            stall_s: the time without a step after which a busy task hangs.
            tasks: the progress of each, with its partition.
            end: ends the process with an exit code.
            waits_at: the calls in which a task waits, the innermost first.
        """
        self._stall_s = stall_s
        self._tasks = tasks
        self._end = end
        self._waits_at = waits_at
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
                try:
                    log.critical(
                        "task_hangs",
                        partition=number,
                        doing=progress.doing,
                        since_s=round(now_s - since_s),
                        task_waits_at=self._waits_at(progress),
                        main_thread_at=_main_thread_at(),
                    )
                finally:
                    self._end(EXIT_STALLED)

    def _watch(self) -> None:
        while not self._stopped.wait(self._stall_s / CHECKS_PER_LIMIT):
            self.check(time.monotonic())


def waits_at(task: asyncio.Task[Any]) -> list[str]:
    """The calls in which a task waits, the innermost first."""
    return list(reversed([_call(frame, frame.f_lineno) for frame in _awaiting(task.get_coro())]))


def _awaiting(waiting: Any) -> Iterator[FrameType]:
    """The frames of a coroutine, and of what it awaits, down to what is awaited in the end."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            yield frame
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)


def _main_thread_at() -> list[str]:
    """The calls in which the main thread is, the innermost first."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001
    return [_call(*each) for each in islice(walk_stack(frame), FRAMES_MAX)]


def _call(frame: FrameType, line: int) -> str:
    return f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"


END_S: Final = 14.0
"""The time that a process has to end after a signal, whatever its brokers do; its supervisor may
kill it after 15 s."""

FLUSH_S: Final = 1.0
"""The time that output has to be written at the end."""


def exit_after(limit_s: float, code: int) -> None:
    """Exit in `limit_s` seconds, whatever the process waits for then."""
    timer = Timer(limit_s, exit_now, (code,))
    timer.daemon = True
    timer.start()


def exit_now(code: int) -> NoReturn:
    """Exit without any clean-up; output that nobody takes within `FLUSH_S` is lost."""
    # Another thread may hold a stream's lock: one that writes to a pipe that nobody reads.
    flushing = Thread(target=_flush, daemon=True)
    flushing.start()
    flushing.join(FLUSH_S)
    os._exit(code)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
