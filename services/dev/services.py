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

from events.texts import Translatable, _
from services.dev.local_broker import HOST, LocalBroker, parent_death_prefix
from services.runtime.ops.errors import ClusterError

READY_S: Final = 90.0
STOP_S: Final = 10.0
"""The time that the services have to end; their data does not outlive this command."""

POLL_S: Final = 0.2
TAIL_LINES: Final = 15

KAFKA: Final = "kafka"
"""The name of the broker among the parts."""

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
    ready_url: str


class Services:
    """The roles of this program beside one broker, their logs in one folder."""

    def __init__(self, folder: Path, broker: LocalBroker) -> None:
        self._folder = folder
        self._broker = broker
        self._started: dict[str, Service] = {}

    def start(self, name: str, variables: Mapping[str, str], port: int) -> None:
        """Start a role of this program; its readiness probe is at this port."""
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
                env={**_inherit_environment(), "ECLUSE_INSTANCE": f"dev-{name}", **variables},
                # Ctrl-C reaches us alone; we end the others in order.
                start_new_session=True,
            )
        self._started[name] = Service(name, process, log, f"http://{HOST}:{port}/readyz")

    def wait_until_ready(self) -> None:
        """Wait until all are ready, at most 90 s; else ClusterError with the end of a log."""
        until_s = time.monotonic() + READY_S
        for service in self._started.values():
            while not is_ready(service.ready_url):
                self.check()
                if time.monotonic() > until_s:
                    facts = {"name": service.name, "limit_s": READY_S, "tail": _tail(service.log)}
                    raise ClusterError("ecluse dev", NOT_READY.render(facts))
                time.sleep(POLL_S)

    def check(self) -> None:
        """Raise ClusterError, with the end of its log, where the broker or a role has ended."""
        codes = [(KAFKA, self._broker.code, self._broker.log)]
        codes += [(each.name, each.process.poll(), each.log) for each in self._started.values()]
        for name, code, log in codes:
            if code is not None:
                facts = {"name": name, "how": _describe_end(code), "tail": _tail(log)}
                raise ClusterError("ecluse dev", ENDED.render(facts))

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


def is_ready(ready_url: str) -> bool:
    """Return whether a role answers at its readiness probe that it is ready."""
    try:
        with urlopen(ready_url, timeout=1) as answer:  # noqa: S310 # our own, on this machine
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


def _inherit_environment() -> dict[str, str]:
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


def _describe_end(code: int) -> Translatable:
    """`exit code 1`, `signal 9`."""
    return (_("signal {code}") if code < 0 else _("exit code {code}")).render({"code": abs(code)})
