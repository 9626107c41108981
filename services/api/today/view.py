"""Today: how far the accounts are, whether the count adds up, and what waits for whom. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.api.console.elements import Notice, State
from services.api.console.texts import today as words
from services.api.lag.headline_view import First, first_of
from services.api.lag.stages import Moment
from services.api.today.read_model_status import Held, PartitionStanding, Standing
from services.lag.client.merge import Lag
from services.lag.present.headline import Headline, Verdict, arrived, headline
from services.texts.locale_format import UNKNOWN, Voice

OUTCOMES = ("accepted", "duplicate", "refused", "parked", "dead_letter")
LEADS_TO = {
    "refused": "/console/troubles/refused",
    "parked": "/console/troubles/parked",
    "dead_letter": "/console/troubles/unreadable",
}
"""Where those are told that did not go through."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the sum; `said` is None where nobody knows."""

    name: str
    label: str
    said: str | None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Received = accepted + duplicate + refused + parked + dead letters + in flight."""

    whole: Term
    terms: Sequence[Term]
    result: State


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """One partition of the journal."""

    partition: str
    next_offset: str
    latest_event: str
    state: State


@dataclass(frozen=True, slots=True)
class StandingView:
    """How far the accounts are."""

    verdict: First
    notices: Sequence[Notice]
    sum: Sum
    partitions: Sequence[PartitionRow]


def standing_view(
    standing: Standing, lag: Lag, now: datetime, voice: Voice, *, sees_all: bool = True
) -> StandingView:
    """How far the accounts are, said to people; who does not see all entities is told so."""
    reading = standing.reading(sees_all=sees_all)
    found, (received, in_flight) = headline(lag, reading, now), arrived(lag, reading)
    left = _left(found, standing, in_flight, voice, sees_all=sees_all)
    return StandingView(
        first_of(found, Moment(now, None, voice), left),
        list(_notices(standing, voice)),
        _sum(standing, received, in_flight, voice, sees_all=sees_all),
        [_partition(each, voice) for each in standing.partitions],
    )


def _left(
    found: Headline, standing: Standing, in_flight: int | None, voice: Voice, *, sees_all: bool
) -> str:
    """Say what is not in the accounts yet; to who sees some entities only, of whom the rest is."""
    if not sees_all:
        return voice.say(words.WORDS["of_your_entities"])
    if found.verdict is Verdict.STAGE:
        count = found.stage and found.stage.behind
    else:
        count = standing.unread if in_flight is None else in_flight
    return voice.counted(words.TO_READ, count) if count and count > 0 else ""


def _notices(standing: Standing, voice: Voice) -> Iterator[Notice]:
    """What is wrong, each with the rule that says so."""
    for each in standing.partitions:
        if each.held is not None:
            yield _held(each, each.held, voice)
        if each.unread is not None and each.unread < 0:
            yield _other_journal(each, -each.unread, voice)
    outcomes = standing.outcomes
    if not outcomes.adds_up:
        ended = sum(getattr(outcomes, name) or 0 for name in OUTCOMES)
        said = voice.say(
            words.NOT_ADDING_UP_SAID,
            read=voice.number(outcomes.read),
            ended=voice.number(ended),
            gap=voice.number(abs(outcomes.read - ended)),
        )
        yield _not_adding_up(said, voice)
    elif not standing.adds_up and standing.unread is None:
        # It is the count of all entities that does not: by how much is not everybody's to know.
        yield _not_adding_up("", voice)


def _held(each: PartitionStanding, held: Held, voice: Voice) -> Notice:
    if held.offset is None:
        said = voice.say(words.HELD_OTHERS)
    else:
        offset, error = voice.number(held.offset), held.error or UNKNOWN
        said = voice.say(words.HELD_SAID, offset=offset, error=error)
    return Notice(
        "bad",
        "bad",
        voice.say(words.HELD, partition=voice.number(each.partition)),
        said,
        voice.say(words.HELD_DO),
        voice.say(words.HELD_RULE),
    )


def _not_adding_up(said: str, voice: Voice) -> Notice:
    return Notice(
        "bad",
        "bad",
        voice.say(words.NOT_ADDING_UP),
        said,
        voice.say(words.NOT_ADDING_UP_DO),
        voice.say(words.NOT_ADDING_UP_RULE),
    )


def _other_journal(each: PartitionStanding, gap: int, voice: Voice) -> Notice:
    return Notice(
        "bad",
        "bad",
        voice.say(words.OTHER_JOURNAL),
        voice.say(
            words.OTHER_JOURNAL_SAID,
            partition=voice.number(each.partition),
            read=voice.number(each.next_offset),
            gap=voice.number(gap),
        ),
        voice.say(words.NOT_ADDING_UP_DO),
        voice.say(words.OTHER_JOURNAL_RULE),
    )


def _sum(
    standing: Standing, received: int | None, in_flight: int | None, voice: Voice, *, sees_all: bool
) -> Sum:
    terms = [term_of(name, getattr(standing.outcomes, name), voice) for name in OUTCOMES]
    known = received
    if received is None and standing.decided is not None:
        # Of what was received nobody knows; of what was decided it is known.
        known, whole = standing.decided, term_of("decided", standing.decided, voice)
        terms.append(term_of("unread", standing.unread, voice))
    else:
        whole = term_of("received", received, voice)
        terms.append(term_of("in_flight", in_flight, voice))
    return Sum(whole, terms, _result(standing, known, voice, sees_all=sees_all))


def term_of(name: str, count: int | None, voice: Voice) -> Term:
    """A term of the sum, which leads to where it is told."""
    said = None if count is None else voice.number(count)
    return Term(name, voice.say(words.WORDS[name]), said, LEADS_TO.get(name, ""))


def _result(standing: Standing, known: int | None, voice: Voice, *, sees_all: bool) -> State:
    if not standing.adds_up:
        return State(voice.say(words.WORDS["does_not"]), "bad", "bad")
    if known is None:
        said = "cannot_tell" if sees_all else "cannot_tell_you"
        return State(voice.say(words.WORDS[said]), "unknown", "unknown")
    return State(voice.say(words.WORDS["adds_up"]), "good", "good")


def _partition(each: PartitionStanding, voice: Voice) -> PartitionRow:
    if each.held is not None:
        state = State(voice.say(words.WORDS["held"]), "bad", "bad")
    elif each.unread is None:
        state = State(voice.say(words.WORDS["rest_unknown"]), "", "unknown")
    elif each.unread > 0:
        left = voice.number(each.unread)
        state = State(voice.say(words.WORDS["left"], count=left), "info", "now")
    elif each.adds_up:
        state = State(voice.say(words.WORDS["read"]), "good", "good")
    else:
        state = State(voice.say(words.WORDS["does_not"]), "bad", "bad")
    return PartitionRow(
        str(each.partition),
        voice.number(each.next_offset),
        voice.instant(each.latest_event_time),
        state,
    )
