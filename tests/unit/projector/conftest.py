"""No log lines of the ledger that makes the journals here."""

from tests import silence

no_logs = silence.no_logs
