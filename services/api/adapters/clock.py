"""The one place where time enters the API: expiry, ages and "up to date to" are measured by it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Clock, with its offset; a test advances one by hand."""


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 # here it enters, and nowhere else in the API
