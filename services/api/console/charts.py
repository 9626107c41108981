"""A chart of one figure over an hour: where its line goes, and where nobody knew. Pure.

The drawing is stretched to whatever room there is, so it holds no words: they stand beside it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 360
HEIGHT: Final = 100
"""The units of a drawing; above its greatest figure some room is left."""

HEADROOM: Final = 8


class Gap(NamedTuple):
    """A stretch of time of which nobody knows anything."""

    start: int
    width: int


class Chart(NamedTuple):
    """A drawing: `line` and `area` are paths of SVG, empty where nothing is known."""

    line: str
    area: str
    gaps: Sequence[Gap]


def chart(values: Sequence[float | None], least: float) -> Chart:
    """The drawing of these figures, one a look; `least` is the least that fills its height.

    So what is next to nothing looks like it, and no line crosses what nobody knows.
    """
    top = max([least, *(value for value in values if value is not None)])
    runs = list(_runs(values))
    lines = [_points(values, start, end, top) for start, end in runs if values[start] is not None]
    return Chart(
        "".join(f"M{'L'.join(points)}" for points in lines),
        "".join(_area(points) for points in lines),
        [
            Gap(_x(start, values), _x(end, values) - _x(start, values))
            for start, end in runs
            if values[start] is None
        ],
    )


def _runs(values: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    """Bounds of the known and the unknown stretches."""
    start = 0
    for at in range(1, len(values) + 1):
        if at == len(values) or (values[at] is None) != (values[start] is None):
            yield start, at
            start = at


def _x(at: int, values: Sequence[float | None]) -> int:
    return WIDTH * at // len(values)


def _points(values: Sequence[float | None], start: int, end: int, top: float) -> list[str]:
    """The corners of a line, `x y` each: what lies between two of the same height is left out."""
    heights = [_y(max(values[at] or 0, 0), top) for at in range(start, end)]
    corners = [
        f"{_x(start + at, values)} {height}"
        for at, height in enumerate(heights)
        if not 0 < at < len(heights) - 1 or not heights[at - 1] == height == heights[at + 1]
    ]
    # Each look stands for the time until the next: one alone is a stroke, and not nothing.
    return [*corners, f"{_x(end, values)} {heights[-1]}"]


def _y(value: float, top: float) -> int:
    return HEIGHT - round((HEIGHT - HEADROOM) * value / top)


def _area(points: Sequence[str]) -> str:
    first, last = points[0].partition(" ")[0], points[-1].partition(" ")[0]
    return f"M{first} {HEIGHT}L{'L'.join(points)}L{last} {HEIGHT}Z"
