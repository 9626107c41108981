"""Python's search for cycles of objects, as seldom as events need it: nothing of theirs has any."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

COLLECT_AFTER: Final = (500_000, 10, 10)
"""How many more objects than before set off Python's search for cycles. A batch holds some 50,000,
nearly all freed when it is committed: by default they are searched again and again, for nothing."""

_paused = 0


def collect_rarely() -> None:
    """Search after `COLLECT_AFTER`, in the whole process."""
    gc.set_threshold(*COLLECT_AFTER)


@contextmanager
def no_collection() -> Iterator[None]:
    """No search until all who asked for none have ended.

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
