"""The stack of docker-compose.yml in containers, under a name and on ports of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import pytest

from services.dev.local_broker import MEMORY, QUICK, free_port
from tests.builders import BUDGET
from tests.integration.command import ROOT, ecluse
from tests.kafka.brokers import IMAGE, IN_CI, why_no_container
from tests.waiting import eventually

FILE: Final = ROOT / "docker-compose.yml"
SECURE: Final = ROOT / "docker-compose.secure.yml"
CLUSTER: Final = ROOT / "docker-compose.cluster.yml"
DATABASE: Final = os.environ.get("ECLUSE_POSTGRESQL_IMAGE", "postgres:18")
# What deploy/images/build-local.sh can make: Debian's, older than the stack's own.
PROMETHEUS: Final = os.environ.get("ECLUSE_PROMETHEUS_IMAGE", "prom/prometheus:v2.53.3")
BUILD_TIMEOUT_S: Final = 600
UP_TIMEOUT_S: Final = 240
CALL_TIMEOUT_S: Final = 60
ANSWER_TIMEOUT_S: Final = 90
LOG_TAIL_LINES: Final = 100


@dataclass
class ComposeStack:
    """The stack under a name and on ports of its own: another may be up on this machine."""

    project: str
    keys: Path
    """Where Prometheus finds the key that it shows the API."""
    files: tuple[Path, ...] = (FILE,)
    kafka_port: int = field(default_factory=free_port)
    kafka_2_port: int = field(default_factory=free_port)
    kafka_3_port: int = field(default_factory=free_port)
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
            "ECLUSE_KAFKA_2_PORT": str(self.kafka_2_port),
            "ECLUSE_KAFKA_3_PORT": str(self.kafka_3_port),
            "ECLUSE_WATCH_PORT": str(self.watch_port),
            "ECLUSE_POSTGRESQL_PORT": str(self.postgresql_port),
            "ECLUSE_API_PORT": str(self.api_port),
            "ECLUSE_PROMETHEUS_IMAGE": PROMETHEUS,
            "ECLUSE_PROMETHEUS_PORT": str(self.prometheus_port),
            "ECLUSE_PROMETHEUS_KEYS": str(self.keys),
            # A probe is a process in its container: seldom. And a Java that compiles less.
            "ECLUSE_PROBE_INTERVAL": "3s",
            "ECLUSE_KAFKA_HEAP": " ".join(MEMORY),
            "ECLUSE_KAFKA_JVM_OPTIONS": " ".join(QUICK[len(MEMORY) :]),
            "BUILDKIT_PROGRESS": "plain",
        }
        files = [part for each in self.files for part in ("-f", str(each))]
        done = subprocess.run(
            ["docker", "compose", *files, *arguments],
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


def why_no_stack() -> str | None:
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker command"
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if plugin.returncode:
        return "docker has no compose: deploy/images/compose-plugin.sh fetches it"
    return why_no_container(DATABASE, PROMETHEUS)


@contextmanager
def running(tmp_path: Path, *files: Path) -> Iterator[ComposeStack]:
    """A stack of these files, built and healthy; removed with all its data in the end."""
    reason = why_no_stack()
    if reason is not None and IN_CI:
        pytest.fail(f"CI=true requires containers: {reason}")
    if reason is not None:
        pytest.skip(reason)
    # Read by another user, in the container.
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o755)
    stack = ComposeStack(f"ecluse-test-{os.getpid()}", keys, files)
    try:
        stack.compose("build", timeout_s=BUILD_TIMEOUT_S)
        stack.compose("up", "--detach", "--no-build", "--wait", timeout_s=UP_TIMEOUT_S)
        yield stack
    except BaseException:
        print(stack.logs())
        raise
    finally:
        ends = ("--profile", "*", "down", "--volumes", "--remove-orphans")
        stack.compose(*ends, timeout_s=UP_TIMEOUT_S)
