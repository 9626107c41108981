"""The stack with docker-compose.secure.yml: each service its own principal, by TLS and password."""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from services.projector.database_rights import read_rights as database_rights
from services.runtime.kafka.acls import read_rights
from tests.builders import Json
from tests.integration.command import EXAMPLE, ecluse, real_ecluse
from tests.kafka.commands import DONE, UNREACHABLE
from tests.kafka.compose_stack import (
    ANSWER_TIMEOUT_S,
    BUILD_TIMEOUT_S,
    FILE,
    SECURE,
    UP_TIMEOUT_S,
    ComposeStack,
    running,
)
from tests.kafka.test_compose import amounts_of
from tests.waiting import eventually

PRINCIPALS: Final = read_rights().principals
ROLES: Final = database_rights().roles
LISTING: Final = (
    "import json, pathlib;"
    "files = [each for each in pathlib.Path('/secrets').rglob('*') if each.is_file()];"
    "print(json.dumps({str(each): each.read_text() for each in files}))"
)


WHO: Final = """
import asyncio, asyncpg, json, pathlib
async def go():
    url = pathlib.Path("/secrets/postgresql/url").read_text()
    asked = ("SELECT current_user::text, rolsuper, ssl FROM pg_roles, pg_stat_ssl"
        " WHERE rolname = current_user AND pid = pg_backend_pid()")
    connection = await asyncpg.connect(url)
    print(json.dumps(list(await connection.fetchrow(asked))))
    await connection.close()
    try:
        await asyncpg.connect(url.split("?")[0], ssl=False)
    except asyncpg.InvalidAuthorizationSpecificationError as refusal:
        assert "no encryption" in str(refusal), refusal
    else:
        raise AssertionError("without TLS")
asyncio.run(go())
"""
"""Asks PostgreSQL with a service's own address who it is, and without TLS to be refused."""


def services(file: Path) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    return services


SECURED: Final = services(SECURE)
LOGGED_IN: Final = {
    name: each["environment"]["ECLUSE_KAFKA_SASL_USERNAME"]
    for name, each in SECURED.items()
    if "ECLUSE_KAFKA_SASL_USERNAME" in each.get("environment", {})
}
"""The principal of each service that logs in."""


def volumes_of(name: str) -> set[str]:
    """The secrets that a service mounts, of both files."""
    both = [services(file).get(name, {}).get("volumes", []) for file in (FILE, SECURE)]
    return {each.split(":")[0] for some in both for each in some if each.startswith("secrets-")}


def test_all_services_that_ask_kafka_log_in() -> None:
    asking = {
        name
        for name, each in services(FILE).items()
        if "ECLUSE_BOOTSTRAP_SERVERS" in each.get("environment", {})
    }
    assert asking <= LOGGED_IN.keys()
    assert set(LOGGED_IN.values()) <= PRINCIPALS.keys()
    for name in LOGGED_IN:
        own = SECURED[name]["environment"]
        assert "SASL_SSL" == own["ECLUSE_KAFKA_SECURITY_PROTOCOL"]
        assert "SCRAM-SHA-512" == own["ECLUSE_KAFKA_SASL_MECHANISM"]
        assert "/secrets/kafka/password" == own["ECLUSE_KAFKA_SASL_PASSWORD_FILE"]


@pytest.mark.parametrize("name", LOGGED_IN)
def test_a_service_sees_no_password_but_its_own(name: str) -> None:
    database = {f"secrets-database-{name}"} if name in ROLES else set()
    assert {f"secrets-{LOGGED_IN[name]}", *database} == volumes_of(name)


def test_the_broker_s_own_certificate_is_shown_by_the_broker_and_by_who_gives_rights() -> None:
    named = {*services(FILE), *SECURED}
    assert {"secrets", "kafka", "acls"} == {
        name for name in named if "secrets-kafka" in volumes_of(name)
    }
    assert "User:CN=kafka" == SECURED["kafka"]["environment"]["KAFKA_SUPER_USERS"]


def test_a_listener_without_tls_is_reached_in_the_container_alone() -> None:
    environment = SECURED["kafka"]["environment"]
    protocols = dict(
        each.split(":") for each in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    plain = {name for name, protocol in protocols.items() if "SSL" not in protocol}
    assert {"PROBE"} == plain
    assert "PROBE://localhost:9095" in environment["KAFKA_LISTENERS"].split(",")


@pytest.mark.parametrize("name", ["acls", "publisher", "auditor", "operator"])
def test_a_container_for_commands_may_no_more_than_it_needs(name: str) -> None:
    service = SECURED[name]
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["read_only"]
    assert ("1g", 512, ["events"]) == tuple(
        service[each] for each in ("mem_limit", "pids_limit", "networks")
    )


def test_the_database_lets_nobody_in_by_the_network_without_tls() -> None:
    command = SECURED["postgresql"]["command"]
    assert {"ssl=on", "hba_file=/etc/ecluse/pg_hba.conf"} <= {*command}
    rules = (SECURE.parent / "deploy/secure/pg_hba.conf").read_text().splitlines()
    kinds = [each.split()[0] for each in rules if not each.startswith("#")]
    assert ["local", "hostssl"] == kinds


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[ComposeStack]:
    with running(tmp_path, FILE, SECURE) as stack:
        yield stack


def secrets_of(stack: ComposeStack) -> dict[str, str]:
    """All that the first start made, by file."""
    printed = stack.compose(
        "run", "--rm", "-T", "--no-deps", "--entrypoint", "python", "secrets", "-c", LISTING
    )
    found: dict[str, str] = json.loads(printed)
    return found


def is_well(stack: ComposeStack, role: str) -> bool:
    """True once the doctor finds nothing to do for a service."""
    with suppress(AssertionError):
        stack.compose("exec", "-T", role, "ecluse", "doctor", "--role", role)
        return True
    return False


@pytest.mark.timeout(BUILD_TIMEOUT_S + 4 * UP_TIMEOUT_S)
def test_the_year_through_the_secured_stack(stack: ComposeStack, tmp_path: Path) -> None:
    replayed = json.loads(ecluse("replay", "--json", EXAMPLE).out)
    command = ("run", "--rm", "-T")
    stack.compose(*command, "publisher", "publish", "-", given=EXAMPLE.read_bytes())

    def balances() -> Json | None:
        found: Json = json.loads(stack.compose(*command, "auditor", "balances", "--json"))
        # The watch's internal event, about a report that is late, is among them.
        return found if found["events"] > replayed["events"] else None

    found = eventually(balances, stack.logs, ANSWER_TIMEOUT_S, pause_s=2)
    assert amounts_of(replayed) == amounts_of(found)

    def lag_follows() -> bool:
        lag = json.loads(stack.lag_in("ledger-1"))
        return bool(found["events"] == lag["outcomes"]["received"])

    eventually(lag_follows, stack.logs, ANSWER_TIMEOUT_S, pause_s=2)
    stack.compose(*command, "operator", "acls", "diff")
    for role in ROLES:
        inside = ("exec", "-T", role)
        asked = json.loads(stack.compose(*inside, "python", "-c", WHO))
        assert [f"ecluse_{role}", False, True] == asked
        eventually(partial(is_well, stack, role), stack.logs, ANSWER_TIMEOUT_S, pause_s=2)

    secrets = secrets_of(stack)
    from_here = _login(stack, secrets, tmp_path)
    assert DONE == ecluse("topics", "diff", given=b"", **from_here).code
    plain = {"ECLUSE_BOOTSTRAP_SERVERS": from_here["ECLUSE_BOOTSTRAP_SERVERS"]}
    assert UNREACHABLE == real_ecluse("topics", "diff", given=b"", **plain).code

    # Once more on the same volumes: nothing is made anew, and nothing is lost.
    stack.compose("down", timeout_s=UP_TIMEOUT_S)
    stack.compose("up", "--detach", "--no-build", "--wait", timeout_s=UP_TIMEOUT_S)
    assert secrets == secrets_of(stack)
    assert found == json.loads(stack.compose(*command, "auditor", "balances", "--json"))
    passwords = {text for name, text in secrets.items() if name.endswith("password")}
    passwords |= {secrets[f"/secrets/postgresql/{role}"] for role in ROLES}
    assert len(PRINCIPALS) + len(ROLES) + 2 == len(passwords)
    logs = stack.compose("logs", "--no-color").decode(errors="replace")
    assert [] == [each for each in passwords if each in logs]


def _login(stack: ComposeStack, secrets: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The variables of the auditor on this machine, outside of all containers."""
    cafile = tmp_path / "authority.pem"
    cafile.write_text(secrets["/secrets/auditor/authority.pem"], encoding="utf-8")
    values = {
        "BOOTSTRAP_SERVERS": f"127.0.0.1:{stack.kafka_port}",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": "auditor",
        "KAFKA_SASL_PASSWORD": secrets["/secrets/auditor/password"],
        "KAFKA_SSL_CAFILE": str(cafile),
    }
    return {f"ECLUSE_{name}": value for name, value in values.items()}
