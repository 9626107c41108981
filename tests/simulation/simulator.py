"""One history, from its first record to its end: the real task and ledger on a log in memory."""

import asyncio
import logging
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from unittest import mock

import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition

from events import topics
from events.codec import decode
from services.ledger.application import handle
from services.ledger.kafka.partition import OUTPUTS, LedgerProcessor
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress
from services.runtime.processing.processor import Processor
from services.runtime.processing.status import TaskState
from tests.simulation.broker import Broker, Message
from tests.simulation.cases import Case, Chunk, How
from tests.simulation.clients import clients_of
from tests.simulation.faults import Kind, Op, Plan
from tests.simulation.group import SESSION_S, Group
from tests.simulation.loop import Standstill, the_loop, virtually
from tests.simulation.network import Network

PREFIX: Final = "t."
SETTINGS: Final = Settings(
    bootstrap_servers="memory",
    topic_prefix=PREFIX,
    instance="simulated",
    session_timeout_s=SESSION_S,
    transaction_timeout_s=8,
)
TOPICS: Final = (*topics.INPUT_TOPICS, *OUTPUTS)

POLL_S: Final = 0.5
"""How often it is looked whether all is done, and whether a partition is held."""

OPERATOR_POLLS: Final = 2
"""After so many looks an operator does something about a partition that is held."""

RENEWED_S: Final = 120.0
"""After so long without an end all workers are replaced: whatever hangs in a partition that has
nothing more to write is ended by whoever opens it anew."""

STUCK_S: Final = 900.0
"""After so long it will never end."""

SENDER_S: Final = 0.2
"""How long a sender's transaction may stay open."""

UNDECODABLE: Final = b"\x00undecodable"
"""Our own decoder fails on what begins so: the simulation sees to it."""

WARNINGS: Final = structlog.make_filtering_bound_logger(logging.WARNING)

MakeWork = Callable[..., LedgerProcessor]


@dataclass
class Outcome:
    """What came of a history."""

    broker: Broker
    failures: list[str]
    figures: Counter[str]
    struck: Counter[tuple[Kind, Op]]
    """The faults that struck, and at which steps."""
    virtual_s: float
    opened: int
    """How often somebody became the writer of a partition."""
    logged: Counter[str] = field(default_factory=Counter)
    """How often the runtime and the ledger logged what."""

    def trace(self) -> str:
        """A digest of everything that stands in the log, to the last millisecond.

        Rows of state have no order within their transaction: the ledger keeps them in a set.
        """
        found = sha256()
        for place, partition in sorted(self.broker.partitions.items()):
            rows = [
                repr((entry.timestamp_ms, *entry[2:5], entry.part and entry.part.outcome))
                for entry in partition.entries
            ]
            if place.topic.endswith(topics.LEDGER_STATE):
                rows.sort()
            found.update(repr((place, partition.end, rows)).encode())
        return found.hexdigest()


class Simulation:
    """One history while it runs."""

    def __init__(self, case: Case, make_processor: MakeWork) -> None:
        chance = random.Random(case.latencies)
        places = [
            TopicPartition(PREFIX + topic, number)
            for topic in TOPICS
            for number in range(case.partitions)
        ]
        self._case = case
        self._chance = chance
        self.broker = Broker(places, chance)
        self.plan = Plan(case.faults)
        self._network = Network(self.broker, self.plan, chance)
        self._clients = clients_of(self._network)
        self._poisoned: set[tuple[str, int, int]] = set()
        self._make_processor = _sabotaged(make_processor, self._network, self._poisoned, chance)
        self.group = Group(self._network, self._clients, SETTINGS, self._work, case.partitions)
        self._network.environment = self.group
        self._sent = False
        self._seen_held: Counter[int] = Counter()

    def _work(self, partition: int, progress: Progress) -> Processor:
        count = self._case.partitions
        return self._make_processor(SETTINGS, partition, count, progress, clients=self._clients)

    async def run(self) -> float:
        """Until everything is done; how long it took, in virtual seconds."""
        loop = the_loop()
        self.group.start()
        sending = asyncio.create_task(self._send())
        renewed_s = RENEWED_S
        while not self.group.failures and not self._is_done():
            await asyncio.sleep(POLL_S)
            self._check_held()
            self._check_statuses()
            if loop.time() > renewed_s:
                renewed_s += RENEWED_S
                self.group.figures["roll-outs to end what hung"] += 1
                self.group.renew()
            if loop.time() > STUCK_S:
                self.group.failures.append(f"not done in {STUCK_S:g} s: {self._where()}")
        if self.group.failures:
            sending.cancel()
        else:
            await self.group.stop()
            if not self.broker.is_settled:
                self.group.failures.append("a transaction is open at the end")
        self.group.end()
        return loop.time()

    async def _send(self) -> None:
        for number, chunk in enumerate(self._case.chunks):
            await asyncio.sleep(chunk.gap_ms / 1000)
            await self._send_chunk(number, chunk)
        self._sent = True

    async def _send_chunk(self, number: int, chunk: Chunk) -> None:
        broker = self.broker
        logged = [
            (TopicPartition(PREFIX + topic, partition), Message(key, value, headers))
            for topic, partition, key, value, headers in chunk.sendings
        ]
        if chunk.how is How.PLAIN:
            for place, each in logged:
                broker.write(place, [each])
            return
        limit_s = SETTINGS.transaction_timeout_s
        who = broker.init_producer(f"sender-{number}", limit_s, is_of_the_ledger=False)
        for place, each in logged:
            broker.produce(*who, place, [each])
        await asyncio.sleep(self._chance.random() * SENDER_S)
        broker.end_transaction(*who, committed=chunk.how is How.COMMITTED)

    def _is_done(self) -> bool:
        """Whether all was sent, read, and written: by one owner of each partition, all awake."""
        if not (self._sent and self.group.is_quiet and self.broker.is_settled):
            return False
        for number, task in self.group.owners.items():
            if task.state is not TaskState.RUNNING:
                return False
            for topic in topics.INPUT_TOPICS:
                input_topic = self.broker.partitions[TopicPartition(PREFIX + topic, number)]
                left = input_topic.between(
                    task.next_offsets[input_topic.place.topic], input_topic.end, committed=True
                )
                if left:
                    return False
                logged = task.statuses()[input_topic.place.topic]
                if logged.offset < input_topic.end or not logged.status.caught_up:
                    return False
        return True

    def _check_statuses(self) -> None:
        """What workers say of themselves is true at any time: no record is passed over or lost."""
        for number, task in self.group.owners.items():
            for topic, (offset, status) in task.statuses().items():
                input_topic = self.broker.partitions[TopicPartition(topic, number)]
                passed = input_topic.between(task.next_offsets[topic], offset, committed=True)
                if passed or offset > input_topic.end:
                    self.group.failures.append(f"{topic}/{number} does not stand at {offset}")
                if status.taken != status.outcomes:
                    self.group.failures.append(
                        f"{topic}/{number} counts other outcomes than records: {status}"
                    )

    def _check_held(self) -> None:
        """Operators see what is held: they mend the program, or set the record aside."""
        for number, task in self.group.owners.items():
            held = task.held
            if task.state is not TaskState.BROKEN:
                self._seen_held[number] = 0
                continue
            self._seen_held[number] += 1
            if self._seen_held[number] % OPERATOR_POLLS:
                continue
            if held is None:
                self.group.failures.append(f"partition {number} cannot be opened")
            elif self._chance.random() < 0.3:
                self.group.figures["mended, and rolled out"] += 1
                self._poisoned.discard((held.topic, number, held.offset))
                self.group.mend(number)
            else:
                asyncio.create_task(self.group.quarantine(number, held.offset))  # noqa: RUF006

    def _where(self) -> str:
        return ", ".join(
            f"{number} {task.state} {task.progress.doing} {task.next_offsets}"
            for number, task in self.group.owners.items()
        )


def _sabotaged(
    make_processor: MakeWork,
    network: Network,
    poisoned: set[tuple[str, int, int]],
    chance: random.Random,
) -> MakeWork:
    """Works that fail as bugs of ours would: before or after a record was decided."""

    def make(*args: Any, **options: Any) -> LedgerProcessor:
        work = make_processor(*args, **options)
        decide = work.handle

        def sabotaged(record: ConsumerRecord) -> None:
            kinds = network.decides()
            place = record.topic, record.partition, record.offset
            if Kind.POISON in kinds:
                poisoned.add(place)
            if not kinds and place not in poisoned:
                decide(record)
                return
            if chance.random() < 0.5:
                decide(record)
            raise AssertionError("planted")

        work.handle = sabotaged  # type: ignore[method-assign]
        return work

    return make


def _decode_or_fail(value: bytes | None, *more: Any) -> Any:
    if value is not None and value.startswith(UNDECODABLE):
        raise RuntimeError("planted")
    return decode(value, *more)


@contextmanager
def quietly(logged: Counter[str]) -> Iterator[None]:
    """Count what is logged instead of printing it; and let our decoder fail where it is to."""

    def count(_logger: object, _level: str, event: Any) -> Any:
        logged[event["event"]] += 1
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[count], wrapper_class=WARNINGS)
    try:
        with mock.patch.object(handle, "decode", _decode_or_fail):
            yield
    finally:
        structlog.configure(**before)


def simulate(case: Case, make_processor: MakeWork = LedgerProcessor) -> Outcome:
    """Run one history to its end."""
    simulation: Simulation
    virtual_s = 0.0
    logged: Counter[str] = Counter()

    async def run() -> float:
        nonlocal simulation
        simulation = Simulation(case, make_processor)
        return await simulation.run()

    failures: list[str] = []
    with quietly(logged):
        try:
            virtual_s = virtually(run())
        except Standstill:
            failures.append("nothing is left that could ever happen")
    group = simulation.group
    found = [*failures, *group.failures]
    plan = simulation.plan
    opened = plan.taken[Op.INIT]
    return Outcome(simulation.broker, found, group.figures, plan.struck, virtual_s, opened, logged)
