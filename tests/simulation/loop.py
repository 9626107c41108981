"""An event loop without a clock: time is virtual, and jumps to whatever is due next.

What is ready runs in asyncio's own order; who is ready when is decided by latencies that are drawn
from a seed. A process can be frozen: what it would run is kept, and runs when it is thawed.
"""

import asyncio
import heapq
from collections.abc import Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

CANCELLED_MAX: Final = 256
"""So many cancelled timers are kept before the heap is swept."""


@dataclass(slots=True, eq=False)
class Process:
    """What lives, is frozen and dies together: its tasks and its timers."""

    name: str
    dead: bool = False
    frozen: bool = False
    held: list[asyncio.Handle] = field(default_factory=list)
    """What it would have run since it was frozen."""


PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)
"""Whose callback this is; None for the broker and for whoever plays the environment."""


class Standstill(Exception):
    """Nothing is left that could ever happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop that waits for nothing and hears nothing."""

    _ready: Any
    _scheduled: list[Any]
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self.failed: list[BaseException] = []
        """What callbacks raised. What tasks raised is for whoever awaits them; of one that was
        killed nobody does."""
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._now_s

    def _note(self, _loop: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
        if "handle" in what:
            self.failed.append(what["exception"])

    def thaw(self, process: Process) -> None:
        """Let it go on with all that was kept for it."""
        process.frozen = False
        held, process.held = process.held, []
        self._ready.extend(held)

    def _run_once(self) -> None:
        self._forget_cancelled()
        scheduled, ready = self._scheduled, self._ready
        if not ready and not self._stopping:
            if not scheduled:
                raise Standstill
            self._now_s = max(self._now_s, scheduled[0].when())
        while scheduled and scheduled[0].when() <= self._now_s:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(PROCESS)
            if process is not None and process.frozen:
                process.held.append(handle)
            else:
                handle._run()

    def _forget_cancelled(self) -> None:
        scheduled = self._scheduled
        if self._timer_cancelled_count > CANCELLED_MAX:
            for timer in scheduled:
                timer._scheduled = not timer._cancelled
            scheduled[:] = [timer for timer in scheduled if not timer._cancelled]
            heapq.heapify(scheduled)
            self._timer_cancelled_count = 0
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)._scheduled = False

    def _write_to_self(self) -> None:
        """Nobody waits in a select that would have to be woken."""

    def _process_events(self, _events: object) -> None:
        """There are none."""


def virtually(doing: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, in no time.

    Raises:
        Standstill: it waits for what can never come.
        Exception: whatever a callback raised.
    """
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(doing)
        if loop.failed:
            raise loop.failed[0]
        return result
    finally:
        while left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left, timeout=1.0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def the_loop() -> VirtualLoop:
    """The running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
