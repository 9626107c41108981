"""`python -m tests.simulation`: many simulated histories, each proved; a failure is made small."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.commit import commit_of
from tests.simulation.cases import Case
from tests.simulation.draw import a_case
from tests.simulation.report import Asked, table
from tests.simulation.runs import COMPLETE, Failure, Tally, run_on_cores, tally_of
from tests.simulation.shrink import Shrinking, shown

PROVED, DISPROVED = 0, 1
PRINTED_EVERY_S: Final = 5.0
ROOT: Final = Path(__file__).parent.parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them and print the figures; the exit code."""
    asked = _asked(arguments)
    if asked.case is not None:
        return _replay(Case.read(asked.case.read_text(encoding="utf-8")))
    what = Asked(asked.seed, asked.first, asked.histories, asked.jobs, commit=commit_of())
    print(f"run again: {what.command}", flush=True)
    began_s = time.monotonic()
    tally = _run(what)
    if tally.failures:
        return _explain(what, tally.failures[0], asked.folder)
    seconds = time.monotonic() - began_s
    print(table(tally, what, seconds))
    if asked.json is not None:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(tally.row(), indent=1) + "\n", encoding="utf-8")
    if asked.first or tally.histories < COMPLETE:
        print(f"Other histories than the first {COMPLETE} need not reach everything.")
        return PROVED
    if tally.missing:
        print(f"NOT REACHED: {len(tally.missing)}", file=sys.stderr)
        return DISPROVED
    return PROVED


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    parser.add_argument("--first", type=int, default=0, help="the number of the first history")
    parser.add_argument("--histories", type=int, default=2_000, help="how many")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="on how many cores")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--case", type=Path, help="run the one history in this file instead")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "simulation", help="for histories that fail"
    )
    asked = parser.parse_args(arguments)
    if asked.histories < 1 or asked.jobs < 1 or asked.first < 0:
        parser.error("--histories and --jobs: at least 1; --first: at least 0")
    return asked


def _run(asked: Asked) -> Tally:
    tally = Tally()
    began_s = printed_s = time.monotonic()
    for some in run_on_cores(asked.seed, asked.first, asked.histories, asked.jobs):
        tally += some
        now_s = time.monotonic()
        if now_s - printed_s >= PRINTED_EVERY_S:
            printed_s = now_s
            done, rate = tally.histories, tally.histories / (now_s - began_s)
            left_min = (asked.histories - done) / rate / 60
            print(
                f"{done:,} of {asked.histories:,} histories, {rate:.0f}/s, {left_min:.0f} min left",
                file=sys.stderr,
                flush=True,
            )
    return tally


def _explain(asked: Asked, failure: Failure, folder: Path) -> int:
    """Say what is wrong, and make it small."""
    number, wrong = failure
    again = asked._replace(first=number, histories=1)
    print(f"DISPROVED: history {number}, again with: {again.command}", file=sys.stderr)
    print("\n".join(wrong), file=sys.stderr)
    print("Making it small…", file=sys.stderr, flush=True)
    small = shrunk(a_case(asked.seed, number), wrong)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{asked.seed}-{number}.json"
    file.write_text(small.spelled() + "\n", encoding="utf-8")
    print(f"Again with: python -m tests.simulation --case {file}", file=sys.stderr)
    return _replay(small)


def shrunk(case: Case, wrong: list[str]) -> Case:
    """A small history in which the same kind of thing is wrong."""

    def fails(smaller: Case) -> bool:
        failures = tally_of(smaller, 0).failures
        return bool(failures) and _kind(failures[0].wrong) == _kind(wrong)

    return Shrinking(case, fails).run()


def _kind(wrong: list[str]) -> str:
    return wrong[0].partition(":")[0]


def _replay(case: Case) -> int:
    print("\n".join(shown(case)))
    failures = tally_of(case, 0).failures
    for each in failures:
        print("\n".join(["DISPROVED:", *each.wrong]), file=sys.stderr)
    return DISPROVED if failures else PROVED


if __name__ == "__main__":
    sys.exit(main())
