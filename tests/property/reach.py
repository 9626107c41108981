"""What drawn examples reach, in words: a property of idle ones would hold for nothing."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

Example = TypeVar("Example")


def reached_by(
    drawn: SearchStrategy[Example], examples: int, reached: Callable[[Example], set[str]]
) -> Counter[str]:
    """In how many of that many examples something is reached; the same examples in every run."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def look(example: Example) -> None:
        seen.update(reached(example))

    look()
    return seen
