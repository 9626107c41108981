"""View of what Today and Processing begin with: the headline, and the sum of what was received."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from events.texts import _, pgettext
from services.api.console.elements import State, capital
from services.api.lag.stages import TONES, Moment
from services.lag.present import texts
from services.lag.present.headline import BacklogSource, Headline, Verdict
from services.texts.locale_format import LocaleFormat

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


def first_of(headline: Headline, moment: Moment, left: str = "") -> First:
    """The first sentence of both pages.

    Args:
        headline: the headline.
        moment: the moment and language of the page.
        left: a sentence about waiting records; empty where there are none, or they are hidden.
    """
    tone, icon = _tones(headline)
    return First(
        tone,
        icon,
        _title(headline, moment),
        _lead(headline, moment, left),
        _facts(headline, moment),
        moment.clock(moment.now),
    )


def _tones(headline: Headline) -> tuple[str, str]:
    if headline.verdict is Verdict.STAGE and headline.stage is not None:
        tone, icon = TONES[headline.stage.state]
        return tone or "warn", icon
    tone, icon = VERDICT_TONES[headline.verdict]
    # A configured watch without figures is worse than no watch.
    is_missed = tone == "info" and headline.knows not in {*NO_WATCH, BacklogSource.WATCH}
    return ("warn", "unknown") if is_missed else (tone, icon)


def _title(headline: Headline, moment: Moment) -> str:
    if headline.stage is None:
        return moment.locale.say(texts.TITLES[headline.verdict])
    name = texts.name_code(texts.THE_STAGE, headline.stage.stage)
    return capital(moment.say(texts.HEADLINES[headline.stage.state], stage=name))


def _lead(headline: Headline, moment: Moment, left: str) -> str:
    say = moment.locale.say
    if headline.verdict is Verdict.EMPTY:
        return say(_("Publish the vote of the budget, or wait until the journal is read."))
    if headline.verdict in {Verdict.ALL_DECIDED, Verdict.NOT_ALL_DECIDED, Verdict.UNKNOWN}:
        why = say(texts.UNSEEN[headline.knows])
        rest = say(_("What still waits before the ledger is not known here."))
        return " ".join(filter(None, (left, why, rest)))
    return left


def _facts(headline: Headline, moment: Moment) -> str:
    say = moment.locale.say
    seen = say(_("Seen at {clock}."), clock=moment.clock(headline.seen_at))
    if headline.latest_event_at is None:
        return seen
    instant = moment.locale.instant(headline.latest_event_at)
    return f"{seen} {say(texts.LATEST, instant=instant)}"


# ------------------------------------------------------------------ the sum
OUTCOMES: Final = ("accepted", "duplicate", "refused", "parked", "dead_letter")
LEADS_TO: Final = {
    "refused": "/console/troubles/refused",
    "parked": "/console/troubles/parked",
    "dead_letter": "/console/troubles/unreadable",
}
"""Lists of what did not go through."""

TERMS: Final = {
    "received": pgettext("records", "received"),
    "accepted": pgettext("records", "accepted"),
    "duplicate": _("duplicates"),
    "refused": pgettext("records", "refused"),
    "parked": _("parked"),
    "dead_letter": _("dead letters"),
    "in_flight": _("in flight"),
    "decided": _("decided"),
    "unread": _("not in the accounts yet"),
}
DOES_NOT_ADD_UP: Final = _("The count does not add up.")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the sum; `text` is None where nobody knows."""

    name: str
    label: str
    text: str | None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Received = accepted + duplicate + refused + parked + dead letters + in flight."""

    whole: Term
    terms: Sequence[Term]
    result: State


def term_of(name: str, count: int | None, locale: LocaleFormat) -> Term:
    """A term of the sum, with a link to its list."""
    text = None if count is None else locale.number(count)
    return Term(name, locale.say(TERMS[name]), text, LEADS_TO.get(name, ""))


def sum_result(adds_up: bool | None, locale: LocaleFormat, *, sees_all: bool = True) -> State:
    """The state of the sum: it adds up, it does not, or it cannot be checked."""
    if adds_up:
        return State(locale.say(_("The count adds up.")), "good", "good")
    if adds_up is not None:
        return State(locale.say(DOES_NOT_ADD_UP), "bad", "bad")
    text = (
        _("The count cannot be checked: what is still to be read is not known.")
        if sees_all
        else _(
            "What is unreadable or still to be read names no entity: only an access to all "
            "entities sees the count of it."
        )
    )
    return State(locale.say(text), "unknown", "unknown")
