"""Commands over topics where no cluster is: what they say, and how they leave."""

import getpass
import os
import pty
import subprocess

import pytest

from tests.builders import BUDGET
from tests.integration.command import COMMAND, EXAMPLE, TIMEOUT_S, ecluse, environment

ON_KAFKA = [
    ("balances",),
    ("parked",),
    ("trace", "C"),
    ("whatif", str(EXAMPLE)),
    ("journal", "tail"),
    ("verify",),
    ("verify", "--budget", BUDGET),
    ("journal", "show", BUDGET, "1"),
    ("quarantine", "0", "1", "--reason", "a bug", "--by", "Ada"),
]
NOWHERE = {"ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


@pytest.mark.parametrize(
    ("language", "texts"), [("fr", "pas de Kafka à cette adresse"), ("en", "no Kafka at this")]
)
@pytest.mark.parametrize("args", ON_KAFKA, ids=lambda args: str(args[0]))
def test_a_cluster_that_is_not_there_exits_3_with_a_message(
    args: tuple[str, ...], language: str, texts: str
) -> None:
    output = ecluse(*args, "--lang", language, given=b"", **NOWHERE)
    assert (3, b"") == (output.code, output.out)
    assert texts in output.err
    assert "127.0.0.1:1" in output.err
    assert "Traceback" not in output.err


@pytest.mark.parametrize(
    ("option", "texts", "limit"),
    [
        ("--reason", " ", 1000),
        ("--reason", "x" * 1001, 1000),
        ("--reason", "a\x1b[2J", 1000),
        ("--by", "", 200),
        ("--by", "x" * 201, 200),
        ("--by", "A\u202eda", 200),
        ("--by", "A\nda", 200),
    ],
)
def test_a_quarantine_needs_texts_that_the_journal_can_keep(
    option: str, texts: str, limit: int
) -> None:
    given = {"--reason": "a bug", "--by": "Ada", option: texts}
    asked = ("quarantine", 0, 1, *(each for pair in given.items() for each in pair))
    output = ecluse(*asked, given=b"", COLUMNS="200", **NOWHERE)
    assert (2, b"") == (output.code, output.out)
    assert f"Invalid value for {option}: 1 to {limit} characters, none of them" in output.err
    french = ecluse(*asked, "--lang", "fr", given=b"", COLUMNS="200", **NOWHERE)
    assert f"1 à {limit} caractères, sans caractère de contrôle" in french.err


def test_the_longest_texts_of_a_quarantine_are_taken() -> None:
    texts = ("--reason", "x" * 1000, "--by", "y" * 200)
    assert 3 == ecluse("quarantine", 0, 1, *texts, given=b"", **NOWHERE).code


def test_who_has_no_name_on_this_system_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    output = ecluse("quarantine", 0, 1, "--reason", "a bug", given=b"", COLUMNS="200", **NOWHERE)
    assert (2, True) == (output.code, "this system has no name of you: say --by" in output.err)


def on_a_terminal(*args: str) -> str:
    """What a command says there."""
    terminal, stderr = pty.openpty()
    with os.fdopen(terminal, "rb") as shown:
        done = subprocess.run(
            [*COMMAND, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment(**NOWHERE),
            timeout=TIMEOUT_S,
            check=False,
        )
        assert 3 == done.returncode
        os.close(stderr)
        output = b""
        try:
            while piece := shown.read1():
                output += piece
        except OSError:  # So a terminal ends on Linux.
            pass
        return output.decode()


def test_a_role_logs_as_json_on_a_terminal_where_a_program_asks() -> None:
    line = '{"error": "127.0.0.1:1: no Kafka at this address'
    assert line not in on_a_terminal("ledger")
    assert line in on_a_terminal("ledger", "--json")
