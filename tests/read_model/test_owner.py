"""Who may make the read model again: whoever its schema and tables belong to, before any work."""

import asyncio

import pytest
from sqlalchemy import make_url

from services.projector import rebuild
from services.projector.rebuild import NEXT
from services.projector.tables import metadata
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.texts.translation import both
from tests.read_model.databases import Server
from tests.read_model.filling import query


def a_role(server: Server, url: str) -> str:
    """Another role, which may do in this database what its owner may."""
    name = make_url(url).database or ""
    server.run(f"CREATE ROLE other_{name} LOGIN")
    server.run(f"GRANT ALL ON DATABASE {name} TO other_{name}")
    return f"other_{name}"


def refused(url: str, monkeypatch: pytest.MonkeyPatch) -> ClusterError:
    """What a rebuild says where there is no more of a cluster than its journal."""

    async def one_partition(*_: object) -> int:
        return 1

    monkeypatch.setattr(rebuild, "check", one_partition)
    with pytest.raises(ClusterError) as caught:
        asyncio.run(rebuild.rebuild(Settings(), url, lambda *_: None))
    return caught.value


def test_a_role_that_does_not_own_them_is_refused_and_named_the_owner(
    postgresql_server: Server, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = a_role(postgresql_server, postgresql_url)
    message = refused(postgresql_url.replace("postgres@", f"{role}@"), monkeypatch).text
    assert "these tables belong to postgres: run `ecluse projector --rebuild` as that role" in (
        both(message).en
    )
    assert "appartiennent à postgres\u00a0: lancez" in both(message).fr
    assert not query(postgresql_url, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{NEXT}'")


def test_a_schema_and_tables_of_several_roles_are_to_be_given_to_one(
    postgresql_server: Server, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could put them in place so that the projector may go on writing."""
    role = a_role(postgresql_server, postgresql_url)
    database = make_url(postgresql_url).database or ""
    for name in metadata.tables:
        postgresql_server.run(f"ALTER TABLE ecluse_read.{name} OWNER TO {role}", database)
    for url in (postgresql_url, postgresql_url.replace("postgres@", f"{role}@")):
        message = both(refused(url, monkeypatch).text).en
        assert f"the schema ecluse_read and its tables belong to {role}, postgres: give" in message
