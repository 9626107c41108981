"""A test that fails is run once more: once is listed, twice fails the whole run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

FAILS_ONCE: Final = """
from pathlib import Path

def test_once():
    seen = Path(__file__).with_suffix(".seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("a slow machine")
"""
FAILS_AT_ITS_END: Final = """
import pytest

@pytest.fixture
def it():
    yield
    assert not "left behind"

def test_twice(it): pass
"""
FAILS_FOUR_TIMES: Final = """
import pytest

@pytest.mark.parametrize("each", range(4))
def test_many(each):
    assert each < 0
"""


def run(folder: Path, module: str, *arguments: str) -> tuple[int, str]:
    """Run a module over the tests of this folder, with our conftest."""
    ours = {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p tests.conftest"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=os.environ | ours,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("def test_well(): pass", 0, "no test failed"),
        (FAILS_ONCE, 0, "run, 1:\n  test_it.py::test_once\n    AssertionError: a slow machine"),
        (
            FAILS_AT_ITS_END,
            1,
            "failed again: test_it.py::test_twice\n    AssertionError: assert not",
        ),
        (FAILS_FOUR_TIMES, 1, "more than 3: none was run again"),
    ],
    ids=["none", "once", "twice", "four"],
)
def test_what_fails_twice_fails_the_run_and_so_do_more_than_three(
    source: str, code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(source)
    first, _ = run(tmp_path, "pytest", "--failed=failed.json")
    assert first == (0 if said == "no test failed" else 1)
    found, printed = run(tmp_path, "tests.second_run", "failed.json")
    assert (code, True) == (found, said in printed), printed


def test_what_ci_leaves_out_is_no_test_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    (tmp_path / "test_it.py").write_text(f"{FAILS_FOUR_TIMES}\ndef test_not(): pytest.skip('no')")
    assert 10 == run(tmp_path, "pytest")[0]
