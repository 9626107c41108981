"""Charts of the last hour, each described in a text too, with its figures in a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from events.lag import POINT_S
from services.api.console.charts import Chart, chart
from services.api.lag.stages import Moment, stage_name
from services.lag.client.hour import Hour
from services.texts.locale_format import UNKNOWN

LATE_LEAST_S: Final = 30.0
"""The least lateness that fills a chart: a second more or less must not look like a peak."""

COUNT_LEAST: Final = 10.0
POINTS_PER_ROW: Final = 30
"""Points of five minutes, which are a row of the table."""

MINUTE_S: Final = 60
Say = Callable[[float], str]
Values = Sequence[float | None]
Column = Sequence[tuple[Values, Say]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart."""

    name: str
    """The id of its title and text on the page."""
    title: str
    what: str
    now: str | None
    most: str
    """The greatest figure of the hour; empty where none is known."""
    drawn: Chart
    description: str


@dataclass(frozen=True, slots=True)
class HourRow:
    """Five minutes of the hour: lateness and records behind by stage, orders waiting."""

    until: str
    cells: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Charts:
    """The hour."""

    late: Sequence[Panel]
    behind: Sequence[Panel]
    orders: Panel
    heads: Sequence[str]
    rows: Sequence[HourRow]


def charts_of(hour: Hour | None, stages: Sequence[str], moment: Moment) -> Charts | None:
    """The charts of these stages; None where no watch ever gave an hour."""
    if hour is None:
        return None
    known = [(stage, hour.stages[stage]) for stage in stages if stage in hour.stages]
    late, behind, columns = [], [], []
    for stage, found in known:
        title = stage_name(stage, moment.locale)
        late.append(_panel(f"late-{stage}", title, "late", found.late_s, hour, moment))
        behind.append(_panel(f"behind-{stage}", title, "behind", found.behind, hour, moment))
        columns.append([(found.late_s, moment.locale.span), (found.behind, _count(moment))])
    waiting = moment.say("waiting")
    orders = _panel("orders-waiting", waiting, "waiting", hour.orders, hour, moment)
    columns.append([(hour.orders, _count(moment))])
    heads = [*(each.title for each in late), waiting]
    return Charts(late, behind, orders, heads, _rows(columns, hour, moment))


def _count(moment: Moment) -> Say:
    return lambda count: moment.locale.number(int(count))


def _panel(name: str, title: str, what: str, values: Values, hour: Hour, moment: Moment) -> Panel:
    say: Say = moment.locale.span if what == "late" else _count(moment)
    known = [value for value in values if value is not None]
    now = values[-1] if values else None
    drawn = chart(values, LATE_LEAST_S if what == "late" else COUNT_LEAST)
    return Panel(
        name,
        title,
        moment.say(what),
        None if now is None else say(now),
        moment.say("at_most", most=say(max(known))) if known else "",
        drawn,
        _texts(values, say, hour, moment),
    )


def _texts(values: Values, say: Say, hour: Hour, moment: Moment) -> str:
    """The text of a chart, for screen readers."""
    known = [(value, at) for at, value in enumerate(values) if value is not None]
    if not known:
        return moment.say("nothing_known")
    most, at = max(known)
    ago = timedelta(seconds=POINT_S * (len(values) - 1 - at))
    now = values[-1]
    text = moment.say(
        "drawn",
        now=moment.say("gap_key") if now is None else say(now),
        most=say(most),
        clock=moment.clock(hour.ends - ago),
    )
    missing_s = POINT_S * (len(values) - len(known))
    if not missing_s:
        return text
    minutes = moment.locale.number(max(1, round(missing_s / MINUTE_S)))
    return f"{text} {moment.say('drawn_unknown', minutes=minutes)}"


def _rows(columns: Sequence[Column], hour: Hour, moment: Moment) -> list[HourRow]:
    """The figures of the hour, the newest first."""
    rows = []
    points = len(hour.orders)
    for end in range(points, 0, -POINTS_PER_ROW):
        until = hour.ends - timedelta(seconds=POINT_S * (points - end))
        start = max(0, end - POINTS_PER_ROW)
        cells = [[_greatest(each[start:end], say) for each, say in column] for column in columns]
        rows.append(HourRow(moment.clock(until), list(map(_cell, cells))))
    return rows


def _cell(figures: Sequence[str | None]) -> str | None:
    """`23 min · 133`; None where all are unknown."""
    if not any(figures):
        return None
    return " · ".join(UNKNOWN if text is None else text for text in figures)


def _greatest(values: Values, say: Say) -> str | None:
    """The greatest known figure, with `≥` where some are unknown."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    text = say(max(known))
    return text if len(known) == len(values) else f"≥ {text}"
