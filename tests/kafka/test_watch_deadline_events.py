"""`ecluse watch` dies while deadline events are due, and so does the broker: each once.

What is to stand is made of what was published, by the words of docs/contract.md: nothing of it
comes from the watch. It is read by a plain client, as the ledger reads it: committed, and no more.
"""

import asyncio
import json
import random  # noqa: TID251 - the chance of the environment, from a seed that is printed
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final
from uuid import UUID, uuid5

import pytest

from events.topics import INTERNAL_EVENTS
from tests.builders import Json, a_convention, a_report, a_vote, an_award, an_instalment
from tests.kafka.brokers import Broker
from tests.kafka.closing_year import proved
from tests.kafka.cluster import UNCOMMITTED, Cluster, budgets_on, partition_for
from tests.kafka.faults.plan import chosen_seed
from tests.kafka.processes import Watcher
from tests.kafka.stack import Stack
from tests.waiting import eventually_async, run

HERE: Final = "tests/kafka/test_watch_deadline_events.py"
PARTITIONS: Final = 4
BUDGETS: Final = tuple(
    budget
    for number in range(PARTITIONS)
    for budget in islice(budgets_on(number, PARTITIONS, 2023), 2)
)
"""Of 2023, none of them closed; two on each partition."""

CYCLES: Final = 4
"""In each of them something dies: the watch three times, the broker once."""

GRANTS: Final = 6
"""How many each budget awards in a cycle."""

CYCLE_EVENTS: Final = len(BUDGETS) * GRANTS * 3

QUICK: Final = {"ECLUSE_WATCH_RECONCILE_S": "0.2", "ECLUSE_WATCH_SAMPLE_S": "0.3"}
WAIT_S: Final = 90.0

NAMESPACE: Final = UUID("8286cc60-4cf6-5a4d-be6c-961b753d4746")
"""Of the ids of deadline events: section 2 of the contract."""

SIGNED_ON: Final = date(2023, 5, 15)
PAYMENT_DUE_ON: Final = SIGNED_ON + timedelta(days=60)
REPORT_DUE_ON: Final = date(2023, 6, 30)
"""What is about 2022 is due six months after its end."""

PATIENCE_OVER_ON: Final = date(2023, 6, 1) + timedelta(days=30)
"""Of an event that waits; all are of the first of June, at noon."""

PAUSE_S: Final = 0.08
"""Longer than a partition's deadline events take, from the first to the marker behind them."""

POLL_S: Final = 0.001


def events_of(budget: str, number: int) -> list[Json]:
    """An order that nobody pays, a report that is owed, an event that waits for nothing."""
    common: Json = {"budget": budget, "grant": f"G{number}"}
    rest = an_instalment(40_000, "rest", documents=[("evaluation", 2022)])
    return [
        an_award(**common),
        a_convention(
            convention=f"C{number}",
            signed_on=SIGNED_ON.isoformat(),
            instalments=[an_instalment(60_000), rest],
            **common,
        ),
        a_report(budget=budget, convention=f"D{number}", _id=f"early {number}"),
    ]


def deadline_events_of(budget: str, number: int) -> list[str]:
    """The ids of the deadline events about them, as the contract makes them."""
    causes = (
        ("payment_due", f"C{number}/advance", PAYMENT_DUE_ON.isoformat()),
        ("report_due", f"C{number}", REPORT_DUE_ON.isoformat()),
        ("parked", "urn:test", f"early {number}", PATIENCE_OVER_ON.isoformat()),
    )
    return [str(uuid5(NAMESPACE, "\0".join((budget, *cause)))) for cause in causes]


def grants_of(cycle: int) -> Iterator[tuple[str, int]]:
    """What every budget awards in one cycle."""
    return ((budget, cycle * GRANTS + number) for number in range(GRANTS) for budget in BUDGETS)


def publish(cluster: Cluster, cycle: int) -> None:
    """The events of a cycle, the votes before those of the first."""
    votes = [a_vote(10**9, budget=each) for each in BUDGETS] if cycle == 0 else []
    cluster.publish([*votes, *(event for each in grants_of(cycle) for event in events_of(*each))])


def all_due(cycles: int) -> dict[int, list[str]]:
    """The ids of all deadline events that are due behind so many cycles, by partition, sorted."""
    found: dict[int, list[str]] = {number: [] for number in range(PARTITIONS)}
    for budget, number in (grant for cycle in range(cycles) for grant in grants_of(cycle)):
        found[partition_for(budget, PARTITIONS)] += deadline_events_of(budget, number)
    return {number: sorted(some) for number, some in found.items()}


def count(some: dict[int, list[str]]) -> int:
    return sum(map(len, some.values()))


def written(cluster: Cluster) -> dict[int, list[str]]:
    """The ids that stand in the topic, by partition and sorted."""
    return {
        number: sorted(json.loads(each.value)["id"] for each in records)
        for number, records in cluster.read(INTERNAL_EVENTS).items()
    }


async def strike(
    cluster: Cluster, since: int, chance: random.Random, kill: Callable[[], None]
) -> None:
    """Kill once some deadline events more were written, whether or not they can be read.

    One more than that: the marker that ends what a dead watch left open is no deadline event. Every
    other time at once, which may be amid the transaction of those deadline events.
    """
    until = since + chance.randrange(1, CYCLE_EVENTS * 3 // 4)
    places = [cluster.place(INTERNAL_EVENTS, each) for each in range(PARTITIONS)]
    async with cluster.consumer(UNCOMMITTED) as looking:

        async def is_written() -> bool:
            return bool(sum((await looking.end_offsets(places)).values()) > until)

        await eventually_async(is_written, "too few are written", WAIT_S, POLL_S)
        await asyncio.sleep(chance.choice((0.0, chance.uniform(0, PAUSE_S))))
        kill()  # Before the connection is closed, which takes as long as a transaction.


def say_well(watch: Watcher, deadline_events: int) -> None:
    """Until it says that so many stand, and none is due."""

    def poll() -> bool:
        status, page = watch.get("/lag")
        return (
            status == 200
            and {"written": deadline_events, "pending": 0} == json.loads(page)["deadline_events"]
        )

    watch.until(poll, f"{deadline_events} deadline events stand, and none is due", WAIT_S)


@pytest.mark.fault
@pytest.mark.timeout(480)
def test_a_watch_that_is_killed_again_and_again_writes_each_deadline_event_once(
    broker: Broker, stack: Stack
) -> None:
    """Each life has deadline events of its own to write, and what the one before has left."""
    seed = chosen_seed()
    print(f"run again: ECLUSE_FAULT_SEED={seed} .venv/bin/pytest {HERE}")
    chance = random.Random(seed)
    due = all_due(CYCLES)
    publish(stack, 0)
    with (
        stack.ledger() as ledger,
        stack.watch(**QUICK) as watch,
    ):
        since = 0
        for cycle in range(1, CYCLES):
            run(strike(stack, since, chance, watch.kill), WAIT_S)
            print(f"killed where {count(written(stack))} of {count(all_due(cycle))} stood")
            since = stack.count(INTERNAL_EVENTS, UNCOMMITTED)
            publish(stack, cycle)
            watch.start_again()
        run(strike(stack, since, chance, broker.kill), WAIT_S)
        broker.restart()
        say_well(watch, count(due))
        assert due == written(stack)
        assert 0 == watch.stop()
        watch.start_again()
        say_well(watch, count(due))
        assert 0 == watch.stop()
        the_ledger_decided_each(stack, due)
        assert 0 == ledger.stop()
    assert due == written(stack)


def the_ledger_decided_each(cluster: Cluster, due: dict[int, list[str]]) -> None:
    """Each deadline event is accepted, once.

    And what came too early is refused by its deadline event.
    """
    deadline_events = count(due)
    early = deadline_events // 3
    expected = {
        "accepted": len(BUDGETS) + 2 * early + deadline_events,
        "parked": early,
        "refused": early,
    }
    journal = cluster.wait_for_records(sum(expected.values()))
    assert expected == Counter(row["outcome"] for some in journal.values() for row in some)
    passed = ("ecluse.deadline.passed.v1", "accepted")
    assert due == {
        number: sorted(
            row["event_id"] for row in some if passed == (row["event"]["type"], row["outcome"])
        )
        for number, some in journal.items()
    }
    proved(cluster, expected["accepted"])
