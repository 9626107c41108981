"""A transaction that the broker forgot to end in some partitions is ended as the others were.

Kafka 4.4 takes a partition without a leader for a deleted one, and all are without one for a moment
while a broker comes back: how a transaction ended, which was ending then, is never written there.
The fault-injection run meets that by chance; here the coordinator does not know of a partition,
which leaves the same behind (docs/decisions/0015).
"""

import asyncio
import time
from collections.abc import Collection, Iterator

import pytest
from aiokafka.errors import ClusterAuthorizationFailedError
from aiokafka.structs import TopicPartition

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    EVENTS,
    JOURNAL,
    LEDGER_STATE,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.ledger.kafka.partition import LedgerProcessor
from services.runtime.kafka import writer as writers
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.watchdog import Progress
from services.verifier.cluster.verify import verify
from tests.builders import a_convention, a_payment, a_vote, an_award
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, budget_on, run

UNVERIFIED = {"transaction.partition.verification.enable": "false"}
"""Else the broker takes no records for a partition that its coordinator does not know."""

EVERYTHING = (JOURNAL, COMMITMENT_ENTRIES, PAYMENT_ORDERS, BALANCES, LEDGER_STATE)

SETTLED_S = 10.0

SHORT_S = 3.0
"""The time-out of a transaction where the wait for its end is itself the test."""


class Died(Exception):
    """The worker was killed."""


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Iterator[Cluster]:
    cluster = Cluster(broker.bootstrap, prefix, 1)
    cluster.create()
    cluster.alter_broker(UNVERIFIED)
    yield cluster
    cluster.alter_broker({})


def forget(
    work: LedgerProcessor, cluster: Cluster, number: int, places: Collection[TopicPartition]
) -> None:
    """Let the coordinator forget these places of each transaction that a partition begins."""
    writer = work._writer
    begin = writer.begin

    async def begin_and_forget() -> None:
        await begin()
        manager = writer._producer._txn_manager
        manager._txn_partitions.update(places)
        # Nothing is written there, but so the coordinator knows that there is a transaction.
        manager.maybe_add_partition_to_txn(cluster.place(REFUSALS, number))

    writer.begin = begin_and_forget  # type: ignore[method-assign]


class Forgetting:
    """A ledger at work on partition 0, of whose transactions the coordinator forgets partitions."""

    def __init__(self, cluster: Cluster, timeout_s: float = 60.0) -> None:
        settings = cluster.settings.model_copy(update={"transaction_timeout_s": timeout_s})
        self._cluster = cluster
        self._work = LedgerProcessor(settings, 0, cluster.partitions, Progress())
        self._read_to = 0
        self.writer = self._work._writer
        self._begin = self.writer.begin

    async def open(self) -> None:
        """As a worker opens it."""
        next_offsets = await self._work.open()
        self._read_to = next_offsets[self._cluster.name(EVENTS)]

    async def commit(self, hanging: Collection[str] = (), *, dies: bool = False) -> None:
        """Handle what is there in one transaction, and be killed before it ends, or not."""

        async def die() -> None:
            raise Died

        self.writer.begin = self._begin  # type: ignore[method-assign]
        places = [self._cluster.place(topic, 0) for topic in hanging]
        forget(self._work, self._cluster, 0, places)
        if dies:
            self.writer.commit = die  # type: ignore[method-assign]
        input_topic = self._cluster.place(EVENTS, 0)
        async for records in self._work.reader.to_the_end(input_topic, self._read_to):
            for record in records:
                self._work.handle(record)
                self._read_to = record.offset + 1
        await self._work.commit()

    async def close(self) -> None:
        await self._work.close()


async def worked(cluster: Cluster, forget: Collection[str] = (), *, dies: bool = False) -> None:
    """Open, handle what is there, let go; or be killed before the transaction ends."""
    ledger = Forgetting(cluster)
    try:
        await ledger.open()
        await ledger.commit(forget, dies=dies)
    except Died:
        pass
    finally:
        await ledger.close()


def prepared(cluster: Cluster) -> str:
    """A budget with an award; what comes next is the convention, with its first order."""
    budget = budget_on(0, 1)
    cluster.publish([a_vote(budget=budget), an_award(budget=budget)])
    run(worked(cluster))
    cluster.publish([a_convention(budget=budget)])
    return budget


def assert_each_order_once(cluster: Cluster) -> None:
    """And everything else as it must be: what the verifier says."""
    until_s = time.monotonic() + SETTLED_S
    while not cluster.is_settled((*EVERYTHING, REFUSALS)) and time.monotonic() < until_s:
        pass  # A commit is answered before its markers are written.
    report = run(verify(cluster.bootstrap, cluster.prefix))
    assert [] == [each.row() for each in report.findings]
    assert 4 == report.counted["outcomes"]["accepted"]
    assert 1 == report.counted["records"][PAYMENT_ORDERS]


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
@pytest.mark.parametrize(
    "hanging",
    [
        (PAYMENT_ORDERS, LEDGER_STATE),
        EVERYTHING,
    ],
    ids=lambda topics: "+".join(each.split(".")[1] for each in topics),
)
def test_each_order_is_published_once_though_the_broker_forgot_to_end_a_transaction(
    cluster: Cluster, hanging: tuple[str, ...], dies: bool
) -> None:
    budget = prepared(cluster)
    run(worked(cluster, hanging, dies=dies))
    cluster.publish([a_payment(budget=budget)])
    run(worked(cluster))
    assert_each_order_once(cluster)


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
def test_who_is_killed_halfway_through_ending_them_leaves_the_same_answer(
    cluster: Cluster, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = prepared(cluster)
    run(worked(cluster, (JOURNAL, PAYMENT_ORDERS, LEDGER_STATE), dies=dies))
    ended: list[bool] = []
    end = FencedWriter.end

    async def end_one(
        writer: FencedWriter, transaction: OpenTransaction, *, committed: bool
    ) -> None:
        if ended:
            raise Died
        ended.append(committed)
        await end(writer, transaction, committed=committed)

    monkeypatch.setattr(FencedWriter, "end", end_one)
    run(worked(cluster))
    assert [not dies] == ended
    monkeypatch.undo()
    cluster.publish([a_payment(budget=budget)])
    run(worked(cluster))
    assert_each_order_once(cluster)


def test_a_writer_that_lives_on_begins_nothing_behind_a_transaction_that_hangs(
    cluster: Cluster,
) -> None:
    budget = prepared(cluster)

    async def go() -> None:
        ledger = Forgetting(cluster, SHORT_S)
        try:
            await ledger.open()
            await ledger.commit((PAYMENT_ORDERS,))
            await asyncio.to_thread(cluster.publish, [a_payment(budget=budget)])
            with pytest.raises(WriterFailed, match=r"begin: .*payment-orders"):
                await ledger.commit()
        finally:
            await ledger.close()

    run(go())
    run(worked(cluster))
    assert_each_order_once(cluster)


def test_two_transactions_that_hang_stop_the_worker(cluster: Cluster) -> None:
    budget = prepared(cluster)

    async def go() -> None:
        ledger = Forgetting(cluster)
        try:
            await ledger.open()
            await ledger.commit((PAYMENT_ORDERS,))
            ledger.writer._written.clear()  # As if it had not been asked whether they ended.
            await asyncio.to_thread(cluster.publish, [a_payment(budget=budget)])
            await ledger.commit((JOURNAL,))
        finally:
            await ledger.close()

    run(go())
    with pytest.raises(ClusterError, match="different transactions hang there"):
        run(worked(cluster))


def test_who_may_not_end_it_says_which_right_is_missing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(cluster)
    run(worked(cluster, (PAYMENT_ORDERS,)))

    async def forbidden(*_: object, **__: object) -> None:
        raise ClusterAuthorizationFailedError

    monkeypatch.setattr(writers, "end_transaction", forbidden)
    with pytest.raises(ClusterError, match=r"payment-orders.* committed .*ALTER on the cluster"):
        run(worked(cluster))
