"""The databases of these tests; no log lines."""

from collections.abc import Iterator

import pytest

from tests import silence
from tests.read_model import databases
from tests.read_model.filling import Kept, empty

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


@pytest.fixture(scope="module")
def _shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    made = databases.in_a_file(tmp_path_factory.mktemp("shared") / "read.db")
    with Kept.of_many_tests(made) as url:
        yield url


@pytest.fixture(scope="module")
def _shared_postgresql(postgresql_server: databases.Server) -> Iterator[str]:
    with Kept.of_many_tests(postgresql_server.a_read_model()) as url:
        yield url


@pytest.fixture
def shared_sqlite(_shared_sqlite: str) -> str:
    """A read model for tests that only fill and read it: emptied for each, made for the module."""
    empty(_shared_sqlite)
    return _shared_sqlite


@pytest.fixture(params=databases.BOTH)
def shared_read_model(request: pytest.FixtureRequest) -> str:
    """The same test on both."""
    url = str(request.getfixturevalue(f"_shared_{request.param}"))
    empty(url)
    return url
