"""No log lines."""

from tests import silence

no_logs = silence.no_logs
