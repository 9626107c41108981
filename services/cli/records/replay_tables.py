"""Results of `ecluse replay` for people, in tables."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from events.texts import Translatable, verbatim
from events.unreadable import Reason, Unreadable, explain
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import COLUMNS, LINE_TERM, OUTCOMES, READ, REVIEW_FLAGS, SUMMARY
from services.ledger.application.decision_texts import (
    flag_sentence,
    line_label,
    parked_sentence,
    refusal_sentence,
)
from services.ledger.application.handle import Ledger, RawRecord, decoded
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import Source
from services.ledger.explain.terms import ENTRY_KINDS, ORDER_STATES
from services.texts.language import Language
from services.texts.translation import Sentence, both, translate

STAGES: Final = ("appropriated", "available", "reserved", "committed", "ordered", "paid")
"""The stages of a line, in the order of the expenditure chain."""

CARRIED_OVER: Final = "carried_over"
"""Columns of money carried over: shown of budgets that have any."""

LABEL_WIDTH: Final = 24
"""From here on the codes of a line or a service go on below."""


class Unread(NamedTuple):
    """A record that could not be read: where it stands, and why."""

    source: Source
    reason: str
    sentence: Sentence | None
    """None where nobody can tell any more."""


def show_summary(
    screen: Screen, figures: dict[str, Any], ledger: Ledger, dead_letters: Iterable[Unread]
) -> None:
    """The summary of what was read, for people."""
    show_entries(screen, figures["commitment_entries"])
    show_orders(screen, figures["payment_orders"])
    _show_lines(screen, figures["lines"])
    _show_parked(screen, ledger)
    _show_answers(screen, figures)
    _show_dead_letters(screen, dead_letters)
    _show_heads(screen, figures["heads"])
    screen.say(counts(figures))


def show_entries(screen: Screen, entries: Iterable[Mapping[str, Any]]) -> None:
    """Commitment entries."""
    table = screen.table("entries", ("kind", "line", "amount", "convention"))

    def add(entry: Mapping[str, Any]) -> None:
        kind = screen.term(ENTRY_KINDS, entry["kind"])
        amount = screen.euros(entry["amount_cents"])
        screen.add(table, kind, label(entry["line"]), amount, entry["convention"] or "–")

    screen.fill(table, entries, add)


def show_orders(screen: Screen, orders: Iterable[Mapping[str, Any]]) -> None:
    """Payment orders: each in full, then line by line, then by the services of a line."""
    table = screen.table("orders", ("order", "state", "due_on", "share", "amount"))

    def add(order: Mapping[str, Any]) -> None:
        total, state = screen.term(COLUMNS, "total"), screen.term(ORDER_STATES, order["state"])
        due_on, amount = screen.day(order["due_on"]), screen.euros(order["amount_cents"])
        screen.add(table, order["payment_order"], state, due_on, total, amount)
        for each in order["lines"]:
            screen.add(table, "", "", "", label(each["line"]), screen.euros(each["amount_cents"]))
            for share in each["services"] or ():
                code = textwrap.indent("\n".join(textwrap.wrap(share["code"], LABEL_WIDTH)), "  ")
                screen.add(table, "", "", "", code, screen.euros(share["amount_cents"]))
        table.add_section()

    screen.fill(table, orders, add)


def label(line: Mapping[str, str | None]) -> str:
    """The codes of a line; on several lines where they are long."""
    return "\n".join(textwrap.wrap(line_label(line), LABEL_WIDTH, break_on_hyphens=False))


def _show_lines(screen: Screen, lines: list[dict[str, Any]]) -> None:
    for budget, rows in groupby(lines[:ROWS_MAX], itemgetter("budget")):
        _show_balances(screen, budget, list(rows))
    screen.say_more(len(lines) - ROWS_MAX)


def _show_balances(screen: Screen, budget: str, rows: list[dict[str, Any]]) -> None:
    """The balances of one budget: a row for each line, or for each stage on a narrow screen."""
    carried = any(row[f"{CARRIED_OVER}_cents"] for row in rows)
    stages = (*STAGES, CARRIED_OVER) if carried else STAGES
    table = screen.table("lines", ("line", *stages), budget=budget)
    for row in rows:
        figures = [screen.euros(row[f"{stage}_cents"]) for stage in stages]
        screen.add(table, label(row["line"]), *figures)
    if screen.fits(table):
        screen.show(table)
        return
    table = screen.table("lines", ("line", "stage", "amount"), budget=budget)
    for row in rows:
        name = label(row["line"])
        for stage in stages:
            figure = screen.euros(row[f"{stage}_cents"])
            screen.add(table, name, screen.term(COLUMNS, stage), figure)
            name = ""
        table.add_section()
    screen.show(table)


def _show_parked(screen: Screen, ledger: Ledger) -> None:
    table = screen.table("parked", ("event", "detail"))
    waiting = [
        parked
        for _, state in sorted(ledger.budgets.items())
        for _, parked in sorted(state.memory.parked.items())
    ]
    for parked in waiting[:ROWS_MAX]:
        sentence = parked_sentence(parked.want._asdict())
        # It was read before it was parked: its id stands where the contract has it.
        screen.add(table, json.loads(parked.raw)["id"], translate(sentence, screen.language))
    screen.show(table)
    screen.say_more(len(waiting) - ROWS_MAX)


def _show_answers(screen: Screen, figures: dict[str, Any]) -> None:
    for title, sentence_of in (("refusals", refusal_sentence), ("review_flags", flag_sentence)):
        rows = figures[title]
        table = screen.table(title, ("event", "code", "detail"))
        for row in rows[:ROWS_MAX]:
            sentence = sentence_of(row["code"], row["facts"])
            screen.add(table, row["event_id"], row["code"], translate(sentence, screen.language))
        screen.show(table)
        screen.say_more(len(rows) - ROWS_MAX)


def _show_dead_letters(screen: Screen, dead_letters: Iterable[Unread]) -> None:
    table = screen.table("dead_letters", ("place", "detail"))

    def add(dead_letter: Unread) -> None:
        terms = dead_letter_text(dead_letter, screen.language)
        screen.add(table, place(dead_letter.source, screen.language), terms)

    screen.fill(table, dead_letters, add)


def _show_heads(screen: Screen, heads: dict[str, str]) -> None:
    table = screen.table("heads", ("budget", "hash"))
    screen.fill(table, heads.items(), lambda row: screen.add(table, *row))


def counts(figures: dict[str, Any]) -> Translatable:
    """Counts of all outcomes, in one line."""
    read = READ.render(figures["events"])
    outcomes = tuple(OUTCOMES[name].render(count) for name, count in figures["outcomes"].items())
    flags = REVIEW_FLAGS.render(len(figures["review_flags"]))
    return SUMMARY.render({"read": read, "outcomes": outcomes, "flags": flags})


def place(source: Source, language: Language) -> str:
    """The place of a record: a file and its line, or a topic with partition and offset."""
    file, mark, _ = source.topic.rpartition("#")
    if not mark:
        return f"{source.topic}/{source.partition}/{source.offset}"
    return f"{file}, {translate(LINE_TERM, language).format(line=source.offset)}"


def dead_letter_text(dead_letter: Unread, language: Language) -> str:
    """The reason why a record is unreadable: its code, then its sentence where known."""
    if dead_letter.sentence is None:
        return dead_letter.reason
    return f"{dead_letter.reason}\n{translate(dead_letter.sentence, language)}"


def unread(dead_letters: Iterable[DeadLetter]) -> Iterator[Unread]:
    """Dead letters of a store, each with the sentence that its bytes lead to."""
    for dead_letter in dead_letters:
        source = Source(dead_letter.topic, dead_letter.partition, dead_letter.offset)
        yield Unread(source, dead_letter.reason, both(dead_letter_sentence(dead_letter)))


def dead_letter_sentence(dead_letter: DeadLetter) -> Translatable:
    """The fault of a record, read again from its bytes."""
    if dead_letter.reason == Reason.TOO_LARGE:
        return explain(Unreadable.too_large(dead_letter.length_bytes))
    source = Source(dead_letter.topic, dead_letter.partition, dead_letter.offset)
    again = decoded(RawRecord(dead_letter.value, source))
    if isinstance(again, Unreadable):
        return explain(again)
    # The decoder failed then and does not now: the record may be sent again.
    return explain(Unreadable(Reason.UNDECODABLE, None, verbatim(dead_letter.reason)))
