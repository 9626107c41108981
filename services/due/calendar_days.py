"""Days in Europe/Paris, summer time included: when they have passed, and what is due on them.

A module of its own: pages and commands read a day without any deadline.
"""

from collections.abc import Hashable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from events.values import Timestamp
from services.texts.formats import ZONE

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 11, 30, tzinfo=UTC)
"""Bounds of event times: no day of the contract is earlier, and later days stay in the calendar."""

_read = TypeAdapter(Timestamp).validate_python


def moment_of(text: str) -> datetime:
    """The moment of an event's `time` in UTC, which the ledger has checked, or ValueError."""
    return min(max(_read(text), EARLIEST), LATEST).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day of a moment in Europe/Paris."""
    assert moment.tzinfo is not None, "a moment has its offset"
    return moment.astimezone(ZoneInfo(ZONE)).date()


def end_of(day: date) -> datetime:
    """The moment at which a day has passed: the midnight behind it, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE))
    return midnight.astimezone(UTC)


Key = TypeVar("Key", bound=Hashable)


class ByDay(Generic[Key]):
    """Open keys by day, so that passed deadlines are found without reading all of them."""

    def __init__(self) -> None:
        self._days: dict[date, dict[Key, None]] = {}

    def add(self, day: date, key: Key) -> None:
        """Add a key due on a day."""
        self._days.setdefault(day, {})[key] = None

    def discard(self, day: date, key: Key) -> None:
        """Remove a key, if it is there."""
        keys = self._days.get(day)
        if keys is None:
            return
        keys.pop(key, None)
        if not keys:
            del self._days[day]

    def list_before(self, day: date) -> Iterator[tuple[date, Key]]:
        """Days and keys due before a day."""
        for each in sorted(one for one in self._days if one < day):
            for key in self._days[each]:
                yield each, key
