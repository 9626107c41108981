"""The stack of docker-compose.yml: the year through its containers, and what they may do."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import pytest
import yaml

from services.api.serving import DRAIN_S, LET_GO_S
from services.dev.local_broker import MEMORY, QUICK, free_port
from tests.builders import BUDGET
from tests.integration.command import EXAMPLE, ROOT, ecluse
from tests.kafka.brokers import IMAGE, IN_CI, why_no_container
from tests.waiting import eventually

FILE = ROOT / "docker-compose.yml"
OURS = ("topics", "ledger-1", "ledger-2", "watch", "projector", "api")
DATABASE = os.environ.get("ECLUSE_POSTGRESQL_IMAGE", "postgres:18")
PROMETHEUS = os.environ.get("ECLUSE_PROMETHEUS_IMAGE", "prom/prometheus:v2.53.3")
ASKED = ("api", "ledger", "ledger", "projector", "watch")
"""Whom Prometheus asks, by their stage."""
BUILD_TIMEOUT_S = 600
UP_TIMEOUT_S = 240
CALL_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 90
LOG_TAIL_LINES = 100


@dataclass
class Stack:
    """The stack under a name and on ports of its own: another may be up on this machine."""

    project: str
    keys: Path
    """Where Prometheus finds the key that it shows the API."""
    kafka_port: int = field(default_factory=free_port)
    watch_port: int = field(default_factory=free_port)
    postgresql_port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    prometheus_port: int = field(default_factory=free_port)

    def compose(
        self, *arguments: str, given: bytes = b"", timeout_s: float = CALL_TIMEOUT_S
    ) -> bytes:
        """What a command of compose prints; a failure tells what it said."""
        chosen = {
            "COMPOSE_PROJECT_NAME": self.project,
            "ECLUSE_IMAGE": "ecluse:test",
            "ECLUSE_KAFKA_IMAGE": IMAGE,
            "ECLUSE_KAFKA_PORT": str(self.kafka_port),
            "ECLUSE_WATCH_PORT": str(self.watch_port),
            "ECLUSE_POSTGRESQL_PORT": str(self.postgresql_port),
            "ECLUSE_API_PORT": str(self.api_port),
            "ECLUSE_PROMETHEUS_PORT": str(self.prometheus_port),
            "ECLUSE_PROMETHEUS_KEYS": str(self.keys),
            # A probe is a process in its container: seldom. And a Java that compiles less.
            "ECLUSE_PROBE_INTERVAL": "3s",
            "ECLUSE_KAFKA_HEAP": " ".join(MEMORY),
            "ECLUSE_KAFKA_JVM_OPTIONS": " ".join(QUICK[len(MEMORY) :]),
            "BUILDKIT_PROGRESS": "plain",
        }
        done = subprocess.run(
            ["docker", "compose", "-f", str(FILE), *arguments],
            input=given,
            capture_output=True,
            env={**os.environ, **chosen},
            timeout=timeout_s,
            check=False,
        )
        assert 0 == done.returncode, (done.stdout + done.stderr).decode(errors="replace")[-4000:]
        return done.stdout

    def logs(self) -> str:
        return self.compose("logs", "--tail", str(LOG_TAIL_LINES)).decode(errors="replace")

    def balances_from_here(self) -> Any:
        """What `ecluse balances` says on this machine, by the broker's listener for outside."""
        bootstrap = f"127.0.0.1:{self.kafka_port}"
        return json.loads(ecluse("balances", "--json", ECLUSE_BOOTSTRAP_SERVERS=bootstrap).out)

    def seen_by_watch(self) -> dict[str, Any]:
        """What the watch has added up of the budget; nothing before it has read that."""
        where = f"http://127.0.0.1:{self.watch_port}/balances/{BUDGET}"
        try:
            with urlopen(where, timeout=CALL_TIMEOUT_S) as answer:
                seen: dict[str, Any] = json.load(answer)
                return seen
        except HTTPError as refusal:
            refusal.close()
            if refusal.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            return {"caught_up": False}

    def lag_in(self, service: str) -> bytes:
        """What `ecluse lag` says in a container, once all is well."""

        def poll() -> bytes | None:
            with suppress(AssertionError):
                return self.compose("exec", "-T", service, "ecluse", "lag", "--json")
            return None

        return eventually(poll, self.logs, ANSWER_TIMEOUT_S)

    def by_key(self) -> httpx.Client:
        """The API, for whoever was given a key that reads."""
        asked = ("api-keys", "create", "essai", "--read", "all", "--json")
        key = json.loads(self.compose("exec", "-T", "api", "ecluse", *asked))["key"]
        (self.keys / "api").write_text(key + "\n")
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.api_port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=CALL_TIMEOUT_S,
        )

    def answers_to_prometheus(self) -> list[str]:
        """The stages of those that answered it last."""
        where = f"http://127.0.0.1:{self.prometheus_port}/api/v1/targets"
        with urlopen(where, timeout=CALL_TIMEOUT_S) as answer:
            targets = json.load(answer)["data"]["activeTargets"]
        return sorted(each["labels"]["job"] for each in targets if each["health"] == "up")


def amounts_of(summary: Any) -> Any:
    """What an internal event about a deadline leaves as it is: all that is money."""
    names = ("lines", "conventions", "payment_orders", "commitment_entries", "refusals")
    return {name: summary[name] for name in names}


def why_no_stack() -> str | None:
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker command"
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if plugin.returncode:
        return "docker has no compose: deploy/images/compose-plugin.sh fetches it"
    return why_no_container(DATABASE, PROMETHEUS)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    reason = why_no_stack()
    if reason is not None and IN_CI:
        pytest.fail(f"CI=true requires containers: {reason}")
    if reason is not None:
        pytest.skip(reason)
    # Read by another user, in the container.
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o755)
    stack = Stack(f"ecluse-test-{os.getpid()}", keys)
    try:
        stack.compose("build", timeout_s=BUILD_TIMEOUT_S)
        stack.compose("up", "--detach", "--no-build", "--wait", timeout_s=UP_TIMEOUT_S)
        yield stack
    except BaseException:
        print(stack.logs())
        raise
    finally:
        ends = ("--profile", "observability", "down", "--volumes", "--remove-orphans")
        stack.compose(*ends, timeout_s=UP_TIMEOUT_S)


@pytest.mark.timeout(BUILD_TIMEOUT_S + 3 * UP_TIMEOUT_S)
def test_the_year_through_the_stack_is_the_year_of_a_replay(stack: Stack) -> None:
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

    for service in ("ledger-1", "api"):
        answered = json.loads(stack.lag_in(service))
        assert expected["events"] == answered["outcomes"]["received"], stack.logs()

    with stack.by_key() as api:
        asked = f"/balances/lines?budget={BUDGET}"
        until(lambda: api.get(asked).json()["items"] == expected["lines"])
        del api.headers["Authorization"]
        assert HTTPStatus.UNAUTHORIZED == api.get(asked).status_code
        assert "/console/login" in api.get("/console", follow_redirects=True).url.path

    # Of the profile alone: Grafana's image cannot be had everywhere.
    stack.compose("up", "--detach", "--no-build", "--no-deps", "--wait", "prometheus")
    until(lambda: stack.answers_to_prometheus() == list(ASKED))

    for service in ("ledger-1", "watch", "projector", "api"):
        assert b"10001" == stack.compose("exec", "-T", service, "id", "-u").strip()
    # Who is asked to stop ends in order.
    stopped = ("ledger-1", "ledger-2", "projector", "api", "postgresql")
    stack.compose("stop", *stopped)
    ended = stack.compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")
    in_order = {f"{name} 0" for name in ("topics", *stopped)}
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
    assert DRAIN_S + LET_GO_S < given_s


def test_whoever_asks_the_api_of_the_stack_shows_a_key() -> None:
    """It listens beyond its container."""
    api = services()["api"]["environment"]
    assert "0.0.0.0" == api["ECLUSE_API_BIND"]
    assert "ECLUSE_AUTH" not in api


@pytest.mark.parametrize("name", ["kafka", "postgresql", "prometheus", "grafana", *OURS])
def test_a_container_may_no_more_than_it_needs(name: str) -> None:
    service = services()[name]
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["image"].startswith("${"), "a variable chooses another image"
    # The other official images write beside the program when they start.
    assert (name in {*OURS, "prometheus"}) == service.get("read_only", False)


def test_prometheus_and_grafana_come_up_where_they_are_asked_for() -> None:
    profiles = {name: each["profiles"] for name, each in services().items() if "profiles" in each}
    assert {"prometheus": ["observability"], "grafana": ["observability"]} == profiles
