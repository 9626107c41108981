"""What the libraries say becomes a line of ours, and not a hundred times a second."""

import logging
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from services.watch.logs import REPEATED_AFTER_S, Lines, configure_where_nobody_did


def said(sentence: str, at_s: float, *arguments: object) -> logging.LogRecord:
    record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, sentence, arguments, None)
    record.created = at_s
    return record


def test_a_sentence_is_heard_again_only_after_a_while() -> None:
    lines = Lines()
    with capture_logs() as heard:
        for at_s in (1000.0, 1000.01, 1000.0 + REPEATED_AFTER_S - 0.01, 1000.0 + REPEATED_AFTER_S):
            lines.emit(said("no node %s", at_s, 1))
        lines.emit(said("no node %s", 1000.02, 2))
    expected: list[dict[str, Any]] = [
        {"event": "library_said", "log_level": "error", "logger": "aiokafka", "message": message}
        for message in ("no node 1", "no node 1", "no node 2")
    ]
    assert expected == [
        {name: value for name, value in line.items() if name != "exc_info"} for line in heard
    ]


def test_a_watch_without_a_command_around_it_logs_json(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    try:
        configure_where_nobody_did()
        structlog.get_logger().error("balance_differs", sequence=3)
        line = capsys.readouterr().err
        assert line.startswith('{"sequence": 3, "event": "balance_differs", "level": "error"')
    finally:
        structlog.reset_defaults()


def test_logs_that_are_set_up_stay_as_they_are() -> None:
    structlog.configure(processors=[structlog.processors.LogfmtRenderer()])
    try:
        configure_where_nobody_did()
        (processor,) = structlog.get_config()["processors"]
        assert isinstance(processor, structlog.processors.LogfmtRenderer)
    finally:
        structlog.reset_defaults()
