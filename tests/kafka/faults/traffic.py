"""Traffic of a fault-injection run: rich in what may go wrong, and the same for the same seed.

Budgets live their year in grants that are interleaved: votes, awards, conventions,
reports, orders, payments. Between them come repeats, ids used twice, events that arrive before what
they follow, records that nobody can read, that are too large or stand on the wrong partition, and
whole transactions that their sender aborts.
"""

import json
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.partitioner import murmur2
from stdnum import luhn

from events.codec import EVENT_BYTES_MAX
from events.topics import EVENTS, INTERNAL_EVENTS
from tests.builders import (
    Json,
    a_bank_account,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_transfer,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.property.histories import (
    AWARDS,
    BENEFICIARIES,
    UNREADABLE,
    amounts,
    life,
    rest,
    schedules,
    spelled,
    total,
)

BUDGETS: Final = 40
GRANTS_AT_ONCE: Final = 4
"""How many grants of a budget have events at a time."""

REMEMBERED: Final = 200
"""How far back a repeat may reach."""

OVERSIZE_EVERY: Final = 4_000
"""One record in so many is too large."""

STRUCTURED: Final = b"application/cloudevents+json; charset=UTF-8"

Headers = list[tuple[str, bytes | None]]


class How(StrEnum):
    """How a chunk is published."""

    PLAIN = "plain"
    COMMITTED = "in a transaction"
    ABORTED = "in a transaction that is aborted"


class Sending(NamedTuple):
    """A record as it is published."""

    topic: str
    """As the contract names it."""
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Chunk(NamedTuple):
    """Records published together."""

    how: How
    sendings: list[Sending]


def budget_names(count: int = BUDGETS) -> list[str]:
    """Made-up budgets, each of a public entity of its own with valid keys."""
    names = []
    for number in range(count):
        siren = f"{21_590_000 + number:08d}"
        siren += luhn.calc_check_digit(siren)
        siret = siren + "0001"
        names.append(f"{siret}{luhn.calc_check_digit(siret)}-00-2023")
    return names


def home_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's own clients choose it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def a_good_grant(name: str, budget: str, cents: int) -> Iterator[Json]:
    """A grant as it should go, with a rejected order now and then."""
    convention = f"C{name}"
    common: Json = {"budget": budget, "convention": convention}
    given = (("489", cents, {"EMPLOI": cents // 3, "JEUNESSE": cents - cents // 3}),)
    advance = an_instalment(lines=amounts(given, 1, 2))
    documents = [("activity_report", 2022)]
    balance = an_instalment(name="balance", documents=documents, ceiling=True, lines=rest(given))
    half = total(advance)
    yield an_award(budget=budget, grant=f"G{name}", lines=amounts(given))
    yield a_concurring_act(budget=budget, grant=f"G{name}")
    yield a_convention(**common, grant=f"G{name}", instalments=[advance, balance])
    yield a_notification(**common)
    order = f"{convention}/advance"
    yield an_acknowledgement(order=order, budget=budget)
    yield a_payment(half // 3, order, budget=budget)
    if cents % 5 == 0:
        yield an_acknowledgement("rejected", order, budget=budget)
        yield a_new_account(budget=budget)
        order += "/2"
    yield a_payment(half - half // 3, order, budget=budget)
    yield a_report(**common, eligible_cost_cents=cents - 7)
    yield an_acknowledgement(order=f"{convention}/balance", budget=budget)
    yield a_payment(cents - 7 - half, f"{convention}/balance", budget=budget)


class Year:
    """One budget's year, event by event, for ever."""

    def __init__(self, budget: str, chance: random.Random) -> None:
        self.budget = budget
        self._chance = chance
        self._grant_count = 0
        self._event_count = 0
        # Now and then the vote is late, and what is asked before it has to wait.
        self._vote_at = chance.choice((0, 0, 0, 0, 0, chance.randint(3, 40)))
        self._grants: list[list[Json]] = [self._grant_events() for _ in range(GRANTS_AT_ONCE)]

    def next(self) -> Json:
        """The next event, with an id of its own."""
        chance = self._chance
        self._event_count += 1
        if self._event_count == self._vote_at + 1:
            event = self._vote("initial")
        elif chance.random() < 0.04:
            event = self._beside_the_grants()
        else:
            at = chance.randrange(GRANTS_AT_ONCE)
            grant_events = self._grants[at]
            # Now and then an event comes before what it follows.
            event = grant_events.pop(
                chance.randrange(len(grant_events)) if chance.random() < 0.05 else 0
            )
            if not grant_events:
                self._grants[at] = self._grant_events()
        second = self._event_count
        clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        event |= {"id": f"e{self._event_count}", "time": f"2023-06-01T{clock}+02:00"}
        if chance.random() < 0.1:
            event |= {"correlationid": f"dossier-{chance.randrange(100)}"}
        if chance.random() < 0.05:
            trace = f"00-{chance.getrandbits(128):032x}-{chance.getrandbits(64):016x}-01"
            event |= {"traceparent": trace}
        return event

    def _vote(self, stage: str) -> Json:
        chance, level = self._chance, self._chance.choice(("chapter", "article", "operation"))
        voted = [
            an_amount(chance.choice((2_000_003, 20_000_000, 90_000_000)), operation)
            for operation in ("489", "490", None)
        ]
        common: Json = {"vote_level": level} if stage == "initial" else {}
        return a_vote(budget=self.budget, stage=stage, appropriations=voted, **common)

    def _beside_the_grants(self) -> Json:
        chance, budget = self._chance, self.budget
        match chance.randrange(6):
            case 0:
                return self._vote("initial")  # refused: it has been voted
            case 1 | 2:
                return self._vote("supplementary")
            case 3:
                cents = chance.choice((1, 333, 1_500_001))
                return a_transfer(cents, chance.choice(("490", "489")), budget=budget)
            case 4:
                less = [an_amount(-chance.choice((333, 4_000_000)), "490")]
                return a_vote(budget=budget, stage="amendment", appropriations=less)
            case _:
                return a_new_account(budget=budget, beneficiary=chance.choice(BENEFICIARIES))

    def _grant_events(self) -> list[Json]:
        chance = self._chance
        self._grant_count += 1
        name = str(self._grant_count)
        if chance.random() < 0.6:
            return list(a_good_grant(name, self.budget, chance.randint(1_000, 300_000)))
        given = chance.choice(AWARDS)
        beneficiary = chance.choice(BENEFICIARIES)
        common: dict[str, Any] = {"budget": self.budget, "grant": f"G{name}"}
        award = an_award(**common, beneficiary=beneficiary, lines=amounts(given))
        schedule = chance.choice(schedules(given))
        convention = f"C{name}"
        events = [award]
        if chance.random() < 0.3:
            award["data"] |= {"requires_convention": False, "instalments": schedule}
            convention = f"G{name}"
        else:
            account = a_bank_account() if chance.random() < 0.8 else ...
            act = an_act() if chance.random() < 0.8 else an_act("2020-01-01")
            common |= {"convention": convention, "beneficiary": beneficiary, "acts": [act]}
            events.append(a_convention(**common, bank_account=account, instalments=schedule))
        whole = sum(map(total, schedule))
        costs = {"eligible_cost_cents": chance.choice((whole, whole // 2 + 7, 1))}
        pool = list(life(convention, schedule, self.budget, costs))
        chosen = sorted(chance.sample(range(len(pool)), min(len(pool), chance.randint(4, 16))))
        return events + [pool[each] for each in chosen]


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
        self._years = [Year(name, self._chance) for name in budget_names()]
        self._recent: deque[Sending] = deque(maxlen=REMEMBERED)
        self._twice: list[Sending] = []
        self._ghosts = 0

    def chunks(self) -> Iterator[Chunk]:
        """Everything, in the order in which it is published."""
        left = self._events
        while left:
            size = min(left, self._size())
            how = self._chance.choices((How.PLAIN, How.COMMITTED), (7, 3))[0]
            first = self._events - left
            yield Chunk(how, [self._sending(first + each) for each in range(size)])
            left -= size
            if self._chance.random() < 0.15:
                ghosts = [self._ghost() for _ in range(self._chance.randint(1, 60))]
                yield Chunk(How.ABORTED, ghosts)

    def _size(self) -> int:
        smallest, largest = self._chance.choices(
            ((1, 10), (10, 100), (100, 400), (1_000, 2_500)), (45, 40, 13, 2)
        )[0]
        return self._chance.randint(smallest, largest)

    def _sending(self, number: int) -> Sending:
        chance = self._chance
        year = chance.choice(self._years)
        if number % OVERSIZE_EVERY == OVERSIZE_EVERY // 2:
            return self._too_large(year.budget)
        roll = chance.random()
        if roll < 0.01 and self._twice:
            return self._twice.pop()
        if roll < 0.05 and self._recent:
            return chance.choice(self._recent)  # a repeat
        if roll < 0.07:
            return self._unreadable(year.budget)
        event = year.next()
        sending = self._at_home(event)
        if roll < 0.08:
            step = chance.randint(1, self._partitions - 1) if self._partitions > 1 else 0
            return sending._replace(partition=(sending.partition + step) % self._partitions)
        if roll < 0.09:
            # The same id again later, for something else.
            self._twice.append(self._at_home(event | {"subject": "something else"}))
        if roll < 0.095:
            sending = sending._replace(topic=INTERNAL_EVENTS)
        self._recent.append(sending)
        return sending

    def _at_home(self, event: Json) -> Sending:
        """The event as one of its possible senders spells it."""
        key = str(event["partitionkey"]).encode()
        partition, roll = home_of(key, self._partitions), self._chance.random()
        if roll < 0.1:
            return Sending(EVENTS, partition, key, encoded(event["data"]), attributes_of(event))
        headers: Headers = [] if roll < 0.2 else [("content-type", STRUCTURED)]
        return Sending(EVENTS, partition, key, spelled(event, self._chance.randrange(10)), headers)

    def _unreadable(self, budget: str) -> Sending:
        chance = self._chance
        value = chance.choice((None, b"", b"\x00\xff" * chance.randint(1, 300), *UNREADABLE))
        key = chance.choice((budget.encode(),) * 8 + (None, b"\xff\x00"))
        partition = chance.randrange(self._partitions)
        if key is None:
            value = value or b""  # aiokafka sends no record that has neither
        else:
            partition = home_of(key, self._partitions)
        headers: Headers = [("note", None), ("content-type", b"text/plain")]
        topic = EVENTS if chance.random() < 0.9 else INTERNAL_EVENTS
        return Sending(topic, partition, key, value, headers if chance.random() < 0.3 else [])

    def _too_large(self, budget: str) -> Sending:
        excess = self._chance.choice((1, self._chance.randint(2, EVENT_BYTES_MAX)))
        value = json.dumps({"budget": budget, "padding": ""}).encode()
        value += b" " * (EVENT_BYTES_MAX + excess - len(value))
        key = budget.encode()
        return Sending(EVENTS, home_of(key, self._partitions), key, value, [])

    def _ghost(self) -> Sending:
        """An event that is never to be seen: its transaction is aborted."""
        self._ghosts += 1
        budget = self._chance.choice(self._years).budget
        ghost = a_vote(budget=budget, stage="supplementary", _id=f"ghost-{self._ghosts}")
        return self._at_home(ghost)


def attributes_of(event: Json) -> Headers:
    """Binary mode: the attributes as headers."""
    return [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"]
