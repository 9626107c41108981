"""apache/kafka in a container, by testcontainers, which itself knows only another image."""

from typing import Any, Self, cast

from testcontainers.core.config import ConnectionMode
from testcontainers.core.container import DockerContainer

from services.dev.local_broker import (
    MEMORY,
    QUICK,
    SETTINGS,
    START_TIMEOUT_S,
    free_port,
    wait_for_answer,
)
from tests.waiting import eventually

PORT = 9092
STOP_TIMEOUT_S = 20
SCRIPT = "/tmp/testcontainers_start.sh"
LOG_TAIL_LINES = 20

# One listener for clients, whose address is known once the container runs, one for the broker's
# own calls, and the controller's.
LISTENERS = {
    "listeners": f"PLAINTEXT://0.0.0.0:{PORT},BROKER://0.0.0.0:9093,CONTROLLER://localhost:9094",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.quorum.voters": "1@localhost:9094",
    "log.dirs": "/var/lib/kafka/data",
}


class ApacheKafka(DockerContainer):
    """A broker in a container, with the same settings and the same handles as `LocalBroker`."""

    provider = "containers"

    def __init__(self, image: str, settings: dict[str, str]) -> None:
        super().__init__(image)
        for name, value in {**SETTINGS, **LISTENERS, **settings}.items():
            self.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        self.with_env("KAFKA_HEAP_OPTS", " ".join(MEMORY))
        self.with_env("KAFKA_JVM_PERFORMANCE_OPTS", " ".join(QUICK[len(MEMORY) :]))
        self.with_command(
            ["sh", "-c", f"while [ ! -f {SCRIPT} ]; do sleep 0.1; done; exec bash {SCRIPT}"]
        )
        # Fixed, so that it is the same after a kill and a start.
        host_port: object = free_port()
        if self.get_docker_client().get_connection_mode() is ConnectionMode.docker_host:
            host_port = ("127.0.0.1", host_port)
        cast("dict[str, object]", self.ports)[f"{PORT}/tcp"] = host_port
        self.host = ""
        self.port = 0

    @property
    def bootstrap(self) -> str:
        return f"{self.host}:{self.port}"

    def start(self) -> Self:
        try:
            super().start()
            host = self.get_container_host_ip()
            # Published on IPv4 alone, and a name would be tried on IPv6 first.
            self.host = "127.0.0.1" if host == "localhost" else host
            self.port = self.get_exposed_port(PORT)
            self._say_where()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def kill(self) -> None:
        self._container_now().kill()
        eventually(lambda: self._container_now().status == "exited", "it lives on")

    def restart(self) -> None:
        container = self._container_now()
        if container.status == "paused":
            container.unpause()
        container.restart(timeout=STOP_TIMEOUT_S)
        self._wait()

    def freeze(self) -> None:
        self._container_now().pause()

    def thaw(self) -> None:
        self._container_now().unpause()

    def revive(self) -> None:
        """Whatever a test did to it: in service again."""
        match self._container_now().status:
            case "paused":
                self.thaw()
            case "running":
                pass
            case _:
                self.restart()
        self._wait()

    def _container_now(self) -> Any:
        container = self.get_wrapped_container()
        container.reload()
        return container

    def _lives(self) -> bool:
        return bool(self._container_now().status == "running")

    def _say_where(self) -> None:
        """Write the script that the container waits for: now its address is known."""
        where = f"PLAINTEXT://{self.bootstrap},BROKER://localhost:9093"
        script = f"export KAFKA_ADVERTISED_LISTENERS={where}; exec /etc/kafka/docker/run"
        # As the image's user: a file that is copied in would be root's. Moved, so that it is whole.
        write = f"echo '{script}' > {SCRIPT}.new && mv {SCRIPT}.new {SCRIPT}"
        result = self.exec(["sh", "-c", write])
        assert 0 == result.exit_code, result.output.decode(errors="replace")

    def _wait(self) -> None:
        if not wait_for_answer(self.host, self.port, lives=self._lives):
            tail = self.get_wrapped_container().logs(tail=LOG_TAIL_LINES).decode(errors="replace")
            raise TimeoutError(f"no answer from {self.bootstrap} in {START_TIMEOUT_S} s:\n{tail}")
