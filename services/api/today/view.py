"""Today: how far the accounts are, whether the count adds up, and what waits for whom. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.api.console.elements import Notice, State
from services.api.console.texts import today as texts
from services.api.lag.headline_view import First, first_of
from services.api.lag.stages import Moment
from services.api.today.read_model_status import HeldRecord, PartitionStatus, ReadModelStatus
from services.lag.client.merge import Lag
from services.lag.present.headline import Headline, Verdict, arrived, headline
from services.texts.locale_format import UNKNOWN, LocaleFormat

OUTCOMES = ("accepted", "duplicate", "refused", "parked", "dead_letter")
LEADS_TO = {
    "refused": "/console/troubles/refused",
    "parked": "/console/troubles/parked",
    "dead_letter": "/console/troubles/unreadable",
}
"""Lists of what did not go through."""


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


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """One partition of the journal."""

    partition: str
    next_offset: str
    latest_event: str
    state: State


@dataclass(frozen=True, slots=True)
class StatusView:
    """Status of the accounts."""

    verdict: First
    notices: Sequence[Notice]
    sum: Sum
    partitions: Sequence[PartitionRow]


def status_view(
    status: ReadModelStatus, lag: Lag, now: datetime, locale: LocaleFormat, *, sees_all: bool = True
) -> StatusView:
    """Status of the accounts as a page shows it, with a note to who does not see all entities."""
    reading = status.reading(sees_all=sees_all)
    found, (received, in_flight) = headline(lag, reading, now), arrived(lag, reading)
    left = _left(found, status, in_flight, locale, sees_all=sees_all)
    return StatusView(
        first_of(found, Moment(now, None, locale), left),
        list(_notices(status, locale)),
        _sum(status, received, in_flight, locale, sees_all=sees_all),
        [_partition(each, locale) for each in status.partitions],
    )


def _left(
    found: Headline,
    status: ReadModelStatus,
    in_flight: int | None,
    locale: LocaleFormat,
    *,
    sees_all: bool,
) -> str:
    """Say what is not in the accounts yet; to who sees some entities only, of whom the rest is."""
    if not sees_all:
        return locale.say(texts.TEXTS["of_your_entities"])
    if found.verdict is Verdict.STAGE:
        count = found.stage and found.stage.behind
    else:
        count = status.unread if in_flight is None else in_flight
    return locale.counted(texts.TO_READ, count) if count and count > 0 else ""


def _notices(status: ReadModelStatus, locale: LocaleFormat) -> Iterator[Notice]:
    """Notices of what is wrong, each with the rule that says so."""
    for each in status.partitions:
        if each.held is not None:
            yield _held(each, each.held, locale)
        if each.unread is not None and each.unread < 0:
            yield _other_journal(each, -each.unread, locale)
    outcomes = status.outcomes
    if not outcomes.adds_up:
        ended = sum(getattr(outcomes, name) or 0 for name in OUTCOMES)
        text = locale.say(
            texts.NOT_ADDING_UP_DETAIL,
            read=locale.number(outcomes.read),
            ended=locale.number(ended),
            gap=locale.number(abs(outcomes.read - ended)),
        )
        yield _not_adding_up(text, locale)
    elif not status.adds_up and status.unread is None:
        # It is the count of all entities that does not: by how much is not everybody's to know.
        yield _not_adding_up("", locale)


def _held(each: PartitionStatus, held: HeldRecord, locale: LocaleFormat) -> Notice:
    if held.offset is None:
        text = locale.say(texts.HELD_OTHERS)
    else:
        offset, error = locale.number(held.offset), held.error or UNKNOWN
        text = locale.say(texts.HELD_DETAIL, offset=offset, error=error)
    return Notice(
        "bad",
        "bad",
        locale.say(texts.HELD, partition=locale.number(each.partition)),
        text,
        locale.say(texts.HELD_DO),
        locale.say(texts.HELD_RULE),
    )


def _not_adding_up(text: str, locale: LocaleFormat) -> Notice:
    return Notice(
        "bad",
        "bad",
        locale.say(texts.NOT_ADDING_UP),
        text,
        locale.say(texts.NOT_ADDING_UP_DO),
        locale.say(texts.NOT_ADDING_UP_RULE),
    )


def _other_journal(each: PartitionStatus, gap: int, locale: LocaleFormat) -> Notice:
    return Notice(
        "bad",
        "bad",
        locale.say(texts.OTHER_JOURNAL),
        locale.say(
            texts.OTHER_JOURNAL_DETAIL,
            partition=locale.number(each.partition),
            read=locale.number(each.next_offset),
            gap=locale.number(gap),
        ),
        locale.say(texts.NOT_ADDING_UP_DO),
        locale.say(texts.OTHER_JOURNAL_RULE),
    )


def _sum(
    status: ReadModelStatus,
    received: int | None,
    in_flight: int | None,
    locale: LocaleFormat,
    *,
    sees_all: bool,
) -> Sum:
    terms = [term_of(name, getattr(status.outcomes, name), locale) for name in OUTCOMES]
    known = received
    if received is None and status.decided is not None:
        # Of what was received nobody knows; of what was decided it is known.
        known, whole = status.decided, term_of("decided", status.decided, locale)
        terms.append(term_of("unread", status.unread, locale))
    else:
        whole = term_of("received", received, locale)
        terms.append(term_of("in_flight", in_flight, locale))
    return Sum(whole, terms, _result(status, known, locale, sees_all=sees_all))


def term_of(name: str, count: int | None, locale: LocaleFormat) -> Term:
    """A term of the sum, with a link to its list."""
    text = None if count is None else locale.number(count)
    return Term(name, locale.say(texts.TEXTS[name]), text, LEADS_TO.get(name, ""))


def _result(
    status: ReadModelStatus, known: int | None, locale: LocaleFormat, *, sees_all: bool
) -> State:
    if not status.adds_up:
        return State(locale.say(texts.TEXTS["does_not"]), "bad", "bad")
    if known is None:
        text = "cannot_tell" if sees_all else "cannot_tell_you"
        return State(locale.say(texts.TEXTS[text]), "unknown", "unknown")
    return State(locale.say(texts.TEXTS["adds_up"]), "good", "good")


def _partition(each: PartitionStatus, locale: LocaleFormat) -> PartitionRow:
    if each.held is not None:
        state = State(locale.say(texts.TEXTS["held"]), "bad", "bad")
    elif each.unread is None:
        state = State(locale.say(texts.TEXTS["rest_unknown"]), "", "unknown")
    elif each.unread > 0:
        left = locale.number(each.unread)
        state = State(locale.say(texts.TEXTS["left"], count=left), "info", "now")
    elif each.adds_up:
        state = State(locale.say(texts.TEXTS["read"]), "good", "good")
    else:
        state = State(locale.say(texts.TEXTS["does_not"]), "bad", "bad")
    return PartitionRow(
        str(each.partition),
        locale.number(each.next_offset),
        locale.instant(each.latest_event_time),
        state,
    )
