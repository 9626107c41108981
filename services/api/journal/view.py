"""A record of the journal: what came, what was decided and why, what moved, its bytes. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.masking import masked
from services.api.balances.view import money_stage_name
from services.api.console.elements import (
    Link,
    Notice,
    State,
    capital,
    grant_href,
    line_name,
    order_href,
    record_href,
    type_name,
    verdict_do,
)
from services.api.console.texts import troubles as texts
from services.api.console.texts.grants import TEXTS as GRANT_TEXTS
from services.api.grants.view import act_text, outcome_state
from services.api.journal.dump import Dump, dump
from services.api.journal.entries import CommitmentEntry
from services.api.journal.records import Moved, OrderSnapshot, RecordDetail
from services.api.orders.view import Fact, state_of
from services.api.queries.verdicts import Verdict
from services.api.rejections.query import DeadLetter
from services.api.rejections.view import place
from services.ledger.explain.terms import ENTRY_KINDS
from services.texts.locale_format import LocaleFormat


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
class RecordOrder:
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
    text: str
    outcome: State
    notices: Sequence[Notice]
    facts: Sequence[Fact]
    moves: Sequence[MovedRow]
    entries: Sequence[EntryRow]
    orders: Sequence[RecordOrder]
    event: str
    bytes: Dump
    length: str
    shown: str
    previous: str
    next: str


def record_view(
    record: RecordDetail,
    raw: bytes,
    grant: str | None,
    dead_letter: DeadLetter | None,
    locale: LocaleFormat,
    *,
    has_next: bool,
) -> RecordView:
    """A record, its bytes masked.

    `dead_letter` explains it where it could not be read.
    """
    dumped = dump(raw)
    sequence = record.sequence
    return RecordView(
        locale.say(texts.TEXTS["record_title"], number=locale.number(sequence)),
        type_name(record.event_type, locale),
        outcome_state(record.outcome, locale),
        list(_notices(record, locale)),
        [*_facts(record, grant, locale), *_dead_letter_facts(dead_letter, locale)],
        [_moved(each, locale) for each in record.moves],
        [_entry(each, locale) for each in record.commitment_entries],
        [_order(record.budget, each, locale) for each in record.payment_orders],
        event_text(raw),
        dumped,
        locale.counted(texts.BYTES, dumped.length),
        locale.counted(texts.BYTES, dumped.shown),
        record_href(record.budget, sequence - 1) if sequence > 1 else "",
        record_href(record.budget, sequence + 1) if has_next else "",
    )


def event_text(raw: bytes) -> str:
    """The event of a record, in lines, its IBANs masked; empty where it has none."""
    event: Any = json.loads(raw).get("event")
    return "" if event is None else json.dumps(masked(event), ensure_ascii=False, indent=2)


def _notices(record: RecordDetail, locale: LocaleFormat) -> Iterator[Notice]:
    if record.refusal is not None:
        yield verdict_notice(record.refusal, "bad", locale)
    if record.dead_letter is not None:
        yield verdict_notice(record.dead_letter, "bad", locale)
    if record.waits_for is not None:
        yield verdict_notice(record.waits_for, "info", locale)
    for each in record.review_flags:
        yield verdict_notice(each, "warn", locale)


def verdict_notice(verdict: Verdict, tone: str, locale: LocaleFormat) -> Notice:
    """An answer of the ledger with what to do."""
    do = verdict_do(verdict, locale)
    if do:
        do = f"{locale.say(GRANT_TEXTS['do'])} {do}"
    text = locale.say(verdict.sentence)
    return Notice(tone, tone, capital(locale.say(verdict.term)), text, do, verdict.code)


def _facts(record: RecordDetail, grant: str | None, locale: LocaleFormat) -> Iterator[Fact]:
    def fact(name: str, text: str, href: str = "") -> Fact:
        return Fact(locale.say(texts.TEXTS[name]), text, "", href)

    yield fact("budget" if record.dead_letter is None else "chain", record.budget)
    if grant is not None:
        yield Fact(locale.say(GRANT_TEXTS["grant"]), grant, "", grant_href(record.budget, grant))
    if record.event_id is not None:
        yield fact("event", str(masked(record.event_id)))
    if record.event_source is not None:
        yield fact("sender", str(masked(record.event_source)))
    if record.event_time is not None:
        yield fact("time", locale.instant(record.event_time))
    source = record.source
    yield fact("place", place(source.topic, source.partition, source.offset, locale))
    journal = place("journal", record.partition, record.offset, locale)
    yield fact("journal_place", journal)
    if record.resumes is not None:
        text = locale.say(texts.TEXTS["record"], number=locale.number(record.resumes))
        yield fact("resumes", text, record_href(record.budget, record.resumes))


def _dead_letter_facts(dead_letter: DeadLetter | None, locale: LocaleFormat) -> Iterator[Fact]:
    """Pointer to the fault in it, and the hash by which it is known."""
    if dead_letter is not None:
        yield Fact(locale.say(texts.TEXTS["reason"]), dead_letter.reason)
        yield Fact(locale.say(texts.TEXTS["event_sha256"]), dead_letter.event_sha256)


def _moved(move: Moved, locale: LocaleFormat) -> MovedRow:
    named = " · ".join(each for each in (move.convention, move.instalment) if each)
    return MovedRow(
        money_stage_name(move.from_stage, locale),
        money_stage_name(move.to_stage, locale),
        line_name(move.line),
        locale.money(move.amount_cents),
        named,
    )


def _entry(entry: CommitmentEntry, locale: LocaleFormat) -> EntryRow:
    kind = locale.say(ENTRY_KINDS[entry.kind])
    return EntryRow(
        capital(kind),
        line_name(entry.line),
        locale.money(entry.amount_cents),
        "" if entry.act is None else act_text(entry.act, locale),
    )


def _order(budget: str, order: OrderSnapshot, locale: LocaleFormat) -> RecordOrder:
    how = "order_issued" if order.issued else "order_changed"
    return RecordOrder(
        Link(order_href(budget, order.payment_order), order.payment_order),
        locale.money(order.amount_cents),
        state_of(order.state, locale),
        locale.day(order.due_on),
        locale.say(texts.TEXTS[how]),
    )
