"""Internal events on a real broker: what expires, what a stranger writes, what hangs.

A year that closes and the next one that opens: test_proof, test_large_closing and the simulation.
"""

import asyncio
import json

import pytest

from events.topics import EVENTS, INTERNAL_EVENTS
from services.ledger.domain.fiscal_year import next_year
from services.ledger.kafka.partition import LedgerProcessor
from services.ledger.kafka.worker import QUARANTINE
from services.runtime.ops.watchdog import Progress
from services.runtime.processing import task as task_module
from services.runtime.processing.task import PartitionTask
from tests.builders import a_payment
from tests.kafka.closing_year import OWN, moving_budget, proved, the_year
from tests.kafka.cluster import Cluster, budget_on, outcomes, partition_for
from tests.kafka.commands import UNREACHABLE
from tests.kafka.faults.forgetting import UNVERIFIED, forget, worked
from tests.kafka.stack import Stack
from tests.waiting import eventually, run

BUDGET = budget_on(0, 1)


def end_of_internal_events(cluster: Cluster) -> int:
    """The end of their one partition, its markers included."""
    cluster.wait_until_settled(INTERNAL_EVENTS)
    return cluster.count(INTERNAL_EVENTS)


def test_internal_events_that_were_all_read_may_reach_the_end_of_their_retention(
    stack: Stack,
) -> None:
    """Behind the last one stands a marker, which goes with it: nothing unread is lost."""
    stack.publish(the_year(BUDGET))

    async def live_for_a_day() -> None:
        work = LedgerProcessor(stack.settings, 0, 1, Progress())
        try:
            await work.open()
            for input_topic in (EVENTS, INTERNAL_EVENTS):
                await asyncio.to_thread(end_of_internal_events, stack)
                async for records in work.reader.to_the_end(stack.place(input_topic, 0)):
                    for record in records:
                        work.handle(record)
                await work.commit()
            await work.commit()  # The sign of life.
        finally:
            await work.close()

    run(live_for_a_day())
    assert ["accepted"] * 6 == outcomes(stack.journal()[0])
    end = end_of_internal_events(stack)
    assert 2 == end, "an internal event and a marker"
    stack.lose(INTERNAL_EVENTS, 0, end)
    with stack.ledger() as worker:
        stack.publish([a_payment(60_000, budget=BUDGET)])
        stack.wait_for_records(7)
        assert 0 == worker.stop()


def test_an_internal_event_that_expires_unread_stops_the_worker(stack: Stack) -> None:
    stack.publish(the_year(BUDGET))
    run(worked(stack))  # It closes the year, and is gone before it reads its internal event.
    stack.lose(INTERNAL_EVENTS, 0, end_of_internal_events(stack))
    with stack.ledger() as again:
        assert UNREACHABLE == again.ended()
        assert "are gone and were never read" in again.text


def test_a_stranger_s_transaction_among_the_internal_events_stops_nobody(stack: Stack) -> None:
    """Every partition of the ledger writes there, and so does the watch: theirs come and go."""
    with stack.left_open(INTERNAL_EVENTS), stack.ledger() as worker:
        stack.publish(the_year(BUDGET))
        stack.wait_for_records(5)
        # It writes on, though its internal event cannot be read before the stranger has ended.
        stack.publish([a_payment(60_000, budget=BUDGET)])
        stack.wait_for_records(6)
        assert 0 == worker.stop()
        with stack.ledger() as again:
            again.wait_for_states(running=1)
            assert [] == again.logged("hanging_transaction_completed")
            assert 0 == again.stop()
    with stack.ledger() as third:
        assert next_year(BUDGET) == stack.wait_for_records(7)[0][-1]["budget"]
        assert 0 == third.stop()
    proved(stack, 7)


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
@pytest.mark.parametrize(
    "hanging",
    [(INTERNAL_EVENTS,), (*OWN, INTERNAL_EVENTS)],
    ids=["internal events", "all"],
)
def test_an_internal_event_of_a_hanging_transaction_is_written_once(
    forgetful: Stack, hanging: tuple[str, ...], dies: bool
) -> None:
    *year, closing = the_year(BUDGET)
    forgetful.publish(year)
    run(worked(forgetful))
    forgetful.publish([closing])
    run(worked(forgetful, hanging, dies=dies))
    with forgetful.ledger() as worker:
        forgetful.wait_for_records(6)
        assert worker.logged("hanging_transaction_completed")
        assert 0 == worker.stop()
    [internal_event] = forgetful.read(INTERNAL_EVENTS)[0]
    assert next_year(BUDGET) == json.loads(internal_event.value)["partitionkey"]
    proved(forgetful, 6)


def test_an_idle_writer_completes_the_hanging_transaction_of_an_internal_event(
    nowhere: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wrote it has no next transaction that would ask; who waits for it cannot know."""
    monkeypatch.setattr(task_module, "IDLE_CHECK_S", 1.0)
    stack = nowhere.create_with(2)
    stack.alter_broker(UNVERIFIED)
    budget = moving_budget(2)
    home = partition_for(next_year(budget), 2)
    stack.publish(the_year(budget))
    settings = stack.settings.model_copy(update={"transaction_timeout_s": 4.0})
    opened: list[int] = []

    def make_processor(number: int, progress: Progress) -> LedgerProcessor:
        work = LedgerProcessor(settings, number, 2, progress)
        if number not in {home, *opened}:
            forget(work, stack, number, [stack.place(INTERNAL_EVENTS, home)])
        opened.append(number)
        return work

    async def go() -> None:
        tasks = [PartitionTask(number, make_processor, settings, QUARANTINE) for number in range(2)]
        runs = [asyncio.create_task(task.run()) for task in tasks]
        await asyncio.to_thread(
            eventually,
            lambda: tasks[home].next_offsets.get(stack.name(INTERNAL_EVENTS)),
            "no internal event",
        )
        for task in tasks:
            task.stop()
        await asyncio.gather(*runs)

    try:
        run(go())
    finally:
        stack.alter_broker({})
    assert 2 == opened.count(0)
    assert [next_year(budget)] == [each["budget"] for each in stack.journal()[home]]
    proved(stack, 6)
