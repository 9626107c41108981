"""README and docs/commands.md show what the commands print: printed again here, and compared."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from services.cli.app import app
from tests.api.lag_scenes import a_held_partition
from tests.integration.command import EXAMPLE, ROOT, ecluse
from tests.integration.watched import Serve

PAGES = ("README.md", "docs/commands.md")

SHORT: Final = {"--count": "-n", "--output": "-o"}
"""Options that the page of commands has by their short names."""

ELSEWHERE: Final = frozenset({"--help", "--json", "--lang", "--next-step"})
"""Options of every command, and one that is `make run`'s own."""


def shown_after(command: str) -> list[str]:
    """The lines of the block of README or docs/commands.md that begins with `$ command`."""
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in PAGES]
    block = "\n".join(pages).split(f"```console\n$ {command}\n")[1].split("\n```")[0]
    return block.splitlines()


def test_the_readme_shows_what_make_run_prints() -> None:
    result = ecluse("--lang", "en", "replay", EXAMPLE, "--next-step", "make console")
    assert [line.rstrip() for line in result.text.splitlines()] == shown_after("make run")


def test_the_last_line_of_make_run_names_the_next_step() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nrun:")[1].splitlines()[1]
    assert recipe.endswith('ecluse replay $(YEAR) --next-step "make console"')
    assert shown_after("make run")[-1].endswith(": make console")


def test_the_readme_shows_the_trace_of_a_payment_order(tmp_path: Path) -> None:
    db, order = tmp_path / "year.db", "CONV-2023-LILLE-AVENIRS/solde"
    ecluse("replay", EXAMPLE, "--db", db)
    result = ecluse("--lang", "en", "trace", order, "--db", db)
    shown = shown_after(f"ecluse trace {order} --db year.db")
    assert [line.rstrip() for line in result.text.splitlines()] == shown


@pytest.mark.usefixtures("_at_night")
def test_the_readme_shows_how_the_page_of_who_is_behind_begins(serve: Serve) -> None:
    result = ecluse("--lang", "en", "lag", "--url", serve(a_held_partition()).url)
    *shown, more = shown_after("ecluse lag")
    assert "…" == more
    assert shown == [line.rstrip() for line in result.text.splitlines()[: len(shown)]]


def test_the_events_that_the_readme_shortens_are_those_of_the_example() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    for fact in (
        '"id":"deliberation-lomme-2023-40"',
        '"grant":"LILLE-AVENIRS-2023","role":"award"',
        '"id":"convention-lille-avenirs-2023"',
        '"convention":"CONV-2023-LILLE-AVENIRS","grant":"LILLE-AVENIRS-2023"',
        '"instalment":"solde","trigger":"reports"',
    ):
        assert fact in example


def commands(found: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    if not hasattr(found, "commands"):
        yield path, found
        return
    for name, each in found.commands.items():
        yield from commands(each, *path, name)


def test_the_page_of_commands_has_every_command_with_its_options() -> None:
    rows = (ROOT / PAGES[1]).read_text(encoding="utf-8").splitlines()
    missing = []
    for words, command in commands(typer.main.get_command(app)):
        mine = " ".join(row for row in rows if row.startswith(f"| `ecluse {words[0]}"))
        options = {each for option in command.params for each in option.opts}
        named = {SHORT.get(each, each) for each in options - ELSEWHERE if each.startswith("--")}
        lacks = {each for each in named if not re.search(rf"(?<![-\w]){each}\b(?!-)", mine)}
        missing += [(words, each) for each in sorted(lacks)]
        if words[-1] not in mine:
            missing.append((words, ""))
    assert [] == missing
