"""The metrics of a worker's partitions."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from events.texts import _
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import Unreachable
from services.runtime.processing.backlog import Delays
from services.runtime.processing.health import Health
from services.runtime.processing.status import TaskState
from services.runtime.processing.task import PartitionTask
from tests.unit.runtime.harness import (
    PARTITION,
    REMEDY,
    TOPIC,
    Harness,
    a_setting,
    at,
    event_s,
    once,
    quickly,
    running,
    times,
    until,
)

NUMBER = str(PARTITION)
HERE = {"topic": TOPIC, "partition": NUMBER}
OLDEST = "ecluse_oldest_unprocessed_event_timestamp_seconds"
DONE = "ecluse_latest_done_event_timestamp_seconds"


class Page:
    """The metrics of a worker that has these tasks."""

    def __init__(self, *tasks: PartitionTask) -> None:
        self._registry = CollectorRegistry()
        self.health = Health(a_setting(), self._registry)
        self.health.tasks = lambda: list(tasks)

    def value(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(name, labels)


def test_a_partition_that_is_not_open_shows_its_state(harness: Harness) -> None:
    page = Page(harness.task())
    assert 1 == page.value("ecluse_partition_state", partition=NUMBER, state="opening")
    assert 0 == page.value("ecluse_partition_state", partition=NUMBER, state="running")
    assert 0 == page.value("ecluse_transactions_failed_total", partition=NUMBER)
    for name in (OLDEST, DONE, "ecluse_caught_up", "ecluse_records_taken_total"):
        assert page.value(name, **HERE) is None, "not known, and not 0"


def test_records_done_and_failures_are_counted(harness: Harness) -> None:
    task = harness.publish(0, 1).task()
    page = Page(task)
    harness.on_commit = once(WriterFailed("planted"))

    async def during() -> None:
        await until(lambda: harness.done == [0, 1])
        await until(lambda: page.value("ecluse_caught_up", **HERE))
        assert 2 == page.value("ecluse_next_offset", **HERE)
        assert 2 == page.value("ecluse_records_taken_total", **HERE)
        assert event_s(1) == page.value(DONE, **HERE)
        assert page.value(OLDEST, **HERE) is None, "nothing waits"
        assert 1 == page.value("ecluse_transactions_failed_total", partition=NUMBER)

    quickly(running(task, during))


def test_the_backlog_of_a_held_partition_is_shown(harness: Harness) -> None:
    task = harness.publish(0, 1).task()
    page = Page(task)
    harness.on_handle = at(1)

    async def during() -> None:
        await until(lambda: task.state is TaskState.BROKEN)
        assert event_s(1) == page.value(OLDEST, **HERE)
        assert event_s(0) == page.value(DONE, **HERE)
        assert 0 == page.value("ecluse_caught_up", **HERE)
        assert 2 == page.value("ecluse_transactions_failed_total", partition=NUMBER)

    quickly(running(task, during))


@pytest.mark.parametrize("where", ["on_open", "on_commit"])
def test_a_database_that_is_away_for_a_minute_fails_at_each_attempt(
    harness: Harness, where: str
) -> None:
    """However few records wait: most attempts do not come so far as to take one."""
    task = harness.publish(0).task()
    page = Page(task)
    setattr(harness, where, times(10**6, WriterFailed("planted")))

    async def during() -> None:
        await asyncio.sleep(60)
        harness.on_open, harness.on_commit = lambda: None, lambda _: None
        await until(lambda: harness.done == [0])
        assert len(harness.opened_s) - 1 == task.failed
        # Rests of 0.5, 1, 2, 4 and 8 s, and then of ten.
        assert 10 == page.value("ecluse_transactions_failed_total", partition=NUMBER)

    quickly(running(task, during))


def test_failures_while_idle_are_counted(harness: Harness) -> None:
    task = harness.publish(0).task()
    page = Page(task)
    harness.on_settle = times(2, Unreachable("there", _("no")))

    async def during() -> None:
        await until(lambda: len(harness.opened_s) == 3)
        assert 2 == page.value("ecluse_transactions_failed_total", partition=NUMBER)

    quickly(running(task, during))


def test_the_way_of_a_transaction_s_last_record_is_observed_once(harness: Harness) -> None:
    page = Page()
    task = PartitionTask(
        PARTITION,
        harness.task()._make_processor,
        a_setting(),
        REMEDY,
        observe=page.health.timings.observe,
        clock=lambda: harness.clock_s,
    )

    async def during() -> None:
        await until(lambda: harness.done == [0, 1, 2])

    harness.publish(0, 1, 2)
    quickly(running(task, during))
    assert 1 == page.value("ecluse_record_arrival_seconds_count")
    assert 0.5 == page.value("ecluse_record_arrival_seconds_sum")
    assert 1 == page.value("ecluse_record_handling_seconds_count")
    assert 2000 - event_s(2) - 0.5 == page.value("ecluse_record_handling_seconds_sum")


def test_where_clocks_disagree_nothing_takes_less_than_no_time() -> None:
    page = Page()
    page.health.timings.observe(Delays(-3.0, -0.001))
    page.health.timings.observe(Delays(None, None))
    for name in ("arrival", "handling"):
        assert 1 == page.value(f"ecluse_record_{name}_seconds_count")
        assert 0 == page.value(f"ecluse_record_{name}_seconds_sum")
