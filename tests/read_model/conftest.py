"""The databases of these tests; no log lines."""

from tests import silence
from tests.read_model import databases

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
read_model_url = databases.read_model_url
sqlite_url = databases.sqlite_url
