"""The budget execution statement (état d'exécution): chapters, their articles, the whole."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

from events.texts import _, pgettext
from services.api.budgets.balances import LineBalance, Stages
from services.api.code_names import OFFICIAL, Names
from services.api.files.list_file import CHAPTER_NAME, LINE_NAME
from services.api.files.sheet import Cell, Column, Kind, Sheet
from services.api.queries.rows import Name, mask_name_or_none
from services.ledger.explain.sentences import line_order

TITLE: Final = _("Budget execution")
BY_LINE: Final = _("Line by line")
TOTAL: Final = _("Total")
FIGURES: Final = {
    "appropriated_cents": Column(_("appropriated"), Kind.CENTS),
    "reserved_cents": Column(_("reserved (accounting commitment)"), Kind.CENTS),
    "committed_cents": Column(_("committed, not ordered"), Kind.CENTS),
    "ordered_cents": Column(_("ordered, not paid"), Kind.CENTS),
    "paid_cents": Column(_("paid"), Kind.CENTS),
    "carried_over_cents": Column(_("carried over"), Kind.CENTS),
    "available_cents": Column(_("available"), Kind.CENTS),
    "committed_per_mille": Column(_("commitment rate"), Kind.RATE),
    "ordered_per_mille": Column(_("ordering rate"), Kind.RATE),
    "paid_per_mille": Column(_("payment rate"), Kind.RATE),
}
"""The columns of the figures, by the field of an execution."""

CODES: Final = (_("chapter"), _("article"), _("function"), _("operation"))
"""The names of the four codes of a line."""

COLUMNS: Final = (
    Column(_("chapter")),
    Column(_("article")),
    Column(pgettext("code", "name")),
    *FIGURES.values(),
)
LINE_COLUMNS: Final = (
    *map(Column, CODES),
    Column(CHAPTER_NAME),
    Column(LINE_NAME),
    *FIGURES.values(),
)


@dataclass(frozen=True)
class Execution(Stages):
    """Money by stage, in cents, and rates in thousandths of what was appropriated, rounded down.

    Each stage holds what has not gone on to the next; each rate counts what has passed its stage.
    A rate is null where nothing was appropriated.
    """

    committed_per_mille: int | None
    """Committed, ordered, paid or carried over: under a legal commitment."""
    ordered_per_mille: int | None
    """Ordered or paid."""
    paid_per_mille: int | None


@dataclass(frozen=True)
class _OfArticle:
    article: Name


@dataclass(frozen=True)
class _OfChapter:
    chapter: Name


@dataclass(frozen=True)
class ArticleExecution(Execution, _OfArticle):
    """The execution of one article of a chapter."""


@dataclass(frozen=True)
class ChapterExecution(Execution, _OfChapter):
    """The execution of one chapter, and of its articles."""

    articles: tuple[ArticleExecution, ...]


@dataclass(frozen=True)
class ExecutionStatement:
    """The execution of a budget."""

    budget: str
    chapters: tuple[ChapterExecution, ...]
    total: Execution


STAGES: Final = tuple(field.name for field in fields(Stages))


def execution_of(budget: str, lines: Sequence[LineBalance]) -> ExecutionStatement:
    """The statement of the lines of one budget."""
    chapters = []
    for chapter in sorted({each.line.chapter for each in lines}):
        of_it = [each for each in lines if each.line.chapter == chapter]
        articles = tuple(
            ArticleExecution(
                **_figures(each for each in of_it if each.line.article == article), article=article
            )
            for article in sorted({each.line.article for each in of_it})
        )
        chapters.append(ChapterExecution(**_figures(of_it), chapter=chapter, articles=articles))
    return ExecutionStatement(budget, tuple(chapters), Execution(**_figures(lines)))


def sum_execution(rows: Iterable[Stages]) -> Execution:
    """The execution of these rows together."""
    return Execution(**_figures(rows))


def execution_sheet(statement: ExecutionStatement, names: Names = OFFICIAL) -> Sheet:
    """The statement as a table: a chapter's articles, then the chapter; the whole last."""
    rows: list[list[Cell]] = []
    strong: set[int] = set()
    for chapter in statement.chapters:
        for each in chapter.articles:
            name = names.code_name(statement.budget, "article", each.article)
            rows.append(_row(chapter.chapter, each.article, name, each))
        strong.add(len(rows))
        name = names.code_name(statement.budget, "chapter", chapter.chapter)
        rows.append(_row(chapter.chapter, None, name, chapter))
    strong.add(len(rows))
    rows.append(_row(TOTAL, None, None, statement.total))
    return Sheet(TITLE, COLUMNS, rows, frozenset(strong))


def line_sheet(lines: Sequence[LineBalance], names: Names = OFFICIAL) -> Sheet:
    """The lines of a budget with their figures and rates, and the whole."""
    rows: list[list[Cell]] = []
    for each in sorted(lines, key=lambda each: line_order(each.line)):
        codes = (mask_name_or_none(code) for code in astuple(each.line))
        chapter = names.code_name(each.budget, "chapter", each.line.chapter)
        called = (chapter, names.line_name(each.budget, each.line) or None)
        rows.append([*codes, *called, *_cells(Execution(**_figures([each])))])
    total = _cells(Execution(**_figures(lines)))
    rows.append([TOTAL, *[None] * (len(LINE_COLUMNS) - len(total) - 1), *total])
    return Sheet(BY_LINE, LINE_COLUMNS, rows, frozenset({len(lines)}))


def rate_of(name: str, line: LineBalance) -> int | None:
    """A rate of one line in thousandths, by the field of an execution."""
    found: int | None = _figures([line])[name]
    return found


def _figures(lines: Iterable[Stages]) -> dict[str, Any]:
    found = list(lines)
    sums = {name: sum(getattr(each, name) for each in found) for name in STAGES}
    whole = sums["appropriated_cents"]
    paid = sums["paid_cents"]
    ordered = paid + sums["ordered_cents"]
    committed = ordered + sums["committed_cents"] + sums["carried_over_cents"]
    return {
        **sums,
        "committed_per_mille": per_mille(committed, whole),
        "ordered_per_mille": per_mille(ordered, whole),
        "paid_per_mille": per_mille(paid, whole),
    }


def per_mille(part_cents: int, whole_cents: int) -> int | None:
    """Share of a part in a whole in thousandths, rounded down: 1000 only where all is.

    None where there is no whole.
    """
    return part_cents * 1000 // whole_cents if whole_cents > 0 else None


def _row(chapter: Cell, article: str | None, name: str | None, of: Execution) -> list[Cell]:
    chapter = mask_name_or_none(chapter) if isinstance(chapter, str) else chapter
    return [chapter, mask_name_or_none(article), name, *_cells(of)]


def _cells(of: Execution) -> list[Cell]:
    return [getattr(of, name) for name in FIGURES]
