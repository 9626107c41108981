"""What is to be told, by the day on which it is due: so that nobody looks at all that is open."""

from collections.abc import Hashable, Iterator
from datetime import date
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class ByDay(Generic[Key]):
    """Keys by day; as many as are open, whatever was closed before."""

    def __init__(self) -> None:
        self._days: dict[date, dict[Key, None]] = {}

    def add(self, day: date, key: Key) -> None:
        """Note that something is due on that day."""
        self._days.setdefault(day, {})[key] = None

    def discard(self, day: date, key: Key) -> None:
        """It was told, or is due no longer, if it ever was."""
        keys = self._days.get(day)
        if keys is None:
            return
        keys.pop(key, None)
        if not keys:
            del self._days[day]

    def before(self, day: date) -> Iterator[tuple[date, Key]]:
        """All that was due before that day."""
        for each in sorted(one for one in self._days if one < day):
            for key in self._days[each]:
                yield each, key
