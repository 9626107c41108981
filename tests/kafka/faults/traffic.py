"""Traffic of a fault-injection run: rich in what may go wrong, and the same for the same seed.

The years of the simulation, of many public entities side by side. Between them come records that
are too large, and whole transactions that their sender aborts.
"""

import json
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections.abc import Iterator
from itertools import islice
from typing import Final

from events.codec import EVENT_BYTES_MAX
from events.topics import EVENTS
from tests.builders import a_vote
from tests.simulation.cases import Chunk, How, Sending, budget_names, home_of
from tests.simulation.draw import at_home, sendings_of

HISTORIES_AT_ONCE: Final = 20
BUDGETS: Final = 2
"""How many histories have events at a time, and how many budgets each of them has."""

OVERSIZE_EVERY: Final = 4_000
"""One record in so many is too large."""


class Traffic:
    """All that is published in a run.

    Args:
        seed: the same seed gives the same chunks.
        events: how many records stand in the input topics at the end, those of aborted transactions
        aside. partitions: of the input topics.
    """

    def __init__(self, seed: int, events: int, partitions: int) -> None:
        self._chance = random.Random(f"{seed}/traffic")
        self._events = events
        self._partitions = partitions
        self._budgets = budget_names()
        self._ghosts = 0

    def chunks(self) -> Iterator[Chunk]:
        """Everything, in the order in which it is published."""
        left, sendings = self._events, self._sendings()
        while left:
            size = min(left, self._size())
            how = self._chance.choices((How.PLAIN, How.COMMITTED), (7, 3))[0]
            yield Chunk(0, how, tuple(islice(sendings, size)))
            left -= size
            if self._chance.random() < 0.15:
                ghosts = [self._ghost() for _ in range(self._chance.randint(1, 60))]
                yield Chunk(0, How.ABORTED, tuple(ghosts))

    def _size(self) -> int:
        smallest, largest = self._chance.choices(
            ((1, 10), (10, 100), (100, 400), (1_000, 2_500)), (45, 40, 13, 2)
        )[0]
        return self._chance.randint(smallest, largest)

    def _sendings(self) -> Iterator[Sending]:
        """The histories as one, without end; each keeps its own order, and none closes its year.

        What a closing makes the ledger write would count as sent.
        """
        chance, number = self._chance, 0
        histories: list[Iterator[Sending]] = []
        while True:
            number += 1
            if number % OVERSIZE_EVERY == OVERSIZE_EVERY // 2:
                yield self._too_large()
            while len(histories) < HISTORIES_AT_ONCE:
                budgets = list(islice(self._budgets, BUDGETS))
                drawn = sendings_of(chance, budgets, self._partitions, ends=False)
                histories.append(iter(drawn))
            history = chance.choice(histories)
            sending = next(history, None)
            if sending is None:
                histories.remove(history)
            elif sending.key is None and sending.value is None:
                yield sending._replace(value=b"")  # aiokafka sends no record that has neither.
            else:
                yield sending

    def _too_large(self) -> Sending:
        budget = next(self._budgets)
        excess = self._chance.choice((1, self._chance.randint(2, EVENT_BYTES_MAX)))
        value = json.dumps({"budget": budget, "padding": ""}).encode()
        value += b" " * (EVENT_BYTES_MAX + excess - len(value))
        key = budget.encode()
        return Sending(EVENTS, home_of(key, self._partitions), key, value)

    def _ghost(self) -> Sending:
        """An event that is never to be seen: its transaction is aborted."""
        self._ghosts += 1
        vote = a_vote(budget=next(self._budgets), _id=f"ghost-{self._ghosts}")
        return at_home(self._chance, vote, 2, self._partitions)
