"""A few hundred simulated histories are proved, and together they reach everything."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.simulation.__main__ import ROOT, main
from tests.simulation.cases import Case
from tests.simulation.draw import a_case
from tests.simulation.reach import WANTED, Reached
from tests.simulation.report import Asked, table
from tests.simulation.runs import COMPLETE, Tally
from tests.simulation.simulator import simulate

SEED = 1
RUN_SEED = 2
"""One whose histories reach all that is demanded at least twice."""
HISTORIES = 270
TIMEOUT_S = 300

# Directed histories reach these for sure; chance finds all else more than once.
SURE = {"too_many_parked", "too_large", "undecodable"}


def python(*arguments: str, **environment: str) -> str:
    """Another process, as a person starts it."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def simulation_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The run of every `make test-rest`: its command fails where a history does."""
    file = tmp_path_factory.mktemp("simulation") / "figures.json"
    asked = ("--seed", str(RUN_SEED), "--histories", str(HISTORIES), "--json", str(file))
    print(python("-m", "tests.simulation", *asked))
    row: dict[str, Any] = json.loads(file.read_text())
    return row


@pytest.mark.timeout(TIMEOUT_S)
def test_nothing_is_wrong_in_any_history(simulation_run: dict[str, Any]) -> None:
    assert ([], HISTORIES) == (simulation_run["failures"], simulation_run["histories"])


@pytest.mark.timeout(TIMEOUT_S)
def test_every_event_type_refusal_flag_wait_and_fault_is_reached(
    simulation_run: dict[str, Any],
) -> None:
    assert HISTORIES >= COMPLETE, "fewer histories need not reach everything"
    reached = {
        Reached(sort, name): histories for sort, name, _, histories in simulation_run["reached"]
    }
    assert set() == WANTED - set(reached)
    lucky = {each for each in WANTED if reached[each] < 2 and each.name not in SURE}
    assert set() == lucky, "what one history alone reaches, the next change would lose"


def test_a_run_that_does_not_reach_everything_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.simulation.__main__.COMPLETE", 1)
    monkeypatch.setattr("tests.simulation.report.COMPLETE", 1)
    assert 1 == main(["--histories", "1", "--jobs", "1"])
    printed = capsys.readouterr()
    assert "not reached: refusal" in printed.out
    assert "NOT REACHED" in printed.err
    assert Reached("refusal", "too_many_parked") in Tally().missing


def test_the_table_names_its_commit() -> None:
    asked = Asked(SEED, 0, 2, 1, commit="`abc`, with changes")
    assert "`abc`, with changes" in table(Tally(2), asked, 1.0)
    assert "commit" not in table(Tally(2), asked._replace(commit=None), 1.0)


# Histories with a kill, a zombie and a hanging transaction among them.
TRACED = (3, 8, 14)


def traces() -> list[str]:
    return [simulate(a_case(SEED, number)).trace() for number in TRACED]


def test_a_seed_replays_a_history_to_the_last_millisecond() -> None:
    assert traces() == traces()


def test_a_history_is_the_same_in_every_process() -> None:
    """Whatever the hashes of its strings are: no set decides what happens first."""
    code = "from tests.simulation.test_simulation import traces; print(*traces())"
    assert traces() == python("-c", code, PYTHONHASHSEED="4711").split()


@pytest.mark.parametrize("number", [0, 49, 3])
def test_a_history_is_data(number: int) -> None:
    case = a_case(SEED, number)
    read = Case.read(case.spelled())
    assert case == read
    assert simulate(case).trace() == simulate(read).trace()
