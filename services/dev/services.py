"""The services of `ecluse dev`: processes over one broker, watched, and ended in order."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from events.texts import Translatable, _
from services.dev.control import Action, Part, Request, ended_text
from services.dev.local_broker import HOST, LocalBroker, is_answering, parent_death_prefix
from services.runtime.ops.errors import ClusterError

READY_S: Final = 90.0
STOP_S: Final = 10.0
"""The time that the services have to end; their data does not outlive this command."""

POLL_S: Final = 0.2
TAIL_LINES: Final = 15

KAFKA: Final = "kafka"
"""The name of the broker among the parts."""

SIGNALS: Final = {Action.KILL: signal.SIGKILL, Action.TERMINATE: signal.SIGTERM}

COMMANDS: Final = {"treasury": ("treasury", "run")}
"""The commands of roles that are not called as the role is."""

ELSEWHERE: Final = frozenset(
    {
        *("DATABASE_URL_FILE", "ACCESS_URL", "ACCESS_URL_FILE", "API_URLS"),
        *("TREASURY_URL", "TREASURY_URL_FILE"),
        *("TREASURY_RETURNS", "TREASURY_EXPORTS", "TREASURY_SCHEDULE"),
    }
)
"""Of the ECLUSE_… variables, what belongs to tables, files and an API of the user's own."""

ENDED = _("{name} ended ({how}). The end of its log:\n{tail}")
NOT_READY = _("{name} is not ready after {limit_s:g} s. The end of its log:\n{tail}")


class Service(NamedTuple):
    """A role that runs as a process of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    variables: Mapping[str, str]
    ready_url: str


class Services:
    """The roles of this program beside one broker, their logs in one folder."""

    def __init__(self, folder: Path, broker: LocalBroker) -> None:
        self._folder = folder
        self._broker = broker
        self._started: dict[str, Service] = {}
        self._ended: dict[str, int] = {}
        """Exit codes of the parts that were seen to end."""

    def start(self, name: str, variables: Mapping[str, str], port: int) -> None:
        """Start a role of this program; its readiness probe is at this port."""
        self._start(name, variables, f"http://{HOST}:{port}/readyz")

    def wait_until_ready(self) -> None:
        """Wait until all are ready, at most 90 s; else ClusterError with the end of a log."""
        until_s = time.monotonic() + READY_S
        for service in self._started.values():
            while not is_ready(service.ready_url):
                for text in self.newly_ended():
                    raise ClusterError("ecluse dev", text)
                if time.monotonic() > until_s:
                    facts = {"name": service.name, "limit_s": READY_S, "tail": _tail(service.log)}
                    raise ClusterError("ecluse dev", NOT_READY.render(facts))
                time.sleep(POLL_S)

    def newly_ended(self) -> Iterator[Translatable]:
        """A text about each part that ended since it was asked, with the end of its log."""
        for part in self.parts():
            if part.code is not None and part.name not in self._ended:
                self._ended[part.name] = part.code
                log = self._broker.log if part.name == KAFKA else self._started[part.name].log
                facts = {"name": part.name, "how": ended_text(part.code), "tail": _tail(log)}
                yield ENDED.render(facts)

    def parts(self) -> Iterator[Part]:
        """The broker and the roles, as they are now."""
        broker = self._broker
        yield Part(KAFKA, broker.pid, broker.code, broker.bootstrap)
        for name, service in self._started.items():
            yield Part(name, service.process.pid, service.process.poll(), service.ready_url)

    def obey(self, request: Request) -> None:
        """End a part that runs, or start one that ended; anything else was done already."""
        part = next((each for each in self.parts() if each.name == request.name), None)
        if (
            part is None
            or part.pid is None
            or (part.code is None) is (request.action is Action.START)
        ):
            return
        if request.action is Action.START:
            self._start_again(part.name)
        else:
            os.kill(part.pid, SIGNALS[request.action])

    def end(self) -> None:
        """End them side by side: in order, and by force where that takes too long."""
        # Without a broker they can finish nothing, and would wait for it.
        limit_s = STOP_S if _listens(self._broker.port) else 0.0
        services = self._started.values()
        for service in services:
            service.process.terminate()
        until_s = time.monotonic() + limit_s
        for service in services:
            try:
                service.process.wait(max(until_s - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()

    def _start(self, name: str, variables: Mapping[str, str], ready_url: str) -> None:
        log = self._folder / f"{name}.log"
        with log.open("ab") as written:
            process = subprocess.Popen(  # noqa: S603 # ourselves
                [
                    *parent_death_prefix(),
                    sys.executable,
                    "-m",
                    "services.cli.app",
                    *COMMANDS.get(name, (name,)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                env={**_inherited(), "ECLUSE_INSTANCE": f"dev-{name}", **variables},
                # Ctrl-C reaches us alone; we end the others in order.
                start_new_session=True,
            )
        self._started[name] = Service(name, process, log, variables, ready_url)

    def _start_again(self, name: str) -> None:
        self._ended.pop(name, None)
        if name == KAFKA:
            self._broker.stop()
            self._broker.launch()
        else:
            service = self._started[name]
            self._start(name, service.variables, service.ready_url)


def is_ready(probe: str) -> bool:
    """Return whether a part answers that it is ready, at its probe as `Part` has it."""
    if not probe.startswith("http"):
        host, _colon, port = probe.rpartition(":")
        return is_answering(host, int(port))
    try:
        with urlopen(probe, timeout=1) as answer:  # noqa: S310 # our own, on this machine
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def is_taken(port: int) -> bool:
    """Return whether the port is in use: another broker would pass for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _inherited() -> dict[str, str]:
    """This process's environment, without what would lead elsewhere."""
    left_out = {f"ECLUSE_{name}" for name in ELSEWHERE}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def _listens(port: int) -> bool:
    """Return whether the port is in use, even if the process is slow to accept."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
