"""The databases of these tests; no log lines."""

from tests import silence
from tests.read_model import conftest, databases

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server
_shared_sqlite = conftest._shared_sqlite
_shared_postgresql = conftest._shared_postgresql
_kept_engines = conftest._kept_engines
shared_read_model = conftest.shared_read_model
shared_sqlite = conftest.shared_sqlite
sqlite_url = databases.sqlite_url
