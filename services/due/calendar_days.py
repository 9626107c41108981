"""Days as the town counts them, summer time included; and the moments at which they have passed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from events.values import Timestamp

ZONE: Final = "Europe/Paris"
"""Where the clocks hang by which a day ends."""

PATIENCE: Final = timedelta(days=30)
"""How long an event may wait, from its own time on (rules, 29)."""

REPORT_MONTH: Final = 6
REPORT_DAY: Final = 30
"""Where a convention names no day, a document is due six months after the end of its year."""

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 11, 30, tzinfo=UTC)
"""An event may bear any time; what lies beyond stands here: no day of the contract is earlier, and
what is reckoned from it stays in the calendar."""

_read = TypeAdapter(Timestamp).validate_python


def moment_of(said: str) -> datetime:
    """The moment that an event's `time` names, in UTC; it was read once by the ledger.

    Raises:
        ValueError: it names none.
    """
    return min(max(_read(said), EARLIEST), LATEST).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day that it is in the town."""
    assert moment.tzinfo is not None, "a moment has its offset"
    return moment.astimezone(ZoneInfo(ZONE)).date()


def end_of(day: date) -> datetime:
    """The moment at which a day has passed: the midnight behind it, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE))
    return midnight.astimezone(UTC)


def report_due_on(year: int) -> date:
    """By when a document of `year` is due where its convention names no day."""
    return date(year + 1, REPORT_MONTH, REPORT_DAY)
