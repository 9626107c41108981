"""A broker for tests, of one of two kinds: a container, or a process of this machine from its jars.

`ECLUSE_TEST_BROKER=containers|jars` chooses; where CI=true, containers are required.
"""

import gc
import os
import warnings
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from services.dev.jars import fetch_jars, find_java
from services.dev.local_broker import LocalBroker
from services.runtime.ops.errors import ClusterError

IN_CI: Final = os.environ.get("CI") == "true"
KAFKA: Final = Path(__file__).resolve().parents[2] / "deploy" / "kafka"
IMAGE: Final = os.environ.get("ECLUSE_TEST_KAFKA_IMAGE", "apache/kafka:4.4.0")
# The one that testcontainers 4 runs beside ours, to clean up behind a killed test run.
RYUK: Final = os.environ.get("RYUK_CONTAINER_IMAGE", "testcontainers/ryuk:0.8.1")
ENGINE_TIMEOUT_S: Final = 60
PULL_TIMEOUT_S: Final = 600
BROKER_TIMEOUT_S: Final = PULL_TIMEOUT_S + 120
"""How long the first broker of a machine may take: pulling or fetching it, and starting it."""
SETTINGS: Final = {
    # Sessions shorter than Kafka's usual 6 s: tests wait for what happens when one ends.
    "group.min.session.timeout.ms": "1000",
    # A controller that has nothing to say says nothing, instead of twice a second: each process of
    # the tests has a broker, which mostly rests.
    "metadata.max.idle.interval.ms": "0",
    # What is deleted is gone soon: else a broker that is killed reads that too. At 0 it would look
    # for more without a pause, from the first deletion on.
    "log.segment.delete.delay.ms": "1000",
    # By default Kafka allocates 128 MiB at its start, in one piece: a heap of 256 MiB does not
    # always have it.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}

PROVIDERS: Final = ("containers", "jars")


class Broker(Protocol):
    """A broker that a test may hurt; `restart` brings it back on the same data and port."""

    provider: str

    @property
    def bootstrap(self) -> str: ...

    def kill(self) -> None: ...

    def restart(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def revive(self) -> None: ...


class JarBroker(LocalBroker):
    """A broker as a process of this machine."""

    provider = "jars"

    def revive(self) -> None:
        """Whatever a test did to it: in service again."""
        if self._lives():
            self.thaw()
        else:
            self.restart()


def _has(client: docker.DockerClient, image: str) -> bool:
    """Whether the engine has the image, or can pull it."""
    try:
        client.images.get(image)
    except ImageNotFound:
        try:
            client.images.pull(*image.rsplit(":", 1))
        except DockerException:
            return False
    return True


def _engine() -> docker.DockerClient | str:
    """A client of this machine's engine, or why there is none."""
    with warnings.catch_warnings():
        # Where nothing listens, the library drops its socket without closing it.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return docker.from_env(timeout=ENGINE_TIMEOUT_S)
        except DockerException as error:
            reason = f"no container engine answers ({error})"
        gc.collect()
    return reason


def why_no_container(*more: str) -> str | None:
    """What a broker in a container lacks here, or these images; None where nothing is missing."""
    client = _engine()
    if isinstance(client, str):
        return client
    try:
        client.ping()
        client.api.timeout = PULL_TIMEOUT_S
        for image in (IMAGE, *more):
            if not _has(client, image):
                return f"{image} cannot be pulled, and deploy/images/build-local.sh did not make it"
        if "TESTCONTAINERS_RYUK_DISABLED" not in os.environ and not _has(client, RYUK):
            # Without it nothing cleans up behind a killed run, and every start would fail. Inside
            # a container testcontainers would also take the bridge's address for ours.
            os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
            os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
            os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "localhost")
    except (DockerException, OSError) as error:
        return f"the container engine does not answer ({error})"
    finally:
        client.close()
    return None


def contained() -> AbstractContextManager[Broker]:
    """A broker in a container; only where `why_no_container` finds nothing."""
    # It reads its variables while it is imported.
    from tests.kafka.apache_kafka import ApacheKafka  # noqa: PLC0415

    return ApacheKafka(IMAGE, SETTINGS)


def java_for_jars() -> Path:
    """The Java of this machine, Kafka's jars beside it; skips the test where it lacks either."""
    try:
        java = find_java()
        fetch_jars(KAFKA / "libs", pom=KAFKA / "pom.xml", java=java)
    except ClusterError as error:
        pytest.skip(str(error))
    return java


def of_jars(folder: Path) -> AbstractContextManager[Broker]:
    """A broker as a process; skips the test where this machine has no Java or no jars."""
    return JarBroker(folder, KAFKA / "libs", java=java_for_jars(), settings=SETTINGS)


def a_broker(provider: str, folder: Path) -> AbstractContextManager[Broker]:
    """A broker of this provider, not yet started.

    Where CI=true a container that cannot be had fails the test; elsewhere the test is skipped.
    """
    if provider == "jars":
        return of_jars(folder)
    reason = why_no_container()
    if reason is not None and IN_CI:
        pytest.fail(f"CI=true requires containers: {reason}")
    if reason is not None:
        pytest.skip(reason)
    return contained()


def chosen_provider() -> str:
    if IN_CI:
        return "containers"
    chosen = os.environ.get("ECLUSE_TEST_BROKER")
    assert chosen in {None, "containers", "jars"}, f"ECLUSE_TEST_BROKER={chosen}"
    return chosen or ("jars" if why_no_container() else "containers")
