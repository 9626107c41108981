"""Lists of refused and parked events, dead letters and review flags, by reason, with what to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from events.texts import Translatable, verbatim
from services.api.console.elements import (
    Choice,
    Link,
    address,
    capital,
    grant_href,
    record_href,
    type_name,
    verdict_do,
)
from services.api.console.texts import troubles as texts
from services.api.queries.verdicts import Verdict
from services.api.rejections.flags import Flagged
from services.api.rejections.query import ByReason, DeadLetter, RefusedEvent, WaitingEvent
from services.ledger.explain.dead_letters import DEAD_LETTERS
from services.ledger.explain.flags import FLAGS
from services.ledger.explain.refusals import REFUSALS
from services.ledger.explain.waits import WAITS
from services.texts.locale_format import LocaleFormat

KINDS: Final = ("refused", "parked", "unreadable", "flagged")

TERMS: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "refused": {code.value: advice.term for code, advice in REFUSALS.items()},
    "parked": {kind.value: advice.term for kind, advice in WAITS.items()},
    "unreadable": {code.value: advice.term for code, advice in DEAD_LETTERS.items()},
    "flagged": {code.value: advice.term for code, advice in FLAGS.items()},
}
"""Names of the reasons."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the lists; `count` is None where the caller may not see any."""

    name: str
    href: str
    text: str
    count: str | None
    here: bool


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """Something that did not go through."""

    link: Link
    what: str
    reason: str
    code: str
    sentence: str
    do: str
    budget: str
    instant: str
    sender: str


Counts = Mapping[str, Sequence[ByReason] | None]
"""By list, how many of each reason; None where the caller may not see them."""


def tabs(counts: Counts, here: str, locale: LocaleFormat) -> list[Tab]:
    """The lists with how many stand in each."""
    return [
        Tab(
            name,
            address("troubles", name),
            locale.say(texts.TEXTS[name]),
            _total(counts[name], locale),
            name == here,
        )
        for name in KINDS
    ]


def _total(counts: Sequence[ByReason] | None, locale: LocaleFormat) -> str | None:
    return None if counts is None else locale.number(sum(each.count for each in counts))


def reasons(
    kind: str, counts: Sequence[ByReason], asked: str | None, locale: LocaleFormat
) -> list[Choice]:
    """The filter by reason, with how many of each."""
    everything = sum(each.count for each in counts)
    text = f"{locale.say(texts.TEXTS['all_reasons'])} ({locale.number(everything)})"
    choices = [Choice(address("troubles", kind), text, asked is None)]
    for each in counts:
        term = locale.say(_term(kind, each.code))
        label = f"{capital(term)} ({locale.number(each.count)})"
        href = address("troubles", kind, reason=each.code)
        choices.append(Choice(href, label, asked == each.code))
    return choices


def _term(kind: str, code: str) -> Translatable:
    """Name of a reason; one that this version does not know keeps its code."""
    found = TERMS[kind].get(code)
    return verbatim(code) if found is None else found


def refused_rows(events: Iterable[RefusedEvent], locale: LocaleFormat) -> list[TroubleRow]:
    """Refused events."""
    return [_row(each, each.refusal, locale) for each in events]


def parked_rows(events: Iterable[WaitingEvent], locale: LocaleFormat) -> list[TroubleRow]:
    """Events that wait."""
    return [_row(each, each.wait, locale) for each in events]


def unreadable_rows(dead_letters: Iterable[DeadLetter], locale: LocaleFormat) -> list[TroubleRow]:
    """Dead letters."""
    return [
        TroubleRow(
            Link(record_href(each.chain, each.sequence), _number(each.sequence, locale)),
            place(each.source_topic, each.source_partition, each.source_offset, locale),
            capital(locale.say(each.verdict.term)),
            each.reason,
            locale.say(each.verdict.sentence),
            locale.say(each.verdict.do),
            "",
            "",
            "",
        )
        for each in dead_letters
    ]


def flagged_rows(flags: Iterable[Flagged], locale: LocaleFormat) -> list[TroubleRow]:
    """Review flags; each leads to its grant, where it is about one."""
    return [
        TroubleRow(
            Link(
                record_href(each.budget, each.sequence)
                if each.grant is None
                else grant_href(each.budget, each.grant),
                each.grant or each.event_id or _number(each.sequence, locale),
            ),
            type_name(each.event_type, locale),
            capital(locale.say(each.verdict.term)),
            each.verdict.code,
            locale.say(each.verdict.sentence),
            verdict_do(each.verdict, locale),
            each.budget,
            locale.short_instant(each.event_time),
            "",
        )
        for each in flags
    ]


def _row(event: RefusedEvent | WaitingEvent, verdict: Verdict, locale: LocaleFormat) -> TroubleRow:
    return TroubleRow(
        Link(record_href(event.budget, event.sequence), event.event_id),
        type_name(event.event_type, locale),
        capital(locale.say(verdict.term)),
        verdict.code,
        locale.say(verdict.sentence),
        verdict_do(verdict, locale),
        event.budget,
        locale.short_instant(event.event_time),
        event.event_source,
    )


def _number(sequence: int, locale: LocaleFormat) -> str:
    return locale.say(texts.TEXTS["record"], number=locale.number(sequence))


def place(topic: str, partition: int, offset: int, locale: LocaleFormat) -> str:
    """A source position."""
    return locale.say(
        texts.TEXTS["place_said"],
        topic=topic,
        partition=partition,
        offset=locale.number(offset),
    )


@dataclass(frozen=True, slots=True)
class ToDo:
    """A kind of thing that waits for a person, and how many there are."""

    link: Link
    count: str


def todo(counts: Counts, overdue: int, overdue_href: str, locale: LocaleFormat) -> list[ToDo]:
    """Work that waits for somebody; what is nothing is left out."""
    found = [
        (texts.LATE_COUNT, overdue, overdue_href),
        (texts.FLAGS_COUNT, _sum(counts["flagged"]), address("troubles", "flagged")),
        (texts.REFUSED_COUNT, _sum(counts["refused"]), address("troubles", "refused")),
        (texts.PARKED_COUNT, _sum(counts["parked"]), address("troubles", "parked")),
        (texts.UNREADABLE_COUNT, _sum(counts["unreadable"]), address("troubles", "unreadable")),
    ]
    return [
        ToDo(Link(href, locale.say(text)), locale.number(count))
        for text, count, href in found
        if count
    ]


def _sum(counts: Sequence[ByReason] | None) -> int:
    return sum(each.count for each in counts or ())
