"""A bar of money by stages: how wide each part is drawn, in whole units of one bar. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 1000
"""The units of a whole bar."""

VISIBLE_PARTS: Final = 100
"""A part that is not nothing is drawn as no less than one of so many: figures stand beside it."""


class Segment(NamedTuple):
    """One part of a bar."""

    name: str
    start: int
    width: int


def segments(parts: Iterable[tuple[str, int]]) -> Sequence[Segment]:
    """The parts of a bar from left to right, each beginning where the last one ends.

    Shares are cumulative, as the ledger's own are (rules, 23), so that they fill the bar. What is
    nothing, or below zero, has no part in it.
    """
    drawn = [(name, cents) for name, cents in parts if cents > 0]
    whole_cents = sum(cents for _, cents in drawn)
    weights = [max(cents, whole_cents // VISIBLE_PARTS, 1) for _, cents in drawn]
    whole = sum(weights)
    cut, before, made = 0, 0, []
    for (name, _), weight in zip(drawn, weights, strict=True):
        before += weight
        end = WIDTH * before // whole
        made.append(Segment(name, cut, end - cut))
        cut = end
    return made
