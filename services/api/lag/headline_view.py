"""View of the headline of Today and Processing."""

from dataclasses import dataclass
from typing import Final

from events.texts import _
from services.api.console.elements import capital
from services.api.lag.stages import TONES, Moment
from services.lag.present import texts
from services.lag.present.headline import BacklogSource, Headline, Verdict

VERDICT_TONES: Final = {
    Verdict.CHECK: ("bad", "bad"),
    Verdict.ALL_RECEIVED: ("good", "good"),
    Verdict.IN_TRANSIT: ("info", "info"),
    Verdict.ALL_DECIDED: ("info", "info"),
    Verdict.NOT_ALL_DECIDED: ("info", "info"),
    Verdict.EMPTY: ("info", "info"),
    Verdict.UNKNOWN: ("warn", "unknown"),
}
NO_WATCH: Final = frozenset({BacklogSource.ONE_PROCESS, BacklogSource.NOBODY})
"""Sources without an expected watch."""


@dataclass(frozen=True, slots=True)
class First:
    """The first sentence of a page, and the facts below it."""

    tone: str
    icon: str
    title: str
    lead: str
    facts: str
    """The time of the observation, and that of the latest event: senders date events themselves, so
    the second is no measure of the first."""
    clock: str
    """The time of the page, for when nobody answers any more."""


def first_of(found: Headline, moment: Moment, left: str = "") -> First:
    """The first sentence of both pages.

    Args:
        found: the headline.
        moment: the moment and language of the page.
        left: a sentence about waiting records; empty where there are none, or they are hidden.
    """
    tone, icon = _tones(found)
    return First(
        tone,
        icon,
        _title(found, moment),
        _lead(found, moment, left),
        _facts(found, moment),
        moment.clock(moment.now),
    )


def _tones(found: Headline) -> tuple[str, str]:
    if found.verdict is Verdict.STAGE and found.stage is not None:
        tone, icon = TONES[found.stage.state]
        return tone or "warn", icon
    tone, icon = VERDICT_TONES[found.verdict]
    # A configured watch without figures is worse than no watch.
    is_missed = tone == "info" and found.knows not in {*NO_WATCH, BacklogSource.WATCH}
    return ("warn", "unknown") if is_missed else (tone, icon)


def _title(found: Headline, moment: Moment) -> str:
    if found.stage is None:
        return moment.locale.say(texts.TITLES[found.verdict])
    name = texts.named(texts.THE_STAGE, found.stage.stage)
    return capital(moment.say(texts.HEADLINES[found.stage.state], stage=name))


def _lead(found: Headline, moment: Moment, left: str) -> str:
    say = moment.locale.say
    if found.verdict is Verdict.EMPTY:
        return say(_("Publish the vote of the budget, or wait until the journal is read."))
    if found.verdict in {Verdict.ALL_DECIDED, Verdict.NOT_ALL_DECIDED, Verdict.UNKNOWN}:
        why = say(texts.UNSEEN[found.knows])
        rest = say(_("What still waits before the ledger is not known here."))
        return " ".join(filter(None, (left, why, rest)))
    return left


def _facts(found: Headline, moment: Moment) -> str:
    say = moment.locale.say
    seen = say(_("Seen at {clock}."), clock=moment.clock(found.seen_at))
    if found.latest_event_at is None:
        return seen
    instant = moment.locale.instant(found.latest_event_at)
    return f"{seen} {say(texts.LATEST, instant=instant)}"
