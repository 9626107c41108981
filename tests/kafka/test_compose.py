"""The stack of docker-compose.yml: the year through its containers, and what they may do."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.api.serving import CLOSE_S, DRAIN_S
from services.projector.database_rights import read_rights
from tests.builders import BUDGET
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.compose_stack import (
    ANSWER_TIMEOUT_S,
    BUILD_TIMEOUT_S,
    FILE,
    UP_TIMEOUT_S,
    ComposeStack,
    running,
)
from tests.waiting import eventually

GRANTS = ("grants", "grants-on-tables")
OURS = (
    *("secrets", "topics", "ledger-1", "ledger-2", "watch", "projector", "treasury", "api"),
    *GRANTS,
)
ROLES = frozenset(read_rights().roles)
ASKED = ("api", "ledger", "ledger", "projector", "treasury", "watch")
"""Whom Prometheus asks, by their stage."""


def amounts_of(summary: Any) -> Any:
    """What an internal event about a deadline leaves as it is: all that is money."""
    names = ("lines", "conventions", "payment_orders", "commitment_entries", "refusals")
    return {name: summary[name] for name in names}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[ComposeStack]:
    with running(tmp_path, FILE) as stack:
        yield stack


@pytest.mark.timeout(BUILD_TIMEOUT_S + 3 * UP_TIMEOUT_S)
def test_the_year_through_the_stack_is_the_year_of_a_replay(stack: ComposeStack) -> None:
    replayed = json.loads(ecluse("replay", "--json", EXAMPLE).out)
    # The documents of 2023 were due in 2024, and have not come: the watch says so by an internal
    # event.
    expected = {**replayed, "events": replayed["events"] + 1}
    stack.compose("exec", "-T", "ledger-1", "ecluse", "publish", "-", given=EXAMPLE.read_bytes())

    def until(poll: Callable[[], Any]) -> Any:
        return eventually(poll, stack.logs, ANSWER_TIMEOUT_S)

    def is_decided() -> Any:
        found = stack.balances_from_here()
        return found if found["events"] == expected["events"] else None

    found = until(is_decided)
    assert amounts_of(expected) == amounts_of(found)
    late = [flag["facts"] for flag in found["review_flags"] if "report_late" == flag["code"]]
    assert ["2024-06-30"] == [facts["due_on"] for facts in late]

    until(lambda: stack.seen_by_watch()["caught_up"])
    seen = stack.seen_by_watch()
    assert [] == seen["difference"]
    assert expected["events"] == seen["sequence"]

    def is_received(service: str) -> bool:
        answered = json.loads(stack.lag_in(service))
        return bool(expected["events"] == answered["outcomes"]["received"])

    for service in ("ledger-1", "api"):
        until(partial(is_received, service))  # The document follows a poll later.

    with stack.by_key() as api:
        asked = f"/balances/lines?budget={BUDGET}"
        until(lambda: api.get(asked).json()["items"] == expected["lines"])
        del api.headers["Authorization"]
        assert HTTPStatus.UNAUTHORIZED == api.get(asked).status_code
        assert "/console/login" in api.get("/console", follow_redirects=True).url.path

    # Of the profile alone: Grafana's image cannot be had everywhere.
    stack.compose("up", "--detach", "--no-build", "--no-deps", "--wait", "prometheus")
    until(lambda: stack.answers_to_prometheus() == list(ASKED))

    for service in ("ledger-1", "watch", "projector", "treasury", "api"):
        assert b"10001" == stack.compose("exec", "-T", service, "id", "-u").strip()
    # Who is asked to stop ends in order.
    stopped = ("ledger-1", "ledger-2", "projector", "treasury", "api", "postgresql")
    stack.compose("stop", *stopped)
    ended = stack.compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")
    in_order = {f"{name} 0" for name in ("secrets", "topics", *stopped)}
    assert in_order <= set(ended.decode().splitlines()), stack.logs()


def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    return services


def test_the_stack_is_reached_from_this_machine_alone() -> None:
    ports = {name: service.get("ports", []) for name, service in services().items()}
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)
    always = [name for name, each in ports.items() if each and "profiles" not in services()[name]]
    assert ["kafka", "watch", "postgresql", "api"] == always


def test_the_api_has_the_time_that_it_may_take_to_end() -> None:
    given_s = float(services()["api"]["stop_grace_period"].removesuffix("s"))
    assert DRAIN_S + CLOSE_S < given_s


def test_whoever_asks_the_api_of_the_stack_shows_a_key() -> None:
    """It listens beyond its container."""
    api = services()["api"]["environment"]
    assert "0.0.0.0" == api["ECLUSE_API_BIND"]
    assert "ECLUSE_AUTH" not in api


def test_no_password_stands_in_the_stack() -> None:
    named = re.findall(r"^ *(\w*(?:PASSWORD|SECRET)\w*): *(.*)$", FILE.read_text(), re.MULTILINE)
    assert {
        "POSTGRES_PASSWORD_FILE",
        "GF_SECURITY_ADMIN_PASSWORD__FILE",
    } == {name for name, _ in named}
    assert all(value.startswith("/secrets/") for _, value in named)


@pytest.mark.parametrize("name", ["kafka", "postgresql", "prometheus", "grafana", *OURS])
def test_a_container_may_no_more_than_it_needs(name: str) -> None:
    service = services()[name]
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["image"].startswith("${"), "a variable chooses another image"
    # A new volume is root's, and only `secrets` writes to one.
    assert (name == "secrets") == ("0" == service.get("user"))
    # Grafana's writes beside the program when it starts.
    assert (name != "grafana") == service.get("read_only", False)
    memory = "${ECLUSE_KAFKA_MEMORY:-1g}" if name == "kafka" else "1g"
    assert (memory, 512) == (service["mem_limit"], service["pids_limit"])


def mounted_by(volume: str) -> set[str]:
    """The services that see what is in a volume."""
    named = {name: each.get("volumes", []) for name, each in services().items()}
    return {name for name, all_ in named.items() if volume in {v.split(":")[0] for v in all_}}


def test_the_superuser_s_password_is_seen_by_the_database_and_who_gives_rights() -> None:
    assert {"secrets", "postgresql", *GRANTS} == mounted_by("secrets-postgresql")


@pytest.mark.parametrize("role", ROLES)
def test_a_service_logs_in_to_the_database_as_its_own_role(role: str) -> None:
    assert {"secrets", role} == mounted_by(f"secrets-database-{role}")


def test_rights_are_given_before_anybody_logs_in_and_again_once_there_are_tables() -> None:
    waits = {name: each.get("depends_on", {}) for name, each in services().items()}
    done = {"condition": "service_completed_successfully"}
    assert {"postgresql": {"condition": "service_healthy"}} == waits["grants"]
    assert {"projector": {"condition": "service_healthy"}} == waits["grants-on-tables"]
    named = {"projector": "grants", "api": "grants", "treasury": "grants-on-tables"}
    assert ROLES == named.keys()
    assert all(done == waits[name][before] for name, before in named.items())


def test_nobody_without_a_role_reaches_the_database() -> None:
    networks = {name: each.get("networks") for name, each in services().items()}
    at_tables = {name for name, all_ in networks.items() if all_ and "tables" in all_}
    assert {"postgresql", *GRANTS, *ROLES} == at_tables
    assert ["tables"] == networks["postgresql"]
    assert ["events"] == networks["kafka"]
    assert {"secrets"} == {name for name, all_ in networks.items() if not all_}
    assert "none" == services()["secrets"]["network_mode"]


def test_prometheus_and_grafana_come_up_where_they_are_asked_for() -> None:
    profiles = {name: each["profiles"] for name, each in services().items() if "profiles" in each}
    assert {"prometheus": ["observability"], "grafana": ["observability"]} == profiles
