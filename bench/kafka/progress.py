"""Says on standard error what is being done, and what came of it."""

import sys
import time


class Progress:
    """What is done, each step with the minutes since the start."""

    def __init__(self, started_s: float) -> None:
        self._started_s = started_s

    def begins(self, what: str) -> None:
        """A step begins."""
        minutes, seconds = divmod(int(time.monotonic() - self._started_s), 60)
        sys.stderr.write(f"{minutes:3}:{seconds:02}  {what}\n")

    def came(self, per_s: float, what: str = "events/s") -> None:
        """How fast it went."""
        sys.stderr.write(f"        {per_s:,.0f} {what}\n")
