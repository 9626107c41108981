"""Python's search for cycles of objects, as seldom as events need it: nothing of theirs has any.

It stands alone because every command imports it before anything slow.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

COLLECT_AFTER: Final = (500_000, 10, 10)
"""How many more objects than before set off Python's search for cycles. A batch holds some 50,000,
nearly all freed when it is committed: by default they are searched again and again, for nothing."""

BY_DEFAULT: Final = (50_000, 20, 100)
"""The same where objects live as long as a request: by Python's own default, a search of all that
was imported comes twenty times before the first line of output."""

_paused = 0


def tune_for_command() -> None:
    """Search after `BY_DEFAULT`, and never at the end: what a process leaves is freed with it.

    A fifth of the time to start, and half a second of processor time to end.
    """
    gc.set_threshold(*BY_DEFAULT)
    atexit.register(gc.freeze)


def collect_rarely() -> None:
    """Search after `COLLECT_AFTER`, in the whole process."""
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def no_collection() -> Iterator[None]:
    """Disable the search for cycles while any caller is inside.

    What a restore reads stays: searching it while it grows takes a quarter of the time.
    """
    global _paused  # noqa: PLW0603 # the search is the process's, too
    _paused += 1
    gc.disable()
    try:
        yield
    finally:
        _paused -= 1
        if not _paused:
            gc.enable()
