"""Another version of the ledger takes over while events come, and the former one comes back.

The other version is this program with another number of its state's shape (`STATE_VERSION`), which
is all by which one version knows that it cannot read the rows of another. Rows that really have
another shape: tests/kafka/test_startup_checks.py, which upgrades those of versions 1 and 4.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from events import topics
from services.ledger.application.state_rows import STATE_VERSION
from tests.builders import a_vote_and_awards
from tests.kafka.cluster import Cluster, budget_on, outcomes, source_offsets
from tests.kafka.commands import UNREACHABLE, object_of
from tests.kafka.processes import Worker
from tests.kafka.stack import Stack
from tests.waiting import eventually

PARTITIONS: Final = 2
POSITION: Final = b'"position"'
BUDGETS: Final = [budget_on(partition, PARTITIONS) for partition in range(PARTITIONS)]
STEP: Final = 5
"""Events that a budget gets at a time."""

PAUSE_S: Final = 0.1
NEXT: Final = f"state_version:{STATE_VERSION + 1}"


@contextmanager
def events_coming(cluster: Cluster) -> Iterator[list[int]]:
    """Meanwhile each budget gets a few events after others; how many it got, at last."""
    ended, sent = Event(), [0]

    def send() -> None:
        while not ended.is_set():
            for budget in BUDGETS:
                cluster.publish(a_vote_and_awards(budget, STEP, sent[0]))
            sent[0] += STEP
            ended.wait(PAUSE_S)

    sender = Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        ended.set()
        sender.join()


def wait_for_more(cluster: Cluster) -> None:
    """Until what was sent from now on is decided too."""
    before, decided = cluster.count(topics.EVENTS), cluster.count(topics.JOURNAL)
    eventually(lambda: cluster.count(topics.EVENTS) > before, "no events come")
    eventually(lambda: cluster.count(topics.JOURNAL) > decided, "nothing is decided")


def versions(cluster: Cluster) -> set[int]:
    return {json.loads(rows[POSITION])["versions"][0] for rows in cluster.state().values()}


def rebuilt(worker: Worker) -> set[tuple[int, str]]:
    return {(each["partition"], each["why"]) for each in worker.logged("state_rebuilt")}


def on_each(why: str) -> set[tuple[int, str]]:
    return {(partition, why) for partition in range(PARTITIONS)}


def test_an_upgrade_and_a_rollback_while_events_come_lose_nothing_and_repeat_nothing(
    stack: Stack,
) -> None:
    with events_coming(stack) as sent:
        with stack.ledger("old") as old:
            wait_for_more(stack)
            with stack.ledger("new", fault=NEXT) as new:
                assert 0 == old.stop()
                new.wait_for_states(running=PARTITIONS)
                assert on_each(f"it has the shape of version {STATE_VERSION}") == rebuilt(new)
                wait_for_more(stack)
                assert 0 == new.stop()
        assert {STATE_VERSION + 1} == versions(stack)
        with stack.ledger("old") as refusing:
            assert UNREACHABLE == refusing.ended()
            assert "ecluse ledger --rebuild" in refusing.logged("worker_cannot_go_on")[0]["error"]
        assert {STATE_VERSION + 1} == versions(stack), "it is left as it was"
        with stack.ledger("old", "--rebuild") as back:
            back.wait_for_states(running=PARTITIONS)
            assert on_each("it was asked for") == rebuilt(back)
            wait_for_more(stack)
            assert 0 == back.stop()
    with stack.ledger("old") as again:
        journal = stack.wait_for_records(sent[0] * PARTITIONS)
        assert [] == again.logged("state_rebuilt"), "once is enough"
        assert 0 == again.stop()
    for records in journal.values():
        assert [*range(sent[0])] == source_offsets(records)
        assert ["accepted"] * sent[0] == outcomes(records)
    assert {STATE_VERSION} == versions(stack)
    proved = object_of(stack, "verify")
    assert (True, []) == (proved["proved"], proved["findings"])
    assert PARTITIONS * sent[0] == stack.count(topics.EVENTS)
