"""Fifty simulated years are proved; `make test-rest` has more, and what they must reach."""

from tests.simulation.runs import run

SEED = 1
YEARS = 50


def test_nothing_is_wrong_in_fifty_years() -> None:
    tally = run(SEED, 0, YEARS)
    assert ([], YEARS) == (tally.failures, tally.histories)
