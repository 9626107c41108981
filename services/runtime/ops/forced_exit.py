"""The forced exit of a process after a signal, whatever it waits for."""

import os
import sys
from threading import Timer
from typing import Final, NoReturn

END_S: Final = 14.0
"""The time that a process has to end after a signal, whatever its brokers do; its supervisor may
kill it after 15 s."""


def exit_after(limit_s: float, code: int) -> None:
    """Exit in `limit_s` seconds, whatever the process waits for then."""
    timer = Timer(limit_s, exit_now, (code,))
    timer.daemon = True
    timer.start()


def exit_now(code: int) -> NoReturn:
    """Exit at once, without any clean-up."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
