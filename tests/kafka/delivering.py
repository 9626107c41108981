"""Process that delivers deadline events and stops itself at a given moment."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from services.due.deadline_events import DeadlineEvent
from services.runtime.kafka.writer import FencedError, FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.watch.deadlines import DeadlinePublisher

DELIVERED: Final = 0
FENCED: Final = 3
FAILED: Final = 4

REQUEST_S: Final = 0.003
"""About as long as a commit is under way."""


def deliver(
    settings: Settings,
    number: int,
    deadline_events: list[DeadlineEvent],
    moment: str,
    flag: Path | None,
    again: bool,
) -> None:
    """Deliver, and end with what became of it: `DELIVERED`, `FENCED` or `FAILED`."""
    when, method = moment.split()
    _stop_at(when, method, flag)

    async def go() -> int:
        post = DeadlinePublisher(settings)
        try:
            try:
                await post.deliver(number, deadline_events)
            except FencedError:
                if not again:
                    raise
                await post.deliver(number, deadline_events)
        except FencedError:
            return FENCED
        except (ClusterError, WriterFailed):
            return FAILED
        finally:
            await post.end()
        return DELIVERED

    sys.exit(asyncio.run(go()))


def _stop_at(when: str, method: str, flag: Path | None) -> None:
    """Once, at that moment, this process is killed, or frozen where there is a flag to set."""
    real = getattr(FencedWriter, method)
    left = [True]

    def stop() -> None:
        if not left:
            return
        left.clear()
        if flag is None:
            os.kill(os.getpid(), signal.SIGKILL)
            return
        # Blocked before the flag, the signal is noticed whenever it comes: who stopped itself here
        # might do so behind it, for ever.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])
        flag.touch()
        signal.sigwait([signal.SIGCONT])

    async def stopping(self: FencedWriter, *args: Any) -> Any:
        if when == "before":
            stop()
        if when != "amid":
            found = await real(self, *args)
            stop()
            return found
        doing = asyncio.ensure_future(real(self, *args))
        await asyncio.sleep(REQUEST_S)
        stop()
        return await doing

    setattr(FencedWriter, method, stopping)
