"""Commands that read a ledger in a file change nothing of it, whatever is there."""

from pathlib import Path

import pytest

from tests.integration.command import ecluse

READERS = [
    ("balances",),
    ("trace", "C"),
    ("parked",),
    ("journal", "tail"),
    ("journal", "show", "B", 1),
    ("journal", "export", "-"),
    ("verify",),
]


@pytest.mark.parametrize("command", READERS, ids=lambda each: " ".join(map(str, each)))
def test_an_empty_file_is_no_ledger_and_becomes_none(command: tuple[object, ...], db: Path) -> None:
    db.touch()
    result = ecluse(*command, "--db", db)
    assert (3, b"") == (result.code, result.out)
    assert f"{db}: there is no ledger in this file" in result.err
    assert [db] == list(db.parent.iterdir())
    assert b"" == db.read_bytes()
