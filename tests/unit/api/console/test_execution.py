"""The state of execution on a page: order, subtotals, rates, filters, and what is below zero."""

from datetime import date

import pytest

from services.api.budgets.balances import LineBalance
from services.api.budgets.execution import (
    ExecutionView,
    LineSelection,
    Row,
    choices,
    execution_view,
    moment_text,
)
from services.api.budgets.query import Budget
from services.api.code_names import OFFICIAL
from services.api.queries.figures import AsOf
from services.api.queries.rows import BudgetLine
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat

BUDGET = "21590350100017-00-2023"
ENGLISH, FRENCH = LocaleFormat(Language.EN), LocaleFormat(Language.FR)


def a_balance(code: str, available_cents: int = 0, **cents: int) -> LineBalance:
    """A line, as `65/65748/61/489`."""
    chapter, article, function, operation = (each or None for each in code.split("/"))
    assert chapter is not None
    assert article is not None
    names = ("reserved", "committed", "ordered", "paid", "carried_over")
    stages = {f"{name}_cents": cents.get(name, 0) for name in names}
    return LineBalance(
        budget=BUDGET,
        line=BudgetLine(chapter, article, function, operation),
        appropriated_cents=available_cents + sum(stages.values()),
        available_cents=available_cents,
        **stages,
    )


LINES = [
    a_balance("65/65748/61/1978", 1_00),
    a_balance("65/65748/61/489", 10_00, committed=20_00, ordered=30_00, paid=40_00),
    a_balance("65/65748/61/490", -3_00, paid=6_00),
    a_balance("65/6574//", 7_00),
    a_balance("204/20422/61/489", 1_000_00),
]


def view(wanted: LineSelection | None = None, lines: list[LineBalance] = LINES) -> ExecutionView:
    return execution_view(BUDGET, lines, wanted or LineSelection(), OFFICIAL, ENGLISH)


def cells(row: Row) -> list[str | None]:
    return [each.text for each in row.figures]


def test_chapters_articles_and_functions_stand_as_in_the_nomenclature_operations_by_number() -> (
    None
):
    shown = [
        (chapter.row.code, article.row.code, [row.code for row in article.lines])
        for chapter in view().chapters
        for article in chapter.articles
    ]
    assert [
        ("204", "20422", ["61/489"]),
        ("65", "6574", ["–/–"]),
        ("65", "65748", ["61/489", "61/490", "61/1978"]),
    ] == shown


def test_each_row_is_the_sum_of_those_below_it_with_rates_rounded_down() -> None:
    execution = view()
    chapter = execution.chapters[1]
    # Voted, available, reserved, committed, ordered, paid.
    assert ["€111.00", "€15.00", "€0.00", "€20.00", "€30.00", "€46.00"] == cells(chapter.row)
    assert {"committed": "86.4%", "ordered": "68.4%", "paid": "41.4%"} == chapter.row.rates
    assert "€1,111.00" == cells(execution.total)[0]
    assert "41,4\u202f%" == FRENCH.rate(414)
    assert "—" == FRENCH.rate(None)


def test_a_line_without_credits_has_no_rate() -> None:
    assert {} == view(lines=[a_balance("65/65748/61/1", -5_00, committed=5_00)]).total.rates


def test_what_is_carried_over_has_a_column_where_there_is_any() -> None:
    assert "carried_over" not in view().stages
    carried = view(lines=[a_balance("65/65748/61/1", carried_over=5_00)])
    assert "carried_over" == carried.stages[-1]
    assert "100.0%" == carried.total.rates["committed"]


def test_lines_below_zero_stand_first_with_all_their_codes() -> None:
    (row,) = view().overdrawn
    assert ("65/65748/61/490", True) == (row.code, row.overdrawn)
    assert not view().chapters[1].row.overdrawn


@pytest.mark.parametrize(
    ("codes", "count", "voted"),
    [
        ({"operation": "489"}, 2, "€1,100.00"),
        ({"operation": "489", "chapter": "65"}, 1, "€100.00"),
        ({"article": "65748", "function": "61"}, 3, "€104.00"),
        ({"operation": "48"}, 0, "€0.00"),
    ],
)
def test_the_lines_are_those_with_the_codes(codes: dict[str, str], count: int, voted: str) -> None:
    execution = view(LineSelection.model_validate(codes))
    assert (count, voted) == (execution.lines, cells(execution.total)[0])


def test_each_figure_leads_to_its_moves_with_codes_and_moment() -> None:
    wanted = LineSelection.model_validate({"operation": "489", "effective_on": "2023-06-30"})
    execution = view(wanted)
    figures = f"/console/figures/{BUDGET}/paid"
    assert f"{figures}?operation=489&effective_on=2023-06-30" == execution.total.figures[-1].href
    chapter = execution.chapters[1]
    assert (
        f"{figures}?operation=489&chapter=65&effective_on=2023-06-30"
        == chapter.row.figures[-1].href
    )
    (line,) = chapter.articles[0].lines
    codes = "chapter=65&article=65748&function=61&operation=489"
    assert f"{figures}?{codes}&effective_on=2023-06-30" == line.figures[-1].href


def test_of_a_line_without_operation_it_is_asked_that_there_is_none() -> None:
    (line,) = view(LineSelection(article="6574")).chapters[0].articles[0].lines
    assert line.figures[0].href.endswith("?chapter=65&article=6574&function=&operation=")


def test_of_many_lines_each_chapter_has_a_page_of_its_own() -> None:
    many = [a_balance(f"{chapter}/1//{number}") for chapter in (65, 66) for number in range(31)]
    assert (62, False) == (view(lines=many).lines, view(lines=many).shown)
    first, second = view(lines=many).chapters
    assert ([], "65", "66") == (first.articles, first.row.code, second.row.code)
    chapter = view(LineSelection(chapter="65"), many)
    assert (31, True) == (len(chapter.chapters[0].articles[0].lines), chapter.shown)
    assert f"/console/budgets/{BUDGET}?chapter=65" == first.row.href


def test_the_filters_name_every_code_of_the_budget() -> None:
    found = {
        each.name: each for each in choices(LINES, LineSelection(operation="489"), BUDGET, OFFICIAL)
    }
    assert ["489", "490", "1978"] == [code for code, _ in found["operation"].options]
    assert ("65", "65 – Autres charges de gestion courante") in found["chapter"].options
    assert ("489", None) == (found["operation"].selected, found["chapter"].selected)


@pytest.mark.parametrize(
    ("as_of", "text"),
    [
        (AsOf(), "As known at record 36, the last one."),
        (AsOf(sequence=25), "As known at record 25."),
        (AsOf(sequence=99), "As known at record 36."),
        (AsOf(date(2023, 6, 30), 25), "As of 30 June 2023, as known at record 25."),
        (AsOf(date(2023, 6, 30)), "As of 30 June 2023, as known at record 36."),
    ],
)
def test_the_moment_is_said_plainly(as_of: AsOf, text: str) -> None:
    budget = Budget(BUDGET, BUDGET[:14], "00", 2023, "chapter", None, None, 36, "")
    assert text == moment_text(budget, as_of, ENGLISH)
