"""The streams of a command: full or closed ones end it with a sentence and exit code 3."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.command import (
    COMMAND,
    EXAMPLE,
    TIMEOUT_S,
    CommandResult,
    ecluse,
    environment,
)

FULL = ">/dev/full"
CLOSED = ">&-"
WHY = {FULL: "No space left on device", CLOSED: "it is closed"}


def in_a_shell(command: str, streams: str, **env: str) -> CommandResult:
    """The command with the streams that a shell gives it."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {streams}', "sh", *COMMAND, *command.split()],
        capture_output=True,
        timeout=TIMEOUT_S,
        env=environment(**env),
        check=False,
    )
    return CommandResult(done.returncode, done.stdout, done.stderr.decode())


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("year") / "ledger.db"
    assert 0 == ecluse("replay", EXAMPLE, "--db", path).code
    return path


@pytest.mark.parametrize("streams", WHY)
@pytest.mark.parametrize(
    "command",
    [
        "balances --db {db}",
        "balances --db {db} --json",
        "journal export - --db {db}",
        "journal tail --db {db} --json",
        "schema",
        "--help",
    ],
)
def test_a_standard_output_that_takes_nothing_is_named(
    command: str, streams: str, db: Path
) -> None:
    result = in_a_shell(command.format(db=db), streams)
    assert 3 == result.code
    assert f"Stopped: standard output: {WHY[streams]}\n" == result.err


def test_what_was_refused_is_not_the_worst_where_nobody_reads_it(mixed: Path) -> None:
    """Then its exit code would say that all else was written."""
    assert 1 == in_a_shell(f"validate {mixed}", "").code
    assert 3 == in_a_shell(f"validate {mixed}", FULL).code


@pytest.mark.parametrize("streams", [f"{FULL} 2>&-", f"{FULL} 2>/dev/full", ">&- 2>&-"])
def test_nothing_is_written_where_nobody_reads_it(streams: str, db: Path) -> None:
    result = in_a_shell(f"balances --db {db}", streams)
    assert (3, b"", "") == (result.code, result.out, result.err)


def test_messages_that_nobody_takes_stop_no_command(db: Path, tmp_path: Path) -> None:
    into = f"replay {EXAMPLE} --json --db"
    calm = in_a_shell(f"--log-level debug {into} {tmp_path / 'calm.db'}", "")
    full = in_a_shell(f"--log-level debug {into} {tmp_path / 'full.db'}", "2>/dev/full")
    assert (0, calm.out) == (full.code, full.out)


def test_a_standard_input_that_is_closed_is_named() -> None:
    result = in_a_shell("replay -", "<&-")
    assert (3, "Stopped: standard input: it is closed\n") == (result.code, result.err)


def test_no_database_is_opened_in_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """Messages would be written into it."""
    db = tmp_path / "ledger.db"
    in_a_shell(f"replay {EXAMPLE} --db {db}", "<&- >&- 2>&-")
    again = in_a_shell(f"verify --db {db} --json", "")
    assert (0, True) == (again.code, json.loads(again.out)["proved"])


def test_a_terminal_without_accents_gets_a_table_and_a_program_every_character(db: Path) -> None:
    result = in_a_shell(f"--lang fr balances --db {db}", "", PYTHONIOENCODING="ascii")
    assert (0, "") == (result.code, result.err)
    assert "?critures d'engagement" in result.text
    command = f"trace CONV-2023-LILLE-AVENIRS --db {db} --json"
    in_ascii = in_a_shell(command, "", PYTHONIOENCODING="ascii")
    assert in_ascii.text.isascii()
    assert json.loads(in_a_shell(command, "").out) == json.loads(in_ascii.out)
