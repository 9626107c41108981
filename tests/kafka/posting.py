"""The watch's post as a process of its own, which is killed or frozen at a moment of its work."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

from services.runtime.errors import ClusterError
from services.runtime.settings import Settings
from services.runtime.writer import Fenced, FencedWriter, WriterFailed
from services.watch.due.letters import Letter
from services.watch.post import Post
from tests.kafka.workers import FORKS, eventually

MOMENTS: Final = (
    "before start",  # it has fenced nobody
    "behind start",
    "behind unended",  # it reads what stands there
    "before begin",
    "behind begin",
    "before write",
    "behind write",  # the transaction is open, and has letters
    "amid commit",  # it may end either way
    "behind commit",  # it is to end, and the marker may not be written
    "behind settle",  # the letters stand, and nobody was told
)

DELIVERED: Final = 0
FENCED: Final = 3
FAILED: Final = 4

WAIT_S: Final = 40.0
REQUEST_S: Final = 0.003
"""About as long as a commit is under way."""


class Poster:
    """A process that delivers letters to a partition, and stops itself at a moment.

    `again` makes it call once more where it was fenced, as a watch that believes that the partition
    still is its own.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        letters: Sequence[Letter],
        moment: str,
        folder: Path | None = None,
        *,
        again: bool = False,
    ) -> None:
        self._flag = None if folder is None else folder / f"frozen-{number}"
        arguments = (settings, number, list(letters), moment, self._flag, again)
        self._process = FORKS.Process(target=_deliver, args=arguments)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def was_killed(self) -> None:
        """Wait for its end."""
        self._process.join(WAIT_S)
        assert -signal.SIGKILL == self._process.exitcode

    def is_frozen(self) -> None:
        """Wait until it stands still."""
        flag = self._flag
        assert flag is not None, "only with a folder"
        eventually(flag.exists, "it has not come so far", WAIT_S)
        self._signal(signal.SIGSTOP)

    def thaw(self) -> int:
        """Let it go on; what it ended with."""
        self._signal(signal.SIGCONT)
        self._process.join(WAIT_S)
        code = self._process.exitcode
        assert code is not None, "it never ends"
        return code

    def _signal(self, number: int) -> None:
        assert self._process.pid is not None, "it was started"
        os.kill(self._process.pid, number)


def _deliver(
    settings: Settings,
    number: int,
    letters: list[Letter],
    moment: str,
    flag: Path | None,
    again: bool,
) -> None:
    when, method = moment.split()
    _stop_at(when, method, flag)

    async def go() -> int:
        post = Post(settings)
        try:
            try:
                await post.deliver(number, letters)
            except Fenced:
                if not again:
                    raise
                await post.deliver(number, letters)
        except Fenced:
            return FENCED
        except (ClusterError, WriterFailed):
            return FAILED
        finally:
            await post.end()
        return DELIVERED

    sys.exit(asyncio.run(go()))


def _stop_at(when: str, method: str, flag: Path | None) -> None:
    """Once, at that moment, this process is killed, or frozen where there is a flag to set."""
    real: Callable[..., Awaitable[Any]] = getattr(FencedWriter, method)
    left = [True]

    def stop() -> None:
        if not left:
            return
        left.clear()
        if flag is None:
            os.kill(os.getpid(), signal.SIGKILL)
            return
        # Held back before the sign is given, it is heard whenever it comes: who stopped itself here
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
