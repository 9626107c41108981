"""The locks: a new machine installs what they name, whatever was released since."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
INSTALLERS = (
    "docs/commands.md",
    "deploy/Dockerfile",
    "deploy/set-up",
    "services/dev/jars.py",
)
COMMAND = re.compile(r"pip\b[^\n&]*? install [^\n&]*--require-hashes[^\n&]*")


@pytest.mark.parametrize("name", INSTALLERS)
def test_nothing_is_installed_besides_what_a_lock_names(name: str) -> None:
    """Left to itself pip asks for the newest `coverage[toml]`, of which no hash is known."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    commands = COMMAND.findall(text)
    assert commands
    assert [] == [each for each in commands if "--no-deps" not in each]


def test_a_lock_names_all_that_its_packages_need() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "No broken requirements found.\n") == (done.returncode, done.stdout)
