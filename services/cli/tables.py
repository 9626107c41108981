"""What `ecluse replay` shows to people: tables of what came out."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from events.codec import decode
from events.sentences import Sentence
from events.unreadable import Reason, Unreadable, explain
from services.cli.wording import (
    COLUMNS,
    ENTRY_KINDS,
    LINE_WORD,
    OUTCOMES,
    READ,
    REVIEW_FLAGS,
    STATES,
    TITLES,
    Language,
    euros,
    told,
)
from services.ledger.ports import DeadLetter
from services.ledger.sentences import flag_sentence, line_label, refusal_sentence

WIDTH_WITHOUT_TERMINAL = 150
"""Columns where output is not a terminal: wide enough that no figure is cut."""


def console() -> Console:
    """Standard output, wide where no terminal says otherwise."""
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)


class Screen:
    """Prints in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.console = console()

    def say(self, sentence: Sentence) -> None:
        """One line of text."""
        self.console.print(Text(told(sentence, self.language)))

    def table(self, title: str, columns: Iterable[str], figures: Iterable[str] = ()) -> Table:
        """An empty table with its heading; columns named in `figures` stand to the right."""
        table = Table(title=self.word(TITLES, title), title_justify="left", title_style="bold")
        for column in columns:
            justify: Any = "right" if column in figures else "left"
            table.add_column(self.word(COLUMNS, column), justify=justify, overflow="fold")
        return table

    def word(self, words: dict[str, Sentence], name: str) -> str:
        """A word of the trade."""
        return told(words[name], self.language)

    def euros(self, amount_cents: int) -> str:
        """An amount."""
        return euros(amount_cents, self.language)

    def show(self, table: Table) -> None:
        """Print a table, if it has anything to say."""
        if table.row_count:
            self.console.print(table)


def show_summary(screen: Screen, said: dict[str, Any], letters: Iterable[DeadLetter]) -> None:
    """The summary of a replay, for people."""
    _show_entries(screen, said["commitment_entries"])
    _show_orders(screen, said["payment_orders"])
    _show_lines(screen, said["lines"])
    _show_answers(screen, said)
    _show_dead_letters(screen, letters)
    _show_heads(screen, said["heads"])
    counts = [f"{count} {screen.word(OUTCOMES, name)}" for name, count in said["outcomes"].items()]
    read = told(READ, screen.language).format(events=said["events"])
    flags = told(REVIEW_FLAGS, screen.language).format(count=len(said["review_flags"]))
    colon, semicolon = ("\u00a0: ", "\u00a0; ") if screen.language is Language.FR else (": ", "; ")
    screen.console.print(Text(f"{read}{colon}{', '.join(counts)}{semicolon}{flags}."))


def _show_entries(screen: Screen, entries: list[dict[str, Any]]) -> None:
    table = screen.table("entries", ("kind", "line", "amount", "convention"), ("amount",))
    for entry in entries:
        kind = screen.word(ENTRY_KINDS, entry["kind"])
        amount = screen.euros(entry["amount_cents"])
        table.add_row(kind, line_label(entry["line"]), amount, Text(entry["convention"] or "–"))
    screen.show(table)


def _show_orders(screen: Screen, orders: list[dict[str, Any]]) -> None:
    columns = ("order", "state", "due_on", "line", "amount", "services")
    table = screen.table("orders", columns, ("amount",))
    for order in orders:
        total = screen.word(COLUMNS, "total")
        state = screen.word(STATES, order["state"])
        name, amount = Text(order["payment_order"]), screen.euros(order["amount_cents"])
        table.add_row(name, state, order["due_on"], total, amount, "")
        for each in order["lines"]:
            shares = (
                f"{share['code']} {screen.euros(share['amount_cents'])}"
                for share in each["services"] or ()
            )
            amount = screen.euros(each["amount_cents"])
            table.add_row("", "", "", line_label(each["line"]), amount, Text(" · ".join(shares)))
        table.add_section()
    screen.show(table)


def _show_lines(screen: Screen, lines: list[dict[str, Any]]) -> None:
    stages = ("appropriated", "available", "reserved", "committed", "ordered", "paid")
    table = screen.table("lines", ("budget", "line", *stages), stages)
    for row in lines:
        figures = [screen.euros(row[f"{stage}_cents"]) for stage in stages]
        table.add_row(row["budget"], line_label(row["line"]), *figures)
    screen.show(table)


def _show_answers(screen: Screen, said: dict[str, Any]) -> None:
    for title, sentence_of in (("refusals", refusal_sentence), ("review_flags", flag_sentence)):
        table = screen.table(title, ("event", "type", "detail"))
        for row in said[title]:
            sentence = sentence_of(row["code"], row["facts"])
            detail = Text(told(sentence, screen.language))
            table.add_row(Text(row["event_id"]), row["code"], detail)
        screen.show(table)


def _show_dead_letters(screen: Screen, letters: Iterable[DeadLetter]) -> None:
    table = screen.table("dead_letters", ("event", "type", "detail"))
    for letter in letters:
        place = told(LINE_WORD, screen.language).format(line=letter.offset)
        file = letter.topic.rpartition("#")[0]
        detail = Text(told(dead_letter_sentence(letter), screen.language))
        table.add_row(Text(f"{file}, {place}"), Text(letter.reason), detail)
    screen.show(table)


def _show_heads(screen: Screen, heads: dict[str, str]) -> None:
    table = screen.table("heads", ("budget", "detail"))
    for budget, head in heads.items():
        table.add_row(budget, head)
    screen.show(table)


def dead_letter_sentence(letter: DeadLetter) -> Sentence:
    """What was wrong with a record, read again from its bytes."""
    if letter.reason == Reason.TOO_LARGE:
        size = Sentence(f"{letter.length_bytes} octets", f"{letter.length_bytes} bytes")
        return explain(Unreadable(Reason.TOO_LARGE, None, size))
    again = decode(letter.value)
    if isinstance(again, Unreadable):
        return explain(again)
    # The decoder failed then and does not now: the record may be sent again.
    return explain(Unreadable(Reason.UNDECODABLE, None, Sentence(letter.reason, letter.reason)))
