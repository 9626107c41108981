"""From a seed and a number to a history: its budgets, who sends what how, and what goes wrong."""

import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections.abc import Sequence
from itertools import islice
from typing import Final

from events.topics import EVENTS, INTERNAL_EVENTS
from tests.builders import Json, encoded, topic_of
from tests.property.histories import UNREADABLE, spelled
from tests.simulation.cases import (
    PARTITIONS,
    STRUCTURED,
    Case,
    Chunk,
    How,
    Sending,
    attributes_of,
    budget_names,
    home_of,
)
from tests.simulation.directed import directed
from tests.simulation.faults import AT, KILLS, USUAL, Fault, Kind, Op
from tests.simulation.histories import a_year, numbered, woven

NAMES: Final = tuple(islice(budget_names(), 12))
"""Budgets of that many public entities, on either partition."""

NO_EVENTS: Final = (None, b"", b"{}", b'{"specversion":"1.0","id":"x"}', b"\x00\xff" * 9)

CHUNK_MAX: Final = 12
CHUNK_OF_MANY: Final = 200
"""How many are sent at once where there are many."""

GAP_MS: Final = 60
"""The longest pause between two chunks."""

FAULTS: Final = (0, 1, 1, 2, 2, 3, 4, 6)
"""How many things go wrong in a history, each as likely."""


def a_case(seed: int, number: int) -> Case:
    """The history of that number: the same for the same seed, on every machine."""
    chance = random.Random(f"{seed}/{number}")
    given = directed(number, chance.choice(NAMES))
    if given is None:
        budgets = chance.sample(NAMES, chance.choice((2, 2, 2, 2, 3, 4)))
        sendings = sendings_of(chance, budgets)
    else:
        sendings = [at_home(chance, each, spelling=2) for each in given]
    faults = [_fault(chance) for _ in range(chance.choice(FAULTS))]
    faults += [_soon_after(chance, each) for each in faults if each.kind is Kind.FORGET]
    return Case(f"{seed}/{number}/latencies", tuple(_chunks(chance, sendings)), tuple(faults))


def sendings_of(
    chance: random.Random,
    budgets: Sequence[str],
    partitions: int = PARTITIONS,
    *,
    ends: bool = True,
) -> list[Sending]:
    """The years of some budgets as they are sent, and what is sent by mistake."""
    years = [numbered(chance, a_year(chance, budget, ends=ends)) for budget in budgets]
    sendings = [
        at_home(chance, event, chance.randrange(10), partitions) for event in woven(chance, years)
    ]
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        at = chance.randrange(len(sendings))
        sendings.insert(at, _mischief(chance, budgets, sendings, partitions))
    return sendings


def _mischief(
    chance: random.Random, budgets: Sequence[str], sendings: list[Sending], partitions: int
) -> Sending:
    """A record that is not where it belongs, or is no event at all."""
    some = chance.choice(sendings)
    match chance.randrange(4):
        case 0:
            return some._replace(partition=(some.partition + 1) % partitions)
        case 1:
            return some._replace(topic=INTERNAL_EVENTS if some.topic == EVENTS else EVENTS)
        case 2:
            return some._replace(key=chance.choice((None, b"\xff\x00", budgets[0].encode())))
        case _:
            value = chance.choice((*NO_EVENTS, *UNREADABLE))
            key = chance.choice(budgets).encode()
            headers = (("note", None), ("content-type", b"text/plain"))
            place = home_of(key, partitions)
            return Sending(EVENTS, place, key, value, headers if chance.random() < 0.3 else ())


def at_home(
    chance: random.Random, event: Json | bytes, spelling: int, partitions: int = PARTITIONS
) -> Sending:
    """The event on its budget's partition, as one of its possible senders spells it."""
    if isinstance(event, bytes):
        return Sending(EVENTS, chance.randrange(partitions), chance.choice(NAMES).encode(), event)
    key = str(event["partitionkey"]).encode()
    topic, place, roll = topic_of(event), home_of(key, partitions), chance.random()
    if roll < 0.1:
        return Sending(topic, place, key, encoded(event["data"]), attributes_of(event))
    headers = () if roll < 0.2 else (("content-type", STRUCTURED),)
    return Sending(topic, place, key, spelled(event, spelling), headers)


def _chunks(chance: random.Random, sendings: list[Sending]) -> list[Chunk]:
    chunks = []
    most = CHUNK_MAX if len(sendings) < CHUNK_OF_MANY else CHUNK_OF_MANY
    while sendings:
        size = chance.randint(1, most)
        some, sendings = sendings[:size], sendings[size:]
        how = chance.choices((How.PLAIN, How.COMMITTED), (8, 2))[0]
        chunks.append(Chunk(chance.randint(0, GAP_MS), how, tuple(some)))
        if chance.random() < 0.1:
            ghosts = [each._replace(value=b"never to be seen") for each in some[:3]]
            chunks.append(Chunk(chance.randint(0, GAP_MS), How.ABORTED, tuple(ghosts)))
    return chunks


def _soon_after(chance: random.Random, hanging: Fault) -> Fault:
    """Another end before the hanging one was completed: there a commit could become an abort."""
    kind = chance.choice((Kind.KILL_BEFORE, Kind.KILL_AFTER, Kind.REFUSED, Kind.FREEZE_AFTER))
    return Fault(kind, Op.COMMIT, hanging.number + chance.choice((0, 1, 1, 2)))


def _fault(chance: random.Random) -> Fault:
    kind = chance.choice((*Kind, *KILLS, *KILLS))
    op = chance.choice(AT[kind])
    # About the commit and the writes before it the steps are closest: there most faults strike.
    if op in AT[Kind.FREEZE_AFTER] and chance.random() < 0.3:
        op = chance.choice([each for each in (Op.PRODUCE, Op.COMMIT) if each in AT[kind]] or [op])
    return Fault(kind, op, chance.randint(1, USUAL[op]))
