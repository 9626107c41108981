"""One API for all attacks of a test process; after each nothing of it is left in the log."""

from collections.abc import Iterator

import pytest

from tests.api import treasury_scene
from tests.attack.target import Target, a_target
from tests.read_model import databases
from tests.read_model.databases import Server

postgresql_server = databases.postgresql_server
scene = treasury_scene.scene


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory, postgresql_server: Server) -> Iterator[Target]:
    """The API over a real PostgreSQL, started when it is first attacked."""
    url = postgresql_server.a_read_model()
    with a_target(tmp_path_factory.mktemp("attacked"), url) as found:
        yield found


@pytest.fixture
def target(api: Target) -> Iterator[Target]:
    """The same: whatever is done to it, it lives, and nobody is called by its log."""
    offset = api.log.stat().st_size
    yield api
    assert api.running.process.poll() is None, "it lives"
    with api.client() as client:
        assert 200 == client.get("/healthz").status_code
    api.check_log(offset)
