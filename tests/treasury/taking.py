"""A process that takes one return, and may be killed half way: `python -m tests.treasury.taking`.

Arguments: the URL of the read model, the file, and the number of bytes after which it dies; 0 for
never. At its end it prints the number of events, and by how many bytes its memory grew.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from tests.treasury.return_files import a_return
from tests.treasury.sent_slips import Desk, at_desk


class Dying:
    """A stream whose reader is killed once so many bytes were read."""

    def __init__(self, stream: BinaryIO, after_bytes: int) -> None:
        self._stream = stream
        self._after_bytes = after_bytes
        self._read_bytes = 0

    def read(self, size: int) -> bytes:
        self._read_bytes += size
        if 0 < self._after_bytes < self._read_bytes:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._stream.read(size)


def peak_bytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    url, name, after_bytes = sys.argv[1:]
    with Path(name).open("rb") as stream:
        dying: BinaryIO = Dying(stream, int(after_bytes))  # type: ignore[assignment] # it is read

        async def go(desk: Desk) -> tuple[int, int]:
            await desk.take(a_return())
            before = peak_bytes()
            taken = await desk.returns.take(dying, name, "test")
            return taken.events, peak_bytes() - before

        print(*at_desk(url, go))


if __name__ == "__main__":
    main()
