"""Properties handle tens of thousands of events: their log lines would only slow them down."""

from tests import silence

no_logs = silence.no_logs
