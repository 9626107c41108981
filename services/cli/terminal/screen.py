"""The screen: text and tables in one language, in which no figure is ever broken or cut."""

import os
import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from events.masking import mask_name
from events.texts import Translatable, verbatim
from services.cli.terminal.options import find_language
from services.cli.terminal.texts import COLUMNS, MORE, TITLES
from services.texts.formats import day, euros
from services.texts.language import Language
from services.texts.translation import Sentence, translate

WIDTH_WITHOUT_TERMINAL: Final = 100
"""Columns where output is not a terminal: what a page holds."""

ROWS_MAX: Final = 50
"""The number of rows of a list that a person is shown."""

FOLDED_MIN: Final = 16
"""The least width of a column of text: an amount still fits in it."""

FIGURES: Final = frozenset(
    {"amount", "sequence", "behind", "drained_in", "position", "end", "members", "count"}
    | {"median", "most", "longest", "debit", "credit"}
    | {"after", "before", "appropriated", "available", "reserved", "committed", "ordered", "paid"}
)
"""Columns that stand to the right."""

FOLDING: Final = frozenset(
    {"budget", "convention", "detail", "document", "event", "hash", "order", "owner", "place"}
    | {"recorded", "now", "oldest", "latest_event_at", "value", "source", "roles"}
)
"""Columns whose text may take several lines; all others hold figures, dates, states or codes."""

# What an event says may hold codes that move the cursor: a terminal would obey.
_CONTROLS: Final = {
    each: "\N{REPLACEMENT CHARACTER}"
    for each in (*range(32), *range(127, 160))
    if each != ord("\n")
}

Item = TypeVar("Item")
Cells = tuple[object, ...]
"""The facts in the cells of a table's row."""


class Prose:
    """Text that folds between words, and at no other space: rich breaks at no-break spaces too."""

    def __init__(self, text: str, style: str = "") -> None:
        self.text = text
        self._style = style

    def __str__(self) -> str:
        """The text as it is."""
        return self.text

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines that fit; only a word that is too long by itself is broken."""
        for line in self.text.split("\n"):
            for piece in textwrap.wrap(line, options.max_width, break_on_hyphens=False) or [""]:
                yield Text(piece, self._style, overflow="fold")

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        """The least width it needs, and the width without folding."""
        longest = max(cell_len(line) for line in self.text.split("\n"))
        return Measurement(min(longest, FOLDED_MIN), longest).with_maximum(options.max_width)


class Screen:
    """Prints in one language: the one that was chosen, unless another is named."""

    def __init__(self, language: Language | None = None) -> None:
        self.language = language or find_language()
        self.console = Console(highlight=False)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
        elif not self.console.width:  # COLUMNS=0 says nothing: else nothing would be shown.
            found = shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 0))
            self.console = Console(highlight=False, width=found.columns)

    def say(self, sentence: Translatable | Sentence) -> None:
        """One line of text."""
        self.console.print(Prose(clean(translate(sentence, self.language))))

    def text(self, fact: object) -> str:
        """A fact as people read it: a text, a figure, or several with commas."""
        return translate(verbatim(fact), self.language)

    def term(self, terms: dict[str, Translatable], name: str) -> str:
        """The translation of a term of the trade in the screen's language."""
        return translate(terms[name], self.language)

    def term_or_name(self, terms: Mapping[str, Translatable], name: str) -> str:
        """The same of what others name: what has no word here is called as they do."""
        term = terms.get(name)
        return name if term is None else translate(term, self.language)

    def euros(self, amount_cents: int) -> str:
        """An amount."""
        return euros(amount_cents, self.language)

    def day(self, iso: str) -> str:
        """A day."""
        return day(iso, self.language)

    def table(self, title: str, columns: Iterable[str], **facts: object) -> Table:
        """An empty table with its heading, whose `{names}` are among the facts."""
        heading = clean(translate(TITLES[title].render(facts), self.language))
        table = Table(title=Text(heading, style="bold"), title_justify="left")
        for name in columns:
            justify: Any = "right" if name in FIGURES else "left"
            table.add_column(self.term(COLUMNS, name), justify=justify, no_wrap=name not in FOLDING)
        return table

    def add(self, table: Table, *cells: object) -> None:
        """A row. What comes from events is text, never markup."""
        texts = (clean(self.text(cell)) for cell in cells)
        columns = zip(table.columns, texts, strict=True)
        table.add_row(*(Text(cell) if column.no_wrap else Prose(cell) for column, cell in columns))

    def show(self, table: Table) -> None:
        """Print a table, if it has anything to say; wider than the screen where it must be."""
        self.fit(table)
        if table.row_count:
            self.console.print(table, crop=False)

    def fit(self, table: Table) -> None:
        """Let a table be wider than the screen where it must be."""
        needed = _width(table, folded=True)
        if needed > self.console.width:
            table.width = needed

    def show_list(
        self,
        title: str,
        columns: Iterable[str],
        items: Iterable[Item],
        rows_of: Callable[[Item], Cells | list[Cells]],
    ) -> None:
        """Print a table of items, each of one row or of a list; a long one only begins."""
        table = self.table(title, columns)
        left = 0
        for number, item in enumerate(items):
            if number >= ROWS_MAX:
                left += 1
                continue
            rows = rows_of(item)
            for row in rows if isinstance(rows, list) else [rows]:
                self.add(table, *row)
            if isinstance(rows, list):
                table.add_section()
        self.show(table)
        self.say_more(left)

    def say_more(self, count: int) -> None:
        """Say how much was not shown, if anything."""
        if count > 0:
            self.say(MORE.render(count))

    def fits(self, table: Table) -> bool:
        """True if a table stands on this screen as it is, nothing folded."""
        return _width(table, folded=False) <= self.console.width


def clean(text: str) -> str:
    """`text` as a terminal may show it: its accounts shortened, nothing that it would obey."""
    return mask_name(text).translate(_CONTROLS)


def _width(table: Table, *, folded: bool) -> int:
    borders = 3 * len(table.columns) + 1
    return borders + sum(_column_width(column, folded) for column in table.columns)


def _column_width(column: Column, folded: bool) -> int:
    cells = [column.header, *column.cells]
    longest = max(cell_len(line) for cell in cells for line in str(cell).split("\n"))
    return min(longest, FOLDED_MIN) if folded and not column.no_wrap else longest
