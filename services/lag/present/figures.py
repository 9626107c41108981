"""Figures of stages, and counts, moments and spans as facts of a text: an unknown one is a dash."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from events.lag import Partition, Stage
from events.texts import Day, Euros, Number, Translatable, _
from services.lag.client.age import QUIET_S
from services.lag.judge.sums import Waiting, oldest_wait, total
from services.texts.formats import ZONE

TOPIC_PREFIX, TOPIC_SUFFIX = "ecluse.", ".v1"

UNKNOWN: Final = "—"

SEVERAL: Final = 2
"""The least number of a unit in which a span is printed: 119 seconds, then 2 minutes."""

SECOND: Final = timedelta(seconds=1)
UNITS: Final = (
    (86_400, _("{count} d")),
    (3_600, _("{count} h")),
    (60, _("{count} min")),
    (1, _("{count} s")),
)
"""Units of a span, with their seconds, from the greatest on."""


def position_of(stage: Stage) -> int | None:
    """The committed offsets of its partitions, added up; None where one is unknown."""
    return total(each.committed for each in stage.partitions)


def end_of(stage: Stage) -> int | None:
    """The ends of its partitions, added up likewise."""
    return total(each.end for each in stage.partitions)


def short_topic(topic: str) -> str:
    """The name of a topic without the parts that all topics of the contract have in common."""
    return topic.removeprefix(TOPIC_PREFIX).removesuffix(TOPIC_SUFFIX)


def watched_s(rows: Iterable[Stage | Partition]) -> float | None:
    """The shortest time watched; None once it is long enough to show that nothing arrives."""
    known = [row.watched_s for row in rows if row.watched_s is not None]
    return None if not known or min(known) >= QUIET_S else min(known)


def most_frequent(counts: Mapping[str, int] | None) -> list[tuple[str, int]]:
    """Counts by code, the greatest first."""
    return sorted((counts or {}).items(), key=lambda each: (-each[1], each[0]))


def count(figure: int | None) -> Number | str:
    """`48,211`."""
    return UNKNOWN if figure is None else Number(figure)


def euros(amount_cents: int | None) -> Euros | str:
    """`€1,320.00`."""
    return UNKNOWN if amount_cents is None else Euros(amount_cents)


def day(figure: date | None) -> Day | str:
    """`2023-07-14`."""
    return UNKNOWN if figure is None else Day(figure.isoformat())


def duration_text(span_s: float | None) -> Translatable | str:
    """`391 ms`, `8 s`, `3 min`, `26 h`, `62 d`."""
    if span_s is None:
        return UNKNOWN
    if span_s < 1:
        return f"{span_s * 1000:.0f} ms"
    size, unit = next((each for each in UNITS if span_s >= SEVERAL * each[0]), UNITS[-1])
    return unit.render({"count": int(span_s // size)})


class Moments:
    """Moments as seen now, in the time of Paris."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._zone = ZoneInfo(ZONE)

    def instant(self, instant: datetime | None) -> Translatable | str:
        """`02:40:11` of today, with the date on any other day."""
        if instant is None:
            return UNKNOWN
        local = instant.astimezone(self._zone)
        is_today = local.date() == self._now.astimezone(self._zone).date()
        return f"{local:%H:%M:%S}" if is_today else self.dated(instant)

    def dated(self, instant: datetime) -> Translatable:
        """`2023-07-14 02:40:11`: a date as it was written, without an age."""
        local = instant.astimezone(self._zone)
        facts = {"day": day(local.date()), "clock": f"{local:%H:%M:%S}"}
        return Translatable("{day} {clock}", facts)

    def aged(self, instant: datetime | None) -> Translatable | str:
        """`02:40:11 (8 s ago)`."""
        if instant is None:
            return UNKNOWN
        return Translatable("{instant} ({age})", self.moment(instant))

    def oldest(
        self, row: Waiting, show: Callable[[datetime | None], Translatable | str]
    ) -> Translatable | str:
        """Since when its oldest event waits: `since 02:40:11 at least` where that is a bound."""
        oldest = show(oldest_wait(row))
        if row.waits_since is None:
            return oldest
        return _("since {instant} at least").render({"instant": oldest})

    def moment(self, instant: datetime) -> dict[str, Any]:
        """The same as facts of a sentence."""
        return {"instant": self.instant(instant), "age": self.age(instant)}

    def age(self, instant: datetime) -> Translatable:
        """`8 s ago`; of the future, by clocks that differ, `in 8 s`."""
        age = self._now - instant
        text = _("{span} ago") if age >= timedelta() else _("in {span}")
        seconds = abs(age) // SECOND
        return text.render({"span": duration_text(float(seconds)) if seconds else "0 s"})

    def facts(self, group: Any) -> dict[str, Any]:
        """Each figure of a group of the lag document, by its name and by the first word of it."""
        facts: dict[str, Any] = {}
        for name in (each.name for each in fields(group)):
            fact = self._fact(getattr(group, name), name)
            facts |= {name: fact, name.partition("_")[0]: fact}
        return facts

    def _fact(self, figure: object, name: str) -> object:
        match figure:
            case int():
                return Euros(figure) if name.endswith("_cents") else Number(figure)
            case datetime():
                return self.aged(figure)
            case date():
                return day(figure)
            case None:
                return UNKNOWN
            case _:
                return figure
