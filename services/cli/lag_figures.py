"""Formats of `ecluse lag` for counts, moments and spans; an unknown figure is a dash, never 0."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from events.texts import Translatable
from services.cli.lag_texts import AGO, AHEAD, DAYS, HOURS, MINUTES, SECONDS, UNKNOWN
from services.cli.terminal.screen import Screen
from services.texts.formats import ZONE, number
from services.texts.translation import translate

SEVERAL: Final = 2
"""The least number of a unit in which a span is printed: 119 seconds, then 2 minutes."""

SECOND: Final = timedelta(seconds=1)
UNITS: Final = (
    (timedelta(days=1), DAYS),
    (timedelta(hours=1), HOURS),
    (timedelta(minutes=1), MINUTES),
)


class Figures:
    """Figures in one language, at one moment."""

    def __init__(self, screen: Screen, now: datetime) -> None:
        self._screen = screen
        self._now = now
        self._zone = ZoneInfo(ZONE)

    def count(self, count: int | None) -> str:
        """`48,211`."""
        return UNKNOWN if count is None else number(count, self._screen.language)

    def euros(self, amount_cents: int | None) -> str:
        """`€1,320.00`."""
        return UNKNOWN if amount_cents is None else self._screen.euros(amount_cents)

    def day(self, day: date | None) -> str:
        """`2023-07-14`."""
        return UNKNOWN if day is None else self._screen.day(day.isoformat())

    def instant(self, instant: datetime | None) -> str:
        """`02:40:11` of today, with the date on any other day; in the time of Paris."""
        if instant is None:
            return UNKNOWN
        local = instant.astimezone(self._zone)
        clock = f"{local:%H:%M:%S}"
        if local.date() == self._now.astimezone(self._zone).date():
            return clock
        return f"{self.day(local.date())} {clock}"

    def dated(self, instant: datetime) -> str:
        """`2023-07-14 02:40:11`: a date as it was written, without an age."""
        local = instant.astimezone(self._zone)
        return f"{self.day(local.date())} {local:%H:%M:%S}"

    def aged(self, instant: datetime | None) -> str:
        """`02:40:11 (8 s ago)`."""
        return UNKNOWN if instant is None else f"{self.instant(instant)} ({self.age(instant)})"

    def moment(self, instant: datetime) -> dict[str, str]:
        """The same as facts of a sentence."""
        return {"instant": self.instant(instant), "age": self.age(instant)}

    def age(self, instant: datetime) -> str:
        """`8 s ago`; of the future, by clocks that differ, `in 8 s`."""
        age = self._now - instant
        sentence = AGO if age >= timedelta() else AHEAD
        span_s = float(abs(age) // SECOND)
        return self._say(sentence.render({"span": self.span(span_s) if span_s else "0 s"}))

    def span(self, span_s: float | None) -> str:
        """`391 ms`, `8 s`, `3 min`, `26 h`, `62 d`."""
        if span_s is None:
            return UNKNOWN
        if span_s < 1:
            return f"{span_s * 1000:.0f} ms"
        for unit, term in UNITS:
            if span_s >= SEVERAL * unit.total_seconds():
                return self._say(term.render({"count": int(span_s // unit.total_seconds())}))
        return self._say(SECONDS.render({"count": int(span_s)}))

    def _say(self, sentence: Translatable) -> str:
        return translate(sentence, self._screen.language)
