"""Completions as a real zsh and a real fish ask for them, once they are installed."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.integration.command import environment
from tests.integration.test_completion import install

BIN: Final = Path(sys.executable).parent
ASKED: Final = (
    ("ecluse tra", ["trace"]),
    ("ecluse topics ", ["apply", "diff"]),
    ("ecluse lag --br", ["--brief"]),
    ("ecluse schema convention.si", ["convention.signed"]),
)
LIMIT_S: Final = 60

needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh here")
needs_fish = pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")

AT_A_TERMINAL: Final = r"""
# What the shell that is asked reads: each completion it is offered goes into $OFFERED.
source $HOME/.zshrc
# Typer's script, which zsh itself would read at the first Tab, and offer nothing.
source $HOME/.zfunc/_ecluse
PROMPT=
compadd () {
    local -a hits
    # -A, -D and -O are questions of the completion system to itself.
    if (( ! ${@[(I)-(A|D|O)]} )); then
        builtin compadd -A hits "$@"
        print -rl -- $hits >>$OFFERED
    fi
    builtin compadd "$@"
}
finish () { exit }
comppostfuncs=(finish)
bindkey '^I' complete-word
print ready
"""
ASKING: Final = r"""
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "source $AT_A_TERMINAL"
while zpty -r asked line; do [[ $line == *ready* ]] && break; done
zpty -n -w asked "$1"$'\t'
while zpty -r asked line; do :; done
"""


def installed(shell: str, home: Path) -> dict[str, str]:
    """The environment of somebody who has installed them."""
    install(shell, home)
    path = f"{BIN}:{environment()['PATH']}"
    return environment(HOME=str(home), PATH=path, XDG_CONFIG_HOME=str(home / ".config"))


def run(environ: dict[str, str], *command: str) -> str:
    """What a shell prints."""
    done = subprocess.run(
        command, capture_output=True, check=True, env=environ, timeout=LIMIT_S, text=True
    )
    assert not done.stderr
    return done.stdout


@needs_zsh
def test_zsh_completes(tmp_path: Path) -> None:
    environ = installed("zsh", tmp_path)
    script, offered = tmp_path / "asked.zsh", tmp_path / "offered"
    script.write_text(AT_A_TERMINAL)
    environ |= {"AT_A_TERMINAL": str(script), "OFFERED": str(offered), "TERM": "dumb"}
    for line, expected in ASKED:
        offered.write_text("")
        run(environ, "zsh", "-f", "-c", ASKING, "zsh", line)
        assert expected == sorted(set(offered.read_text().split())), line


@needs_fish
def test_fish_completes(tmp_path: Path) -> None:
    environ = installed("fish", tmp_path)
    for line, expected in ASKED:
        printed = run(environ, "fish", "-c", f"complete --do-complete {shlex.quote(line)}")
        # Behind each stands its help.
        assert expected == sorted(each.split("\t")[0] for each in printed.splitlines()), line
