"""Tests that fall without a fault of the product: `python -m tests.flaky RUNS PATH…`.

The tests run in random order while two processes burn the processor beside them. A table says what
fell in which run; the exit code is 1 where a test fell twice, or more than one fell in all.
"""

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Final

from tests.second_run import read_fallen

BURNERS: Final = 2
BURN: Final = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
"""It ends with whoever started it."""


def run(arguments: list[str]) -> dict[str, str]:
    """Run the tests once; return the first error of each that fell."""
    with tempfile.TemporaryDirectory() as folder:
        fell = Path(folder) / "fell.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--fell={fell}", *arguments], check=False
        )
        fallen = read_fallen([fell])
        assert done.returncode == 0 or fallen, f"pytest ended with {done.returncode}"
        return fallen


def main(runs: int, arguments: list[str]) -> int:
    """Run the tests so many times, and print what fell."""
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(BURNERS)]
    fell: dict[str, dict[int, str]] = defaultdict(dict)
    try:
        for number in range(1, runs + 1):
            for test, error in run(arguments).items():
                fell[test][number] = error
            print(f"run {number} of {runs}: {len(fell)} tests have fallen so far", flush=True)
    finally:
        for each in burners:
            each.kill()
            each.wait()
    for test, errors in sorted(fell.items()):
        print(test)
        for number, error in errors.items():
            print(f"  run {number}: {error}")
    print(f"fell in {runs} runs: {len(fell)} tests")
    return int(len(fell) > 1 or any(len(errors) > 1 for errors in fell.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
