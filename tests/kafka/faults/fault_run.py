"""A fault-injection run: real workers of the ledger, broken again and again while events come in.

What is left is proved by the verifier, which shares no code with the ledger, and compared with what
an undisturbed ledger writes. The seed decides what is published, which faults come in which order,
whom they hit and how long they last; the machine decides where exactly a worker is then.
"""

import asyncio
import sys
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError

from services.verifier.verify import verify
from tests.integration.command import environment
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.faults import undisturbed
from tests.kafka.faults.feeder import Feeder
from tests.kafka.faults.killer import PROGRESS_S, Killer
from tests.kafka.faults.observer import Backstage, Observer
from tests.kafka.faults.plan import Figures, Plan
from tests.kafka.faults.setting import Setting
from tests.kafka.faults.traffic import Traffic
from tests.kafka.faults.workers import WorkerProcess

TRANSACTION_S: Final = (10.0, 30.0)
"""The time-out of a transaction is one of these: shorter, and longer, than what a freeze takes."""

BOOTSTRAP: Final = "ECLUSE_BOOTSTRAP_SERVERS"
STALL_S: Final = 90.0
SECONDS_PER_FAULT: Final = 3.0
"""About how long a fault takes: the events are published over this time."""

SHOWN_MAX: Final = 20
PREPARE_S: Final = 60.0
CHECK_S: Final = 60.0
CHECK_EVENTS_PER_S: Final = 250.0
"""The proof may take the former, and a second for so many events."""


class FaultRun:
    """One run on one broker, under a prefix of its own."""

    def __init__(
        self,
        broker: Broker,
        prefix: str,
        folder: Path,
        plan: Plan,
        setting: Setting | None = None,
    ) -> None:
        self.figures = Figures(plan)
        self._plan = plan
        self._broker = broker
        self._cluster = Cluster(broker.bootstrap, prefix, plan.partitions)
        self._since_s = time.monotonic()
        self._fault = 0
        self.figures.transaction_s = plan.chance("settings").choice(TRANSACTION_S)
        self._setting = setting
        by_proxy = {} if setting is None else {BOOTSTRAP: setting.brokers.network.bootstrap}
        env = environment(
            **self._cluster.environment | by_proxy,
            # What is not closed or not awaited shall be said.
            PYTHONWARNINGS="default",
            ECLUSE_LOG_LEVEL="INFO",
            ECLUSE_SESSION_TIMEOUT_S=str(plan.session_s),
            ECLUSE_TRANSACTION_TIMEOUT_S=str(self.figures.transaction_s),
            ECLUSE_STALL_S=str(STALL_S),
        )
        names = [f"worker-{number + 1}" for number in range(plan.workers)]
        own = {name: {} if setting is None else setting.environment_of(name) for name in names}
        self._workers = [WorkerProcess(name, folder, env | own[name]) for name in names]
        self._readers = None if setting is None else setting.readers(folder, env)

    def run(self) -> Figures:
        """Do it all, and prove what is left.

        Raises:
            AssertionError: something is not as it must be; the message says what.
        """
        self._cluster.create(replicas=self._plan.brokers)
        with ExitStack() as stack:
            stage = stack.enter_context(Backstage())
            stack.callback(self._clear)
            observer, feeder = stage.call(self._prepared(), PREPARE_S)
            stack.callback(lambda: stage.call(observer.stop()))
            following = asyncio.run_coroutine_threadsafe(observer.run(), stage.loop)
            feeding = asyncio.run_coroutine_threadsafe(feeder.run(), stage.loop)
            stack.callback(following.cancel)
            stack.callback(feeding.cancel)

            def nothing_left() -> bool:
                for task in (following, feeding):
                    if task.done():
                        task.result()  # Else a sender that failed looks like a journal that stands.
                return feeder.has_paused and observer.journalled >= feeder.published

            killer = Killer(
                self._plan,
                self._broker,
                stage,
                observer,
                self._workers,
                self.figures,
                nothing_left,
                lambda what: self._say(observer, what),
                self._readers.processes if self._readers else (),
            )
            if self._setting is not None and self._readers is not None:
                self._setting.teach(killer, self._readers, self._cluster.prefix, self._plan)
            self._since_s = time.monotonic()
            try:
                self._break(stage, feeder, killer, [following, feeding])
                self._finish(stage, observer, killer, feeding)
            except BaseException:
                self._tell(stage, observer, feeder)
                raise
            self._count(observer, feeder, killer)
            limit_s = CHECK_S + self._plan.events / CHECK_EVENTS_PER_S
            stage.call(self._prove(observer), limit_s)
            if self._readers is not None:
                self._readers.prove_tables(self._cluster, observer)
            self._check_what_was_logged()
            self._say(observer, f"proved in {self.figures.proof_s:.1f} s")
        return self.figures

    async def _prepared(self) -> tuple[Observer, Feeder]:
        plan, cluster = self._plan, self._cluster
        traffic = Traffic(plan.seed, plan.events, plan.partitions)
        per_second = plan.events / (plan.faults * SECONDS_PER_FAULT)
        observer = Observer(cluster.bootstrap, cluster.prefix, plan.partitions)
        await observer.start()
        return observer, Feeder(cluster.bootstrap, cluster.prefix, traffic, plan.seed, per_second)

    def _break(
        self, stage: Backstage, feeder: Feeder, killer: Killer, tasks: list[Future[None]]
    ) -> None:
        """One fault after the other, while the events come in."""
        order = self._plan.order()
        share = self._plan.events // len(order)
        for self._fault, fault in enumerate(order, start=1):
            allowed = self._plan.events * self._fault // len(order)
            stage.loop.call_soon_threadsafe(feeder.allow, allowed, share // 4)
            killer.do(self._fault, fault)
            for task in tasks:
                if task.done():
                    task.result()

    def _finish(
        self, stage: Backstage, observer: Observer, killer: Killer, feeding: Future[None]
    ) -> None:
        """Everything is published and journalled; then the workers end in order."""
        self._wait_until_complete(stage, observer, killer, feeding)
        feeding.result()
        self.figures.seconds = time.monotonic() - self._since_s
        self._say(observer, "everything is journalled")
        if self._readers is not None:
            self._readers.wait_until_right(killer, observer)
            killer.end(self._readers.watch)  # Nothing comes in any more.
            self._wait_until_complete(stage, observer, killer, feeding)
            self._readers.wait_until_projected(killer, observer)
            killer.end(self._readers.projector)
            killer.end(self._readers.api)
            self._say(observer, "the readers have read it all")
        killer.end_all()
        stage.call(observer.wait_until_settled())

    def _wait_until_complete(
        self, stage: Backstage, observer: Observer, killer: Killer, feeding: Future[None]
    ) -> None:
        until_s = time.monotonic() + PROGRESS_S
        while not (feeding.done() and stage.call(observer.is_complete())):
            killer.sleep(0.1)
            assert time.monotonic() < until_s, f"not all is journalled: {observer.missing()}"

    def _count(self, observer: Observer, feeder: Feeder, killer: Killer) -> None:
        figures = self.figures
        figures.outcomes = observer.outcomes
        figures.published, figures.doubtful = feeder.published, feeder.doubtful
        figures.aborted, figures.hanging = feeder.aborted, feeder.hanging
        for since_s, until_s in observer.silences.spans_s:
            seconds = until_s - since_s
            if killer.excuses.was_away(since_s, until_s):
                figures.silence_broker_s = max(figures.silence_broker_s, seconds)
            else:
                figures.silence_s = max(figures.silence_s, seconds)
        for worker in self._workers:
            for log in worker.logs:
                log.read()
                figures.logged += log.logged
            figures.ends += Counter(end.why.split()[0] for end in worker.ends if not end.was_asked)

    def _check_what_was_logged(self) -> None:
        """No worker said what none may say, whatever is done to it."""
        wrong = [
            f"{log.path.name}: {line}"
            for worker in self._workers
            for log in worker.logs
            for line in log.suspect
        ]
        assert [] == wrong, "\n".join(wrong[:SHOWN_MAX])

    async def _prove(self, observer: Observer) -> None:
        """The verifier finds nothing, and neither does a ledger that nobody disturbed."""
        cluster, plan, figures = self._cluster, self._plan, self.figures
        since_s = time.monotonic()
        report = await verify(cluster.bootstrap, cluster.prefix)
        assert report.proved, "\n".join(str(each.row()) for each in report.findings[:SHOWN_MAX])
        figures.verified = report.counted
        journalled = sum(report.counted["outcomes"].values())
        # What came in is what was sent: the verifier compares with the input topics, and knows no
        # sender.
        sent, doubtful = figures.published, figures.doubtful
        assert plan.events == sent, f"{sent} of {plan.events} events were sent"
        most = sent + doubtful + observer.deadlines
        assert sent <= journalled <= most, f"{journalled} of {sent} are journalled"
        twice = observer.deadlines_twice
        assert [] == twice, f"deadlines that passed twice: {twice[:SHOWN_MAX]}"
        found = await undisturbed.differences(cluster.bootstrap, cluster.prefix, plan.partitions)
        assert [] == found, "\n".join(found)
        figures.proof_s = time.monotonic() - since_s

    def _say(self, observer: Observer, what: str) -> None:
        elapsed_s = time.monotonic() - self._since_s
        number = f"{self._fault}/{self._plan.faults}"
        print(
            f"{elapsed_s:7.1f} s  {number:>7}  {observer.journalled:7,} journalled  {what}",
            flush=True,
        )

    def _tell(self, stage: Backstage, observer: Observer, feeder: Feeder) -> None:
        """For who has to find out: how each log ends, and how far everything is."""
        for worker in (*self._workers, *(self._readers.processes if self._readers else ())):
            if worker.logs:
                print(f"--- {worker.log.path}\n{worker.log.tail()}")
        print(f"--- {feeder.published} published, {observer.journalled} journalled")
        for task in asyncio.all_tasks(stage.loop):
            task.print_stack(file=sys.stdout)  # Where sender and observer wait.
        with suppress(KafkaError, TimeoutError):
            print("--- open transactions:", stage.call(observer.unsettled()), flush=True)

    def _clear(self) -> None:
        """Leave no process behind, whatever happened."""
        for worker in (*self._workers, *(self._readers.processes if self._readers else ())):
            if worker.lives:
                worker.kill()
