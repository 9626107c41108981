"""What the libraries say becomes a line of ours, and not a hundred times a second."""

import logging
from typing import Any

from structlog.testing import capture_logs

from services.runtime.ops.logs import REPEATED_AFTER_S, LibraryLogHandler


def reported(sentence: str, at_s: float, *arguments: object) -> logging.LogRecord:
    record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, sentence, arguments, None)
    record.created = at_s
    return record


def test_a_sentence_is_logged_again_only_after_a_while() -> None:
    lines = LibraryLogHandler()
    with capture_logs() as captured:
        for at_s in (1000.0, 1000.01, 1000.0 + REPEATED_AFTER_S - 0.01, 1000.0 + REPEATED_AFTER_S):
            lines.emit(reported("no node %s", at_s, 1))
        lines.emit(reported("no node %s", 1000.02, 2))
    expected: list[dict[str, Any]] = [
        {"event": "library_log", "log_level": "error", "logger": "aiokafka", "message": message}
        for message in ("no node 1", "no node 1", "no node 2")
    ]
    assert expected == [
        {name: value for name, value in line.items() if name != "exc_info"} for line in captured
    ]
