"""The command that keeps what a release writes goes on doing so."""

import json
from pathlib import Path

import pytest

from tests import silence
from tests.golden.record_release import APART, HISTORIES, record_release
from tests.golden.test_releases import VERSIONS

no_logs = silence.no_logs


@pytest.mark.rest
def test_a_release_is_recorded_with_the_files_and_figures_of_the_newest_one(tmp_path: Path) -> None:
    made, newest = record_release("9.9.9", tmp_path), VERSIONS[-1]
    for name in (*HISTORIES, *APART):
        files = {path.name for path in (made / name).iterdir()}
        assert {path.name for path in (newest / name).iterdir()} <= files
    for name in HISTORIES:
        now, before = (
            json.loads((each / name / "summary.json").read_bytes()) for each in (made, newest)
        )
        assert before["events"] == now["events"]
