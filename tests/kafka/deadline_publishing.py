"""The watch's post as a process of its own, which is killed or frozen at a moment of its work."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from services.due.deadline_events import DeadlineEvent
from services.runtime.ops.settings import Settings
from tests.kafka.delivering import deliver
from tests.kafka.forked import FORKS
from tests.waiting import WAIT_S, eventually

MOMENTS: Final = (
    "before start",  # it has fenced nobody
    "behind start",
    "behind hanging",  # it reads what stands there
    "before begin",
    "behind begin",
    "before write",
    "behind write",  # the transaction is open, and has internal events
    "amid commit",  # it may end either way
    "behind commit",  # it is to end, and the marker may not be written
    "behind settle",  # the internal events are written, and nobody knows
)


class Poster:
    """A process that delivers internal events to a partition, and stops itself at a moment.

    `again` makes it call once more where it was fenced, as a watch that believes that the partition
    still is its own.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        deadline_events: Sequence[DeadlineEvent],
        moment: str,
        folder: Path | None = None,
        *,
        again: bool = False,
    ) -> None:
        self._flag = None if folder is None else folder / f"frozen-{number}"
        arguments = (settings, number, list(deadline_events), moment, self._flag, again)
        self._process = FORKS.Process(target=deliver, args=arguments)
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
        eventually(flag.exists, "it has not come so far")
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
