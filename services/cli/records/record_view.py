"""Records of the journal, for programs and for people."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from events.envelope import Envelope, Event
from events.masking import mask
from events.texts import Euros, Translatable
from services.cli.records.summary_tables import (
    Unread,
    dead_letter_text,
    label,
    place,
    show_entries,
    show_orders,
    unread,
)
from services.cli.terminal.screen import Cells, Prose, Screen, clean
from services.cli.terminal.texts import COLUMNS, FAULT, OUTCOME, RECORD, TITLES
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import JournalRecord, Source
from services.ledger.domain.model.lines import line_from_row
from services.ledger.domain.model.moves import Move, MoveKind
from services.ledger.domain.model.orders import OrderChange
from services.ledger.explain.answers import flag_row
from services.ledger.explain.refusals import refusal_row
from services.ledger.explain.sentences import (
    ENTRY_KINDS,
    ORDER_STATES,
    OUTSIDE,
    explain_wait,
    flag_sentence,
    refusal_sentence,
)
from services.texts.translation import Sentence

ENTRY_MEMBERS = ("entry_id", "kind", "line", "amount_cents", "act", "convention", "effective_on")


def record_row(record: JournalRecord, envelope: Envelope[Event] | None) -> dict[str, Any]:
    """A record and what an answer has of it (docs/contract.md, 5).

    `envelope` is None for a record that could not be read.
    """
    return {
        "budget": record.budget,
        "sequence": record.sequence,
        "source": record.source._asdict(),
        "event_id": record.event_id,
        "event_source": record.event_source,
        "type": None if envelope is None else envelope.type,
        "time": None if envelope is None else envelope.time.isoformat(),
        "traceparent": None if envelope is None else envelope.traceparent,
        "outcome": record.outcome.value,
        "resumes": record.resumes,
        "waits_for": record.waits_for and {name: record.waits_for[name] for name in ("kind", "id")},
        "refusal": record.refusal and refusal_row(record.refusal),
        "dead_letter": record.dead_letter and {"reason": record.dead_letter["reason"]},
        "review_flags": [flag_row(flag) for flag in record.review_flags],
        "moves": [move_row(move) for move in record.moves],
        "commitment_entries": [_entry(entry) for entry in record.commitment_entries],
        "payment_orders": [_order(change) for change in record.payment_orders],
    }


def move_row(move: Move) -> dict[str, Any]:
    """A move as a journal record holds it."""
    return {
        "line": move.line.row(),
        "convention": move.convention,
        "instalment": move.instalment,
        "from": move.kind.origin,
        "to": move.kind.target,
        "amount_cents": move.amount_cents,
    }


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    act = {name: entry["act"][name] for name in ("body", "number", "date")}
    line = line_from_row(entry["line"]).row()
    return {name: entry[name] for name in ENTRY_MEMBERS} | {"line": line, "act": act}


def _order(change: OrderChange) -> dict[str, Any]:
    """An order as it stood behind the record; its lines where it was issued, as in the journal."""
    row = change.order.row("")
    del row["budget"]
    return row | {"lines": row["lines"] if change.issued is not None else None}


DeadLetters = Mapping[Source, Translatable | Sentence]
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
        details = "\n".join(map(screen.text, _details(record, dead_letters)))
        event = record.event_id or "–"
        screen.add(table, record.budget, record.sequence, OUTCOME[record.outcome], event, details)
    screen.show(table)


def show_record(screen: Screen, record: JournalRecord, dead_letters: DeadLetters) -> None:
    """One record whole: where it stands, what it led to, and the event; IBANs masked."""
    screen.console.print(_head(screen, record))
    screen.show_list("moves", ("line", "from", "to", "amount"), record.moves, _move)
    named = [{"budget": record.budget, **entry} for entry in record.commitment_entries]
    show_entries(screen, named)
    show_orders(screen, [change.order.row(record.budget) for change in record.payment_orders])
    answers = [("review_flags", each, flag_sentence) for each in record.review_flags]
    if record.refusal is not None:
        answers.append(("refusal", record.refusal, refusal_sentence))
    for title, answer, sentence_of in answers:
        row = answer["code"], sentence_of(answer["code"], answer["facts"])
        screen.show_list(title, ("code", "detail"), [row], tuple)
    if record.dead_letter is not None:
        reason = _unreadable(record, dead_letters)
        screen.show_list("dead_letter", ("detail",), [(reason,)], tuple)
    if record.event is not None:
        screen.console.print(Text(screen.term(TITLES, "received"), style="bold"))
        event = json.dumps(json.loads(record.event), ensure_ascii=False, indent=2)
        screen.console.print(Text(clean(mask(event))), soft_wrap=True)


def _head(screen: Screen, record: JournalRecord) -> Table:
    """The place of a record, fact by fact."""
    dead = record.dead_letter or {}
    facts: dict[str, object] = {
        "budget": record.budget,
        "sequence": record.sequence,
        "outcome": OUTCOME[record.outcome],
        "event": record.event_id,
        "read_from": place(record.source),
        "hash": record.hash,
        "previous_hash": record.previous_hash,
        "resumes": record.resumes and RECORD.render({"sequence": record.resumes}),
        "waits_for": record.waits_for and explain_wait(record.waits_for),
        # The person who quarantined it, and the reason, as the journal has them.
        "set_aside_by": dead.get("by"),
        "why": dead.get("why"),
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, fact in facts.items():
        if fact is not None:
            text = screen.text(fact)
            # A hash that is masked because it looks like an IBAN would look like tampering.
            shown = text if name in {"hash", "previous_hash"} else mask(text)
            table.add_row(Text(screen.term(COLUMNS, name)), Prose(clean(shown)))
    return table


def _move(move: Move) -> Cells:
    return label(move.line.row()), *move_ends(move.kind), Euros(move.amount_cents)


def move_ends(kind: MoveKind) -> list[Translatable]:
    """The two stages of a move; of one from outside the budget, or to it, what that is."""
    ends = (kind.origin, kind.target)
    return [OUTSIDE[kind.target] if each is None else COLUMNS[each.value] for each in ends]


def _details(record: JournalRecord, dead_letters: DeadLetters) -> Iterator[Translatable]:
    """Details of a record, a line each."""
    if record.refusal is not None:
        yield refusal_sentence(record.refusal["code"], record.refusal["facts"])
    if record.waits_for is not None:
        yield explain_wait(record.waits_for)
    if record.dead_letter is not None:
        yield _unreadable(record, dead_letters)
    for entry in record.commitment_entries:
        yield label_fact(ENTRY_KINDS[entry["kind"]], Euros(entry["amount_cents"]))
    for change in record.payment_orders:
        yield label_fact(change.order.payment_order, ORDER_STATES[change.order.state])
    for flag in record.review_flags:
        yield flag_sentence(flag["code"], flag["facts"])


def label_fact(name: object, fact: object) -> Translatable:
    """A name and what is said of it, with the colon of the language."""
    return FAULT.render({"place": name, "reason": fact})


def _unreadable(record: JournalRecord, dead_letters: DeadLetters) -> Translatable:
    """The reason in words; its code alone where the record's bytes are gone."""
    assert record.dead_letter is not None, "asked for dead letters only"
    reason = str(record.dead_letter["reason"])
    return dead_letter_text(Unread(record.source, reason, dead_letters.get(record.source)))
