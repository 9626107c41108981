"""The one place where time enters the API: expiry, ages and "up to date to" are measured by it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.texts.locale_format import ZONE

Clock = Callable[[], datetime]
"""Clock, with its offset; a test advances one by hand."""


def day_of(instant: datetime) -> date:
    """The day that it is on the clocks of `ZONE`."""
    return instant.astimezone(ZoneInfo(ZONE)).date()


def the_clock_on_the_wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 # here it enters, and nowhere else in the API
