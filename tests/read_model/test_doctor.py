"""`ecluse doctor` on databases: OK on sound ones, and each planted trouble by its name."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text as statement
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.access.store import AccessStore, access_address
from services.api.adapters.clock_and_chance import wall_clock
from services.doctor.examination import examine
from services.doctor.judge import SKEW_MAX_S
from services.projector.migrations import list_versions
from services.runtime.ops import clock
from services.treasury.store.database import TreasuryStore, treasury_address
from tests.kafka.examined import Examined, examined_with
from tests.read_model.databases import BOTH, POSTGRESQL, Server
from tests.read_model.filling import with_engine
from tests.read_model.roles import Roles
from tests.waiting import run

pytestmark = pytest.mark.rest

NOBODY = {"ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
"""Of Kafka nothing is asked here."""


def examined(url: str, *args: str, **env: str) -> Examined:
    """What is found in the databases."""
    own = {"ECLUSE_DATABASE_URL": url, "ECLUSE_TREASURY_URL": treasury_address(url, None)}
    found = examined_with(NOBODY | own | env, *args)
    return Examined(found.code, [each for each in found.checks if each["part"] == "databases"])


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """A database with the tables of read model, keys and treasury."""
    kind = "postgresql_url" if request.param == POSTGRESQL else "sqlite_url"
    address: str = request.getfixturevalue(kind)
    run(made(address))
    return address


async def made(address: str) -> None:
    """The tables that projector, API and treasury make."""
    keys = AccessStore(access_address(address, None), wall_clock)
    store = TreasuryStore(treasury_address(address, None))
    for each in (keys, store):
        await each.prepare()
        await each.dispose()


async def marked(version: str, engine: AsyncEngine) -> None:
    """The read model as another version of the program left it."""
    async with engine.begin() as connection:
        changed = statement("UPDATE alembic_version SET version_num = :version")
        await connection.execute(changed, {"version": version})


def test_sound_databases_are_ok(url: str) -> None:
    found = examined(url)
    assert [] == found.troubles
    names = [name for name, _where in found.of_state("ok")]
    assert 3 == names.count("schema")
    assert "version" in names
    assert [] == found.of_state("unknown"), "its disk is this machine's"


def test_a_schema_of_a_newer_program_and_one_that_must_be_brought_up_are_named(url: str) -> None:
    for version, text in (
        ("9999", "newer Écluse"),
        (list_versions()[-1], "start ecluse projector"),
    ):
        with_engine(url, partial(marked, version))
        found = examined(url)
        (trouble,) = found.troubles
        assert "schema" == trouble[0]
        assert "read model" in str(trouble[1])
        assert text in found.text(*trouble)


def test_a_database_without_tables_is_named_once_the_services_run(
    postgresql_server: Server,
) -> None:
    empty = postgresql_server.a_database()
    found = examined(empty)
    assert ["schema"] * 3 == [name for name, _where in found.troubles]
    assert [] == examined(empty, "--before-start").troubles


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "read.db"
    file.write_bytes(b"no database" * 1000)
    found = examined(f"sqlite:///{file}", "--role", "projector")
    assert [("database", None)] == found.troubles
    assert "file is not a database" in found.text("database", None)
    assert {"version", "schema", "disk"} == {name for name, _where in found.of_state("unknown")}


def test_a_server_that_is_away_is_a_line_and_the_rest_is_not_known() -> None:
    found = examined("postgresql://127.0.0.1:9/ecluse", "--role", "projector")
    assert [("database", None)] == found.troubles
    assert "127.0.0.1:9" in found.text("database", None)
    assert {"version", "schema", "disk"} == {name for name, _where in found.of_state("unknown")}


def test_a_clock_that_is_a_minute_behind_that_of_postgresql_is_named(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (NOBODY | {"ECLUSE_DATABASE_URL": postgresql_url}).items():
        monkeypatch.setenv(name, value)
    checks = run(examine("projector", clock=lambda: clock.wall_clock() - 60))
    (found,) = [each for each in checks if each.name == "clock" and each.part == "databases"]
    assert "trouble" == found.state
    assert 60 - SKEW_MAX_S < found.text.facts["skew_s"] < 61  # type: ignore[operator] # a figure


# ---------------------------------------------------------------- rights
@pytest.fixture
def roles(postgresql_server: Server, postgresql_url: str) -> Roles:
    """A role for each kind of process, with its rights."""
    run(made(postgresql_url))
    found = Roles(postgresql_server, postgresql_url)
    assert 0 == found.granted("--apply").code
    return found


@pytest.mark.parametrize("role", ["projector", "api", "treasury"])
def test_each_role_has_the_rights_that_it_needs(role: str, roles: Roles) -> None:
    found = examined(roles.url_of(role), "--role", role)
    assert [] == found.troubles
    assert "rights" in {name for name, _where in found.of_state("ok")}


PLANTED = {
    "api": (
        "REVOKE SELECT ON ecluse_read.moves FROM {api}",
        "REVOKE UPDATE, DELETE ON ecluse_treasury.slips FROM {api}",
        "REVOKE USAGE ON SCHEMA ecluse_treasury FROM {api}",
        "REVOKE USAGE ON SEQUENCE ecluse_treasury.outbox_number_seq FROM {api}",
        "ALTER TABLE ecluse_access.api_keys OWNER TO postgres",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ecluse_access.api_keys TO {api}",
    ),
    "treasury": (
        "REVOKE USAGE ON SCHEMA ecluse_read FROM {treasury}",
        "REVOKE SELECT ON ecluse_read.payments, ecluse_read.moves FROM {treasury}",
    ),
    "projector": (
        "REVOKE CREATE ON DATABASE {database} FROM {projector}",
        "REVOKE CREATE ON SCHEMA ecluse_read FROM {projector}",
    ),
}
"""What is done to the rights of each role."""

LACKING = {
    "api": {
        "SELECT on ecluse_read.moves",
        "DELETE, UPDATE on ecluse_treasury.slips",
        "USAGE on ecluse_treasury, ecluse_treasury.outbox_number_seq",
        "OWNERSHIP on ecluse_access.api_keys",
    },
    "treasury": {
        "USAGE on ecluse_read",
        "SELECT on ecluse_read.moves, ecluse_read.payments",
    },
    "projector": {"CREATE on database {database}, ecluse_read"},
}
"""What each lacks then, in one line where several things lack the same."""


def test_each_right_that_was_taken_from_a_role_is_named(roles: Roles) -> None:
    names = {role: roles.name(role) for role in PLANTED} | {"database": roles.database}
    for planted in PLANTED.values():
        for each in planted:
            roles.run(each.format(**names))
    for role, lacking in LACKING.items():
        found = examined(roles.url_of(role), "--role", role)
        texts = [each["message"]["en"] for each in found.checks if each["check"] == "rights"]
        said = {each.partition(" lacks ")[2].partition(":")[0] for each in texts}
        assert said == {each.format(**names) for each in lacking}, texts


def test_a_role_without_any_right_on_an_empty_database_is_named(
    postgresql_server: Server,
) -> None:
    """What other roles make is not there: nobody can know whether it may read that."""
    empty = postgresql_server.a_database()
    roles = Roles(postgresql_server, empty)
    roles.run(f"CREATE ROLE {roles.name('api')} LOGIN")
    found = examined(roles.url_of("api"), "--role", "api", "--before-start")
    (trouble,) = found.troubles
    text = found.text(*trouble)
    assert f"{roles.name('api')} lacks CREATE on database {roles.database}" in text
    assert "not known of ecluse_read, ecluse_treasury" in text
    assert "may do all" not in text


def test_the_password_of_a_database_is_not_shown() -> None:
    found = examined("postgresql://me:a@Secret-0815@127.0.0.1:9/ecluse", "--role", "projector")
    assert "Secret-0815" not in str(found)
    assert "postgresql://me:***@127.0.0.1:9/ecluse" in str(found)
