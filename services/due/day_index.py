"""Keys by due day, so that passed deadlines are found without reading all open items."""

from collections.abc import Hashable, Iterator
from datetime import date
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class ByDay(Generic[Key]):
    """Open keys by day; closed ones take no memory."""

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

    def before(self, day: date) -> Iterator[tuple[date, Key]]:
        """Days and keys due before a day."""
        for each in sorted(one for one in self._days if one < day):
            for key in self._days[each]:
                yield each, key
