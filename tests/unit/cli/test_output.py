"""Names of files, and progress: shown to a person who waits, and to nobody else."""

import os
import sys
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from events.texts import _
from services.cli.terminal import output
from services.cli.terminal.output import display_name, progress, show_progress, show_spinner

READING, ADDING_UP, VERIFYING = _("reading"), _("adding up"), _("verifying")


class Terminal(StringIO):
    """Standard error with a person before it."""

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """No fixture: pytest takes standard error back between a fixture and its test."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return shown


def test_a_name_that_is_not_utf_8_is_shown_with_a_replacement(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff.jsonl"
    try:
        Path(os.fsdecode(file)).write_bytes(b"")
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    with Path(os.fsdecode(file)).open("rb") as stream:
        assert f"{tmp_path}/\ufffd.jsonl" == display_name(stream)


def test_input_of_unknown_size_is_counted_without_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress(READING, [BytesIO(b"")]) as handled:
        handled(1234)
    assert "reading" in terminal.getvalue()
    assert "1.2 kB" in terminal.getvalue()
    assert "━" not in terminal.getvalue()


def test_long_files_have_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    file = tmp_path / "long"
    file.write_bytes(b"." * 2000)
    with file.open("rb") as stream, progress(READING, [stream]) as handled:
        handled(1000)
    assert "" == terminal.getvalue(), "it is short"
    monkeypatch.setattr(output, "LONG_INPUT_BYTES", 1000)
    with file.open("rb") as stream, progress(READING, [stream]) as handled:
        handled(1000)
    assert "1.0/2.0 kB" in terminal.getvalue()


def test_work_of_unknown_length_shows_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with show_spinner(ADDING_UP):
        pass
    assert "adding up" in terminal.getvalue()


def test_work_whose_length_is_found_on_the_way_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with show_progress(VERIFYING) as report:
        report(1, 4)
        report(2, 2)
    assert "verifying" in terminal.getvalue()
    assert "━" in terminal.getvalue()


def test_programs_see_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with show_spinner(ADDING_UP), progress(READING, [BytesIO(b"")]) as handled:
        handled(10)
    with show_progress(VERIFYING) as report:
        report(1, 2)
    assert "" == shown.getvalue()
