"""No command shows a person an IBAN whole, in whatever an event wrote one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.reads.test_ibans import CALLED, WHOLE, called_by_ibans, planted
from tests.builders import BUDGET
from tests.integration.command import ecluse, written


@pytest.mark.parametrize(
    ("events", "reference"), [(planted, "C"), (called_by_ibans, CALLED)], ids=["words", "names"]
)
def test_no_command_shows_an_iban_whole(
    events: Callable[[], list[Any]], reference: str, tmp_path: Path
) -> None:
    file, db = written(tmp_path / "events.jsonl", *events()), tmp_path / "ledger.db"
    on_db, empty = ["--db", db], tmp_path / "empty.db"
    ecluse("replay", written(tmp_path / "nothing.jsonl"), "--db", empty)
    commands: list[list[object]] = [
        ["replay", file, *on_db],
        ["whatif", file, "--db", empty],
        ["balances", *on_db],
        ["parked", *on_db],
        ["validate", file],
        ["trace", reference, *on_db],
        ["journal", "tail", "--count", 50, *on_db],
        *(["journal", "show", BUDGET, sequence, *on_db] for sequence in range(1, 8)),
        ["journal", "show", "_dead.0", 1, *on_db],
    ]
    shortened = 0
    for command in commands:
        result = ecluse(*command, "--lang", "fr", COLUMNS="300")
        shown = result.text + result.err
        assert WHOLE.search(shown) is None, command
        shortened += "…0110" in shown
    assert shortened > len(commands) // 2
