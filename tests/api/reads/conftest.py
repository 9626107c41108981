"""No log lines; read models that are made once."""

from tests import silence
from tests.api import made as read_models

no_logs = silence.no_logs
made_in_files = read_models.made_in_files
made_on_postgresql = read_models.made_on_postgresql
made = read_models.made
