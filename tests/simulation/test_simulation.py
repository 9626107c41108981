"""A few hundred simulated histories are proved, and together they reach everything."""

import os
import subprocess
import sys
from functools import cache

import pytest

from tests.simulation.campaign import ROUND, Tally, run
from tests.simulation.cases import Case
from tests.simulation.draw import a_case
from tests.simulation.reach import Reached
from tests.simulation.world import simulate

SEED = 1
HISTORIES = 300


@cache
def tally() -> Tally:
    print(f"run again: make simulate SEED={SEED} HISTORIES={HISTORIES}")
    return run(SEED, 0, HISTORIES)


@pytest.mark.timeout(300)
def test_nothing_is_wrong_in_any_history() -> None:
    assert [] == tally().failures
    assert HISTORIES == tally().histories


@pytest.mark.timeout(300)
def test_every_event_type_refusal_flag_wait_and_fault_is_reached() -> None:
    assert HISTORIES >= ROUND, "fewer histories need not reach everything"
    assert [] == tally().missing


@pytest.mark.timeout(300)
def test_what_is_reached_is_not_reached_by_a_single_lucky_history() -> None:
    """Else the next change of the generator would lose it; directed histories are sure."""
    sure = {"too_many_parked", "too_large", "undecodable"}
    seldom = {each: count for each, count in tally().histories_of.items() if each.name not in sure}
    assert {} == {each.name: count for each, count in seldom.items() if count < 2}


def test_what_nobody_names_is_missing() -> None:
    empty = Tally()
    assert Reached("refusal", "too_many_parked") in empty.missing
    assert Reached("event type accepted", "ecluse.fiscal-year.opened.v1") in empty.missing


# Histories with a kill, a zombie and a forgotten transaction among them.
TRACED = (3, 8, 14)


def traces() -> list[str]:
    return [simulate(a_case(SEED, number)).trace() for number in TRACED]


def test_a_seed_replays_a_history_to_the_last_millisecond() -> None:
    assert traces() == traces()


def test_a_history_is_the_same_in_every_process() -> None:
    """Whatever the hashes of its strings are: no set decides what happens first."""
    code = f"from {__name__} import traces; print(*traces(), sep='\\n')"
    environment = os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": "."}
    found = subprocess.run(
        [sys.executable, "-c", code.replace(__name__, "tests.simulation.test_simulation")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert traces() == found.stdout.split()


@pytest.mark.parametrize("number", [0, 49, 3])
def test_a_history_is_data(number: int) -> None:
    case = a_case(SEED, number)
    read = Case.read(case.spelled())
    assert case == read
    assert simulate(case).trace() == simulate(read).trace()
