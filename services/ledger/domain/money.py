"""Cents, shared exactly."""

from collections.abc import Sequence


def cumulative_shares(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Split `total_cents` by `weights`, exactly: share i is what the first i get less what i−1 get.

    Rounding down the running sum, not each share, leaves no remainder to place, and no share
    exceeds its weight while the total does not exceed their sum (rules, 23).
    """
    whole = sum(weights)
    assert whole > 0, "shares need a positive weight"
    shares, reached, given = [], 0, 0
    for weight in weights:
        reached += weight
        upto = total_cents * reached // whole
        shares.append(upto - given)
        given = upto
    return shares


def filled_in_order(amount_cents: int, capacities: Sequence[int]) -> list[int]:
    """The parts of `amount_cents` that fill `capacities`, each full before the next (rules, 20)."""
    filled = []
    for capacity in capacities:
        part = min(amount_cents, capacity)
        filled.append(part)
        amount_cents -= part
    assert amount_cents == 0, "more than the capacities hold"
    return filled
