"""The databases of these tests; no log lines."""

from collections.abc import Iterator

import pytest

from tests import silence
from tests.read_model import databases
from tests.read_model.filling import Kept

no_logs = silence.no_logs
postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
read_model_url = databases.read_model_url
sqlite_url = databases.sqlite_url


@pytest.fixture(autouse=True)
def _kept_engines() -> Iterator[None]:
    """As long as a test lasts; behind that its database is left alone."""
    with Kept.for_a_while():
        yield
