"""How a watch logs that no command has set up."""

import pytest
import structlog

from services.runtime.ops.logs import configure_by_default


def test_a_watch_without_a_command_around_it_logs_json(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    try:
        configure_by_default()
        structlog.get_logger().error("balance_differs", sequence=3)
        line = capsys.readouterr().err
        assert line.startswith('{"sequence": 3, "event": "balance_differs", "level": "error"')
    finally:
        structlog.reset_defaults()


def test_logs_that_are_set_up_stay_as_they_are() -> None:
    structlog.configure(processors=[structlog.processors.LogfmtRenderer()])
    try:
        configure_by_default()
        (processor,) = structlog.get_config()["processors"]
        assert isinstance(processor, structlog.processors.LogfmtRenderer)
    finally:
        structlog.reset_defaults()
