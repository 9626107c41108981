"""A single-node Kafka broker on this machine, for development and for tests: a Java process."""

import itertools
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from events.texts import _
from services.dev.jars import find_java
from services.runtime.ops.errors import ClusterError

FORMAT_TIMEOUT_S: Final = 60
START_TIMEOUT_S: Final = 90
STOP_TIMEOUT_S: Final = 20
FREEZE_TIMEOUT_S: Final = 10
FREEZE_INTERVAL_S: Final = 0.005
PROBE_TIMEOUT_S: Final = 5.0
PROBE_INTERVAL_S: Final = 0.1
LOG_TAIL_LINES: Final = 20

HOST: Final = "127.0.0.1"
# Below the ports that systems give to clients, Linux's from 32768: a client that calls a broker
# which is down could otherwise be given the very port it calls, and hold it when that comes back.
PORTS: Final = range(20_000, 32_000)
PORT_STRIDE: Final = 7417
"""The distance between the first ports of processes whose numbers follow each other."""

# Each call continues after the last. Neighbouring processes start far apart:
# where two come to the same place at the same time, both find the same ports free.
_port_steps = itertools.count(os.getpid() * PORT_STRIDE)

MEMORY: Final = ("-Xms256m", "-Xmx512m")
"""The Java options of a broker that is measured: the compiler and collector that Java chooses."""

QUICK: Final = (*MEMORY, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The Java options of a broker that is only used: it starts sooner and compiles less."""

# Any will do, and the same one again: a broker refuses a folder that another cluster formatted.
CLUSTER_ID: Final = "5L6g3nShT-eMCtK--X86sw"

SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A broker that was killed is back once its controller has given its old session up.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}
LOGGING: Final = """\
status = error
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = OUT
"""


def free_port() -> int:
    """A port of this machine that nobody listens on, and that no client will be given."""
    for _unused in PORTS:
        port = PORTS[next(_port_steps) % len(PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ClusterError(HOST, _("no free port"))


def is_answering(host: str, port: int, timeout_s: float = PROBE_TIMEOUT_S) -> bool:
    """Return whether a broker there answers, and is in service.

    An open port is not enough: it opens before the controller lets the broker serve.
    """
    # Metadata (3), version 1, of no topic: the answer lists the brokers in service.
    question = struct.pack(">hhih5si", 3, 1, 1, 5, b"probe", 0)
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as line:
            line.sendall(struct.pack(">i", len(question)) + question)
            answer = line.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    # Its length, the request's number, and the number of brokers.
    return len(answer) == struct.calcsize(">iii") and struct.unpack(">iii", answer)[2] > 0


def wait_for_answer(
    host: str, port: int, *, lives: Callable[[], bool], timeout_s: float = START_TIMEOUT_S
) -> bool:
    """Ask until a broker answers there, no longer than `timeout_s` nor than it lives."""
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s and lives():
        if is_answering(host, port):
            return True
        time.sleep(PROBE_INTERVAL_S)
    return False


class LocalBroker:
    """One broker: its folder holds data, settings and log, and outlives it.

    It runs in a process group of its own, so that Ctrl-C in a terminal reaches only us, and on
    Linux it dies with the thread that started it: start it from one that lives as long as it.

    Args:
        folder: where its data, settings and log are; made when missing.
        libs: Kafka's jars (services/dev/jars.py fetches them).
        port: where it listens on this machine; a free one when None.
        java: the program that runs it; found when None.
        java_options: memory and speed; `QUICK`, or `MEMORY` for a broker that is measured.
        settings: server.properties beyond `SETTINGS` and our own, or instead of them.
    """

    def __init__(
        self,
        folder: Path,
        libs: Path,
        port: int | None = None,
        *,
        java: Path | None = None,
        java_options: Sequence[str] = QUICK,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "broker.log"
        self.port = free_port() if port is None else port
        self._libs = libs.resolve()
        self._java = java
        self._java_options = java_options
        self._settings = {**SETTINGS, **(settings or {})}
        self._controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The bootstrap address: `host:port`."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process is not None else None

    @property
    def code(self) -> int | None:
        """The exit code of its process, a signal as a negative number; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def __enter__(self) -> Self:
        """Start it, as `start` does."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it, as `stop` does."""
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers (up to 90 s); else ClusterError with its log."""
        self.launch()
        self.wait_until_it_answers()

    def launch(self) -> None:
        """Start it, and wait for nothing: one of several answers once most of them run."""
        assert self._process is None, "this broker runs already"
        self._java = self._java or find_java()
        self._prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - Java, as find_java chose it
                [*parent_death_prefix(), *self._command("kafka.Kafka"), str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        """Wait until one that was launched really answers (up to 90 s); else it is ended."""
        answered = False
        try:
            answered = wait_for_answer(HOST, self.port, lives=self._lives)
        finally:
            if not answered:
                self.kill()
        if not answered:
            raise self._describe_failure()

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self, limit_s: float = STOP_TIMEOUT_S) -> None:
        """End it in order: SIGTERM, and SIGKILL where that was not long enough."""
        if self._process is None:
            return
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def restart(self) -> None:
        """Start it again on the same data and port; stopped first where it still runs."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop its clock: SIGSTOP. It holds its connections and answers nobody."""
        self._signal(signal.SIGSTOP)
        # Its threads stop one after another, and only then is the process reported as stopped.
        until_s = time.monotonic() + FREEZE_TIMEOUT_S
        while not self._is_frozen():
            assert self._lives(), "a broker that ended cannot be frozen"
            assert time.monotonic() < until_s, "SIGSTOP stops a process"
            time.sleep(FREEZE_INTERVAL_S)

    def thaw(self) -> None:
        """Let it go on: SIGCONT."""
        self._signal(signal.SIGCONT)

    # ------------------------------------------------------------ inside
    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _is_frozen(self) -> bool:
        assert self._process is not None, "this broker does not run"
        asked = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, asked) is not None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "this broker does not run"
        self._process.send_signal(number)

    def _command(self, main: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        classpath = str(self._libs / "*")
        return [str(self._java), *self._java_options, logging, "-cp", classpath, main]

    def _prepare(self) -> None:
        """Write its settings, and format its data the first time."""
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        settings = {
            "log.dirs": str(data),
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            **self._settings,
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._properties.write_text(lines, encoding="utf-8")
        (self.folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        if not (data / "meta.properties").exists():
            self._format()

    def _format_arguments(self) -> list[str]:
        """More arguments of the first format: users that a broker with a login begins with."""
        return []

    def _format(self) -> None:
        command = [*self._command("kafka.tools.StorageTool"), "format", "-t", CLUSTER_ID, "-c"]
        with self.log.open("ab") as log:
            try:
                subprocess.run(  # noqa: S603 - the same
                    [*command, str(self._properties), *self._format_arguments()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=FORMAT_TIMEOUT_S,
                    check=True,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise self._describe_failure() from error

    def _describe_failure(self) -> ClusterError:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(lines[-LOG_TAIL_LINES:])
        return ClusterError(
            self.bootstrap,
            _("the local broker did not start. The end of {log}:\n{tail}").render(
                {"log": self.log, "tail": tail}
            ),
        )


def parent_death_prefix() -> list[str]:
    """The prefix of a command whose process shall not outlive the thread that started it."""
    # It is on every Linux; elsewhere a broker whose parent was killed has to be ended by hand.
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "KILL", "--"] if found else []
