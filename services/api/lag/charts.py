"""Charts of the last hour, each described in a text too, with its figures in a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from events.lag import POINT_S, History
from events.texts import Translatable, _, pgettext
from services.api.console.charts import Chart, chart
from services.api.lag.stages import Moment
from services.lag.present.texts import STAGES, name_code
from services.texts.locale_format import UNKNOWN

LATE: Final = _("Lateness")
BEHIND: Final = _("Records behind")
WAITING: Final = pgettext("chart", "Payment orders waiting")

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


def charts_of(hour: History | None, stages: Sequence[str], moment: Moment) -> Charts | None:
    """The charts of these stages; None where no watch ever gave an hour."""
    if hour is None:
        return None
    span: Say = moment.locale.span
    known = {name: hour.stages[name] for name in stages if name in hour.stages}
    titles = {name: moment.say(name_code(STAGES, name)) for name in known}
    waiting = moment.say(WAITING)

    def count(value: float) -> str:
        return moment.locale.number(int(value))

    def panel(
        name: str, title: str, what: Translatable, values: Values, say: Say, least: float
    ) -> Panel:
        figures = [value for value in values if value is not None]
        now = values[-1] if values else None
        most = moment.say(_("at most {most}"), most=say(max(figures))) if figures else ""
        return Panel(
            name,
            title,
            moment.say(what),
            None if now is None else say(now),
            most,
            chart(values, least),
            _description(values, say, hour, moment),
        )

    return Charts(
        [
            panel(f"late-{name}", titles[name], LATE, each.late_s, span, LATE_LEAST_S)
            for name, each in known.items()
        ],
        [
            panel(f"behind-{name}", titles[name], BEHIND, each.behind, count, COUNT_LEAST)
            for name, each in known.items()
        ],
        panel("orders-waiting", waiting, WAITING, hour.orders, count, COUNT_LEAST),
        [*titles.values(), waiting],
        _rows(
            [
                *([(each.late_s, span), (each.behind, count)] for each in known.values()),
                [(hour.orders, count)],
            ],
            hour,
            moment,
        ),
    )


def _description(values: Values, say: Say, hour: History, moment: Moment) -> str:
    """The text of a chart, for screen readers."""
    known = [(value, at) for at, value in enumerate(values) if value is not None]
    if not known:
        return moment.say(_("Nothing is known of this hour."))
    most, at = max(known)
    ago = timedelta(seconds=POINT_S * (len(values) - 1 - at))
    now = values[-1]
    text = moment.say(
        _("Now {now}; at most {most}, at {clock}."),
        now=_("unknown") if now is None else say(now),
        most=say(most),
        clock=moment.clock(hour.at - ago),
    )
    missing_s = POINT_S * (len(values) - len(known))
    if not missing_s:
        return text
    minutes = moment.locale.number(max(1, round(missing_s / MINUTE_S)))
    missing = moment.say(_("Unknown for {minutes} minutes of the hour."), minutes=minutes)
    return f"{text} {missing}"


def _rows(columns: Sequence[Column], hour: History, moment: Moment) -> list[HourRow]:
    """The figures of the hour, the newest first."""
    rows = []
    points = len(hour.orders)
    for end in range(points, 0, -POINTS_PER_ROW):
        until = hour.at - timedelta(seconds=POINT_S * (points - end))
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
