"""The setting of a run on three brokers: what else may be hurt, and what is read from."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.integration.command import environment
from tests.kafka.faults.cluster_faults import ClusterFaults
from tests.kafka.faults.killer import Killer
from tests.kafka.faults.machine_faults import Clock, ClockFaults, DiskFaults, ReaderFaults
from tests.kafka.faults.plan import DISKS, Fault, Plan
from tests.kafka.faults.postgresql import FailingOver
from tests.kafka.faults.readers import Readers
from tests.kafka.faults.storage import Disk, why_no_disk
from tests.kafka.three_brokers import ThreeBrokers

MIB: Final = 1024 * 1024
BROKER_ROOM: Final = 6 * 1024 * MIB
DATABASE_ROOM: Final = 6 * 1024 * MIB
EXPORT_ROOM: Final = 2 * 1024 * MIB
"""What is not used costs no memory."""

Missing = dict[Fault, str]


def kinds_missing() -> Missing:
    """The kinds of faults that this machine cannot do, each with the reason."""
    no_disk = why_no_disk()
    missing = {} if no_disk is None else dict.fromkeys(sorted(DISKS), no_disk)
    if Clock.library() is None:
        missing[Fault.CLOCK] = "there is no libfaketime (deploy/debian-packages.txt)"
    return missing


@dataclass(frozen=True)
class Setting:
    """Three brokers behind proxies, with readers, disks and clocks."""

    brokers: ThreeBrokers
    database: FailingOver
    disks: dict[Fault, Disk]
    clocks: dict[str, Clock]

    def environment_of(self, name: str) -> dict[str, str]:
        """What a worker of this name has beside what all have."""
        clock = self.clocks.get(name)
        return {} if clock is None else clock.environment

    def readers(self, folder: Path, env: dict[str, str]) -> Readers:
        """The readers of a run, on a database of their own."""
        return Readers(self.database, folder, env)

    def teach(self, killer: Killer, readers: Readers, prefix: str, plan: Plan) -> None:
        """Let the killer do all that can be done here."""
        export = environment(
            ECLUSE_BOOTSTRAP_SERVERS=self.brokers.bootstrap, ECLUSE_TOPIC_PREFIX=prefix
        )
        for each in (
            ClusterFaults(killer, self.brokers, prefix, plan.stall_s_max),
            ReaderFaults(killer, readers, plan.session_s),
            DiskFaults(killer, self.brokers, readers, self.disks, export),
            ClockFaults(killer, self.clocks),
        ):
            killer.kinds |= each.kinds


@contextmanager
def a_setting(folder: Path, plan: Plan) -> Iterator[Setting]:
    """All of it, until it is not needed any more."""
    for kind in plan.without:
        print(f"left out, {kind.value}: {kinds_missing().get(kind)}", file=sys.stderr)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ecl-", dir="/tmp")))
        place.chmod(0o755)  # PostgreSQL's own user goes through it.
        disks = {}
        if not DISKS & set(plan.without):
            of_broker = Disk(folder / "broker-1", BROKER_ROOM)
            of_database = Disk(place / "pg", DATABASE_ROOM)
            of_export = Disk(folder / "export", EXPORT_ROOM)
            disks = {
                Fault.BROKER_DISK: stack.enter_context(of_broker),
                Fault.DATABASE_DISK: stack.enter_context(of_database),
                Fault.EXPORT_DISK: stack.enter_context(of_export),
            }
        brokers = stack.enter_context(ThreeBrokers(folder))
        (place / "pg").mkdir(exist_ok=True)
        database = FailingOver(place / "pg")
        stack.callback(database.stop)
        with_clock = Fault.CLOCK not in plan.without
        names = [f"worker-{number + 1}" for number in range(plan.workers)]
        clocks = {name: Clock(place / f"{name}.clock") for name in names} if with_clock else {}
        yield Setting(brokers, database, disks, clocks)
