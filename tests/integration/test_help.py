"""The help of the command: in both languages, of every command, without what it does not need."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from services.cli.app import COMMANDS
from services.texts import catalogue
from services.texts.translation import paragraphs
from tests.integration.command import ecluse, environment
from tests.integration.test_cli import every_command

FRENCH = {each.id: each.string for each in catalogue.read() if isinstance(each.id, str)}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the tree, with its name."""
    for each in COMMANDS:
        yield each.name, each.imported
        for name, command in getattr(each.imported, "commands", {}).items():
            yield f"{each.name} {name}", command


ALL = list(commands())


def texts_of(command: Any) -> Iterator[str]:
    """What its help says, paragraph by paragraph."""
    for each in (command.help, *(param.help for param in command.params)):
        yield from paragraphs(each or "")


def test_each_text_of_the_help_has_its_french() -> None:
    """One that the catalogue's maker does not find is missing here too."""
    without = {name: [each for each in texts_of(it) if not FRENCH.get(each)] for name, it in ALL}
    assert {} == {name: texts for name, texts in without.items() if texts}
    assert all(it.help for _, it in ALL)


@pytest.mark.parametrize("command", [(), *every_command()], ids=" ".join)
def test_the_help_of_each_command_is_in_the_chosen_language(command: tuple[str, ...]) -> None:
    french = ecluse("--lang", "fr", *command, "--help", COLUMNS="100").text
    assert french.startswith("Utilisation\N{NO-BREAK SPACE}: ")
    assert french == ecluse(*command, "--help", ECLUSE_LANG="fr", COLUMNS="100").text
    assert french == ecluse(*command, "--help", "--lang=fr", COLUMNS="100").text
    assert french == ecluse(*command, "--lang", "fr", "--help", COLUMNS="100", LANG="en").text
    english = ecluse(*command, "--help", COLUMNS="100").text
    assert english.startswith("Usage: ")
    left = {line.strip() for line in english.splitlines()} & set(
        map(str.strip, french.splitlines())
    )
    sentences = {each for each in left if " " in each and not each.startswith("--")}
    assert set() == sentences, "none is the same in both"
    assert 100 >= max(map(len, french.splitlines()))


def test_the_help_waits_for_no_library_that_draws_tables() -> None:
    """rich takes as long to import as all the rest of `ecluse --help`."""
    asked = (
        "import sys; sys.argv = ['ecluse', '--help']; from services.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: print({'rich', 'aiokafka', 'pydantic_settings'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, check=True, env=environment()
    )
    assert "set()" == done.stdout.decode().splitlines()[-1]
