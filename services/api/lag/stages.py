"""Views of the stages and their partitions: position, backlog, lateness, owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.lag import Partition, Stage, State
from services.api.console.elements import State as Badge
from services.api.console.texts import lag_page as texts
from services.lag.client.age import WELL
from services.lag.present import headline_texts
from services.lag.present import texts as states
from services.lag.present.accounts import end_of, position_of
from services.lag.present.rows import short_topic, watched_s
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


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a table; `text` is None where it is unknown."""

    text: str | None
    more: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One partition."""

    topic: str
    number: str
    state: Badge
    code: str
    seen: str
    """The observation behind the state, or the state of the last answer of the watch."""
    held: str
    do_href: str
    """The link to the remedy."""
    position: Cell
    behind: Cell
    oldest: Cell
    latest: Cell
    owner: Cell


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage."""

    name: str
    text: str
    does: str
    group: str
    state: Badge
    code: str
    seen: str
    held: str
    do_href: str
    position: Cell
    behind: Cell
    oldest: Cell
    latest: Cell
    drain: Cell
    members: Cell
    partitions: Sequence[PlaceRow]
    opened: bool
    """True if the partitions are shown at once, since one of them is not well."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment of a page, with the age of its lag document."""

    now: datetime
    old_since: datetime | None
    locale: LocaleFormat
    advises: bool = True
    """True if the page has a remedy for each stage: not where the state of all is unknown."""

    def do_href(self, stage: Stage, state: State) -> str:
        """The link to the remedy for a state of this stage; empty without one."""
        return f"#{do_id(stage.stage)}" if self.advises and state not in WELL else ""

    def clock(self, instant: datetime) -> str:
        """`14:02:11`; on another day with that day in front."""
        if self.locale.local_day(instant) == self.locale.local_day(self.now):
            return self.locale.clock(instant)
        return (
            f"{self.locale.short_day(self.locale.local_day(instant))} {self.locale.clock(instant)}"
        )

    def age(self, instant: datetime) -> str:
        """`23 minutes ago`."""
        return self.locale.age(instant, self.now)

    def at(self, instant: datetime | None, *, late: bool = False) -> Cell:
        """An instant in a table, with its age."""
        if instant is None:
            return Cell(None)
        return Cell(self.clock(instant), self.age(instant), late)

    def say(self, name: str, **facts: object) -> str:
        """A text of the page."""
        return self.locale.say(texts.TEXTS[name], **facts)

    def state(self, state: State) -> Badge:
        """A state as the page shows it: unknown where the document is old."""
        shown = State.UNKNOWN if self.old_since is not None else state
        return Badge(self.locale.say(states.STATES[shown]), *TONES[shown])

    def code(self, state: State) -> str:
        """Its code, as the metrics have it."""
        return State.UNKNOWN.value if self.old_since is not None else state.value

    def seen(self, state: State, rule: str) -> str:
        """The observation behind a state; of an old document, the state of then."""
        if self.old_since is not None:
            was = self.locale.say(states.STATES[state])
            return self.say("then", clock=self.clock(self.old_since), state=was)
        known = states.RULES.get(rule)
        return rule if known is None else self.locale.say(known)


def stage_name(stage: str, locale: LocaleFormat) -> str:
    """The name of a stage; one that this version does not know keeps its code."""
    known = states.STAGES.get(stage)
    return stage if known is None else locale.say(known)


def the_stage(stage: str, locale: LocaleFormat) -> str:
    """The same inside a sentence."""
    known = states.THE_STAGE.get(stage)
    return stage if known is None else locale.say(known)


def do_id(stage: str) -> str:
    """The anchor of the remedy for a stage."""
    return f"do-{stage}"


def stage_views(stages: Sequence[Stage], moment: Moment) -> list[StageView]:
    """The stages, in the order in which an event passes them."""
    return [_stage(each, moment) for each in stages]


def _stage(stage: Stage, moment: Moment) -> StageView:
    does = states.STAGE_DOES.get(stage.stage)
    locale = moment.locale
    rows = [_place(each, stage, moment) for each in stage.partitions]
    held = [
        moment.say("stage_is", stage=f"{row.topic} {row.number}", state=row.held)
        for row in rows
        if row.held
    ]
    return StageView(
        stage.stage,
        stage_name(stage.stage, locale),
        "" if does is None else locale.say(does),
        moment.say("group", group=stage.group),
        moment.state(stage.state),
        moment.code(stage.state),
        _seen_texts(stage, moment),
        ", ".join(held),
        moment.do_href(stage, stage.state),
        position_cell(position_of(stage), end_of(stage), moment),
        behind_cell(stage, moment),
        oldest_cell(stage, moment),
        latest_cell(stage.latest_event_at, moment),
        drain_cell(stage, moment),
        Cell(None if stage.members is None else locale.number(stage.members)),
        rows,
        moment.advises and stage.state not in WELL,
    )


def _place(place: Partition, stage: Stage, moment: Moment) -> PlaceRow:
    locale = moment.locale
    doing = states.DOING.get(place.doing or "")
    behind = behind_cell(place, moment)
    drain = drain_cell(place, moment)
    if behind.text is not None and place.behind and drain.text is not None:
        behind = Cell(behind.text, f"{behind.more} · {drain.text}".strip(" ·"), behind.late)
    return PlaceRow(
        short_topic(place.topic),
        str(place.partition),
        moment.state(place.state),
        moment.code(place.state),
        _seen_texts(place, moment),
        _held(place, moment),
        moment.do_href(stage, place.state),
        position_cell(place.committed, place.end, moment),
        behind,
        oldest_cell(place, moment),
        latest_cell(place.latest_event_at, moment),
        Cell(place.owner, "" if doing is None else locale.say(doing)),
    )


def _seen_texts(seen: Stage | Partition, moment: Moment) -> str:
    """The observation, with the time watched where that proves too little."""
    text = moment.seen(seen.state, seen.rule)
    if seen.state is not State.OK or seen.behind or moment.old_since is not None:
        return text
    return f"{text} {watched_text([seen], moment)}".strip()


def watched_text(seen: Sequence[Stage | Partition], moment: Moment) -> str:
    """`Watched for 20 s.`; empty once that is long enough to show that nothing arrives."""
    shortest_s = watched_s(seen)
    if shortest_s is None:
        return ""
    span = moment.locale.span(shortest_s)
    return moment.locale.say(headline_texts.TEXTS["watched"], span=span)


def latest_cell(instant: datetime | None, moment: Moment) -> Cell:
    """The latest processed event: a date that its sender wrote, without an age."""
    return Cell(None if instant is None else moment.clock(instant))


def _held(place: Partition, moment: Moment) -> str:
    if place.held is None:
        return ""
    text = moment.say("held_before", offset=moment.locale.number(place.held.offset))
    return text if place.held.event_id is None else f"{text} ({place.held.event_id})"


def position_cell(committed: int | None, end: int | None, moment: Moment) -> Cell:
    """The next offset to be read, and the end."""
    number = moment.locale.number
    of_end = "" if end is None else moment.say("of_end", end=number(end))
    return Cell(None if committed is None else number(committed), of_end)


def behind_cell(seen: Stage | Partition, moment: Moment) -> Cell:
    """The number of waiting records, and its trend."""
    if seen.behind is None:
        return Cell(None)
    late = bool(seen.behind) and seen.state not in WELL
    return Cell(moment.locale.number(seen.behind), trend_text(seen.trend, moment), late)


def trend_text(trend: str | None, moment: Moment) -> str:
    """`↗ rising`; empty where unknown."""
    known = states.TRENDS.get(trend or "")
    return "" if known is None else f"{ARROWS[trend or '']} {moment.locale.say(known)}"


def oldest_cell(seen: Stage | Partition, moment: Moment) -> Cell:
    """The time of the oldest event not yet processed."""
    if seen.behind == 0:
        return Cell(moment.say("none"))
    return moment.at(seen.oldest_event_at, late=seen.state not in WELL)


def drain_cell(seen: Stage | Partition, moment: Moment) -> Cell:
    """The time to drain; a dash where the backlog does not shrink, or is unknown."""
    if seen.behind == 0:
        return Cell(moment.say("none"))
    return Cell(None if seen.drain_s is None else moment.locale.span(seen.drain_s))
