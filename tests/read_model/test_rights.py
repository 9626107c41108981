"""Each role of PostgreSQL does its own work, and nothing else: rights of `ecluse database grants`.

They still hold after a rebuild and after a migration.
"""

import asyncio
from base64 import b64decode
from collections.abc import Iterable
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from services.api.access.tables import metadata as access_tables
from services.api.adapters.read_model import open_read_model
from services.projector.database_rights import read_rights
from services.projector.database_rights import statements as rights_as_sql
from services.projector.migrations import prepare_at
from services.projector.tables import metadata as tables
from services.treasury.store.tables import metadata as of_treasury
from tests.api.environment import an_app, asking
from tests.integration.command import ecluse
from tests.read_model.databases import Server
from tests.read_model.filling import query, read
from tests.read_model.making_again import make_again
from tests.read_model.roles import ACTS, RECORDS, Roles, a_key_of, treasury_tables
from tests.read_model.test_schema import UNFOLDED, WITHOUT_SETTLING

BUDGET: Final = "21590350100017-00-2023"
OF_TREASURY: Final = (
    *("bank_accounts", "budgets", "commitment_entries", "conventions", "journal", "moves"),
    "payment_order_lines",
    *("payment_orders", "payments", "positions", "recoveries"),
)
"""Tables of the read model that the treasury reads: for slips, entries and reconciliation."""
PATHS: Final = (
    "/balances/lines",
    "/payment-orders/waiting",
    "/grants",
    "/refusals",
    "/parked",
    "/dead-letters",
    f"/budgets/{BUDGET}",
    f"/budgets/{BUDGET}/grants/LILLE-AVENIRS-2023",
    f"/budgets/{BUDGET}/execution.csv",
    "/trace/LILLE-AVENIRS-2023",
    "/console/today",
    "/console/orders",
    "/status",
    "/readyz",
)
"""Questions of which each asks other tables."""

ALL_RIGHTS: Final = """
SELECT string_agg(granted::text, chr(10) ORDER BY granted::text) FROM (
  SELECT nspname::text AS thing, (aclexplode(nspacl)).* FROM pg_namespace
  UNION ALL
  SELECT oid::regclass::text, (aclexplode(coalesce(relacl, acldefault(
    CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)))).*
  FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'ecluse%'
  UNION ALL
  SELECT defaclrole::regrole::text, (aclexplode(defaclacl)).* FROM pg_default_acl
) AS granted
"""


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> None:
    """Log lines are written here, and read."""


def statuses(url: str) -> dict[str, int]:
    """The answers of the API, which reads as this role."""

    async def go() -> dict[str, int]:
        async with asking(an_app(open_read_model(url))) as client:
            return {path: (await client.get(path)).status_code for path in PATHS}

    return asyncio.run(go())


def reading(names: Iterable[str], schema: str = "ecluse_read") -> list[str]:
    return [f"SELECT * FROM {schema}.{name}" for name in names]


def writing(names: Iterable[str], schema: str = "ecluse_read") -> list[str]:
    """What would change these tables, and what would take their place."""
    return [
        statement.format(f"{schema}.{name}")
        for name in names
        for statement in (
            "INSERT INTO {} DEFAULT VALUES",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE {} ADD COLUMN more text",
        )
    ]


ACCESS: Final = tuple(table.name for table in access_tables.sorted_tables)
TREASURY: Final = tuple(table.name for table in of_treasury.sorted_tables)
ANOTHER_MESSAGE: Final = "SELECT nextval('ecluse_treasury.outbox_number_seq')"


@pytest.fixture
def roles(postgresql_server: Server) -> Roles:
    """An empty database whose roles have their rights before there is a table."""
    made = Roles(postgresql_server, postgresql_server.a_database())
    given = made.granted("--apply")
    assert 0 == given.code, given.err
    assert "ecluse_read.payment_orders is not there yet" in given.text
    made.fill()
    again = made.granted("--apply")
    assert 0 == again.code, again.err
    assert "not there" not in again.text
    return made


def hold(roles: Roles) -> None:
    """Every right of the file holds, and no other."""
    everything = read(roles.url_of("projector"))
    assert everything["payment_orders"], "there is something to be read"
    assert everything == read(roles.url_of("api"))
    assert dict.fromkeys(PATHS, 200) == statuses(roles.url_of("api"))

    all_tables = [*tables.tables]
    assert [] == roles.allowed("api", writing(all_tables))
    assert [] == roles.allowed("projector", reading(ACCESS, "ecluse_access"))
    assert [] == roles.allowed("projector", writing(ACCESS, "ecluse_access"))
    assert {*reading(OF_TREASURY)} == {*roles.allowed("treasury", reading(all_tables))}
    assert [] == roles.allowed("treasury", writing(all_tables))
    for command in (reading, writing):
        assert [] == roles.allowed("treasury", command(ACCESS, "ecluse_access"))
    changed = [f"DELETE FROM ecluse_treasury.{name}" for name in TREASURY]
    handled = [*reading(TREASURY, "ecluse_treasury"), *changed, ANOTHER_MESSAGE]
    for role, allowed in {"api": handled, "treasury": handled, "projector": []}.items():
        assert allowed == roles.allowed(role, handled)
    asyncio.run(treasury_tables(roles.url_of("api")))  # They are there: nothing is made.
    for role in read_rights().roles:
        assert [act for act, each in ACTS.items() if role in each["may"]] == roles.acts_of(role)


@pytest.fixture(scope="module")
def filled(postgresql_server: Server) -> Roles:
    """The same for many tests, which leave it as it is."""
    made = Roles(postgresql_server, postgresql_server.a_database())
    for _ in range(2):  # The second time there are tables.
        given = made.granted("--apply")
        assert 0 == given.code, given.err
        if "not there yet" in given.text:
            made.fill()
    return made


@pytest.mark.parametrize("role", read_rights().roles)
@pytest.mark.parametrize("act", ACTS)
def test_a_role_may_what_the_table_says(filled: Roles, role: str, act: str) -> None:
    assert (role in ACTS[act]["may"]) == bool(filled.acts_of(role, [act]))


def test_each_role_does_its_own_work_and_nothing_else(roles: Roles) -> None:
    hold(roles)


def test_the_rights_hold_after_a_rebuild(roles: Roles) -> None:
    asyncio.run(make_again(roles.url_of("projector"), RECORDS))
    assert 1 == query(roles.url_of("projector"), "SELECT max(generation) FROM positions")
    hold(roles)


def test_the_rights_hold_on_a_table_that_a_migration_makes(roles: Roles) -> None:
    for statement in (*UNFOLDED, *WITHOUT_SETTLING):
        roles.run(f"SET search_path TO ecluse_read; {statement}")
    roles.run("UPDATE ecluse_read.alembic_version SET version_num = '0005'")
    asyncio.run(prepare_at(roles.url_of("projector")))
    hold(roles)


def test_a_table_that_is_made_after_a_rebuild_is_read_too(roles: Roles) -> None:
    """The schema is another then: what was granted on the one before is gone with it."""
    asyncio.run(make_again(roles.url_of("projector"), RECORDS))
    roles.run(f"SET ROLE {roles.name('projector')}; CREATE TABLE ecluse_read.later (id text)")
    assert reading(["later"]) == roles.allowed("api", reading(["later"]))
    assert [] == roles.allowed("treasury", reading(["later"]))


def test_tables_of_access_that_come_later_are_the_apis(roles: Roles) -> None:
    roles.run(f"SET ROLE {roles.name('api')}; CREATE TABLE ecluse_access.later (id text)")
    for role in ("projector", "treasury"):
        assert [] == roles.allowed(role, reading(["later"], "ecluse_access"))


def test_tables_of_the_treasury_that_come_later_are_written_by_the_api(roles: Roles) -> None:
    later = "ecluse_treasury.later"
    roles.run(f"SET ROLE {roles.name('treasury')}; CREATE TABLE {later} (id serial)")
    handled = [f"SELECT * FROM {later}", f"INSERT INTO {later} DEFAULT VALUES"]
    assert handled == roles.allowed("api", handled)
    assert [] == roles.allowed("projector", handled)


def test_given_again_nothing_changes(roles: Roles) -> None:
    before = query(roles.url, ALL_RIGHTS)
    assert 0 == roles.granted("--apply").code
    assert before == query(roles.url, ALL_RIGHTS)


def test_what_a_role_has_beside_it_is_taken(roles: Roles) -> None:
    deleted, due = (
        ["DELETE FROM ecluse_read.lines"],
        ["SELECT due_on FROM ecluse_read.obligations"],
    )
    roles.run(f"GRANT DELETE ON ecluse_read.lines TO {roles.name('api')}")
    roles.run(f"GRANT SELECT (due_on) ON ecluse_read.obligations TO {roles.name('treasury')}")
    roles.run(f"GRANT USAGE ON SCHEMA ecluse_access TO {roles.name('projector')}")
    roles.run(f"GRANT SELECT ON ecluse_access.api_keys TO {roles.name('projector')}")
    assert deleted == roles.allowed("api", writing(["lines"]))
    assert due == roles.allowed("treasury", due)
    assert 0 == roles.granted("--apply").code
    hold(roles)
    assert [] == roles.allowed("treasury", due)


OF_NEW_TABLES: Final = "ALTER DEFAULT PRIVILEGES FOR ROLE {projector}"
READ_NEW: Final = "SELECT * FROM ecluse_read.{new}"
TEMPORARY: Final = "CREATE TEMPORARY TABLE x (y text)"
OTHER_WAYS: Final = {
    f"{OF_NEW_TABLES} IN SCHEMA ecluse_read GRANT SELECT, INSERT ON TABLES TO {{treasury}}": [
        READ_NEW,
        "INSERT INTO ecluse_read.{new} VALUES ('x')",
    ],
    f"{OF_NEW_TABLES} GRANT SELECT ON TABLES TO PUBLIC": [READ_NEW],
    f"{OF_NEW_TABLES} IN SCHEMA ecluse_read GRANT SELECT ON TABLES TO PUBLIC": [READ_NEW],
    "GRANT {api} TO {treasury}": reading(ACCESS, "ecluse_access"),
    "GRANT {api} TO {projector} WITH ADMIN OPTION;"
    " SET ROLE {projector}; GRANT {api} TO {treasury}": reading(ACCESS, "ecluse_access"),
    "GRANT SELECT ON ecluse_read.obligations TO PUBLIC": reading(["obligations"]),
    "GRANT USAGE ON SCHEMA ecluse_access TO PUBLIC;"
    " GRANT SELECT (key_id) ON ecluse_access.api_keys TO PUBLIC": [
        "SELECT key_id FROM ecluse_access.api_keys"
    ],
    "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC": [TEMPORARY],
    "GRANT TEMPORARY ON DATABASE {database} TO {treasury}": [TEMPORARY],
    "GRANT CREATE ON DATABASE {database} TO PUBLIC": ["CREATE SCHEMA x"],
}
"""Rights beside the file, and those statements that the treasury may run by them."""


@pytest.mark.parametrize(("granted", "allows"), OTHER_WAYS.items(), ids=OTHER_WAYS)
def test_a_right_that_came_another_way_is_taken(
    roles: Roles, granted: str, allows: list[str]
) -> None:
    names = {role: roles.name(role) for role in read_rights().roles}
    a_table = f"SET ROLE {roles.name('projector')}; CREATE TABLE ecluse_read.{{}} (id text)"
    roles.run(granted.format(**names, database=roles.database))
    roles.run(a_table.format("before"))
    allowed = [each.format(new="before") for each in allows]
    assert allowed == roles.allowed("treasury", allowed), "the right was there"
    assert 0 == roles.granted("--apply").code
    roles.run(a_table.format("later"))
    assert [] == roles.allowed(
        "treasury", [*allowed, *(each.format(new="later") for each in allows)]
    )


def test_tables_that_one_role_had_made_go_to_their_owners(postgresql_server: Server) -> None:
    roles = Roles(postgresql_server, postgresql_server.a_read_model())
    asyncio.run(a_key_of(roles.url))
    assert 0 == roles.granted("--apply").code
    roles.fill()
    hold(roles)
    asyncio.run(make_again(roles.url_of("projector"), RECORDS))
    hold(roles)


def test_the_sql_that_is_printed_is_what_apply_runs(postgresql_server: Server) -> None:
    roles = Roles(postgresql_server, postgresql_server.a_read_model())
    printed = roles.granted()
    assert 0 == printed.code, printed.err
    wanted = rights_as_sql(read_rights(), roles.form)
    assert ["BEGIN;", *(f"{each};" for each in wanted), "COMMIT;"] == printed.text.splitlines()
    roles.run(printed.text)
    roles.fill()
    hold(roles)
    before = query(roles.url, ALL_RIGHTS)
    assert 0 == roles.granted("--apply").code
    assert before == query(roles.url, ALL_RIGHTS)


def test_each_role_gets_the_password_of_its_file(roles: Roles, tmp_path: Path) -> None:
    for role in read_rights().roles:
        (tmp_path / role).write_text(f"pass'word of {role}\n")
    given = roles.granted("--apply", "--passwords", str(tmp_path))
    assert 0 == given.code, given.err
    for role in read_rights().roles:
        asked = f"SELECT rolpassword FROM pg_authid WHERE rolname = '{roles.name(role)}'"
        kind, salt, keys = query(roles.url, asked).split("$")
        rounds, salt = salt.split(":")
        password = f"pass'word of {role}".encode()
        salted = pbkdf2_hmac("sha256", password, b64decode(salt), int(rounds))
        stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
        assert ("SCRAM-SHA-256", stored) == (kind, b64decode(keys.split(":")[0]))


def test_without_a_password_s_file_nothing_is_given(roles: Roles, tmp_path: Path) -> None:
    said = roles.granted("--apply", "--passwords", str(tmp_path))
    assert (3, True) == (said.code, str(tmp_path / "projector") in said.err)
    assert 2 == roles.granted("--passwords", str(tmp_path)).code, "no password is printed"


def test_the_owner_of_a_database_who_may_make_roles_gives_them_too(
    postgresql_server: Server,
) -> None:
    """A service that runs PostgreSQL for others makes nobody a superuser."""
    roles = Roles(postgresql_server, postgresql_server.a_database())
    owner = roles.name("owner")
    roles.run(f"CREATE ROLE {owner} LOGIN CREATEROLE")
    roles.run(f"ALTER DATABASE {roles.database} OWNER TO {owner}")
    as_owner = ("database", "grants", "--apply", "--as", roles.form)
    for fill_then in (roles.fill, lambda: hold(roles)):
        given = ecluse(*as_owner, ECLUSE_DATABASE_URL=roles.url_of("owner"))
        assert 0 == given.code, given.err
        fill_then()


def test_an_api_without_its_rights_says_so_to_the_operator(
    postgresql_url: str, postgresql_server: Server
) -> None:
    roles = Roles(postgresql_server, postgresql_url)
    roles.run(f"CREATE ROLE {roles.name('api')} LOGIN")
    with capture_logs() as logs:
        assert {503} == {*statuses(roles.url_of("api")).values()} - {200}
    said = {(each["event"], each.get("error")) for each in logs}
    # A schema that a role may not use is not there for it.
    assert ("database_unreachable", 'relation "positions" does not exist') in said


def test_a_role_that_may_not_give_rights_is_reported_in_words(roles: Roles) -> None:
    said = ecluse(
        "database", "grants", "--apply", "--as", roles.form, ECLUSE_DATABASE_URL=roles.url_of("api")
    )
    assert 3 == said.code
    assert "permission denied" in said.err or "must be" in said.err


def test_a_form_by_which_all_roles_are_one_is_usage() -> None:
    said = ecluse("database", "grants", "--as", "ecluse")
    assert (2, True) == (said.code, "it must hold NAME" in said.err)


def test_a_role_may_be_called_by_any_sign_that_is_no_dollar(postgresql_server: Server) -> None:
    roles = Roles(postgresql_server, postgresql_server.a_database())
    roles.form = f"{roles.database} \"NAME\" 'x' %s"
    given = roles.granted("--apply")
    assert 0 == given.code, given.err
    made = query(roles.url, "SELECT array_agg(rolname::text) FROM pg_roles")
    assert {roles.name(role) for role in read_rights().roles} <= {*made}


def test_a_file_has_no_roles() -> None:
    said = ecluse("database", "grants", "--apply", ECLUSE_DATABASE_URL="sqlite:///read.db")
    assert (3, True) == (said.code, "a file of SQLite has no roles" in said.err)
