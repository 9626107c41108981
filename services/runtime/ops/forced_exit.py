"""The last resort of a process that was told to end: it ends, whatever it waits for."""

import os
import sys
from threading import Timer
from typing import Final, NoReturn

END_S: Final = 14.0
"""How long a process may take to end once it was told to, whatever its brokers do. Who told it may
kill it after 15 s."""


def leave_after(limit_s: float, code: int) -> None:
    """End the process in `limit_s` seconds, whatever it waits for then; unless it ended before."""
    timer = Timer(limit_s, leave, (code,))
    timer.daemon = True
    timer.start()


def leave(code: int) -> NoReturn:
    """End the process at once, and nothing in it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
