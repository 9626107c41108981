"""When rules decide otherwise one day: what these decided still folds, and is distinguished."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from services.ledger.domain.journal import RULES_VERSION
from tests.builders import Json
from tests.golden.record import HERE
from tests.integration.command import CARRY_OVER, ROOT, ecluse

TIMEOUT_S = 120
OLD, NEW = str(RULES_VERSION), str(RULES_VERSION + 1)
SAID = {
    "ECLUSE_LOG_LEVEL": "ERROR",
    "LC_ALL": "C.UTF-8",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # Most plugins take longer to load than it to test.
}
JOURNAL = HERE / "hard-year-2023.journal.jsonl"
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "pytest_timeout")
NEW_HISTORY = "test_the_present_rules_have_a_recorded_history"


def then(*words: object, code: int = 0) -> str:
    """What a release with the next rules says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.next_rules", *map(str, words)],
        cwd=ROOT,
        env=os.environ | SAID,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout


def redecided_then(*where: object) -> Json:
    row: Json = json.loads(then("services.cli.app", "verify", *where, "--redecide", "--json"))
    assert row["proved"]
    said: Json = row["redecided"]
    return said


@pytest.mark.timeout(TIMEOUT_S)
def test_new_rules_fold_every_history_and_want_one_of_their_own() -> None:
    said = then("pytest", *QUIET, "tests/golden/test_golden.py", code=1)
    assert re.findall(r"^FAILED \S+::(\w+)", said, re.MULTILINE) == [NEW_HISTORY], said


@pytest.mark.timeout(TIMEOUT_S)
def test_the_decisions_of_old_rules_are_counted_as_theirs() -> None:
    said = redecided_then("--journal", JOURNAL)
    decided = Counter(
        json.loads(each)["rules_version"] for each in JOURNAL.read_bytes().splitlines()
    )
    assert {str(version): count for version, count in decided.items()} == said["rules_versions"]
    assert (int(NEW), 0) == (said["rules_version"], said["differing"]), "only it was raised"


@pytest.mark.timeout(TIMEOUT_S)
def test_a_ledger_goes_on_under_new_rules_where_the_old_ones_ended(tmp_path: Path) -> None:
    """The old ones decided the year and its opening, the new ones all that comes afterwards."""
    db = tmp_path / "ledger.db"
    ecluse("replay", CARRY_OVER[0], "--db", db)
    before = len(ecluse("journal", "tail", "-n", 99, "--db", db, "--json").out.splitlines())
    then("services.cli.app", "replay", CARRY_OVER[1], "--db", db)
    said = redecided_then("--db", db)
    assert ({OLD: before, NEW: 4}, 0) == (said["rules_versions"], said["differing"])
