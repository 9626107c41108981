"""Tests that fell, run once more: `python -m tests.second_run FILE…`.

The files are written by pytest's `--fell FILE` (tests/conftest.py). A test falls for good where it
falls twice. The run fails where one did, and where more fell than chance explains. What fell once
is listed by name with its first error, so that it can be mended.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

FELL_MAX: Final = 3
"""The most tests that may fall in the first run: more have one cause, and it is not chance."""

ERROR_MAX: Final = 300


def write_fallen(path: Path, reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> None:
    """Write each test that fell once, with the first line of its first error."""
    fallen: dict[str, str] = {}
    for report in reports:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash else str(report.longrepr).strip().rpartition("\n")[2]
        fallen.setdefault(report.nodeid, message.partition("\n")[0][:ERROR_MAX])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fallen) if fallen else "", encoding="utf-8")


def read_fallen(paths: Iterable[Path]) -> dict[str, str]:
    """Read the errors of the tests that fell, by test."""
    texts = (path.read_text(encoding="utf-8") for path in paths if path.exists())
    return {test: error for text in texts if text for test, error in json.loads(text).items()}


def run_again(tests: Iterable[str]) -> tuple[int, dict[str, str]]:
    """Run these tests alone, one after the other; return pytest's exit code and what fell."""
    with tempfile.TemporaryDirectory() as folder:
        fell = Path(folder) / "fell.json"
        command = [sys.executable, "-m", "pytest", f"--fell={fell}", *tests]
        return subprocess.run(command, check=False).returncode, read_fallen([fell])


def main(paths: Iterable[Path]) -> int:
    """Run again what fell, list it, and return the exit code of the whole."""
    once = read_fallen(paths)
    if not once:
        print("no test fell")
        return 0
    code, twice = run_again(once) if len(once) <= FELL_MAX else (1, {})
    print(f"fell in the first run, {len(once)}:")
    for test, error in once.items():
        print(f"  {test}\n    {error}")
    if len(once) > FELL_MAX:
        print(f"more than {FELL_MAX}: none was run again")
    for test, error in twice.items():
        print(f"fell again: {test}\n    {error}")
    return code


if __name__ == "__main__":
    sys.exit(main(map(Path, sys.argv[1:])))
