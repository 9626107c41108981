"""The forced exit of a process after a signal, whatever it waits for."""

import os
import sys
from threading import Thread, Timer
from typing import Final, NoReturn

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
