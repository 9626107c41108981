"""Tests that fail without a fault of the product: `python -m tests.flaky RUNS PATH…`.

The tests run in random order while two processes keep the processor busy beside them. A table says
what failed in which run; the exit code is 1 where a test failed twice, or more than one in all.
"""

import subprocess
import sys
from collections import defaultdict
from typing import Final

from tests.second_run import run_tests

BUSY_PROCESSES: Final = 2
BUSY: Final = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
"""A program that ends with whoever started it."""


def main(runs: int, arguments: list[str]) -> int:
    """Run the tests so many times, and print what failed."""
    beside = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(BUSY_PROCESSES)]
    failed: dict[str, dict[int, str]] = defaultdict(dict)
    try:
        for number in range(1, runs + 1):
            code, errors = run_tests(arguments)
            assert code == 0 or errors, f"pytest ended with {code}"
            for test, error in errors.items():
                failed[test][number] = error
            print(f"run {number} of {runs}: {len(failed)} tests have failed so far", flush=True)
    finally:
        for each in beside:
            each.kill()
            each.wait()
    for test, by_run in sorted(failed.items()):
        print(test)
        for number, error in by_run.items():
            print(f"  run {number}: {error}")
    print(f"failed in {runs} runs: {len(failed)} tests")
    return int(len(failed) > 1 or any(len(by_run) > 1 for by_run in failed.values()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
