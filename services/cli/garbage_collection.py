"""Python's search for cycles, for commands that decide or prove many events."""

import gc
from typing import Final

COLLECT_AFTER: Final = (500_000, 10, 10)
"""The number of new objects, and of collections of younger ones, after which Python searches for
cycles. A worker's batch holds some 50,000 objects, nearly all freed when it is committed; books and
journals hold no cycles: by default they are searched again and again, for nothing."""


def collect_rarely() -> None:
    """Let this process search for cycles rarely: it takes a quarter of a replay."""
    gc.set_threshold(*COLLECT_AFTER)
