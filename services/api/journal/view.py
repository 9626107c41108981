"""A record of the journal: what came, what was decided and why, what moved, its bytes. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.masking import masked
from services.api.balances.view import stage_words
from services.api.console.elements import (
    Link,
    Notice,
    State,
    capital,
    grant_href,
    line_name,
    order_href,
    record_href,
    type_words,
    verdict_do,
)
from services.api.console.texts import troubles as words
from services.api.console.texts.grants import WORDS as GRANT_WORDS
from services.api.grants.view import act_words, outcome_state
from services.api.journal.dump import Dump, dump
from services.api.journal.entries import CommitmentEntry
from services.api.journal.records import Moved, OrderStanding, RecordTold
from services.api.orders.view import Fact, state_of
from services.api.queries.verdicts import Verdict
from services.api.rejections.query import DeadLetter
from services.api.rejections.view import place
from services.ledger.explain.terms import ENTRY_KINDS
from services.texts.locale_format import Voice


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A move of the record."""

    origin: str
    target: str
    line: str
    amount: str
    meant_for: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A commitment entry of the record."""

    kind: str
    line: str
    amount: str
    act: str


@dataclass(frozen=True, slots=True)
class OrderTold:
    """A payment order that the record issued or changed."""

    link: Link
    amount: str
    state: State
    due_on: str
    how: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record whole."""

    name: str
    said: str
    outcome: State
    notices: Sequence[Notice]
    facts: Sequence[Fact]
    moves: Sequence[MovedRow]
    entries: Sequence[EntryRow]
    orders: Sequence[OrderTold]
    event: str
    bytes: Dump
    length: str
    shown: str
    previous: str
    next: str


def record_view(
    record: RecordTold,
    raw: bytes,
    grant: str | None,
    dead_letter: DeadLetter | None,
    voice: Voice,
    *,
    has_next: bool,
) -> RecordView:
    """A record, its bytes masked.

    `dead_letter` is what is told of it where it could not be read.
    """
    dumped = dump(raw)
    sequence = record.sequence
    return RecordView(
        voice.say(words.WORDS["record_title"], number=voice.number(sequence)),
        type_words(record.event_type, voice),
        outcome_state(record.outcome, voice),
        list(_notices(record, voice)),
        [*_facts(record, grant, voice), *_dead_letter_facts(dead_letter, voice)],
        [_moved(each, voice) for each in record.moves],
        [_entry(each, voice) for each in record.commitment_entries],
        [_order(record.budget, each, voice) for each in record.payment_orders],
        event_text(raw),
        dumped,
        voice.counted(words.BYTES, dumped.length),
        voice.counted(words.BYTES, dumped.shown),
        record_href(record.budget, sequence - 1) if sequence > 1 else "",
        record_href(record.budget, sequence + 1) if has_next else "",
    )


def event_text(raw: bytes) -> str:
    """The event of a record, in lines, its IBANs masked; empty where it has none."""
    event: Any = json.loads(raw).get("event")
    return "" if event is None else json.dumps(masked(event), ensure_ascii=False, indent=2)


def _notices(record: RecordTold, voice: Voice) -> Iterator[Notice]:
    if record.refusal is not None:
        yield verdict_notice(record.refusal, "bad", voice)
    if record.dead_letter is not None:
        yield verdict_notice(record.dead_letter, "bad", voice)
    if record.waits_for is not None:
        yield verdict_notice(record.waits_for, "info", voice)
    for each in record.review_flags:
        yield verdict_notice(each, "warn", voice)


def verdict_notice(verdict: Verdict, tone: str, voice: Voice) -> Notice:
    """An answer of the ledger with what to do."""
    do = verdict_do(verdict, voice)
    if do:
        do = f"{voice.say(GRANT_WORDS['do'])} {do}"
    said = voice.say(verdict.sentence)
    return Notice(tone, tone, capital(voice.say(verdict.term)), said, do, verdict.code)


def _facts(record: RecordTold, grant: str | None, voice: Voice) -> Iterator[Fact]:
    def fact(name: str, said: str, href: str = "") -> Fact:
        return Fact(voice.say(words.WORDS[name]), said, "", href)

    yield fact("budget" if record.dead_letter is None else "chain", record.budget)
    if grant is not None:
        yield Fact(voice.say(GRANT_WORDS["grant"]), grant, "", grant_href(record.budget, grant))
    if record.event_id is not None:
        yield fact("event", str(masked(record.event_id)))
    if record.event_source is not None:
        yield fact("sender", str(masked(record.event_source)))
    if record.event_time is not None:
        yield fact("time", voice.instant(record.event_time))
    source = record.source
    yield fact("place", place(source.topic, source.partition, source.offset, voice))
    journal = place("journal", record.partition, record.offset, voice)
    yield fact("journal_place", journal)
    if record.resumes is not None:
        said = voice.say(words.WORDS["record"], number=voice.number(record.resumes))
        yield fact("resumes", said, record_href(record.budget, record.resumes))


def _dead_letter_facts(dead_letter: DeadLetter | None, voice: Voice) -> Iterator[Fact]:
    """Where in it the fault is, and the hash by which it is known."""
    if dead_letter is not None:
        yield Fact(voice.say(words.WORDS["reason"]), dead_letter.reason)
        yield Fact(voice.say(words.WORDS["event_sha256"]), dead_letter.event_sha256)


def _moved(move: Moved, voice: Voice) -> MovedRow:
    named = " · ".join(each for each in (move.convention, move.instalment) if each)
    return MovedRow(
        stage_words(move.from_stage, voice),
        stage_words(move.to_stage, voice),
        line_name(move.line),
        voice.money(move.amount_cents),
        named,
    )


def _entry(entry: CommitmentEntry, voice: Voice) -> EntryRow:
    kind = voice.say(ENTRY_KINDS[entry.kind])
    return EntryRow(
        capital(kind),
        line_name(entry.line),
        voice.money(entry.amount_cents),
        "" if entry.act is None else act_words(entry.act, voice),
    )


def _order(budget: str, order: OrderStanding, voice: Voice) -> OrderTold:
    how = "order_issued" if order.issued else "order_changed"
    return OrderTold(
        Link(order_href(budget, order.payment_order), order.payment_order),
        voice.money(order.amount_cents),
        state_of(order.state, voice),
        voice.day(order.due_on),
        voice.say(words.WORDS[how]),
    )
