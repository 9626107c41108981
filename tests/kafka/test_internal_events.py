"""Internal events on a real broker.

A year is closed on one partition, the next one opens on another.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    EVENTS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_STATE,
    REFUSALS,
)
from services.ledger.domain.fiscal_year.year_openings import next_year
from services.ledger.kafka.partition import LedgerProcessor
from services.ledger.kafka.serve import QUARANTINE
from services.runtime.ops.watchdog import Progress
from services.runtime.processing import task as task_module
from services.runtime.processing.task import PartitionTask
from services.verifier.cluster.verify import verify
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
)
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster, budget_on, budgets_on, partition_for, run
from tests.kafka.faults.test_hanging import UNVERIFIED, forget, worked
from tests.kafka.workers import Worker, eventually, outcomes, wait_for_records

OWN: Final = (JOURNAL, COMMITMENT_ENTRIES, BALANCES, LEDGER_STATE)
"""Where a closing writes on its own partition."""

SETTLED: Final = (*OWN, REFUSALS, INTERNAL_EVENTS, EVENTS)


def the_year(budget: str) -> list[Json]:
    """Up to its closing: 60,000 are ordered and taken in charge, 40,000 wait for a report."""
    later = an_instalment(40_000, "later", documents=[("activity_report", 2023)])
    return [
        a_vote(budget=budget),
        an_award(budget=budget),
        a_convention(budget=budget, instalments=[an_instalment(60_000), later]),
        an_acknowledgement(budget=budget),
        a_closing("all", budget=budget),
    ]


def the_next(budget: str) -> list[Json]:
    return [
        a_report(year=2023, budget=budget),
        an_acknowledgement(order="C/later", budget=budget),
        a_payment(40_000, "C/later", budget=budget),
    ]


def proved(cluster: Cluster, accepted: int) -> None:
    eventually(lambda: cluster.is_settled(SETTLED), "a transaction stays open")
    report = run(verify(cluster.bootstrap, cluster.prefix))
    assert [] == [each.row() for each in report.findings]
    assert accepted == report.counted["outcomes"]["accepted"]


def moving_budget(partitions: int) -> str:
    """A budget whose next year lives on another partition."""
    return next(
        name
        for name in budgets_on(0, partitions)
        if partition_for(next_year(name), partitions) != 0
    )


def test_a_closed_year_opens_the_next_one_on_its_own_partition(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 4)
    budget = moving_budget(4)
    new, home = next_year(budget), partition_for(next_year(budget), 4)
    cluster.publish(the_year(budget))
    with Worker(cluster, tmp_path) as worker:
        journal = wait_for_records(cluster, 6)
        assert ["accepted"] * 5 == outcomes(journal[0])
        [opened] = journal[home]
        assert (new, {"topic": cluster.name(INTERNAL_EVENTS), "partition": home, "offset": 0}) == (
            opened["budget"],
            opened["source"],
        )
        cluster.publish([a_payment(60_000, budget=budget), *the_next(new)])
        journal = wait_for_records(cluster, 10)
        assert ["accepted"] * 4 == outcomes(journal[home])
        assert 0 == worker.stop()
    internal_events = cluster.read(INTERNAL_EVENTS)
    assert {home: 1} == {number: len(found) for number, found in internal_events.items() if found}
    [internal_event] = internal_events[home]
    assert new.encode() == internal_event.key
    names = [name for name, _ in internal_event.headers]
    assert ["content-type", "ecluse_transaction"] == names
    [closing] = [each for each in cluster.read(JOURNAL)[0] if b"carried_over" in each.value]
    assert (
        dict(internal_event.headers)["ecluse_transaction"]
        == (dict(closing.headers)["ecluse_transaction"])
    ), "closing and internal event are one transaction"
    rows = cluster.state()[0]
    left = [f'["{budget}","budget",""]', f'["{budget}","convention","C"]', '"position"']
    assert set(left) == {key.decode() for key in rows}, "all but what recoveries need"
    proved(cluster, 10)


def test_a_restarted_worker_reads_no_internal_event_twice_and_knows_the_closed_year(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    budget = budget_on(0, 2)
    cluster.publish(the_year(budget))
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 6)
        worker.kill()
    cluster.publish([a_payment(60_000, budget=budget), *the_next(next_year(budget))])
    with Worker(cluster, tmp_path) as again:
        wait_for_records(cluster, 10)
        assert 0 == again.stop()
    cluster.publish([a_payment(1, budget=budget)])
    with Worker(cluster, tmp_path) as third:
        journal = wait_for_records(cluster, 11)
        assert [] == third.logged("state_rebuilt")
        assert 0 == third.stop()
    late = [each["refusal"]["code"] for each in journal[0] if each["outcome"] == "refused"]
    assert ["fiscal_year_closed"] == late
    proved(cluster, 10)


def settled(cluster: Cluster, topic: str = INTERNAL_EVENTS) -> int:
    """The end of a topic of one partition, its markers included."""
    eventually(lambda: cluster.is_settled([topic]), "a transaction stays open")
    return cluster.count(topic)


def test_internal_events_that_were_all_read_may_reach_the_end_of_their_retention(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """Behind the last one stands a marker, which goes with it: nothing unread is lost."""
    cluster = a_cluster(broker, prefix, 1)
    budget = budget_on(0, 1)
    cluster.publish(the_year(budget))

    async def live_for_a_day() -> None:
        work = LedgerProcessor(cluster.settings, 0, 1, Progress())
        try:
            await work.open()
            for input_topic in (EVENTS, INTERNAL_EVENTS):
                await asyncio.to_thread(settled, cluster)
                async for records in work.reader.to_the_end(cluster.place(input_topic, 0)):
                    for record in records:
                        work.handle(record)
                await work.commit()
            await work.commit()  # The sign of life.
        finally:
            await work.close()

    run(live_for_a_day())
    assert ["accepted"] * 6 == outcomes(cluster.journal()[0])
    end = settled(cluster)
    assert 2 == end, "an internal event and a marker"
    cluster.lose(INTERNAL_EVENTS, 0, end)
    with Worker(cluster, tmp_path) as worker:
        cluster.publish([a_payment(60_000, budget=budget)])
        wait_for_records(cluster, 7)
        assert 0 == worker.stop()


def test_an_internal_event_that_expires_unread_stops_the_worker(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 1)
    budget = budget_on(0, 1)
    cluster.publish(the_year(budget)[:-1])
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 4)
        assert 0 == worker.stop()
    cluster.publish(the_year(budget)[-1:])
    run(worked(cluster))  # It closes the year, and is gone before it reads its internal event.
    cluster.lose(INTERNAL_EVENTS, 0, settled(cluster))
    with Worker(cluster, tmp_path) as again:
        assert 3 == again.ended()
        assert "are gone and were never read" in again.text


def test_a_stranger_s_transaction_among_the_internal_events_stops_nobody(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    """Every partition of the ledger writes there, and so does the watch: theirs come and go."""
    cluster = a_cluster(broker, prefix, 1)
    budget = budget_on(0, 1)
    with cluster.left_open(INTERNAL_EVENTS), Worker(cluster, tmp_path) as worker:
        cluster.publish(the_year(budget)[:-1])
        wait_for_records(cluster, 4)
        cluster.publish(the_year(budget)[-1:])
        wait_for_records(cluster, 5)
        # It writes on, though its internal event cannot be read before the stranger has ended.
        cluster.publish([a_payment(60_000, budget=budget)])
        wait_for_records(cluster, 6)
        assert 0 == worker.stop()
        with Worker(cluster, tmp_path) as again:
            again.wait_for_states(running=1)
            assert [] == again.logged("hanging_transaction_completed")
            assert 0 == again.stop()
    with Worker(cluster, tmp_path) as third:
        journal = wait_for_records(cluster, 7)[0]
        assert next_year(budget) == journal[-1]["budget"]
        assert 0 == third.stop()
    proved(cluster, 7)


@pytest.fixture
def forgetful(broker: Broker, prefix: str) -> Iterator[Cluster]:
    """A cluster whose coordinator can be made to forget partitions (docs/decisions/0015)."""
    cluster = a_cluster(broker, prefix, 1)
    cluster.alter_broker(UNVERIFIED)
    yield cluster
    cluster.alter_broker({})


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
@pytest.mark.parametrize(
    "hanging",
    [(INTERNAL_EVENTS,), (*OWN, INTERNAL_EVENTS)],
    ids=["internal events", "all"],
)
def test_an_internal_event_is_there_once_though_the_broker_forgot_to_end_its_transaction(
    forgetful: Cluster, tmp_path: Path, hanging: tuple[str, ...], dies: bool
) -> None:
    budget = budget_on(0, 1)
    *year, closing = the_year(budget)
    forgetful.publish(year)
    run(worked(forgetful))
    forgetful.publish([closing])
    run(worked(forgetful, hanging, dies=dies))
    with Worker(forgetful, tmp_path) as worker:
        wait_for_records(forgetful, 6)
        assert worker.logged("hanging_transaction_completed")
        assert 0 == worker.stop()
    [internal_event] = forgetful.read(INTERNAL_EVENTS)[0]
    assert next_year(budget) == json.loads(internal_event.value)["partitionkey"]
    proved(forgetful, 6)


def test_an_internal_event_of_a_hanging_transaction_is_read_though_its_writer_has_nothing_to_do(
    broker: Broker, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wrote it has no next transaction that would ask; who waits for it cannot know."""
    monkeypatch.setattr(task_module, "IDLE_CHECK_S", 1.0)
    cluster = a_cluster(broker, prefix, 2)
    cluster.alter_broker(UNVERIFIED)
    budget = moving_budget(2)
    home = partition_for(next_year(budget), 2)
    cluster.publish(the_year(budget))
    settings = cluster.settings.model_copy(update={"transaction_timeout_s": 4.0})
    opened: list[int] = []

    def make_processor(number: int, progress: Progress) -> LedgerProcessor:
        work = LedgerProcessor(settings, number, 2, progress)
        if number not in {home, *opened}:
            forget(work, cluster, number, [cluster.place(INTERNAL_EVENTS, home)])
        opened.append(number)
        return work

    async def go() -> None:
        tasks = [PartitionTask(number, make_processor, settings, QUARANTINE) for number in range(2)]
        runs = [asyncio.create_task(task.run()) for task in tasks]
        await asyncio.to_thread(
            eventually,
            lambda: tasks[home].next_offsets.get(cluster.name(INTERNAL_EVENTS)),
            "no internal event",
        )
        for task in tasks:
            task.stop()
        await asyncio.gather(*runs)

    try:
        run(go())
    finally:
        cluster.alter_broker({})
    assert 2 == opened.count(0)
    assert [next_year(budget)] == [each["budget"] for each in cluster.journal()[home]]
    proved(cluster, 6)
