"""Tables for people of the results of events."""

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from events.texts import Day, Euros, Translatable, verbatim
from events.unreadable import Reason, Unreadable, explain
from services.cli.terminal.screen import ROWS_MAX, Cells, Screen
from services.cli.terminal.texts import COLUMNS, LINE_TERM, OUTCOMES, READ, REVIEW_FLAGS, SUMMARY
from services.ledger.application.handle import Ledger, RawRecord, decode_record
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import Source
from services.ledger.domain.model.lines import Line
from services.ledger.explain.sentences import (
    ENTRY_KINDS,
    ORDER_STATES,
    explain_wait,
    flag_sentence,
    line_label,
    line_order,
    refusal_sentence,
)
from services.texts.translation import Sentence

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
    sentence: Translatable | Sentence | None
    """None where nobody can tell any more."""


def show_summary(
    screen: Screen, figures: dict[str, Any], ledger: Ledger, dead_letters: Iterable[Unread]
) -> None:
    """The summary of what was read, for people."""
    show_entries(screen, figures["commitment_entries"])
    show_orders(screen, figures["payment_orders"])
    show_lines(screen, figures["lines"])
    _show_parked(screen, ledger)
    _show_answers(screen, figures, "refusals", refusal_sentence)
    _show_answers(screen, figures, "review_flags", flag_sentence)
    screen.show_list(
        "dead_letters",
        ("place", "detail"),
        dead_letters,
        lambda each: (place(each.source), dead_letter_text(each)),
    )
    screen.show_list("heads", ("budget", "hash"), figures["heads"].items(), tuple)
    screen.say(counts(figures))


def show_entries(screen: Screen, entries: Iterable[Mapping[str, Any]]) -> None:
    """Commitment entries."""
    screen.show_list(
        "entries",
        ("kind", "line", "amount", "convention"),
        entries,
        lambda entry: (
            ENTRY_KINDS[entry["kind"]],
            label(entry["line"]),
            Euros(entry["amount_cents"]),
            entry["convention"] or "–",
        ),
    )


def show_orders(screen: Screen, orders: Iterable[Mapping[str, Any]]) -> None:
    """Payment orders: each in full, then line by line, then by the services of a line."""
    columns = ("order", "state", "due_on", "share", "amount")
    screen.show_list("orders", columns, orders, _order_rows)


def _order_rows(order: Mapping[str, Any]) -> list[Cells]:
    state, due_on = ORDER_STATES[order["state"]], Day(order["due_on"])
    total = (COLUMNS["total"], Euros(order["amount_cents"]))
    rows: list[Cells] = [(order["payment_order"], state, due_on, *total)]
    for each in order["lines"]:
        rows.append(("", "", "", label(each["line"]), Euros(each["amount_cents"])))
        for share in each["services"] or ():
            code = textwrap.indent("\n".join(textwrap.wrap(share["code"], LABEL_WIDTH)), "  ")
            rows.append(("", "", "", code, Euros(share["amount_cents"])))
    return rows


def label(line: Mapping[str, str | None]) -> str:
    """The codes of a line; on several lines where they are long."""
    return "\n".join(textwrap.wrap(line_label(line), LABEL_WIDTH, break_on_hyphens=False))


def show_lines(screen: Screen, lines: list[dict[str, Any]]) -> None:
    """Balances of lines, budget by budget, operations by their number."""
    in_order = sorted(lines, key=lambda row: (row["budget"], line_order(Line(**row["line"]))))
    for budget, rows in groupby(in_order[:ROWS_MAX], itemgetter("budget")):
        _show_balances(screen, budget, list(rows))
    screen.say_more(len(lines) - ROWS_MAX)


def _show_balances(screen: Screen, budget: str, rows: list[dict[str, Any]]) -> None:
    """The balances of one budget: a row for each line, or for each stage on a narrow screen."""
    carried = any(row[f"{CARRIED_OVER}_cents"] for row in rows)
    stages = (*STAGES, CARRIED_OVER) if carried else STAGES
    table = screen.table("lines", ("line", *stages), budget=budget)
    for row in rows:
        figures = [Euros(row[f"{stage}_cents"]) for stage in stages]
        screen.add(table, label(row["line"]), *figures)
    if not screen.fits(table):
        table = screen.table("lines", ("line", "stage", "amount"), budget=budget)
        for row in rows:
            for number, stage in enumerate(stages):
                name = "" if number else label(row["line"])
                screen.add(table, name, COLUMNS[stage], Euros(row[f"{stage}_cents"]))
            table.add_section()
    screen.show(table)


def _show_parked(screen: Screen, ledger: Ledger) -> None:
    waiting = [
        parked
        for _, state in sorted(ledger.budgets.items())
        for _, parked in sorted(state.memory.parked.items())
    ]
    # Each was read before it was parked: its id stands where the contract has it.
    screen.show_list(
        "parked",
        ("event", "detail"),
        waiting,
        lambda parked: (json.loads(parked.raw)["id"], explain_wait(parked.want._asdict())),
    )


def _show_answers(
    screen: Screen, figures: Mapping[str, Any], title: str, sentence_of: Callable[..., Translatable]
) -> None:
    screen.show_list(
        title,
        ("event", "code", "detail"),
        figures[title],
        lambda row: (row["event_id"], row["code"], sentence_of(row["code"], row["facts"])),
    )


def counts(figures: dict[str, Any]) -> Translatable:
    """Counts of all outcomes, in one line."""
    read = READ.render(figures["events"])
    outcomes = tuple(OUTCOMES[name].render(count) for name, count in figures["outcomes"].items())
    flags = REVIEW_FLAGS.render(len(figures["review_flags"]))
    return SUMMARY.render({"read": read, "outcomes": outcomes, "flags": flags})


def place(source: Source) -> Translatable:
    """The place of a record: a file and its line, or a topic with partition and offset."""
    file, mark, _ = source.topic.rpartition("#")
    if not mark:
        return verbatim(f"{source.topic}/{source.partition}/{source.offset}")
    line = LINE_TERM.render({"line": source.offset})
    return Translatable("{file}, {line}", {"file": file, "line": line})


def dead_letter_text(dead_letter: Unread) -> Translatable:
    """The reason why a record is unreadable: its code, then its sentence where known."""
    if dead_letter.sentence is None:
        return verbatim(dead_letter.reason)
    facts = {"reason": dead_letter.reason, "sentence": dead_letter.sentence}
    return Translatable("{reason}\n{sentence}", facts)


def unread(dead_letters: Iterable[DeadLetter]) -> Iterator[Unread]:
    """Dead letters of a store, each with the sentence that its bytes lead to."""
    for dead_letter in dead_letters:
        source = Source(dead_letter.topic, dead_letter.partition, dead_letter.offset)
        yield Unread(source, dead_letter.reason, _sentence(dead_letter, source))


def _sentence(dead_letter: DeadLetter, source: Source) -> Translatable:
    """The fault of a record, read again from its bytes."""
    if dead_letter.reason == Reason.TOO_LARGE:
        return explain(Unreadable.too_large(dead_letter.length_bytes))
    again = decode_record(RawRecord(dead_letter.value, source))
    if isinstance(again, Unreadable):
        return explain(again)
    # The decoder failed then and does not now: the record may be sent again.
    return explain(Unreadable(Reason.UNDECODABLE, None, verbatim(dead_letter.reason)))
