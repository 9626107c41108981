"""Commands that read a ledger in a file change nothing of it, whatever is there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import BUDGET
from tests.integration.command import COMMAND, TIMEOUT_S, ecluse, environment

READERS = [
    ("balances",),
    ("trace", "C"),
    ("parked",),
    ("journal", "tail"),
    ("journal", "show", BUDGET, 1),
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


@pytest.fixture
def read_only(mixed: Path, tmp_path: Path) -> Iterator[Path]:
    """A ledger whose file and folder nobody may write."""
    folder = tmp_path / "mount"
    folder.mkdir()
    assert 0 == ecluse("replay", mixed, "--db", folder / "ledger.db").code
    (folder / "ledger.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder / "ledger.db"
    folder.chmod(0o755)


def bound(*args: object) -> subprocess.CompletedProcess[str]:
    """The command as somebody whom the modes of files bind, which root they do not."""
    before: list[str] = []
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("the modes of files do not bind root")
        before = [setpriv, "--bounding-set", "-dac_override,-dac_read_search"]
    return subprocess.run(
        [*before, *COMMAND, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(),
        check=False,
    )


@pytest.mark.parametrize("command", READERS, ids=lambda each: " ".join(map(str, each)))
def test_a_ledger_on_read_only_storage_is_read(
    command: tuple[object, ...], read_only: Path, db: Path
) -> None:
    expected = ecluse(*command, "--db", shutil.copy(read_only, db))
    result = bound(*command, "--db", read_only)
    assert (expected.code, expected.text) == (result.returncode, result.stdout), result.stderr
    assert [read_only] == list(read_only.parent.iterdir())


@pytest.mark.parametrize("command", READERS, ids=lambda each: " ".join(map(str, each)))
def test_a_log_beside_it_that_cannot_be_read_is_not_left_out(
    command: tuple[object, ...], read_only: Path
) -> None:
    """It may hold the last records: without them less than the whole journal would be proved."""
    read_only.parent.chmod(0o755)
    read_only.with_name("ledger.db-wal").write_bytes(b"w" * 32)
    read_only.parent.chmod(0o555)
    result = bound(*command, "--db", read_only)
    assert (3, "") == (result.returncode, result.stdout)
    assert "copy both files into a folder that you may write" in result.stderr


@pytest.mark.parametrize("command", [*READERS, ("entries",)], ids=lambda each: each[0])
def test_a_folder_that_may_not_be_entered_is_named(
    command: tuple[object, ...], tmp_path: Path
) -> None:
    (folder := tmp_path / "shut").mkdir(mode=0o000)
    file = folder / "ledger.db"
    place = f"sqlite:///{file}" if command == ("entries",) else file
    result = bound(*command, "--db", place)
    folder.chmod(0o700)
    assert (3, "") == (result.returncode, result.stdout)
    assert f"Stopped: {file}: Permission denied\n" == result.stderr
