"""Between a process and its broker: latencies that are drawn, and what goes wrong on the way."""

import asyncio
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections.abc import Callable
from contextvars import Context
from typing import Final, NoReturn, Protocol, TypeVar

from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownError

from tests.simulation.broker import Broker
from tests.simulation.faults import Kind, Op, Plan
from tests.simulation.loop import PROCESS, Process, the_loop

Result = TypeVar("Result")

LATENCY_S: Final = 0.004
"""How long a request or its answer may be on its way."""

LATE_S: Final = (0.05, 1.0, 6.0, 40.0)
"""How much later a request is done that is late: within all limits, and beyond them."""


class Environment(Protocol):
    """Who does to processes what a fault says."""

    def kill(self, process: Process) -> None:
        """At once: none of its requests is sent any more, none of its answers is read."""
        ...

    def freeze(self, process: Process) -> None:
        """For a while; meanwhile its partitions may be given to others."""
        ...

    def strike(self, kind: Kind, process: Process) -> None:
        """Whatever befalls not one request, but the group or the broker."""
        ...


class Network:
    """Every request of every process."""

    def __init__(self, broker: Broker, plan: Plan, chance: random.Random) -> None:
        self.broker = broker
        self.chance = chance
        self.again = False
        """Whether the next fetch of a task gives once more what it gave before."""
        self.is_down = False
        """At the end: nothing is sent any more."""
        self.environment: Environment
        self._plan = plan
        self._context = Context()

    async def call(self, op: Op, effect: Callable[[], Result]) -> Result:
        """Have something done by the broker.

        Raises:
            KafkaError: it was not done, or it was and nobody knows.
        """
        process = PROCESS.get()
        assert process is not None, "only processes ask for anything"
        kinds = self._plan.at(op)
        if kinds:
            return await self._disturbed(kinds, process, effect)
        await asyncio.sleep(self.chance.random() * LATENCY_S)
        self._or_dead(process)
        result = effect()
        if self.chance.random() < 0.5:  # Else the answer is there at once.
            await asyncio.sleep(self.chance.random() * LATENCY_S)
        return result

    def decides(self) -> list[Kind]:
        """What strikes the next decision of a record."""
        return self._plan.at(Op.HANDLE)

    async def _disturbed(
        self, kinds: list[Kind], process: Process, effect: Callable[[], Result]
    ) -> Result:
        for kind in kinds:
            self.environment.strike(kind, process)
        if Kind.KILL_BEFORE in kinds:
            self._die(process)
        if Kind.REFUSED in kinds:
            raise self._error()
        if Kind.FREEZE_BEFORE in kinds:
            self.environment.freeze(process)
        if Kind.LATE in kinds:
            return await self._late(effect)
        await asyncio.sleep(self.chance.random() * LATENCY_S)
        self._or_dead(process)
        result = effect()
        if Kind.KILL_AFTER in kinds:
            self._die(process)
        if Kind.FREEZE_AFTER in kinds:
            self.environment.freeze(process)
        await asyncio.sleep(self.chance.random() * LATENCY_S)
        if Kind.LOST in kinds:
            raise self._error()
        return result

    async def _late(self, effect: Callable[[], Result]) -> Result:
        """Once it is sent it is done, whether or not anybody is there to hear of it."""
        loop = the_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def arrives() -> None:
            try:
                result = effect()
            except Exception as error:  # noqa: BLE001 # whatever it is, it is the answer
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        delay_s = self.chance.choice(LATE_S) * (0.5 + self.chance.random() / 2)
        loop.call_later(delay_s, arrives, context=self._context)
        return await answer

    def _error(self) -> KafkaError:
        if self.chance.random() < 0.5:
            return KafkaConnectionError("planted")
        return UnknownError("planted")

    def _die(self, process: Process) -> NoReturn:
        self.environment.kill(process)
        raise asyncio.CancelledError

    def _or_dead(self, process: Process) -> None:
        if process.dead or self.is_down:
            raise asyncio.CancelledError
