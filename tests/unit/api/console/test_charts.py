"""Charts of an hour: a line where something is known, a gap where nothing is."""

import re

from hypothesis import given
from hypothesis import strategies as st

from services.api.console.charts import HEIGHT, WIDTH, Chart, Gap, chart

FIGURES = st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=WIDTH)


def corners(drawn: Chart) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+) (-?\d+)", drawn.line)]


def test_what_is_level_is_one_stroke() -> None:
    assert "M0 100L359 100L360 100" == chart([0] * WIDTH, 10).line


def test_the_greatest_figure_reaches_the_top_and_nothing_lies_at_the_bottom() -> None:
    drawn = chart([0, 50, 100, 50], 10)
    assert [(0, 100), (90, 54), (180, 8), (270, 54), (360, 54)] == corners(drawn)


def test_what_is_next_to_nothing_resembles_it() -> None:
    assert {99} == {y for _, y in corners(chart([1, 1, 1], 100))}


def test_what_nobody_knows_is_a_gap_and_no_line_crosses_it() -> None:
    drawn = chart([None, 5, 5, None, None, 5], 5)
    assert "M60 8L120 8L180 8M300 8L360 8" == drawn.line
    assert [Gap(0, 60), Gap(180, 120)] == drawn.gaps
    assert "M60 100L60 8L120 8L180 8L180 100ZM300 100L300 8L360 8L360 100Z" == drawn.area


def test_an_hour_of_which_nothing_is_known_is_one_gap() -> None:
    assert Chart("", "", [Gap(0, WIDTH)]) == chart([None] * WIDTH, 10)


@given(FIGURES)
def test_all_of_the_hour_is_drawn_or_a_gap_and_within_the_drawing(
    values: list[float | None],
) -> None:
    drawn = chart(values, 1.0)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in corners(drawn))
    known = sum(
        int(path.rpartition("L")[2].partition(" ")[0]) - int(path.partition(" ")[0])
        for path in drawn.line.split("M")[1:]
    )
    assert WIDTH == known + sum(gap.width for gap in drawn.gaps)
