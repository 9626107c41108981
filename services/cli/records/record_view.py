"""Journal records for people: in a table, or one whole."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from events.masking import masked
from services.cli.records.replay_tables import (
    Unread,
    dead_letter_text,
    label,
    place,
    show_entries,
    show_orders,
    unread,
)
from services.cli.terminal.screen import Prose, Screen, clean
from services.cli.terminal.texts import COLUMNS, FAULT, OUTCOME, RECORD, TITLES
from services.ledger.application.decision_texts import (
    flag_sentence,
    parked_sentence,
    refusal_sentence,
)
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import JournalRecord, Source
from services.ledger.domain.lines import Stage
from services.ledger.domain.moves import Move
from services.ledger.explain.terms import ENTRY_KINDS, ORDER_STATES
from services.texts.translation import Sentence, translate

DeadLetters = Mapping[Source, Sentence]
"""Reasons of unreadable records, by their place."""


def unreadable_sources(records: Iterable[JournalRecord]) -> set[Source]:
    """Places of the unreadable ones among some records."""
    return {each.source for each in records if each.dead_letter is not None}


def dead_letters_of(
    records: Sequence[JournalRecord], dead_letters: Iterable[DeadLetter]
) -> DeadLetters:
    """Reasons of the unreadable ones; the store is not asked where there are none."""
    wanted = unreadable_sources(records)
    if not wanted:
        return {}
    return {
        each.source: each.sentence
        for each in unread(dead_letters)
        if each.source in wanted and each.sentence is not None
    }


def show_records(
    screen: Screen,
    records: Iterable[JournalRecord],
    dead_letters: DeadLetters,
    title: str = "journal",
) -> None:
    """Records, a row each, with what a person wants to know of them."""
    table = screen.table(title, ("budget", "sequence", "outcome", "event", "detail"))
    for record in records:
        outcome = screen.term(OUTCOME, record.outcome)
        details = "\n".join(_details(record, dead_letters, screen))
        screen.add(
            table, record.budget, str(record.sequence), outcome, record.event_id or "–", details
        )
    screen.show(table)


def show_record(screen: Screen, record: JournalRecord, dead_letters: DeadLetters) -> None:
    """One record whole: where it stands, what it led to, and the event; IBANs masked."""
    screen.console.print(_head(screen, record))
    _show_moves(screen, record.moves)
    named = [{"budget": record.budget, **entry} for entry in record.commitment_entries]
    show_entries(screen, named)
    show_orders(screen, [change.order.row(record.budget) for change in record.payment_orders])
    answers = [
        ("review_flags", flag_sentence(each["code"], each["facts"]), each["code"])
        for each in record.review_flags
    ]
    if record.refusal is not None:
        sentence = refusal_sentence(record.refusal["code"], record.refusal["facts"])
        answers.append(("refusal", sentence, record.refusal["code"]))
    for title, sentence, code in answers:
        table = screen.table(title, ("code", "detail"))
        screen.add(table, code, translate(sentence, screen.language))
        screen.show(table)
    if record.dead_letter is not None:
        table = screen.table("dead_letter", ("detail",))
        screen.add(table, _unreadable(record, dead_letters, screen))
        screen.show(table)
    if record.event is not None:
        screen.console.print(Text(screen.term(TITLES, "received"), style="bold"))
        event = json.dumps(json.loads(record.event), ensure_ascii=False, indent=2)
        screen.console.print(Text(clean(masked(event))), soft_wrap=True)


def _head(screen: Screen, record: JournalRecord) -> Table:
    """The place of a record, fact by fact."""
    facts: dict[str, str | None] = {
        "budget": record.budget,
        "sequence": str(record.sequence),
        "outcome": screen.term(OUTCOME, record.outcome),
        "event": record.event_id,
        "read_from": place(record.source, screen.language),
        "hash": record.hash,
        "previous_hash": record.previous_hash,
        "resumes": None,
        "waits_for": None,
        **_quarantined(record),
    }
    if record.resumes is not None:
        facts["resumes"] = translate(RECORD.render({"sequence": record.resumes}), screen.language)
    if record.waits_for is not None:
        facts["waits_for"] = translate(parked_sentence(record.waits_for), screen.language)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, fact in facts.items():
        if fact is not None:
            # A hash that is masked because it looks like an IBAN would look like tampering.
            shown = fact if name in {"hash", "previous_hash"} else masked(fact)
            table.add_row(Text(screen.term(COLUMNS, name)), Prose(clean(shown)))
    return table


def _quarantined(record: JournalRecord) -> dict[str, str | None]:
    """The person who quarantined a record, and the reason, as the journal has them."""
    dead = record.dead_letter or {}
    return {"set_aside_by": dead.get("by"), "why": dead.get("why")}


def _show_moves(screen: Screen, moves: Sequence[Move]) -> None:
    table = screen.table("moves", ("line", "from", "to", "amount"))

    def add(move: Move) -> None:
        ends = (_stage(screen, end) for end in (move.kind.origin, move.kind.target))
        screen.add(table, label(move.line.row()), *ends, screen.euros(move.amount_cents))

    screen.fill(table, moves, add)


def _stage(screen: Screen, stage: Stage | None) -> str:
    return screen.term(COLUMNS, "outside" if stage is None else stage.value)


def _details(record: JournalRecord, dead_letters: DeadLetters, screen: Screen) -> list[str]:
    """Details of a record, a line each."""
    details = []
    if record.refusal is not None:
        sentence = refusal_sentence(record.refusal["code"], record.refusal["facts"])
        details.append(translate(sentence, screen.language))
    if record.waits_for is not None:
        details.append(translate(parked_sentence(record.waits_for), screen.language))
    if record.dead_letter is not None:
        details.append(_unreadable(record, dead_letters, screen))
    details += [_entry(each, screen) for each in record.commitment_entries]
    orders = [change.order for change in record.payment_orders]
    details += [
        _fact(each.payment_order, screen.term(ORDER_STATES, each.state), screen) for each in orders
    ]
    flags = [flag_sentence(each["code"], each["facts"]) for each in record.review_flags]
    return details + [translate(sentence, screen.language) for sentence in flags]


def _entry(entry: dict[str, Any], screen: Screen) -> str:
    kind = screen.term(ENTRY_KINDS, entry["kind"])
    return _fact(kind, screen.euros(entry["amount_cents"]), screen)


def _fact(name: str, fact: str, screen: Screen) -> str:
    return translate(FAULT, screen.language).format(place=name, reason=fact)


def _unreadable(record: JournalRecord, dead_letters: DeadLetters, screen: Screen) -> str:
    """The reason in words; its code alone where the record's bytes are gone."""
    assert record.dead_letter is not None, "asked for dead letters only"
    dead_letter = Unread(
        record.source, str(record.dead_letter["reason"]), dead_letters.get(record.source)
    )
    return dead_letter_text(dead_letter, screen.language)
