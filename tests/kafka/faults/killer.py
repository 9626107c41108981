"""Kills, freezes and ends the workers of a run and their broker, and starts them again."""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final

from tests.kafka.brokers import Broker
from tests.kafka.faults.excuses import Excuses
from tests.kafka.faults.observer import Backstage, Observer, Open
from tests.kafka.faults.plan import Fault, Figures, Moment, Plan
from tests.kafka.faults.workers import WorkerProcess

PROGRESS_S: Final = 180.0
"""How long the journal may stand still, whatever is done: for 103 s it once waited for the sender
alone. The longest standstill is a figure of the run."""

OPEN_S: Final = 3.0
"""How long a transaction is waited for that is open."""

CATCH_S: Final = 3.0
"""For how long workers are stopped, one after the other, to see whether one is in a transaction:
half a session, for a machine so slow that a look takes long stops one and the same nearly always.
"""

LEFT_OPEN_S: Final = 0.15
"""A transaction that stays open for so long has lost its worker."""

REST_S: Final = 1.0
"""How long a worker that ended by itself is left alone, as a supervisor would."""

POLL_S: Final = 0.02

Say = Callable[[str], None]

Do = Callable[[random.Random], None]
"""A fault, by the chance that decides about it."""


class Killer:
    """Does one fault after the other, at moments that a seed chooses."""

    def __init__(
        self,
        plan: Plan,
        broker: Broker,
        stage: Backstage,
        observer: Observer,
        workers: list[WorkerProcess],
        figures: Figures,
        nothing_left: Callable[[], bool],
        say: Say,
        readers: Sequence[WorkerProcess] = (),
    ) -> None:
        self.excuses = Excuses(plan.brokers)
        self._plan = plan
        self._broker = broker
        self._stage = stage
        self._observer = observer
        self._workers = workers
        self._readers = readers
        """Beside the workers: started again as they are, and hurt by others."""
        self._figures = figures
        self._nothing_left = nothing_left
        self._say = say
        self._moments = plan.moments()
        self._left: set[Open] = set()
        """Transactions that were found without anybody who goes on with them."""
        self._left_by_kills: set[Open] = set()
        self._down: set[str] = set()
        self._rests: dict[str, float] = {}
        self.kinds: dict[Fault, Do] = {
            Fault.KILL: self._kill,
            Fault.FREEZE: self._freeze,
            Fault.TERMINATE: self._terminate,
            Fault.PAUSE: self._pause,
            Fault.BROKER_KILL: self._kill_the_broker,
            Fault.BROKER_RESTART: self._restart_the_broker,
            Fault.BROKER_FREEZE: self._freeze_the_broker,
            Fault.BROKER_AWAY: self._start_while_a_broker_is_away,
        }
        """What is done for each kind; others may add theirs."""

    def do(self, number: int, fault: Fault) -> None:
        """The fault of this number, once there is progress behind the one before it."""
        chance = self._plan.chance(f"fault {number}")
        self.wait_for_progress(chance.randint(1, 60))
        self.kinds[fault](chance)

    def wait_for_progress(self, records: int) -> None:
        """Until so many more records are journalled, or all that were published.

        Raises:
            AssertionError: the journal stands still.
        """
        target = self._observer.journalled + records
        seen, since_s = self._observer.journalled, time.monotonic()
        while self._observer.journalled < target and not self._nothing_left():
            self.sleep(POLL_S)
            if self._observer.journalled > seen:
                seen, since_s = self._observer.journalled, time.monotonic()
            waited_s = time.monotonic() - since_s
            assert waited_s < PROGRESS_S, f"no record was journalled in {PROGRESS_S:g} s"

    def wait_until_shared(self) -> None:
        """Until all workers live, and each partition has one owner.

        Raises:
            AssertionError: they do not come to that.
        """
        every = list(range(self._plan.partitions))
        until_s = time.monotonic() + PROGRESS_S
        while True:
            owned = [worker.owned() for worker in self._workers]
            if all(owned) and every == sorted(chain.from_iterable(owned)):
                return
            assert time.monotonic() < until_s, f"not shared in {PROGRESS_S:g} s: {owned}"
            self.sleep(POLL_S)

    def end_all(self) -> None:
        """Every worker ends on SIGTERM; one that ends by itself just then is started first.

        Raises:
            AssertionError: one does not, or ended without a reason.
        """
        self.wait_until_shared()
        for worker in self._workers:
            worker.stop()
            while not self._check_end_of(worker):
                self._wait_until_it_owns(worker)
                worker.stop()
            self._down.add(worker.name)

    def end(self, process: WorkerProcess) -> None:
        """One of the readers ends on SIGTERM, for good.

        Raises:
            AssertionError: it does not.
        """
        self._down.add(process.name)
        process.stop()
        assert self._check_end_of(process), f"{process.name}: {process.ends[-1].logged}"

    def _wait_until_it_owns(self, worker: WorkerProcess) -> None:
        until_s = time.monotonic() + PROGRESS_S
        while not worker.owned():
            assert time.monotonic() < until_s, f"{worker.name} owns nothing in {PROGRESS_S:g} s"
            self.sleep(POLL_S)

    def sleep(self, seconds: float) -> None:
        """Sleep, but start again whatever ends by itself.

        Raises:
            AssertionError: a worker ended that had no reason to.
        """
        until_s = time.monotonic() + seconds
        while True:
            self._check_the_workers()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(POLL_S, left_s))

    def _check_the_workers(self) -> None:
        now_s = time.monotonic()
        for worker in (*self._workers, *self._readers):
            if worker.has_ended():
                self._say(f"{worker.name} ended by itself: {worker.ends[-1].logged}")
                self._check_end_of(worker)
            rests = worker.name in self._down or now_s < self._rests.get(worker.name, 0.0)
            if not worker.lives and not rests:
                worker.start()

    def _check_end_of(self, worker: WorkerProcess) -> bool:
        """An end that was asked for, or one with a reason."""
        end = worker.ends[-1]
        assert self.excuses.accept(end), f"{worker.name} ended without a reason: {end.logged}"
        if not end.was_asked:
            self._rests[worker.name] = end.at_s + REST_S
        return end.was_asked

    def an_owner(self, chance: random.Random, numbers: Collection[int] = ()) -> WorkerProcess:
        """A worker that owns one of these partitions; where none does, one that owns any."""
        until_s = time.monotonic() + PROGRESS_S
        while True:
            owning = {worker.name: set(worker.owned()) for worker in self._workers}
            owners = [each for each in self._workers if owning[each.name] & set(numbers)]
            owners = owners or [each for each in self._workers if owning[each.name]]
            if owners:
                return chance.choice(owners)
            assert time.monotonic() < until_s, f"nobody owns a partition after {PROGRESS_S:g} s"
            self.sleep(POLL_S)

    # ------------------------------------------------------------ the faults

    def _kill(self, chance: random.Random) -> None:
        moment = next(self._moments)
        both, back_s = chance.random() < 0.15, self._how_long_away(chance)
        first = self._at(moment, chance)
        victims = [first, *(each for each in self._workers if both and each is not first)]
        killed = self._end(victims)
        self._count_left_open()
        self._say(f"kill -9 of {' and '.join(killed)} {moment}, back after {back_s:.1f} s")
        self._down.update(killed)
        self.sleep(back_s)
        self._down.difference_update(killed)
        self.sleep(0.0)

    def _how_long_away(self, chance: random.Random) -> float:
        """At once, soon, within its session or after it."""
        lengths_s = (0.0, 0.5, 3.0, self._plan.session_s + 2.0)
        return chance.choices(lengths_s, (3, 3, 2, 2))[0] * chance.uniform(0.75, 1.0)

    def _at(self, moment: Moment, chance: random.Random) -> WorkerProcess:
        """Wait for this moment; whose it is."""
        delay_s, fraction_s = chance.uniform(0.05, 2.0), chance.uniform(0.0, 0.03)
        chosen = chance.choice(self._workers)
        match moment:
            case Moment.IN:
                return self._catch(chance) or self.an_owner(chance)
            case Moment.ABOUT:
                chosen = self.an_owner(chance, self._wait_for_a_transaction())
                time.sleep(fraction_s)
            case Moment.CHANCE:
                self.sleep(delay_s)
            case Moment.START:
                self._end([chosen])
                self._count_left_open()
                self.sleep(delay_s + 0.2)
        return chosen

    def _catch(self, chance: random.Random) -> WorkerProcess | None:
        """Stop a worker in the middle of a transaction; None where none would be caught."""
        until_s = time.monotonic() + CATCH_S
        while time.monotonic() < until_s:
            open_in = self._wait_for_a_transaction()
            if not open_in:
                break
            victim = self.an_owner(chance, open_in)
            victim.freeze()
            known = set(self._left)
            mine = {each for each in self._left_open() if each.partition in victim.owned()}
            if mine - known:
                return victim
            victim.thaw()
            self.sleep(POLL_S)
        return None

    def _end(self, victims: list[WorkerProcess]) -> list[str]:
        """Kill at one moment those of them that live; at least one does, or is waited for."""
        killed: list[str] = []
        while not killed:
            for each in victims:
                if each.lives:
                    each.kill()
                    if self._check_end_of(each):
                        killed.append(each.name)
            if not killed:
                self.sleep(POLL_S)
        self._figures.did[Fault.KILL] += len(killed)
        return killed

    def _left_open(self) -> set[Open]:
        """The transactions that nobody goes on with."""
        found = self._stage.call(self._observer.left_open(LEFT_OPEN_S))
        self._left |= found
        return found

    def _count_left_open(self) -> None:
        self._left_by_kills |= self._left_open()
        self._figures.left_open = len(self._left_by_kills)

    def _wait_for_a_transaction(self) -> set[int]:
        """The partitions in which somebody is in a transaction; none where nobody comes to one."""
        until_s = time.monotonic() + OPEN_S
        while time.monotonic() < until_s:
            found = self._stage.call(self._observer.open_transactions()) - self._left
            if found:
                return {each.partition for each in found}
            self._check_the_workers()
        return set()

    def _freeze(self, chance: random.Random) -> None:
        """Freeze a worker that owns partitions for longer than its session, and thaw it."""
        delay_s, hold_s = chance.uniform(0.05, 1.0), self._plan.session_s + chance.uniform(1.5, 6.0)
        in_a_transaction, after_s = chance.random() < 0.7, chance.uniform(0.5, 4.0)
        self.sleep(delay_s)
        victim, moment = self._catch(chance) if in_a_transaction else None, Moment.IN
        if victim is None:
            moment = Moment.CHANCE
            victim = self.an_owner(chance)
            victim.freeze()
        self._say(f"{victim.name} frozen for {hold_s:.1f} s {moment}")
        self.sleep(hold_s)
        victim.thaw()
        self._figures.did[Fault.FREEZE] += 1
        self.sleep(after_s)  # Let it find out, before somebody is killed.

    def _pause(self, chance: random.Random) -> None:
        """Freeze a worker, and thaw it before its session ends."""
        hold_s, victim = chance.uniform(0.3, self._plan.session_s / 2), self.an_owner(chance)
        with self.doing(Fault.PAUSE, f"{victim.name} paused"):
            victim.freeze()
            self.sleep(hold_s)
            victim.thaw()

    def _terminate(self, chance: random.Random) -> None:
        self.sleep(chance.uniform(0.05, 2.0))
        asked = False
        while not asked:
            victim = self.an_owner(chance)
            since_s = time.monotonic()
            victim.stop()
            asked = self._check_end_of(victim)
        self._figures.did[Fault.TERMINATE] += 1
        self._say(f"{victim.name} ended on SIGTERM after {time.monotonic() - since_s:.1f} s")

    def _kill_the_broker(self, chance: random.Random) -> None:
        delay_s, away_s = chance.uniform(0.05, 2.0), chance.choice((0.0, 1.0, 8.0))
        in_a_transaction, with_a_worker = chance.random() < 0.5, chance.random() < 0.3
        fraction_s = chance.uniform(0.0, 0.03)
        self.sleep(delay_s)
        if in_a_transaction:
            self._wait_for_a_transaction()
            time.sleep(fraction_s)
        also = " with a worker" if with_a_worker else ""
        with self.away(Fault.BROKER_KILL, f"killed{also}, and started"):
            self._broker.kill()
            if with_a_worker:
                self._end([chance.choice(self._workers)])
            self.sleep(away_s)
            self._broker.restart()

    def _restart_the_broker(self, chance: random.Random) -> None:
        self.sleep(chance.uniform(0.05, 2.0))
        with self.away(Fault.BROKER_RESTART, "restarted in order"):
            self._broker.restart()

    def _freeze_the_broker(self, chance: random.Random) -> None:
        delay_s, hold_s = chance.uniform(0.05, 2.0), chance.uniform(2.0, 18.0)
        self.sleep(delay_s)
        with self.away(Fault.BROKER_FREEZE, "frozen, and thawed"):
            self._broker.freeze()
            self.sleep(hold_s)
            self._broker.thaw()

    def _start_while_a_broker_is_away(self, chance: random.Random) -> None:
        """A worker comes back, owns partitions and works while one of several brokers is away."""
        frozen, worker = chance.random() < 0.5, chance.choice(self._workers)
        hurt, heal = (
            (self._broker.freeze, self._broker.thaw)
            if frozen
            else (self._broker.kill, self._broker.restart)
        )
        self.sleep(chance.uniform(0.05, 2.0))
        how = "frozen" if frozen else "killed"
        with self.away(Fault.BROKER_AWAY, f"{how} while {worker.name} started and worked"):
            hurt()
            try:
                self._end([worker])
                self.sleep(0.0)  # Whoever is not down is started again.
                self._wait_until_it_owns(worker)
                self.wait_for_progress(chance.randint(1, 60))
            finally:
                heal()

    @contextmanager
    def away(self, fault: Fault, what: str) -> Iterator[None]:
        """Meanwhile a broker answers nobody; then it is done, and said."""
        with self.excuses.broker_is_away(), self.doing(fault, f"the broker was {what}"):
            yield

    @contextmanager
    def doing(self, fault: Fault, what: str) -> Iterator[None]:
        """Meanwhile it is done; then it is counted, and said."""
        since_s = time.monotonic()
        yield
        self._figures.did[fault] += 1
        self._say(f"{what} in {time.monotonic() - since_s:.1f} s")

    def take_down(self, process: WorkerProcess, away_s: float) -> None:
        """Kill it, and start it again after this time."""
        while not process.lives:
            self.sleep(POLL_S)
        process.kill()
        self._check_end_of(process)
        self._down.add(process.name)
        self.sleep(away_s)
        self._down.remove(process.name)
        self.sleep(0.0)
