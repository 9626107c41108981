"""The state of execution of a budget on a page: filters, chapters, articles, lines. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel

from events.texts import Translatable, _
from services.api.budgets.balances import LineBalance
from services.api.budgets.query import Budget
from services.api.budgets.statement import Execution, sum_execution
from services.api.code_names import Names, join_name
from services.api.console.elements import (
    Bar,
    Figure,
    Verbatim,
    address,
    bar_of,
    figure,
    figure_href,
)
from services.api.console.page_context import NOTHING, Text
from services.api.http.question import Day
from services.api.http.question import Sequence as RecordNumber
from services.api.queries.figures import LINE_STAGES, NOW, AsOf
from services.api.queries.rows import LINE, BudgetLine
from services.ledger.explain.sentences import line_order, number_order
from services.texts.locale_format import LocaleFormat

AT_PRESENT: Final = _("As known at record {sequence}, the last one.")
AT_A_RECORD: Final = _("As known at record {sequence}.")
OF_A_DAY: Final = _("As of {day}, as known at record {sequence}.")

CODE_NAMES: Final = {
    "chapter": _("Chapter"),
    "article": _("Article"),
    "function": _("Function"),
    "operation": _("Operation"),
}
"""The codes of a line, in the order of `LINE`."""

APPROPRIATED: Final = "appropriated"

RATED: Final = {
    "committed": "committed_per_mille",
    "ordered": "ordered_per_mille",
    "paid": "paid_per_mille",
}
"""Stages with a rate: the share of the voted credit that has reached them."""

LINES_MAX: Final = 60
"""Lines that stand on the page of several chapters; of more, each chapter has its own page."""


class LineSelection(BaseModel):
    """Filters of a budget's lines, and the moment, as in an address; None stands for all."""

    chapter: Annotated[Text | None, NOTHING] = None
    article: Annotated[Text | None, NOTHING] = None
    function: Annotated[Text | None, NOTHING] = None
    operation: Annotated[Text | None, NOTHING] = None
    effective_on: Annotated[Day | None, NOTHING] = None
    known_at: Annotated[RecordNumber | None, NOTHING] = None

    @property
    def codes(self) -> dict[str, str]:
        """The codes that are asked for, by the names of `LINE`."""
        return {name: code for name in LINE if (code := getattr(self, name)) is not None}

    @property
    def as_of(self) -> AsOf:
        """The moment."""
        return AsOf(self.effective_on, self.known_at)

    @property
    def moment(self) -> dict[str, str]:
        """The moment as it stands in an address."""
        given = {"effective_on": self.effective_on, "known_at": self.known_at}
        return {name: str(each) for name, each in given.items() if each is not None}

    @property
    def narrowed(self) -> bool:
        """True if anything is asked for."""
        return bool(self.codes or self.moment)

    def takes(self, line: BudgetLine) -> bool:
        """True if a line has the codes."""
        return all(getattr(line, name) == code for name, code in self.codes.items())

    def href(self, budget: str, **codes: str | None) -> Verbatim:
        """The page of the same, with other codes."""
        return address("budgets", budget, **{**self.codes, **self.moment, **codes})


class Choice(NamedTuple):
    """One filter: the codes that there are, each with its name."""

    name: str
    label: Translatable
    selected: str | None
    options: Sequence[tuple[str, str]]


class Row(NamedTuple):
    """Money by stage of a whole, a chapter, an article or a line, with rates; its figures lead on.

    `overdrawn` is true where a stage is below zero.
    """

    code: str
    name: str
    href: str
    figures: Sequence[Figure]
    rates: Mapping[str, str]
    overdrawn: bool


class Article(NamedTuple):
    """An article, and its lines."""

    row: Row
    lines: Sequence[Row]


class Chapter(NamedTuple):
    """A chapter, and its articles."""

    row: Row
    articles: Sequence[Article]


class ExecutionView(NamedTuple):
    """The state of execution; `overdrawn` are lines with a figure below zero, by all codes."""

    stages: Sequence[str]
    bar: Bar
    total: Row
    overdrawn: Sequence[Row]
    chapters: Sequence[Chapter]
    lines: int
    shown: bool
    """True if articles and lines are on the page: of one chapter, or of a few lines."""


def moment_text(budget: Budget, as_of: AsOf, locale: LocaleFormat) -> str:
    """The moment in words: a day, and the last record that counts."""
    last = budget.sequence if as_of.sequence is None else min(as_of.sequence, budget.sequence)
    sequence = locale.number(last)
    if as_of.effective_on is not None:
        return locale.say(OF_A_DAY, day=locale.day(as_of.effective_on), sequence=sequence)
    return locale.say(AT_PRESENT if as_of == NOW else AT_A_RECORD, sequence=sequence)


def choices(
    lines: Iterable[LineBalance], selection: LineSelection, budget: str, names: Names
) -> list[Choice]:
    """The filters of a page: every code that a line of the budget has."""
    found = [each.line for each in lines]
    return [
        Choice(name, label, selection.codes.get(name), _options(found, name, budget, names))
        for name, label in CODE_NAMES.items()
    ]


def _options(
    lines: Iterable[BudgetLine], kind: str, budget: str, names: Names
) -> list[tuple[str, str]]:
    codes: set[str] = {code for line in lines if (code := getattr(line, kind)) is not None}
    ordered = sorted(codes, key=number_order) if kind == "operation" else sorted(codes)
    return [(code, join_name(code, names.code_name(budget, kind, code))) for code in ordered]


class _Rows:
    """Rows of one page."""

    def __init__(
        self,
        budget: str,
        selection: LineSelection,
        names: Names,
        locale: LocaleFormat,
        stages: Sequence[str],
    ) -> None:
        self._budget, self._selection, self._names = budget, selection, names
        self._locale, self._stages = locale, stages

    def add_up(
        self,
        lines: Sequence[LineBalance],
        code: str,
        name: str = "",
        line: BudgetLine | None = None,
        **codes: str,
    ) -> Row:
        """The row of some lines together, which are those with these codes."""
        money = sum_execution(lines)
        asked = {**self._selection.codes, **codes} if line is None else {}
        cents = {stage: getattr(money, f"{stage}_cents") for stage in self._stages}
        # The addresses of a row differ by the stage alone: what they ask is spelled once.
        moves = figure_href(self._budget, "", line=line, **asked, **self._selection.moment)
        path, sign, query = moves.partition("?")
        figures = [
            figure(
                stage,
                amount,
                self._locale,
                Verbatim(f"{path}{stage}{sign}{query}"),
                drawn=stage != APPROPRIATED,
            )
            for stage, amount in cents.items()
        ]
        href = self._selection.href(self._budget, **codes) if codes else ""
        return Row(
            code, name, href, figures, self._rates(money), any(c < 0 for c in cents.values())
        )

    def _rates(self, money: Execution) -> Mapping[str, str]:
        return {
            stage: self._locale.rate(getattr(money, field))
            for stage, field in RATED.items()
            if getattr(money, field) is not None
        }

    def chapter(self, chapter: str, lines: Sequence[LineBalance], *, whole: bool) -> Chapter:
        """A chapter; if it is `whole`, with its articles and lines."""
        name = self._names.code_name(self._budget, "chapter", chapter) or ""
        of_articles = _group_by_code(lines, "article") if whole else {}
        articles = [self._article(chapter, *each) for each in of_articles.items()]
        return Chapter(self.add_up(lines, chapter, name, chapter=chapter), articles)

    def _article(self, chapter: str, article: str, lines: Sequence[LineBalance]) -> Article:
        name = self._names.code_name(self._budget, "article", article) or ""
        row = self.add_up(lines, article, name, chapter=chapter, article=article)
        return Article(row, [self.line(each) for each in lines])

    def line(self, each: LineBalance, *, whole: bool = False) -> Row:
        """A line under its article by function and operation; `whole` with all its codes."""
        line = each.line
        codes = [(kind, getattr(line, kind)) for kind in (LINE if whole else LINE[2:])]
        called = [self._names.code_name(self._budget, kind, code) for kind, code in codes]
        code = "/".join(code or "–" for _, code in codes)
        return self.add_up([each], code, " · ".join(filter(None, called)), line)


def execution_view(
    budget: str,
    lines: Iterable[LineBalance],
    selection: LineSelection,
    names: Names,
    locale: LocaleFormat,
) -> ExecutionView:
    """The state of execution of the lines that are selected."""
    found = sorted(
        (each for each in lines if selection.takes(each.line)),
        key=lambda each: line_order(each.line),
    )
    carried = any(each.carried_over_cents for each in found)
    stages = [APPROPRIATED, *(name for name in LINE_STAGES if name != "carried_over" or carried)]
    rows = _Rows(budget, selection, names, locale, stages)
    sums = [(name, sum(getattr(each, f"{name}_cents") for each in found)) for name in LINE_STAGES]
    of_chapters = _group_by_code(found, "chapter")
    shown = len(found) <= LINES_MAX or len(of_chapters) == 1
    return ExecutionView(
        stages,
        bar_of(sums, locale),
        rows.add_up(found, locale.say(_("Total"))),
        [row for each in found if (row := rows.line(each, whole=True)).overdrawn],
        [rows.chapter(chapter, some, whole=shown) for chapter, some in of_chapters.items()],
        len(found),
        shown,
    )


def _group_by_code(lines: Iterable[LineBalance], kind: str) -> dict[str, list[LineBalance]]:
    """Lines by a code, each group in their order."""
    found: dict[str, list[Any]] = {}
    for each in lines:
        found.setdefault(getattr(each.line, kind), []).append(each)
    return found
