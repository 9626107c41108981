"""The times of the day at which slips are made without a person, as `ECLUSE_TREASURY_SCHEDULE`."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def read_times(text: str) -> tuple[time, ...]:
    """Times of the day, as the setting writes them: `09:30,16:00`; none of an empty text."""
    found = (each.strip().partition(":") for each in text.split(",") if each.strip())
    return tuple(sorted(time(int(hour), int(minute)) for hour, _colon, minute in found))


def written(times: Sequence[time]) -> str:
    """Times of the day as one text, whatever the setting's spelling."""
    return ",".join(f"{each:%H:%M}" for each in times)


def has_come(times: Sequence[time], zone: ZoneInfo, after: datetime, until: datetime) -> bool:
    """True if one of these times of the day came after an instant, and not after another."""
    day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        if any(after < datetime.combine(day, each, zone) <= until for each in times):
            return True
        day += timedelta(days=1)
    return False
