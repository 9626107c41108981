"""A checker that cannot fail proves nothing: bugs that somebody could make, each found."""

from functools import cache

import pytest

from tests.simulation.__main__ import shrunk
from tests.simulation.cases import Case
from tests.simulation.draw import a_case
from tests.simulation.planted import PLANTED, Planted
from tests.simulation.runs import Failure, tally_of

SEED = 2
HISTORIES = 60


@cache
def first_found(bug: Planted) -> Failure | None:
    """The first history that shows a bug."""
    with bug.patched():
        for number in range(HISTORIES):
            if failures := tally_of(a_case(SEED, number), number, bug.make_processor).failures:
                return failures[0]
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Planted) -> None:
    assert first_found(bug) is not None


@pytest.mark.timeout(300)
def test_a_history_that_fails_is_made_small_and_fails_again_from_its_file() -> None:
    bug = next(each for each in PLANTED if each.name == "records delivered again are read again")
    failure = first_found(bug)
    assert failure is not None
    whole = a_case(SEED, failure.number)
    with bug.patched():
        small = shrunk(whole, failure.wrong)
        again = tally_of(Case.read(small.spelled()), 0).failures
    twice = ("verifier: {'code': 'journalled_twice'", "verifier: {'code': 'message_twice'")
    assert again[0].wrong[0].startswith(twice)
    assert 1 == len(small.faults) < len(whole.faults)
    assert len(list(small.sendings())) <= 3
    assert [] == tally_of(small, 0).failures, "without the bug nothing is wrong with it"
