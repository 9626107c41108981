"""The `ecluse` command as tests run it: in this process where that will do, else as it is run."""

import os
import subprocess
import sys
from contextvars import copy_context
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from services.cli.app import main
from tests.builders import (
    Json,
    a_convention,
    a_notification,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.leaks import leaks

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "schemas" / "examples" / "lille-avenirs-2023.jsonl"
CARRY_OVER = (
    EXAMPLE.with_name("lille-avenirs-carry-over.jsonl"),
    EXAMPLE.with_name("lille-avenirs-carry-over-2024.jsonl"),
)
"""A year whose balance is carried over, and the next one, which pays it."""
COMMAND = [sys.executable, "-m", "services.cli.app"]
TIMEOUT_S = 100
"""Of a process beside the tests on a broker, which leave it a small part of a processor."""

WIDE = "250"
"""Columns enough for the path of any temporary file on the line of what is said of it."""
UNSET = ("ECLUSE_LANG", "ECLUSE_LOG_LEVEL", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS")

# One of each outcome, an order in each open state, a flag.
MIXED: list[Json | bytes] = [
    a_notification(convention="D"),
    a_vote(),
    an_award(),
    a_convention(beneficiary={"name": "LILLE AVENIRS 2", "siret": "37887770800040"}),
    an_acknowledgement("on_hold"),
    a_payment(1),
    a_payment(1),
    a_payment(100_001),
    b'{"specversion":',
    a_vote(stage="supplementary", appropriations=[]),
]


class Given(BytesIO):
    """What stands on standard input."""

    name = "<stdin>"


@dataclass(frozen=True)
class CommandResult:
    """What a run of the command left: its exit code and what it printed."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def written(file: Path, *events: Json | bytes) -> Path:
    file.write_bytes(b"".join(encoded(event) + b"\n" for event in events))
    return file


def environment(**more: str) -> dict[str, str]:
    """A neutral environment: English, no terminal width, no colours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "TERM": "dumb"} | more


def ecluse(*args: object, given: bytes = b"", **env: str) -> CommandResult:
    """Run the command in this process, its streams apart; half a second less than a real one."""
    code: int | str | None = 0
    mask = os.umask(0o022)  # The command sets its own: no other test shall have it.
    with pytest.MonkeyPatch.context() as patch, CliRunner().isolation(given) as (out, err, _):
        for name in UNSET:
            patch.delenv(name, raising=False)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", TextIOWrapper(Given(given)))
        patch.setattr(sys, "argv", ["ecluse", *map(str, args)])
        try:
            copy_context().run(main)  # The language that it chooses is its own.
        except SystemExit as leaving:
            code = leaving.code
        finally:
            os.umask(mask)
            structlog.reset_defaults()  # The next test's standard error is another one.
        sys.stdout.flush()
        sys.stderr.flush()
        assert isinstance(code, int), f"the command leaves with a number: {code}"
        result = CommandResult(code, out.getvalue(), err.getvalue().decode())
        assert [] == leaks(result.err)
        return result


def journal_of(db: Path, file: Path) -> Path:
    """The journal of a database, written to a file of records."""
    file.write_bytes(ecluse("journal", "tail", "-n", 999, "--db", db, "--json").out)
    return file


def real_ecluse(*args: object, given: bytes = b"", **env: str) -> CommandResult:
    """Run the command as a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, args)],
        input=given,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
        env=environment(**env),
    )
    result = CommandResult(done.returncode, done.stdout, done.stderr.decode())
    assert [] == leaks(result.err)
    return result
