"""Figures of stages and partitions as cells of tables: position, backlog, lateness, owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.lag import Partition, Stage, State
from events.texts import Translatable, _, pgettext
from services.api.console.elements import State as Badge
from services.lag.document import WELL
from services.lag.judge.model import oldest_wait
from services.lag.present import texts as states
from services.lag.present.headline import end_of, find_shortest_watch_s, position_of, short_topic
from services.lag.present.texts import name_code
from services.texts.locale_format import LocaleFormat

TONES: Final = {
    State.BROKEN: ("bad", "bad"),
    State.STOPPED: ("bad", "bad"),
    State.REWOUND: ("bad", "bad"),
    State.STALLED: ("bad", "bad"),
    State.SLOW: ("warn", "warn"),
    State.UNKNOWN: ("", "unknown"),
    State.OK: ("good", "good"),
    State.NO_TRAFFIC: ("good", "good"),
}
ARROWS: Final = {"up": "↗", "down": "↘", "level": "→"}

NONE: Final = pgettext("figure", "none")
STAGE_IS: Final = _("{stage}: {state}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a table; `text` is None where it is unknown."""

    text: str | None
    more: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment of a page, with the age of its lag document; templates ask it for cells."""

    now: datetime
    old_since: datetime | None
    locale: LocaleFormat
    advises: bool = True
    """True if the page has a remedy for each stage: not where the state of all is unknown."""

    def say(self, text: Translatable, **facts: object) -> str:
        """A text in the language of the page."""
        return self.locale.say(text, **facts)

    def clock(self, instant: datetime) -> str:
        """`14:02:11`; on another day with that day in front."""
        day, clock = self.locale.local_day(instant), self.locale.clock(instant)
        is_today = day == self.locale.local_day(self.now)
        return clock if is_today else f"{self.locale.short_day(day)} {clock}"

    def age(self, instant: datetime) -> str:
        """`23 minutes ago`."""
        return self.locale.age(instant, self.now)

    def count(self, count: int | None) -> Cell:
        """A number."""
        return Cell(None if count is None else self.locale.number(count))

    def wrong(self, count: int | None) -> Cell:
        """A number that must be 0."""
        return Cell(self.count(count).text, "", bool(count))

    # ------------------------------------------------------------ states
    def state(self, state: State) -> Badge:
        """A state as the page shows it: unknown where the document is old."""
        shown = State.UNKNOWN if self.old_since is not None else state
        return Badge(self.say(states.STATES[shown]), *TONES[shown])

    def code(self, state: State) -> str:
        """The stage's code, as the metrics have it."""
        return State.UNKNOWN.value if self.old_since is not None else state.value

    def explain_rule(self, state: State, rule: str) -> str:
        """The observation behind a state; of an old document, the state of then."""
        if self.old_since is None:
            return self.say(name_code(states.RULES, rule))
        clock = self.clock(self.old_since)
        return self.say(_("at {clock}: {state}"), clock=clock, state=states.STATES[state])

    def explain_row(self, row: Stage | Partition, stage: Stage) -> str:
        """The observation, with the time watched where that proves too little.

        Of a partition it is empty where it is that of its stage, which says it once for all.
        """
        if isinstance(row, Partition) and (row.state, row.rule) == (stage.state, stage.rule):
            return ""
        text = self.explain_rule(row.state, row.rule)
        if row.state_since is not None and self.old_since is None:
            since = self.say(states.STATE_SINCE, instant=self.clock(row.state_since))
            return f"{text} {since}"
        if row.state is not State.OK or row.behind or self.old_since is not None:
            return text
        return f"{text} {self.describe_watch([row])}".strip()

    def describe_watch(self, rows: Sequence[Stage | Partition]) -> str:
        """`Watched for 20 s.`; empty once that is long enough to show that nothing arrives."""
        shortest_s = find_shortest_watch_s(rows)
        if shortest_s is None:
            return ""
        return self.say(states.WATCHED, span=self.locale.span(shortest_s))

    def describe_hold(self, row: Stage | Partition) -> str:
        """The record before which a partition is held; of a stage, those of its partitions."""
        if isinstance(row, Stage):
            held = [
                (self.place(each), self.describe_hold(each)) for each in row.partitions if each.held
            ]
            return ", ".join(self.say(STAGE_IS, stage=place, state=text) for place, text in held)
        if row.held is None:
            return ""
        text = self.say(
            _("held before offset {offset}"), offset=self.locale.number(row.held.offset)
        )
        return text if row.held.event_id is None else f"{text} ({row.held.event_id})"

    def place(self, row: Partition) -> str:
        """`events 0`: the short topic and the number of a partition."""
        return f"{short_topic(row.topic)} {row.partition}"

    def do_href(self, stage: Stage, state: State) -> str:
        """The link to the remedy for a state of this stage; empty without one."""
        return f"#{remedy_id(stage.stage)}" if self.advises and state not in WELL else ""

    def describe_since(self, stage: Stage) -> str:
        """Since when a stage is in its state, and since when its oldest event waits."""
        return " ".join(map(self.say, states.explain_since(stage, self.clock)))

    # ------------------------------------------------------------ figures
    def position(self, row: Stage | Partition) -> Cell:
        """The next offset to be read, and the end."""
        if isinstance(row, Stage):
            committed, end = position_of(row), end_of(row)
        else:
            committed, end = row.committed, row.end
        of_end = "" if end is None else self.say(_("end {end}"), end=self.locale.number(end))
        return Cell(None if committed is None else self.locale.number(committed), of_end)

    def backlog(self, row: Stage | Partition) -> Cell:
        """The number of waiting records, its trend, and of a partition the time to drain."""
        if row.behind is None:
            return Cell(None)
        trend = states.TRENDS.get(row.trend or "")
        more = [] if trend is None else [f"{ARROWS[row.trend or '']} {self.say(trend)}"]
        if isinstance(row, Partition) and row.behind and row.drain_s is not None:
            more.append(self.locale.span(row.drain_s))
        late = bool(row.behind) and row.state not in WELL
        return Cell(self.locale.number(row.behind), " · ".join(more), late)

    def oldest(self, row: Stage | Partition) -> Cell:
        """The time of the oldest event not yet processed, or since when it waits at least."""
        instant = oldest_wait(row)
        if row.behind == 0:
            return Cell(self.say(NONE))
        if instant is None:
            return Cell(None)
        clock, age, late = self.clock(instant), self.age(instant), row.state not in WELL
        if row.waits_since is None:
            return Cell(clock, age, late)
        # In two lines: the column is narrow.
        bound = self.say(_("at least, {age}"), age=age)
        return Cell(self.say(_("since {instant}"), instant=clock), bound, late)

    def latest(self, row: Stage | Partition) -> Cell:
        """The latest processed event: a date that its sender wrote, without an age."""
        return Cell(None if row.latest_event_at is None else self.clock(row.latest_event_at))

    def drain(self, stage: Stage) -> Cell:
        """The time to drain; a dash where the backlog does not shrink, or is unknown."""
        if stage.behind == 0:
            return Cell(self.say(NONE))
        return Cell(None if stage.drain_s is None else self.locale.span(stage.drain_s))

    def owner(self, row: Partition) -> Cell:
        """The owner of a partition, and its activity: without one, a status is of the past."""
        doing = None if row.owner is None else states.DOING.get(row.doing or "")
        return Cell(row.owner, "" if doing is None else self.say(doing))


def remedy_id(stage: str) -> str:
    """The anchor of the remedy for a stage."""
    return f"do-{stage}"
