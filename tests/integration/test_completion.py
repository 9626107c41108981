"""Completions as a real bash asks for them, once they are installed."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from services.cli.commands.events.schema import types
from tests.integration.command import ecluse, environment, real_ecluse

BIN: Final = Path(sys.executable).parent

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has installed them."""
    home = tmp_path_factory.mktemp("home")
    (home / ".bashrc").write_text("export KEPT=1\n")
    done = real_ecluse("completion", "install", "bash", HOME=str(home))
    assert (0, True) == (done.code, str(home) in done.text)
    return home


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
        (("ecluse", "dev", "kill", "le"), ["ledger"]),
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


def test_installing_again_changes_nothing_and_keeps_what_stood_there(home: Path) -> None:
    again = real_ecluse("completion", "install", "--json", HOME=str(home), SHELL="/bin/bash")
    file = home / ".bash_completions" / "ecluse.sh"
    assert {"shell": "bash", "file": str(file)} == json.loads(again.out)
    lines = (home / ".bashrc").read_text().splitlines()
    assert ["export KEPT=1", f"source '{file}'"] == [each for each in lines if each]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_shown(shell: str) -> None:
    shown = ecluse("completion", "show", shell)
    assert (0, True) == (shown.code, "_ECLUSE_COMPLETE" in shown.text)


def test_an_unknown_shell_is_named() -> None:
    asked = ecluse("completion", "install", SHELL="/bin/tcsh")
    assert (2, True) == (asked.code, "bash, zsh" in asked.err)
