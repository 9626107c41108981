"""`python -m tests.mutation`: judge the mutants of the ledger's domain, and tell the score."""

import argparse
import random  # noqa: TID251 - which mutants a sample takes, from a seed that the page names
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from tests.commit import commit_of
from tests.mutation.judge import Judge, Verdict
from tests.mutation.mutants import ROOT, Mutant, modules, mutants_of
from tests.mutation.page import MutationRun, page, score, table
from tests.mutation.planted import PYTEST
from tests.mutation.verdicts import Verdicts, explanations

KEPT: Final = ROOT / "build" / "mutants.jsonl"
TESTS: Final = ("tests/unit/tables", "tests/unit/test_money.py", "tests/golden")
# What reads bytes, and what runs all tables once more.
SLOW: Final = ("test_bad_input.py", "test_every_answer.py")

ALL_NOTICED, SURVIVORS = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge what is not judged yet, print the figures and keep them; the exit code."""
    asked, commit = _asked(arguments), commit_of()
    mutants = {module: mutants_of(module) for module in asked.modules}
    chosen = _drawn([each for found in mutants.values() for each in found], asked)
    tests = sorted(path for each in TESTS for path in _files(ROOT / each))
    verdicts = Verdicts(asked.kept, tests)
    unknown = [mutant for mutant in chosen if verdicts.of(mutant) is None]
    waiting = [] if asked.read else unknown
    progress = _Progress(len(waiting))

    def on_verdict(mutant: Mutant, verdict: Verdict) -> None:
        verdicts.keep(mutant, verdict)
        progress.say(mutant, verdict)

    judge = Judge(waiting, on_verdict)
    slow = [f"--ignore=tests/unit/tables/{each}" for each in SLOW]
    code = pytest.main([*PYTEST, "--capture=no", *slow, *TESTS], plugins=[judge])
    if code != pytest.ExitCode.OK:
        print(f"the tests cannot judge: pytest ended with {code}", file=sys.stderr)
        return int(code)
    found = [(mutant, verdict) for mutant in chosen if (verdict := verdicts.of(mutant))]
    mutation_run = MutationRun(
        seed=asked.seed,
        sampled=asked.sample is not None,
        made={module: len(each) for module, each in mutants.items()},
        found=found,
        tests=judge.tests,
        versions={name: version(name) for name in ("mutmut", "libcst", "pytest")},
        explained=explanations(),
        commit=commit,
    )
    return _tell(mutation_run, asked.page)


def _tell(mutation_run: MutationRun, to: Path | None) -> int:
    unexplained = mutation_run.unexplained()
    print(table(mutation_run))
    for mutant in unexplained:
        print(f"survived: {mutant.path.relative_to(ROOT)}:{mutant.line} {mutant.key}")
    print(
        f"score: {score(mutation_run.counts())} of {len(mutation_run.found)} mutants were noticed"
    )
    if to is not None:
        to.write_text(page(mutation_run).rstrip() + "\n", encoding="utf-8")
    return SURVIVORS if unexplained else ALL_NOTICED


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "--modules",
        type=lambda names: names.split(","),
        default=modules(),
        help="of the domain, joined by commas: limits,rules.payments",
    )
    parser.add_argument("--sample", type=int, help="judge only so many, drawn by chance")
    parser.add_argument("--seed", type=int, default=1, help="of that chance")
    parser.add_argument("--page", type=Path, help="a file for the page of the figures")
    parser.add_argument("--read", action="store_true", help="judge nothing: tell what is known")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the verdicts found so far")
    asked = parser.parse_args(arguments)
    unknown = set(asked.modules) - set(modules())
    if unknown:
        parser.error(f"--modules: not of the domain: {', '.join(sorted(unknown))}")
    return asked


def _drawn(mutants: list[Mutant], asked: argparse.Namespace) -> list[Mutant]:
    if asked.sample is None or asked.sample >= len(mutants):
        return mutants
    drawn = random.Random(asked.seed).sample(range(len(mutants)), asked.sample)
    return [mutants[number] for number in sorted(drawn)]


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


class _Progress:
    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    def say(self, mutant: Mutant, verdict: Verdict) -> None:
        self._done += 1
        if verdict == "survived":
            print(f"survived: {mutant.key}", file=sys.stderr)
        if self._done % 50 == 0 or self._done == self._total:
            print(f"{self._done} of {self._total} judged: {mutant.module}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
