"""Histories that once failed, made small: what the simulation has found stays mended."""

from pathlib import Path

import pytest

from tests.simulation.cases import Case
from tests.simulation.runs import tally_of

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.stem)
def test_what_was_found_is_mended(file: Path) -> None:
    assert [] == tally_of(Case.read(file.read_text(encoding="utf-8")), 0).failures


def test_each_recorded_history_is_there() -> None:
    assert {
        "acts_of_an_internal_event",
        "an_id_that_a_recovery_takes",
        "held_behind",
        "overtaken_while_opening",
        "quarantined_internal_event",
    } <= {file.stem for file in FOUND}
