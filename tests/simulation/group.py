"""Workers that share the partitions of a group, as its coordinator and Kubernetes would have it.

A worker here is what `services.runtime.processing.worker` is without its sockets: it begins,
pauses and stops partition tasks by the same rules. Whoever is killed or fenced is replaced; whoever
is frozen for longer than its session loses its partitions, and learns of it after it was thawed.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Final, NamedTuple

from aiokafka.structs import TopicPartition

from events.topics import BALANCES, LEDGER_STATE
from services.ledger.kafka.partition import LedgerProcessor, transactional_id
from services.ledger.kafka.worker import QUARANTINE, hold_at, quarantine_held
from services.runtime.kafka.clients import Clients
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.processor import ProcessorFactory
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import PartitionTask
from tests.simulation.broker import NotYet
from tests.simulation.faults import Kind
from tests.simulation.loop import PROCESS, Process, the_loop
from tests.simulation.network import Network

WORKERS: Final = 2
SESSION_S: Final = 3.0
"""How long a worker may be silent before its partitions go to others."""

FREEZES_S: Final = (0.3, 2.0, 5.0, 25.0)
NOTIFIED_S: Final = 1.5
"""How long a thawed worker may believe that all is as before: long enough to open once more what
it has lost, which a task does a quarter of a session after it was fenced."""

RESTART_S: Final = 1.0
"""How long it may take until a worker that ended is replaced."""

REBALANCE_S: Final = 0.1
AGAIN_S: Final = 0.01
SETTLING_S: Final = 0.05
WIPES_MAX: Final = 40


class Run(NamedTuple):
    """One partition task of one worker."""

    process: Process
    task: PartitionTask


class Group:
    """All workers, dead ones included."""

    def __init__(
        self,
        network: Network,
        clients: Clients,
        settings: Settings,
        make_processor: ProcessorFactory,
        partitions: int,
    ) -> None:
        self.failures: list[str] = []
        self.figures: Counter[str] = Counter()
        self._network = network
        self._broker = network.broker
        self._chance = network.chance
        self._clients = clients
        self._settings = settings
        self._make_processor = make_processor
        self._partitions = partitions
        self._context = Context()
        self._processes: list[Process] = []
        self._owners: dict[int, Run] = {}
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._lost_state: set[int] = set()
        self._wiping: dict[int, asyncio.Task[None]] = {}
        self._operators = 0
        self._stopping = False

    def start(self) -> None:
        for _ in range(WORKERS):
            self._hire()
        self._adopt()

    @property
    def owners(self) -> dict[int, PartitionTask]:
        """Who has each partition, where somebody has."""
        return {number: run.task for number, run in self._owners.items()}

    @property
    def is_quiet(self) -> bool:
        """Whether every worker is awake, and none works on a partition that is not its own."""
        owned = {run.task for run in self._owners.values()}
        running = {run.task for run in self._runs.values() if not run.process.dead}
        awake = not any(process.frozen for process in self._processes) and not self._operators
        return awake and running == owned and len(owned) == self._partitions

    def mend(self, partition: int) -> None:
        """A new version of the program is rolled out to who has this partition."""
        if partition in self._owners:  # Else its owner has just been replaced for another one.
            self._retire(self._owners[partition].process)

    def renew(self) -> None:
        """Every worker is replaced in order, as by a new version."""
        for process in list(self._processes):
            self._retire(process)

    def end(self) -> None:
        """Whoever is frozen can be cancelled, and nothing more is sent."""
        self._network.is_down = True
        for process in {run.process for run in self._runs.values()}:
            the_loop().thaw(process)

    async def stop(self) -> None:
        """Everybody ends, in order."""
        self._stopping = True
        for run in list(self._runs.values()):
            self._let_go(run)
        if self._runs:
            await asyncio.wait(list(self._runs))

    async def quarantine(self, partition: int, offset: int) -> None:
        """An operator has the record before which a partition is held written as a dead letter."""
        settings, clients = self._settings, self._clients

        async def write() -> None:
            hold = await hold_at(settings, partition, offset, clients)
            work = LedgerProcessor(
                settings, partition, self._partitions, Progress(), clients=clients
            )
            await quarantine_held(work, hold, "operator", "planted")

        context = context_of(Process("operator"))
        self._operators += 1
        try:
            await the_loop().create_task(write(), context=context)
            self.figures["quarantined"] += 1
        except (ClusterError, FencedError, WriterFailed):
            self.figures["quarantines that failed, and were tried again"] += 1
        finally:
            self._operators -= 1

    # What faults do.

    def kill(self, process: Process) -> None:
        if process.dead:
            return
        process.dead = True
        the_loop().thaw(process)
        self._cancel(process)
        self._leave(process)
        self._soon(RESTART_S, self._adopt)

    def freeze(self, process: Process) -> None:
        if process.frozen or process.dead:
            return
        process.frozen = True
        self._later(SESSION_S, lambda: self._expire(process))
        self._later(self._chance.choice(FREEZES_S), lambda: self._thaw(process))

    def strike(self, kind: Kind, process: Process) -> None:
        match kind:
            case Kind.MOVE:
                self._soon(REBALANCE_S, lambda: self._rebalance(process, moves=True))
            case Kind.PAUSE:
                self._soon(REBALANCE_S, lambda: self._rebalance(process, moves=False))
            case Kind.COMPACT:
                for place, partition in self._broker.partitions.items():
                    if place.topic.endswith((BALANCES, LEDGER_STATE)):
                        partition.compact()
            case Kind.FORGET:
                self._broker.forgetful = True
            case Kind.AGAIN:
                self._network.again = True
            case Kind.LOSE_STATE:
                self._lost_state |= {run.task.partition for run in self._of(process)}
                self.kill(process)
            case _:
                pass  # What befalls the request itself is the network's.

    # How workers come and go.

    def _hire(self) -> Process:
        process = Process(f"worker-{self.figures['workers']}")
        self.figures["workers"] += 1
        self._processes.append(process)
        return process

    def _leave(self, process: Process) -> None:
        """It is no member any more: others take what it had."""
        self._processes = [each for each in self._processes if each is not process]
        for number in [n for n, run in self._owners.items() if run.process is process]:
            del self._owners[number]

    def _retire(self, process: Process) -> None:
        """It ends in order; somebody else is started."""
        self._leave(process)
        for run in list(self._of(process)):
            self._let_go(run)
        self._soon(RESTART_S, self._adopt)

    def _adopt(self) -> None:
        """Whatever nobody has is given to somebody who is awake."""
        while len(self._processes) < WORKERS and not self._stopping:
            self._hire()
        for number in range(self._partitions):
            if number in self._owners or number in self._wiping or self._stopping:
                continue
            if number in self._lost_state:
                self._wiping[number] = the_loop().create_task(self._wipe(number))
            else:
                awake = [each for each in self._processes if not each.frozen] or [self._hire()]
                self._begin(number, self._chance.choice(awake))

    def _begin(self, number: int, process: Process) -> None:
        clock = the_loop().time
        task = PartitionTask(
            number, self._make_processor, self._settings, QUARANTINE, self._clients, clock=clock
        )
        run = Run(process, task)
        self._owners[number] = run
        before = [
            each
            for each, other in self._runs.items()
            if other.process is process and other.task.partition == number
        ]
        running = the_loop().create_task(
            _after(before, task),
            name=f"{process.name}/{number}",
            context=context_of(process),
        )
        self._runs[running] = run
        running.add_done_callback(self._ended, context=self._context)

    def _ended(self, running: asyncio.Task[None]) -> None:
        process, task = self._runs.pop(running)
        error = None if running.cancelled() else running.exception()
        if process.dead or error is None:
            return
        self.failures.append(f"partition {task.partition}: {process.name} ended: {error!r}")

    def _let_go(self, run: Run) -> None:
        """As the worker does: finish the running transaction; an opening ends at once."""
        run.task.stop()
        if run.task.state is TaskState.OPENING:
            for each in [each for each, other in self._runs.items() if other.task is run.task]:
                each.cancel()

    def _cancel(self, process: Process) -> None:
        """Until nothing of it is left: a cancellation may meet an answer and be lost."""
        left = [running for running, run in self._runs.items() if run.process is process]
        for running in left:
            running.cancel()
        if left:
            self._later(AGAIN_S, lambda: self._cancel(process))

    def _expire(self, process: Process) -> None:
        if process.frozen and process in self._processes:
            self.figures["sessions that expired"] += 1
            for number in [n for n, run in self._owners.items() if run.process is process]:
                del self._owners[number]
            self._adopt()

    def _thaw(self, process: Process) -> None:
        if process.dead:
            return
        the_loop().thaw(process)
        self._soon(NOTIFIED_S, lambda: self._tell(process))

    def _tell(self, process: Process) -> None:
        """It learns what it has lost meanwhile."""
        owned = {run.task for run in self._owners.values()}
        for run in list(self._of(process)):
            if run.task not in owned:
                self._let_go(run)

    def _rebalance(self, process: Process, *, moves: bool) -> None:
        """All begin nothing for a moment; then one partition may have another owner."""
        for run in self._owners.values():
            run.task.pause()
        self._soon(REBALANCE_S, lambda: self._assign(process, moves=moves))

    def _assign(self, process: Process, *, moves: bool) -> None:
        theirs = sorted(number for number, run in self._owners.items() if run.process is process)
        others = [each for each in self._processes if each is not process and not each.frozen]
        if moves and theirs and others:
            number = self._chance.choice(theirs)
            before = self._owners.pop(number)
            self._let_go(before)
            self._begin(number, self._chance.choice(others))
        for run in self._owners.values():
            run.task.resume()

    async def _wipe(self, number: int) -> None:
        """The state topic of a partition is lost while nobody can write it; then it is given on."""
        name = transactional_id(self._settings, number)
        state = self._broker.partitions[TopicPartition(self._settings.topic(LEDGER_STATE), number)]
        for _ in range(WIPES_MAX):
            try:
                self._broker.init_producer(name, self._settings.transaction_timeout_s)
            except NotYet:
                await asyncio.sleep(SETTLING_S)
                continue
            if not state.open:
                self.figures["state topics lost"] += bool(state.entries)
                state.entries.clear()
                break
            await asyncio.sleep(SETTLING_S)
        self._lost_state.discard(number)
        del self._wiping[number]
        self._adopt()

    def _of(self, process: Process) -> Iterator[Run]:
        return (run for run in self._runs.values() if run.process is process)

    def _soon(self, most_s: float, call: Callable[[], None]) -> None:
        self._later(self._chance.random() * most_s, call)

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        the_loop().call_later(delay_s, call, context=self._context)


def context_of(process: Process) -> Context:
    """In which everything that a process does is known as its own."""
    context = copy_context()
    context.run(PROCESS.set, process)
    return context


async def _after(before: Iterable[asyncio.Task[None]], task: PartitionTask) -> None:
    """Run once those before have ended: a partition has one task at a time."""
    before = list(before)
    if before:
        await asyncio.wait(before)
    await task.run()
