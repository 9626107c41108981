"""Who breaks the workers of a campaign and their broker, and starts again what has ended."""

import random  # noqa: TID251 - the chance of the world outside, from a seed that is printed
import time
from collections.abc import Callable
from typing import Final

from tests.kafka.faults.observer import Backstage, Observer
from tests.kafka.faults.plan import Broker, Fault, Figures, Plan
from tests.kafka.faults.workers import WorkerProcess

PROGRESS_S: Final = 120.0
"""How long the journal may stand still, whatever is done."""

OPEN_S: Final = 3.0
"""How long a transaction is waited for that is open."""

LEFT_OPEN_S: Final = 0.15
"""A transaction that stays open for so long has lost its worker."""

REST_S: Final = 1.0
"""How long a worker that ended by itself is left alone, as a supervisor would."""

LOOK_S: Final = 0.02

Say = Callable[[str], None]


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
    ) -> None:
        self.broker_hurt_s: list[tuple[float, float]] = []
        """When the broker was away: from, to."""
        self.frozen_s: list[tuple[float, float]] = []
        """When a worker was frozen."""
        self._plan = plan
        self._broker = broker
        self._stage = stage
        self._observer = observer
        self._workers = workers
        self._figures = figures
        self._nothing_left = nothing_left
        self._say = say
        self._down: set[str] = set()
        self._rests: dict[str, float] = {}

    def do(self, number: int, fault: Fault) -> None:
        """The fault of this number, once there is progress behind the one before it."""
        chance = self._plan.chance(f"fault {number}")
        self.wait_for_progress(chance.randint(1, 60))
        match fault:
            case Fault.KILL:
                self._kill(chance)
            case Fault.FREEZE:
                self._freeze(chance)
            case Fault.TERMINATE:
                self._terminate(chance)
            case Fault.BROKER_KILL:
                self._kill_the_broker(chance)
            case Fault.BROKER_FREEZE:
                self._freeze_the_broker(chance)

    def wait_for_progress(self, records: int) -> None:
        """Until so many more records are journalled, or all that were published.

        Raises:
            AssertionError: the journal stands still.
        """
        target = self._observer.journalled + records
        seen, since_s = self._observer.journalled, time.monotonic()
        while self._observer.journalled < target and not self._nothing_left():
            self.sleep(LOOK_S)
            if self._observer.journalled > seen:
                seen, since_s = self._observer.journalled, time.monotonic()
            waited_s = time.monotonic() - since_s
            assert waited_s < PROGRESS_S, f"no record was journalled in {PROGRESS_S:g} s"

    def sleep(self, seconds: float) -> None:
        """Sleep, but start again whatever ends by itself."""
        until_s = time.monotonic() + seconds
        while True:
            self._look_after_the_workers()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(LOOK_S, left_s))

    def _look_after_the_workers(self) -> None:
        now_s = time.monotonic()
        for worker in self._workers:
            if worker.has_ended():
                end = worker.ends[-1]
                self._say(f"{worker.name} ended by itself: {end.code}, {end.why}")
                self._rests[worker.name] = now_s + REST_S
            rests = worker.name in self._down or now_s < self._rests.get(worker.name, 0.0)
            if not worker.lives and not rests:
                worker.start()

    # ------------------------------------------------------------ the faults

    def _kill(self, chance: random.Random) -> None:
        moment = chance.choices(("by chance", "in a transaction", "at its start"), (4, 4, 2))[0]
        delay_s, fraction_s = chance.uniform(0.05, 2.0), chance.uniform(0.0, 0.03)
        both, chosen = chance.random() < 0.15, chance.randrange(len(self._workers))
        back_s = chance.choices((0.0, 0.5, 3.0, self._plan.session_s + 2.0), (3, 3, 2, 2))[0]
        back_s *= chance.uniform(0.75, 1.0)
        first = self._workers[chosen]
        if moment == "by chance":
            self.sleep(delay_s)
        elif moment == "in a transaction":
            open_in = self._wait_for_a_transaction()
            owners = [each for each in self._workers if each.owns(open_in)]
            first = owners[0] if owners else first
            time.sleep(fraction_s)
        else:
            self._end([first], 0.0)
            self.sleep(delay_s + 0.2)
        victims = [first, *(each for each in self._workers if both and each is not first)]
        victims = [each for each in victims if each.lives]
        names = ", ".join(each.name for each in victims)
        self._say(f"kill -9 of {names} {moment}, back after {back_s:.1f} s")
        self._end(victims, back_s)

    def _end(self, victims: list[WorkerProcess], back_s: float) -> None:
        """Kill them at one moment, and start them again later."""
        for each in victims:
            if each.lives:
                each.kill()
                self._figures.did[Fault.KILL] += 1
                self._down.add(each.name)
        self._figures.left_open += self._stage.call(self._observer.left_open(LEFT_OPEN_S))
        self.sleep(back_s)
        for each in victims:
            self._down.discard(each.name)
        self.sleep(0.0)

    def _wait_for_a_transaction(self) -> list[int]:
        until_s = time.monotonic() + OPEN_S
        while time.monotonic() < until_s:
            if found := self._stage.call(self._observer.open_transactions()):
                return found
            self._look_after_the_workers()
        return []

    def _freeze(self, chance: random.Random) -> None:
        """Freeze a worker that owns partitions for longer than its session, and thaw it."""
        delay_s, hold_s = chance.uniform(0.05, 1.0), self._plan.session_s + chance.uniform(1.5, 6.0)
        in_a_transaction = chance.random() < 0.7
        self.sleep(delay_s)
        open_in = self._wait_for_a_transaction() if in_a_transaction else []
        every = list(range(self._plan.partitions))
        owners = [each for each in self._workers if each.owns(open_in or every)]
        if not owners:
            self._say("nobody owns a partition: freezing whoever lives")
            self.sleep(self._plan.session_s)
            owners = [each for each in self._workers if each.lives]
        victim = chance.choice(owners)
        self._say(f"{victim.name} frozen for {hold_s:.1f} s")
        since_s = time.monotonic()
        victim.freeze()
        self._figures.did[Fault.FREEZE] += 1
        self.sleep(hold_s)
        victim.thaw()
        self.frozen_s.append((since_s, time.monotonic()))

    def _terminate(self, chance: random.Random) -> None:
        delay_s, chosen = chance.uniform(0.05, 2.0), chance.randrange(len(self._workers))
        self.sleep(delay_s)
        living = [each for each in self._workers if each.lives]
        if not living:
            return self._terminate(chance)
        victim = living[chosen % len(living)]
        since_s = time.monotonic()
        self._down.add(victim.name)
        victim.stop()
        self._figures.did[Fault.TERMINATE] += 1
        took_s = time.monotonic() - since_s
        self._say(f"{victim.name} ended on SIGTERM after {took_s:.1f} s: {victim.ends[-1].why}")
        self._down.discard(victim.name)
        return None

    def _kill_the_broker(self, chance: random.Random) -> None:
        delay_s, away_s = chance.uniform(0.05, 2.0), chance.choice((0.0, 1.0, 8.0))
        self.sleep(delay_s)
        if chance.random() < 0.5:
            self._wait_for_a_transaction()
        since_s = time.monotonic()
        self._broker.kill()
        self._figures.did[Fault.BROKER_KILL] += 1
        self.sleep(away_s)
        self._broker.restart()
        self.broker_hurt_s.append((since_s, time.monotonic()))
        self._say(f"the broker was killed, and is back after {time.monotonic() - since_s:.1f} s")

    def _freeze_the_broker(self, chance: random.Random) -> None:
        delay_s, hold_s = chance.uniform(0.05, 2.0), chance.uniform(2.0, 18.0)
        self.sleep(delay_s)
        since_s = time.monotonic()
        self._broker.freeze()
        self._figures.did[Fault.BROKER_FREEZE] += 1
        self.sleep(hold_s)
        self._broker.thaw()
        self.broker_hurt_s.append((since_s, time.monotonic()))
        self._say(f"the broker was frozen for {hold_s:.1f} s")
