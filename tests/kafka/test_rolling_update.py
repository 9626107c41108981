"""The ledger is replaced, worker by worker, while events come: how long a partition stands still.

Processes as a cluster starts them: the interpreter and its imports are part of each standstill.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

import pytest

from events import topics
from services.runtime.ops.clock import wall_clock
from tests.builders import a_vote
from tests.kafka.cluster import Cluster, budgets_on
from tests.kafka.processes import BIN, STOP_S, Process
from tests.kafka.stack import Stack
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.waiting import run

PARTITIONS: Final = 6
WORKERS: Final = 3
"""As the overlay `high-availability` has."""

STANDSTILL_S_MAX: Final = 10.0
"""By `undisturbed_s`: where processes wait for a processor, the machine is what is measured."""

NEW_POD_S: Final = 3.0
"""What a cluster takes to put a container in the place of one that has ended, whose image is there:
an assumption, for there is none here."""

SESSION_S: Final = 6.0
"""ECLUSE_SESSION_TIMEOUT_S of deploy/kubernetes: the least that a broker allows of itself."""

NO_NODE_S: Final = SESSION_S + 3
"""Longer than a session: the others take over."""

PAUSE_S: Final = 0.1
"""Between two events of each partition."""


class Traffic:
    """Events on every partition, until it is stopped."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: run(self._send(), 300))
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    async def _send(self) -> None:
        count = self._cluster.partitions
        names = [budgets_on(number, count) for number in range(count)]
        async with self._cluster.producer() as producer:
            while not self._stopped.is_set():
                for budgets in names:
                    place, key, value, headers = self._cluster.sent(a_vote(budget=next(budgets)))
                    topic = self._cluster.name(topics.EVENTS)
                    await producer.send(topic, value, key, place, headers=list(headers))
                    self.sent += 1
                await asyncio.sleep(PAUSE_S)


def worker(cluster: Cluster, folder: Path, number: int) -> Process:
    """One of the StatefulSet's, which has its name again after a restart."""
    name = f"ledger-{number}"
    env = {"ECLUSE_LOG_LEVEL": "INFO", "ECLUSE_SESSION_TIMEOUT_S": f"{SESSION_S:g}"}
    command = (str(BIN / "ecluse"), "ledger", "--instance", name)
    return Process(command, folder, name, cluster.environment | env)


@contextmanager
def all_of_them(cluster: Cluster, folder: Path) -> Iterator[list[Process]]:
    with ExitStack() as running:
        workers = [running.enter_context(worker(cluster, folder, n)) for n in range(WORKERS)]
        for each in workers:
            each.until_ready()
        yield workers


def standstill_s(cluster: Cluster, since_ms: float) -> dict[int, float]:
    """The longest time without a journal record, of each partition, from that moment on."""
    found = {}
    for number, records in cluster.read(topics.JOURNAL).items():
        moments = [each.timestamp for each in records if each.timestamp >= since_ms]
        assert moments, f"nothing was decided in partition {number}"
        found[number] = max(b - a for a, b in itertools.pairwise([since_ms, *moments])) / 1000
    return found


def replaced(process: Process, after_s: float) -> None:
    """It is asked to end, and stands again in its place some time after it has ended."""
    began_s = undisturbed_s()
    assert 0 == process.stop()
    assert undisturbed_s() - began_s < STOP_S
    time.sleep(after_s)
    process.start_again()
    process.until_ready()


@pytest.mark.timeout(360)
def test_no_partition_stands_still_for_ten_seconds_while_every_worker_is_replaced(
    stack: Stack,
) -> None:
    with all_of_them(stack, stack.folder) as workers:
        with Traffic(stack) as traffic:
            time.sleep(1)
            since_ms, since_s, calm_s = wall_clock() * 1000, time.monotonic(), undisturbed_s()
            # The highest number first, as a StatefulSet does; the last one finds no node at once.
            for number, after_s in ((2, NEW_POD_S), (1, NEW_POD_S), (0, NO_NODE_S)):
                replaced(workers[number], after_s)
            time.sleep(1)
            calm = (undisturbed_s() - calm_s) / (time.monotonic() - since_s)
        journal = stack.wait_for_records(traffic.sent)
    longest_s = standstill_s(stack, since_ms)
    print(f"longest standstill of each partition while {WORKERS} workers are replaced, s:")
    print(", ".join(f"{number}: {each:.1f}" for number, each in longest_s.items()))
    print(f"{calm:.0%} of the time nobody waited for a processor")
    assert max(longest_s.values()) * calm < STANDSTILL_S_MAX
    assert {"accepted"} == {each["outcome"] for place in journal.values() for each in place}
