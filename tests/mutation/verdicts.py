"""What was found of each mutant, kept at once: a run goes on where it was stopped."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from tests.mutation.judge import Verdict
from tests.mutation.mutants import ROOT, Mutant, path_of

EXPLAINED: Final = ROOT / "tests" / "mutation" / "explained.yaml"
"""Survivors that no test could tell from the original, with the reason for each."""


class Verdicts:
    """A file of verdicts, one a line.

    A mutant that was killed stays so while its module stays as it is, since tests are added and not
    taken away. One that survived is judged again once any test has changed, unless it is explained.
    """

    def __init__(self, path: Path, tests: Sequence[Path]) -> None:
        self._path = path
        self._explained = explanations()
        self._tests = _digest(*tests)
        self._kept: dict[str, tuple[str, str, Verdict]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._kept[row["mutant"]] = row["module"], row["tests"], row["verdict"]

    def of(self, mutant: Mutant) -> Verdict | None:
        """What is known of it; None where it is to be judged."""
        module, tests, verdict = self._kept.get(mutant.key, ("", "", None))
        if verdict is None or module != _module_digest(mutant.module):
            return None
        changed = tests != self._tests and mutant.key not in self._explained
        return None if verdict == "survived" and changed else verdict

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        """Writes it down at once."""
        module = _module_digest(mutant.module)
        self._kept[mutant.key] = module, self._tests, verdict
        row = {"mutant": mutant.key, "module": module, "tests": self._tests, "verdict": verdict}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def explanations() -> dict[str, str]:
    """By mutant, why no test could tell it from the original."""
    groups = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or []
    return {key: " ".join(each["why"].split()) for each in groups for key in each["mutants"]}


@cache
def _module_digest(module: str) -> str:
    return _digest(path_of(module))


def _digest(*paths: Path) -> str:
    text = hashlib.sha256()
    for path in paths:
        text.update(path.read_bytes())
    return text.hexdigest()[:16]
