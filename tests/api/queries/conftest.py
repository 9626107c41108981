"""No log lines in these tests."""

from tests import silence

no_logs = silence.no_logs
