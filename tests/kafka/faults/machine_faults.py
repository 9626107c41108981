"""Faults of what stands beside the brokers: readers, PostgreSQL, disks, a worker's clock."""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
import subprocess
import time
from pathlib import Path
from typing import Final

from tests.kafka.faults.killer import Do, Killer
from tests.kafka.faults.plan import Fault
from tests.kafka.faults.readers import APP, Readers
from tests.kafka.faults.storage import Disk
from tests.kafka.faults.workers import WorkerProcess
from tests.kafka.three_brokers import ThreeBrokers

LIBRARIES: Final = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime")
FILLED_S: Final = 30.0
"""Within which a broker writes to its disk, and finds that it is full."""

EXPORT_S: Final = 300.0
POLL_S: Final = 0.1
HOUR_S: Final = 3600
BACK_S: Final = 90.0
"""Within which watch and API are ready again."""


class ReaderFaults:
    """What is done to projector, watch and API."""

    def __init__(self, killer: Killer, readers: Readers, session_s: float) -> None:
        self._killer = killer
        self._readers = readers
        self._session_s = session_s
        self.kinds: dict[Fault, Do] = {
            Fault.READER_KILL: self._kill,
            Fault.READER_FREEZE: self._freeze,
            Fault.READER_PAUSE: self._pause,
            Fault.DATABASE_CRASH: self._crash,
            Fault.DATABASE_RESTART: self._restart,
            Fault.FAILOVER: self._fail_over,
        }

    def _kill(self, chance: random.Random) -> None:
        victim, away_s = self._victim(chance), chance.choice((0.0, 1.0, 5.0))
        with self._killer.doing(Fault.READER_KILL, f"kill -9 of {victim.name}, and back"):
            self._killer.take_down(victim, away_s)

    def _freeze(self, chance: random.Random) -> None:
        self._hold(Fault.READER_FREEZE, chance, self._session_s + chance.uniform(1.5, 5.0))

    def _pause(self, chance: random.Random) -> None:
        self._hold(Fault.READER_PAUSE, chance, chance.uniform(0.5, self._session_s / 2))

    def _hold(self, fault: Fault, chance: random.Random, hold_s: float) -> None:
        victim = self._victim(chance)
        with self._killer.doing(fault, f"{victim.name} frozen, and thawed"):
            victim.freeze()
            self._killer.sleep(hold_s)
            victim.thaw()

    def _crash(self, chance: random.Random) -> None:
        hold_s = chance.choice((0.0, 2.0, 8.0))
        with self._killer.doing(Fault.DATABASE_CRASH, "PostgreSQL killed, and started"):
            self._readers.database.server.crash()
            self._killer.sleep(hold_s)
            self._readers.database.server.start_again()

    def _restart(self, chance: random.Random) -> None:
        hold_s = chance.choice((0.0, 2.0, 8.0))
        with self._killer.doing(Fault.DATABASE_RESTART, "PostgreSQL ended in order, and started"):
            self._readers.database.server.end()
            self._killer.sleep(hold_s)
            self._readers.database.server.start_again()

    def _fail_over(self, chance: random.Random) -> None:
        lag_s = chance.uniform(0.0, 2.0)
        with self._killer.doing(Fault.FAILOVER, "PostgreSQL killed, its copy in its place"):
            self._readers.database.fail_over(lambda: self._killer.sleep(lag_s))

    def _victim(self, chance: random.Random) -> WorkerProcess:
        """One of them, once it lives."""
        victim = chance.choice(self._readers.processes)
        while not victim.lives:
            self._killer.sleep(POLL_S)
        return victim


class DiskFaults:
    """Full disks: of one broker, of PostgreSQL, of an export."""

    def __init__(
        self,
        killer: Killer,
        brokers: ThreeBrokers,
        readers: Readers,
        disks: dict[Fault, Disk],
        environment: dict[str, str],
    ) -> None:
        self._killer = killer
        self._brokers = brokers
        self._readers = readers
        self._disks = disks
        self._environment = environment
        self.kinds: dict[Fault, Do] = {
            Fault.BROKER_DISK: self._of_a_broker,
            Fault.DATABASE_DISK: self._of_postgresql,
            Fault.EXPORT_DISK: self._of_an_export,
        }

    def _of_a_broker(self, chance: random.Random) -> None:
        broker, disk = self._brokers.brokers[0], self._disks[Fault.BROKER_DISK]
        hold_s = chance.uniform(0.0, 5.0)
        with self._killer.away(Fault.BROKER_DISK, "out of disk, and had room again"):
            disk.fill()
            until_s = time.monotonic() + FILLED_S
            while broker.code is None and time.monotonic() < until_s:
                self._killer.sleep(POLL_S)
            self._killer.sleep(hold_s)
            disk.free()
            broker.restart()

    def _of_postgresql(self, chance: random.Random) -> None:
        disk, hold_s = self._disks[Fault.DATABASE_DISK], chance.uniform(2.0, 8.0)
        with self._killer.doing(Fault.DATABASE_DISK, "PostgreSQL's disk full, and room again"):
            disk.fill()
            self._killer.sleep(hold_s)
            disk.free()
            self._readers.database.server.start_again()

    def _of_an_export(self, _: random.Random) -> None:
        """An export that finds no room says so, and goes on once there is some."""
        disk = self._disks[Fault.EXPORT_DISK]
        file = disk.folder / "journal.ndjson"
        with self._killer.doing(Fault.EXPORT_DISK, "an export without room, and whole at last"):
            file.unlink(missing_ok=True)
            disk.fill()
            without = self._export(file)
            assert 0 != without.returncode, "it says that it wrote what it could not"
            assert b"Traceback" not in without.stderr, without.stderr.decode()
            disk.free()
            whole = self._export(file)
            assert 0 == whole.returncode, whole.stderr.decode()
            file.unlink()

    def _export(self, file: Path) -> subprocess.CompletedProcess[bytes]:
        command = [*APP, "journal", "export", str(file)]
        exporting = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environment,
        )
        until_s = time.monotonic() + EXPORT_S
        while exporting.poll() is None:
            assert time.monotonic() < until_s, "an export does not end"
            self._killer.sleep(POLL_S)
        _, errors = exporting.communicate()
        return subprocess.CompletedProcess(command, exporting.returncode, b"", errors)


class Clock:
    """The wall clock of one process, which a test sets while it runs; its other clocks stay."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    @staticmethod
    def library() -> Path | None:
        """Debian's libfaketime; None where it is not installed."""
        found = (Path(each) / "libfaketime.so.1" for each in LIBRARIES)
        return next((each for each in found if each.exists()), None)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to live by it."""
        return {
            "LD_PRELOAD": str(self.library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, ahead_s: int) -> None:
        """From now on, or a second later, it goes this much ahead of the machine's."""
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{ahead_s:+d}\n", encoding="ascii")
        whole.replace(self._file)


class ClockFaults:
    """The wall clock of a worker set an hour forward, and an hour back."""

    def __init__(self, killer: Killer, clocks: dict[str, Clock]) -> None:
        self._killer = killer
        self._clocks = clocks
        self.kinds: dict[Fault, Do] = {Fault.CLOCK: self._set}

    def _set(self, chance: random.Random) -> None:
        name = chance.choice(sorted(self._clocks))
        order = chance.sample((HOUR_S, -HOUR_S), 2)
        with self._killer.doing(Fault.CLOCK, f"the clock of {name} by {order} s, and right again"):
            for each in order:
                self._clocks[name].set(each)
                self._killer.sleep(chance.uniform(1.5, 4.0))
            self._clocks[name].set(0)
