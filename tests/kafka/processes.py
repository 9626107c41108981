"""Services as processes of their own, as operators start them, and what they say and show."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from services.dev.local_broker import free_port
from tests.api import processes as api_processes
from tests.builders import Json
from tests.integration.command import environment
from tests.kafka.cluster import Cluster
from tests.kafka.forked import ECLUSE, FORKS, run
from tests.leaks import leaks
from tests.read_model.filling import query
from tests.waiting import POLL_S, WAIT_S, Found, eventually

BIN: Final = Path(sys.executable).parent
STOP_S: Final = 15.0
"""How long a stop takes at most, whatever the brokers do; by `undisturbed_s`."""

ROWS_POLL_S: Final = 0.2
"""Each look is a connection to the database: where much is waited for, they are not that many."""

WATCH: Final = (ECLUSE, "watch")
FAUST: Final = (str(BIN / "faust"), "-A", "services.watch.app", "-L", "uvloop", "worker")


class Process:
    """A command; leaving it ends the process, and says what it logged."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        name: str,
        env: Mapping[str, str],
        *,
        fault: str | None = None,
    ) -> None:
        self.port = free_port()
        self._command = tuple(command)
        self._folder = folder
        self._fault = fault
        self._log, self._out = (folder / f"{name}-{self.port}.{kind}" for kind in ("log", "out"))
        kept = {name: value for name, value in os.environ.items() if "ECLUSE" not in name}
        ports = dict.fromkeys(("ECLUSE_HEALTH_PORT", "ECLUSE_WATCH_WEB_PORT"), str(self.port))
        self._environment = kept | environment(**ports) | dict(env)
        self.start_again()

    def start_again(self, fault: str | None = None) -> None:
        """As the first time, or with another fault; it is logged behind what was."""
        self._fault = fault or self._fault
        streams = (self._folder, self._log, self._out)
        arguments = (self._command, self._environment, *streams, self._fault)
        self._process = FORKS.Process(target=run, args=arguments)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert [] == leaks(self.text)
        # aiokafka says the same again and again while a broker is away.
        lines = [line for line in self.text.splitlines() if "library_log" not in line]
        print("\n".join(lines)[-4000:])

    # ------------------------------------------------------------ its end

    def kill(self) -> None:
        """As a power cut would."""
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()

    @property
    def code(self) -> int | None:
        """What it ended with, a signal as a negative number; None while it runs."""
        return self._process.exitcode

    def stop(self, limit_s: float = WAIT_S) -> int:
        """Ask it to end; its exit code."""
        self._process.terminate()
        return self.ended(limit_s)

    def ended(self, limit_s: float = WAIT_S) -> int:
        """Wait until it ends; its exit code."""
        self._process.join(limit_s)
        assert self.code is not None, f"it still runs after {limit_s:g} s"
        return self.code

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it stands still, and holds its connections."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self.thaw()

    def thaw(self) -> None:
        """It goes on where it stood still."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)

    # ------------------------------------------------------------ its output

    @property
    def text(self) -> str:
        """All that it wrote on standard error."""
        if not self._log.exists():
            return ""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def messages(self) -> str:
        """The lines for people, without the log."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("{"))

    def logged(self, event: str, **facts: Any) -> list[Json]:
        """The lines of its log of this name, with these facts."""
        lines = self.text.splitlines()
        log = [json.loads(line) for line in lines if line[:1] + line[-1:] == "{}"]
        return [line for line in log if line["event"] == event and facts.items() <= line.items()]

    def printed(self) -> str:
        """What it said on standard output."""
        return self._out.read_text() if self._out.exists() else ""

    # ------------------------------------------------------------ its pages

    def get(self, path: str, timeout_s: float = WAIT_S) -> tuple[int, str]:
        """Status and body; status 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s) as answer:
                page = answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)
        assert [] == leaks(page)
        return answer.status, page

    def metrics(self) -> dict[str, float]:
        """Its figures by name and labels; none while nobody answers."""
        status, page = self.get("/metrics")
        lines = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
        return {name: float(figure) for name, figure in lines} if status == 200 else {}

    def partitions(self) -> dict[int, Json]:
        """Its page /partitions, by partition number; empty while nobody answers."""
        status, page = self.get("/partitions")
        return {row["partition"]: row for row in json.loads(page)} if status == 200 else {}

    # ------------------------------------------------------------ what it is to do

    def until(
        self,
        poll: Callable[[], Found | None],
        why: str,
        limit_s: float = WAIT_S,
        pause_s: float = POLL_S,
    ) -> Found:
        """Until it is so, no longer than the process lives."""

        def checked() -> Found | None:
            found = poll()
            assert found or self.code is None, f"it ended, and not {why}: {self.text[-4000:]}"
            return found

        return eventually(checked, f"not {why}", limit_s, pause_s)

    def until_ready(self) -> None:
        """Until it says that it is."""
        self.until(lambda: 200 == self.get("/readyz")[0], "ready")

    def wait_for(self, event: str, **facts: Any) -> Json:
        """Until its log has such a line; the first one."""
        return self.until(lambda: self.logged(event, **facts), f"{event} with {facts}")[0]


class Worker(Process):
    """One `ecluse ledger`."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        name: str = "a",
        *args: str,
        fault: str | None = None,
        **env: str,
    ) -> None:
        command = (ECLUSE, "ledger", "--instance", name, *args)
        where = cluster.environment | {"ECLUSE_LOG_LEVEL": "INFO"}
        super().__init__(command, folder, name, where | env, fault=fault)

    def wait_for_states(self, limit_s: float = WAIT_S, **states: int) -> dict[int, Json]:
        """Until so many partitions are in each state, and none in another; the page."""

        def poll() -> dict[int, Json] | None:
            page = self.partitions()
            found = [row["state"] for row in page.values()]
            return page if {each: found.count(each) for each in found} == states else None

        return eventually(poll, f"not {states}", limit_s)


class Projector(Process):
    """One `ecluse projector` on this database."""

    def __init__(
        self,
        cluster: Cluster,
        url: str,
        folder: Path,
        *args: str,
        fault: str | None = None,
        **env: str,
    ) -> None:
        own = {"DATABASE_URL": url, "INSTANCE": "projector", "LOG_LEVEL": "INFO"}
        where = cluster.environment | {f"ECLUSE_{name}": value for name, value in own.items()}
        self._url = url
        command = (ECLUSE, "projector", *args)
        super().__init__(command, folder, "projector", where | env, fault=fault)

    def projected(self) -> float:
        """How many records this process has projected."""
        name = "ecluse_projector_records_total"
        return sum(figure for each, figure in self.metrics().items() if each.startswith(name))

    def until_rows(self, wanted: int, why: str = "all records", limit_s: float = 240.0) -> None:
        """Until so many records are in the tables."""
        self.until(lambda: rows(self._url) == wanted, why, limit_s, ROWS_POLL_S)


def rows(url: str) -> int:
    """How many records are in the tables."""
    return int(query(url, "SELECT count(*) FROM journal"))


class Watcher(Process):
    """One `ecluse watch`, or Faust's own command."""

    def __init__(
        self, cluster: Cluster, folder: Path, command: tuple[str, ...] = WATCH, /, **env: str
    ) -> None:
        own = {"ECLUSE_INSTANCE": "watch", "ECLUSE_WATCH_RECONCILE_S": "0.3"}
        super().__init__(command, folder, "watch", cluster.environment | own | env)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def balances(self, budget: str) -> dict[str, Any]:
        """What it answers for a budget."""
        status, body = self.get(f"/balances/{budget}")
        assert 200 == status, body
        answer: dict[str, Any] = json.loads(body)
        return answer


def api(
    cluster: Cluster, database: str, folder: Path, **env: str
) -> AbstractContextManager[api_processes.Running]:
    """`ecluse api` over this database, open to everybody."""
    where = {"ECLUSE_DATABASE_URL": database, "ECLUSE_AUTH": "off"}
    return api_processes.api(folder / "api.log", **(cluster.environment | where | env))
