"""Tests that failed are run once more: `python -m tests.second_run FILE…`.

Pytest writes the files with `--failed FILE` (tests/conftest.py). The whole run fails where a test
fails twice, and where more failed than chance explains. What failed once is listed by name with its
first error, so that it can be mended.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

FAILED_MAX: Final = 3
"""The most tests that may fail in the first run: more have one cause, and it is not chance."""

ERROR_MAX: Final = 300
"""Characters of an error that are kept."""


def write_failed(path: Path, reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> None:
    """Write the tests of these reports, each with the first line of its first error."""
    failed: dict[str, str] = {}
    for report in reports:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash else str(report.longrepr).strip().rpartition("\n")[2]
        failed.setdefault(report.nodeid, message.partition("\n")[0][:ERROR_MAX])
    path.parent.mkdir(parents=True, exist_ok=True)
    # Empty where none failed: the shell of the Makefile asks for that.
    path.write_text(json.dumps(failed) if failed else "", encoding="utf-8")


def read_failed(paths: Iterable[Path]) -> dict[str, str]:
    """Read the errors of the tests that failed, by test."""
    texts = (path.read_text(encoding="utf-8") for path in paths if path.exists())
    return {test: error for text in texts if text for test, error in json.loads(text).items()}


def run_tests(arguments: Iterable[str]) -> tuple[int, dict[str, str]]:
    """Run pytest with these arguments; return its exit code and the errors of what failed."""
    with tempfile.TemporaryDirectory() as folder:
        failed = Path(folder) / "failed.json"
        command = [sys.executable, "-m", "pytest", f"--failed={failed}", *arguments]
        return subprocess.run(command, check=False).returncode, read_failed([failed])


def main(paths: Iterable[Path]) -> int:
    """Run again what failed, list it, and return the exit code of the whole."""
    once = read_failed(paths)
    if not once:
        print("no test failed")
        return 0
    code, twice = run_tests(once) if len(once) <= FAILED_MAX else (1, {})
    print(f"failed in the first run, {len(once)}:")
    for test, error in once.items():
        print(f"  {test}\n    {error}")
    if len(once) > FAILED_MAX:
        print(f"more than {FAILED_MAX}: none was run again")
    for test, error in twice.items():
        print(f"failed again: {test}\n    {error}")
    return code


if __name__ == "__main__":
    sys.exit(main(map(Path, sys.argv[1:])))
