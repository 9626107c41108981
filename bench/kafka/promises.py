"""What the lag page promised while a burst was drained, held against the time that it took."""

from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

Figures = dict[str, Any]


class Promise(NamedTuple):
    """What stood on the page when it was looked at."""

    at_s: float
    """When that was (`time.perf_counter`)."""
    behind: int | None
    """Records that the ledger had not decided yet; None where the page did not know."""
    drain_s: float | None
    """How much longer it would take, as the page said; None where it promised nothing."""


def kept(promises: Sequence[Promise], start_s: float, end_s: float) -> Figures:
    """Each promise with what it took, and how far off they were.

    Args:
        promises: what was seen, oldest first.
        start_s: when the whole burst was published (`time.perf_counter`).
        end_s: when the last of it was decided.
    """
    looks = [each for each in promises if start_s <= each.at_s < end_s]
    moments: list[Figures] = [
        {
            "at_s": each.at_s - start_s,
            "behind": each.behind,
            "promised_s": each.drain_s,
            "took_s": end_s - each.at_s,
            "error_s": each.drain_s - (end_s - each.at_s),
            "error": each.drain_s / (end_s - each.at_s) - 1,
        }
        for each in looks
        if each.drain_s is not None
    ]
    return {
        "took_s": end_s - start_s,
        "looks": len(looks),
        "promises": len(moments),
        "moments": moments,
        # None where the page promised nothing: then there is no error either.
        "median_error": median(abs(each["error"]) for each in moments) if moments else None,
        "worst_error_s": max(abs(each["error_s"]) for each in moments) if moments else None,
    }
