"""Completions as a real bash asks for them, once they are installed."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from services.cli.commands.schema import types
from tests.integration.command import environment

BIN: Final = Path(sys.executable).parent
NAMED: Final = "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"
"""Typer takes the shell by name, in place of looking which one asks."""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has installed them."""
    home = tmp_path_factory.mktemp("home")
    (home / ".bashrc").write_text("export KEPT=1\n")
    install("bash", home)
    return home


def install(shell: str, home: Path) -> None:
    environ = environment(HOME=str(home), **{NAMED: "1"})
    command = [str(BIN / "ecluse"), "--install-completion", shell]
    done = subprocess.run(command, capture_output=True, check=True, env=environ, text=True)
    assert str(home) in done.stdout


def completed(home: Path, *line: str) -> list[str]:
    """What bash offers for the last of these, which may be a beginning or empty."""
    script = f"""
        source {home}/.bashrc
        complete -p ecluse | grep -q -- '-F _ecluse_completion' || exit 9
        COMP_WORDS=({" ".join(map(shlex.quote, line))}); COMP_CWORD={len(line) - 1}
        _ecluse_completion ecluse
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{BIN}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        capture_output=True,
        check=True,
        env=environment(HOME=str(home), PATH=path),
    )
    return [each for each in done.stdout.decode().splitlines() if each]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (("ecluse", "tra"), ["trace"]),
        (("ecluse", "topics", ""), ["diff", "apply"]),
        (("ecluse", "lag", "--br"), ["--brief"]),
        (("ecluse", "--lang", ""), ["fr", "en"]),
        (("ecluse", "schema", "convention.si"), ["convention.signed"]),
        (("ecluse", "schema", "ecluse.convention.si"), ["ecluse.convention.signed.v1"]),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_bash_completes(home: Path, line: tuple[str, ...], offered: list[str]) -> None:
    assert offered == completed(home, *line)


def test_bash_completes_every_type_of_event(home: Path) -> None:
    offered = completed(home, "ecluse", "schema", "")
    assert list(types()) == [f"ecluse.{each}.v1" for each in offered]
