"""The services of `ecluse dev`: processes over one broker, watched, and ended in order."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from events.texts import Translatable, _, verbatim
from services.dev.local_broker import HOST, LocalBroker, dies_with_us
from services.runtime.ops.errors import ClusterError

READY_S: Final = 90.0
STOP_S: Final = 10.0
"""The time that the services have to end; their data does not outlive this command."""

POLL_S: Final = 0.2
TAIL_LINES: Final = 15

ELSEWHERE: Final = frozenset({"DATABASE_URL_FILE", "ACCESS_URL", "ACCESS_URL_FILE", "API_URLS"})
"""Of the ECLUSE_… variables, what belongs to a read model and an API of the user's own."""

ENDED = _("{name} ended{how}. The end of its log:\n{tail}")
CODE = _(" (exit code {code})")
SIGNAL = _(" (signal {code})")
NOT_READY = _("{name} is not ready after {limit_s:g} s. The end of its log:\n{tail}")


class Service(NamedTuple):
    """A role that runs as a process of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready_url: str


class Services:
    """The roles of this program beside one broker, their logs in one folder."""

    def __init__(self, folder: Path, broker: LocalBroker) -> None:
        self._folder = folder
        self._broker = broker
        self._running: list[Service] = []

    def start(self, name: str, variables: Mapping[str, str], port: int) -> None:
        """Start a role of this program; its readiness probe is at this port."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as written:
            process = subprocess.Popen(  # noqa: S603 # ourselves
                [*dies_with_us(), sys.executable, "-m", "services.cli.app", name],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                env={**_inherited(), "ECLUSE_INSTANCE": f"dev-{name}", **variables},
                # Ctrl-C reaches us alone; we end the others in order.
                start_new_session=True,
            )
        self._running.append(Service(name, process, log, f"http://{HOST}:{port}/readyz"))

    def wait_until_ready(self) -> None:
        """Wait until all are ready, at most 90 s; else ClusterError with the end of a log."""
        until_s = time.monotonic() + READY_S
        for service in self._running:
            while not _is_ready(service):
                self.check()
                if time.monotonic() > until_s:
                    facts = {"name": service.name, "limit_s": READY_S, "tail": _tail(service.log)}
                    raise ClusterError("ecluse dev", NOT_READY.render(facts))
                time.sleep(POLL_S)

    def check(self) -> None:
        """Check that all are running; else ClusterError with the end of the log."""
        if not _listens(self._broker.port):
            raise _ended("Kafka", verbatim(""), self._broker.log)
        for service in self._running:
            code = service.process.poll()
            if code is not None:
                how = (SIGNAL if code < 0 else CODE).render({"code": abs(code)})
                raise _ended(service.name, how, service.log)

    def end(self) -> None:
        """End them side by side: in order, and by force where that takes too long."""
        # Without a broker they can finish nothing, and would wait for it.
        limit_s = STOP_S if _listens(self._broker.port) else 0.0
        for service in self._running:
            service.process.terminate()
        until_s = time.monotonic() + limit_s
        for service in self._running:
            try:
                service.process.wait(max(until_s - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()


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


def _ended(name: str, how: Translatable, log: Path) -> ClusterError:
    facts = {"name": name, "how": how, "tail": _tail(log)}
    return ClusterError("ecluse dev", ENDED.render(facts))


def _listens(port: int) -> bool:
    """Return whether the port is in use, even if the process is slow to accept."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


def _is_ready(service: Service) -> bool:
    try:
        with urlopen(service.ready_url, timeout=1) as answer:  # noqa: S310 # our own, on this machine
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
