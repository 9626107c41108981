"""`python -m tests.kafka.faults.lost_broker`: one of three brokers is destroyed with its disk.

Events come in at a steady pace; an empty broker takes the lost one's place. Nothing may be lost,
and the time from an event's sending to its readable journal record is printed: before, during,
after.
"""

import argparse
import asyncio
import itertools
import json
import logging
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from events.topics import EVENTS, JOURNAL
from services.verifier.verify import verify
from tests.builders import a_vote_and_awards, encoded
from tests.integration.command import ROOT, environment
from tests.kafka.cluster import Cluster, Sent, budgets_on
from tests.kafka.faults.cluster_faults import described
from tests.kafka.faults.workers import WorkerProcess
from tests.kafka.three_brokers import BROKERS, ThreeBrokers

BUILD: Final = ROOT / "build" / "lost-broker"
PREFIX: Final = "drill."
PARTITIONS: Final = 12
WORKERS: Final = 2
LOST: Final = 1
AWAY_S: Final = 15.0
"""For how long nobody is in its place."""

WARM_UP_S: Final = 10.0
LIMIT_S: Final = 300.0
AWARDS: Final = 200
"""Of each budget."""

Times = dict[tuple[int, int], float]
"""When, by partition and offset of the event."""


class Drill:
    """A sender at a steady pace, and a reader of the journal."""

    def __init__(self, brokers: ThreeBrokers, per_second: int) -> None:
        self.phases: list[tuple[str, float]] = []
        """Each with the moment at which it began."""
        self.published = 0
        self._brokers = brokers
        self._cluster = Cluster(brokers.bootstrap, PREFIX, PARTITIONS)
        self._per_second = per_second
        self._sent: Times = {}
        self._seen: Times = {}
        self._stops = asyncio.Event()

    async def run(self, rest_s: float) -> None:
        """All of it; `rest_s` before, and after."""
        reading = asyncio.create_task(self._read())
        sending = asyncio.create_task(self._send())
        await self._phase("at first", WARM_UP_S)
        await self._phase("before", rest_s)
        lost = self._brokers.brokers[LOST]
        lost.kill()
        shutil.rmtree(lost.folder)
        await self._phase("without it", AWAY_S)
        lost.folder.mkdir(parents=True)
        self.phases.append(("while an empty one fills", time.monotonic()))
        await asyncio.to_thread(lost.start)
        await self._until_in_sync()
        await self._phase("after", rest_s)
        self._stops.set()
        await sending
        async with asyncio.timeout(LIMIT_S):
            await reading

    async def _phase(self, name: str, length_s: float) -> None:
        self.phases.append((name, time.monotonic()))
        await asyncio.sleep(length_s)

    async def _until_in_sync(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while True:
                parts = await described(self._brokers.bootstrap, PREFIX)
                if parts and all(len(each["isr"]) == BROKERS for _, each in parts):
                    return
                await asyncio.sleep(0.2)

    async def _send(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._brokers.bootstrap,
            acks="all",
            enable_idempotence=True,
            # Until the others know that a leader is gone, its events wait in one batch.
            request_timeout_ms=60_000,
            max_batch_size=1024 * 1024,
        )
        await producer.start()
        acknowledging: set[asyncio.Task[None]] = set()
        due_s = time.monotonic()
        for each in _events():
            due_s += 1 / self._per_second
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if self._stops.is_set():
                break
            # By when it was due: a sender that waits would hide what its events wait.
            task = asyncio.create_task(self._send_one(producer, each, due_s))
            acknowledging.add(task)
            task.add_done_callback(acknowledging.discard)
            self.published += 1
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*acknowledging)
        await producer.stop()

    async def _send_one(self, producer: AIOKafkaProducer, each: Sent, due_s: float) -> None:
        name = self._cluster.name(EVENTS)
        kept = await producer.send_and_wait(
            name, each.value, each.key, each.partition, headers=list(each.headers)
        )
        self._sent[each.partition, kept.offset] = due_s

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            self._cluster.name(JOURNAL),
            bootstrap_servers=self._brokers.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=20,
            request_timeout_ms=10_000,
        )
        await consumer.start()
        try:
            while not self._stops.is_set() or len(self._seen) < self.published:
                try:
                    taken = await consumer.getmany(timeout_ms=20)
                except KafkaError:
                    continue
                now_s = time.monotonic()
                for records in taken.values():
                    for each in records:
                        source = json.loads(each.value)["source"]
                        self._seen[source["partition"], source["offset"]] = now_s
        finally:
            await consumer.stop()

    def figures(self) -> list[tuple[str, int, list[float]]]:
        """By phase: events, and of the seconds until they were readable p50, p99, most."""
        ends = [since_s for _, since_s in self.phases[1:]] + [float("inf")]
        found = []
        for (name, since_s), until_s in zip(self.phases, ends, strict=True):
            took = sorted(
                self._seen[place] - sent_s
                for place, sent_s in self._sent.items()
                if since_s <= sent_s < until_s
            )
            found.append((name, len(took), [_at(took, each) for each in (50, 99, 100)]))
        return found

    async def prove(self) -> None:
        """Each event that was acknowledged is journalled once.

        Raises:
            AssertionError: one is not.
        """
        report = await verify(self._brokers.bootstrap, PREFIX)
        assert report.proved, "\n".join(str(each.row()) for each in report.findings[:20])
        journalled = sum(report.counted["outcomes"].values())
        assert self.published == len(self._sent) == journalled, (self.published, journalled)


def _at(sorted_s: list[float], percent: int) -> float:
    return sorted_s[min(len(sorted_s) - 1, len(sorted_s) * percent // 100)]


def _events() -> Iterator[Sent]:
    """Votes and awards, partition by partition in turn, without end."""

    def of(partition: int) -> Iterator[Sent]:
        for budget in budgets_on(partition, PARTITIONS):
            for event in a_vote_and_awards(budget, AWARDS):
                yield Sent(partition, budget.encode(), encoded(event))

    for together in zip(*map(of, range(PARTITIONS)), strict=True):
        yield from together


def main() -> int:
    """Do it, print the figures; exit 1 where something was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.kafka.faults.lost_broker")
    parser.add_argument("--per-second", type=int, default=500, help="events a second")
    parser.add_argument("--rest", type=float, default=30.0, help="seconds before, and after")
    parser.add_argument("--page", type=Path, help="a file for the page of the figures")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    with ExitStack() as stack:
        brokers = stack.enter_context(ThreeBrokers(BUILD))
        cluster = Cluster(brokers.bootstrap, PREFIX, PARTITIONS)
        cluster.create(replicas=BROKERS)
        workers = [
            WorkerProcess(f"worker-{number}", BUILD, environment(**cluster.environment))
            for number in range(WORKERS)
        ]
        for each in workers:
            each.start()
            stack.callback(_clear, each)
        while PARTITIONS > sum(len(each.owned()) for each in workers):
            time.sleep(0.2)
        drill = asyncio.run(_drilled(brokers, asked.per_second, asked.rest))
        assert [] == [each.name for each in workers if each.has_ended()], "a worker has ended"
    lines = list(_page(drill, asked.per_second))
    print("\n".join(lines))
    if asked.page is not None:
        asked.page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.rmtree(BUILD)
    return 0


def _clear(worker: WorkerProcess) -> None:
    if worker.lives:
        worker.kill()


async def _drilled(brokers: ThreeBrokers, per_second: int, rest_s: float) -> Drill:
    drill = Drill(brokers, per_second)
    await drill.run(rest_s)
    await drill.prove()
    return drill


def _page(drill: Drill, per_second: int) -> Iterator[str]:
    yield "# The lost-broker drill"
    yield ""
    yield f"Three brokers, {WORKERS} workers; {per_second} events a second."
    yield "One broker is killed and its disk deleted; an empty one takes its place."
    yield "`python -m tests.kafka.faults.lost_broker` runs it, on a machine that is quiet."
    yield ""
    yield "| events sent | events | p50 | p99 | at most |"
    yield "|---|---|---|---|---|"
    for name, count, times_s in drill.figures():
        yield f"| {name} | {count:,} | {' | '.join(f'{each:.2f} s' for each in times_s)} |"
    lengths = [later - since for (_, since), (_, later) in itertools.pairwise(drill.phases)]
    yield ""
    yield f"The empty broker was in sync with the others {lengths[3]:.0f} s after its start."
    yield (
        f"All {drill.published:,} events are journalled, once, by the verifier's proof;"
        " no worker ended."
    )
    yield "Times are from the moment at which an event was due to its readable journal record."


if __name__ == "__main__":
    sys.exit(main())
