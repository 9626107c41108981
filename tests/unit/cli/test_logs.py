"""Logs: masked to the traceback, and as loud as who looks on wishes."""

import sys
from io import StringIO

import pytest
import structlog

from services.cli.terminal.logs import configure_logs, mask_ibans
from services.cli.terminal.options import LogLevel
from tests.builders import IBAN
from tests.unit.cli.test_output import Terminal


def test_a_whole_line_is_masked_its_traceback_included() -> None:
    line = {"event": "decoder_failed", "exception": f"Traceback …\nValueError: {IBAN}"}
    shown = mask_ibans(None, "error", line)
    assert {"event": "decoder_failed", "exception": "Traceback …\nValueError: FR76…0110"} == shown


@pytest.mark.parametrize(
    ("stderr", "level", "logged"),
    [
        (StringIO(), None, {"info", "warning"}),
        (Terminal(), None, {"warning"}),
        (Terminal(), LogLevel.INFO, {"info", "warning"}),
        (StringIO(), LogLevel.ERROR, set()),
    ],
    ids=["program", "person", "person who asked", "program that asked"],
)
def test_people_see_warnings_unless_they_ask_for_more(
    monkeypatch: pytest.MonkeyPatch, stderr: StringIO, level: LogLevel | None, logged: set[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    configure_logs(level)
    try:
        log = structlog.get_logger()
        log.info("of_info")
        log.warning("of_warning")
    finally:
        structlog.reset_defaults()
    assert logged == {name for name in ("info", "warning") if f"of_{name}" in stderr.getvalue()}
