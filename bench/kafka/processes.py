"""The processes of a run: started, listened to, weighed, ended."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self

from services.dev.local_broker import parent_death_prefix

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
STOP_S: Final = 30.0
"""How long a process may take to end in order."""

LISTEN_S: Final = 5.0
"""How long the last lines of an ended process may take."""

TAIL_LINES: Final = 30

ROOT: Final = Path(__file__).resolve().parents[2]


class BenchFailed(Exception):
    """A contender did not do its work: no figure is given."""


class StoodStill(BenchFailed):
    """A contender does nothing any more, and has not come to its end."""


class Moment(NamedTuple):
    """A log line, and when it came (`time.perf_counter`, seconds)."""

    line: dict[str, Any]
    at_s: float


def cores() -> int:
    """How many processors this run may use."""
    return len(os.sched_getaffinity(0))


def cpu_s(pid: int | None) -> float:
    """The processor time that a process has had, in user and system mode; 0 where it is unknown."""
    return 0.0 if pid is None else sum(_times_s(pid)[:2])


def _times_s(pid: int) -> list[float]:
    """utime, stime, cutime and cstime."""
    # Behind the name, which may hold anything: state is the first field, utime the 12th.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return [int(each) / TICKS_PER_S for each in fields[11:15]]


def family_cpu_s(pid: int) -> float:
    """The processor time of a process and its children, and of those that have ended."""
    whole_s = sum(_times_s(pid))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for each in children:
        with suppress(FileNotFoundError, ProcessLookupError):  # It may end meanwhile.
            whole_s += cpu_s(int(each))
    return whole_s


class Spent(NamedTuple):
    """A moment, and the processor time that was had until then; or between two; seconds."""

    at_s: float
    own_s: float
    broker_s: float
    all_s: float
    """By everything on this machine, and by its neighbours on the same cores (steal)."""

    def since(self, before: Self) -> "Spent":
        """What passed, and what was had, since then."""
        return Spent(*(now - then for now, then in zip(self, before, strict=True)))

    @property
    def other_s(self) -> float:
        """What neither a contender nor the broker had; the bench itself is in it."""
        return self.all_s - self.own_s - self.broker_s


def spent(pids: Iterable[int], broker: int | None) -> Spent:
    """By these processes, by the broker, by all."""
    # user, nice, system, idle, iowait, irq, softirq, steal
    fields = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)[1:9]
    ticks = [int(each) for each in fields]
    all_s = (sum(ticks) - ticks[3] - ticks[4]) / TICKS_PER_S
    return Spent(time.perf_counter(), sum(map(cpu_s, pids)), cpu_s(broker), all_s)


def peak_bytes(pid: int) -> int:
    """The most memory that a process has held so far."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, size = line.partition(":")
        if name == "VmHWM":
            return int(size.split()[0]) * 1024
    raise BenchFailed(f"process {pid} does not say how much memory it held")


class Child:
    """A process whose standard error is a log, of JSON lines or others; it ends with its block.

    Args:
        command: what is run.
        environment: what it finds beside our own variables.
        gently: whether it is asked to end, or is worth no wait.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, gently: bool = True
    ) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._gently = gently
        self._lines: list[str] = []
        self._moments: list[Moment] = []
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*parent_death_prefix(), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self._environment,
        )
        assert self._process.stderr is not None, "it was asked for"
        log = self._process.stderr
        self._listener = threading.Thread(target=self._listen, args=(log,), daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it: in order where what it does last still matters."""
        process = self._running
        if self._gently:
            process.terminate()
        else:
            process.kill()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join(LISTEN_S)

    @property
    def pid(self) -> int:
        return self._running.pid

    def check(self) -> None:
        """That it still runs.

        Raises:
            BenchFailed: it does not; the message holds the end of its log.
        """
        if self._running.poll() is not None:
            raise BenchFailed("\n".join([" ".join(self._command), *self._lines[-TAIL_LINES:]]))

    def moments(self, event: str) -> list[Moment]:
        """Its log lines of this name."""
        return [each for each in self._moments if each.line["event"] == event]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it gets no processor time."""
        self._running.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running.send_signal(signal.SIGCONT)

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it was started"
        return self._process

    def _listen(self, log: IO[str]) -> None:
        for text in log:
            now_s = time.perf_counter()
            self._lines.append(text.rstrip("\n"))
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and "event" in line:
                self._moments.append(Moment(line, now_s))


async def ask(module: str, question: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
    """Run a module of this bench as a process of its own; what it answers, as JSON.

    Raises:
        BenchFailed: it failed, or took longer than `limit_s`.
    """
    process = await asyncio.create_subprocess_exec(
        *parent_death_prefix(),
        sys.executable,
        "-m",
        module,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(limit_s):
            said, log = await process.communicate(json.dumps(question).encode())
    except TimeoutError as error:
        raise BenchFailed(f"{module}: no answer in {limit_s:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        tail = log.decode(errors="replace").splitlines()[-TAIL_LINES:]
        raise BenchFailed("\n".join([f"{module} ended with {process.returncode}", *tail]))
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer
