"""A transaction that the broker forgot to end in some partitions is ended as the others were.

Kafka 4.4 takes a partition without a leader for a deleted one, and all are without one for a moment
while a broker comes back: how a transaction ended, which was ending then, is never written there.
The campaign meets that by chance; here the coordinator is not told of a partition to begin with,
which leaves the same behind.
"""

import time
from collections.abc import Collection, Iterator

import pytest

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    EVENTS,
    JOURNAL,
    LEDGER_STATE,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.ledger.partition import LedgerWork
from services.runtime.progress import Progress
from services.verifier.verify import verify
from tests.builders import a_convention, a_payment, a_vote, an_award
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, budget_on, run

UNVERIFIED = {"transaction.partition.verification.enable": "false"}
"""Else the broker takes no records for a partition of which its coordinator was not told."""

EVERYTHING = (JOURNAL, COMMITMENT_ENTRIES, PAYMENT_ORDERS, BALANCES, LEDGER_STATE)


SETTLED_S = 10.0


class Died(Exception):
    """The worker was killed."""


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Iterator[Cluster]:
    cluster = Cluster(broker.bootstrap, prefix, 1)
    cluster.create()
    cluster.alter_broker(UNVERIFIED)
    yield cluster
    cluster.alter_broker({})


async def worked(cluster: Cluster, forget: Collection[str] = (), *, dies: bool = False) -> None:
    """Handle what is there in one transaction, of which the coordinator forgets some partitions."""
    work = LedgerWork(cluster.settings, 0, cluster.partitions, Progress())
    door = cluster.place(EVENTS, 0)
    try:
        next_offsets = await work.open()
        writer = work._writer
        manager = writer._producer._txn_manager
        begin = writer.begin

        async def begin_and_forget() -> None:
            await begin()
            manager._txn_partitions.update(cluster.place(topic, 0) for topic in forget)
            # Nothing is written there, but so the coordinator knows that there is a transaction.
            manager.maybe_add_partition_to_txn(cluster.place(REFUSALS, 0))

        async def die() -> None:
            raise Died

        writer.begin = begin_and_forget  # type: ignore[method-assign]
        writer.commit = die if dies else writer.commit  # type: ignore[method-assign]
        async for records in work.reader.to_the_end(door, next_offsets[door.topic]):
            for record in records:
                work.handle(record)
        await work.commit()
    except Died:
        pass
    finally:
        await work.close()


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
@pytest.mark.parametrize(
    "forgotten",
    [
        (PAYMENT_ORDERS,),
        (JOURNAL,),
        (LEDGER_STATE,),
        (JOURNAL, LEDGER_STATE),
        (PAYMENT_ORDERS, LEDGER_STATE),
        EVERYTHING,
    ],
    ids=lambda topics: "+".join(each.split(".")[1] for each in topics),
)
def test_each_order_is_published_once_though_the_broker_forgot_to_end_a_transaction(
    cluster: Cluster, forgotten: tuple[str, ...], dies: bool
) -> None:
    budget = budget_on(0, 1)
    cluster.publish([a_vote(budget=budget), an_award(budget=budget)])
    run(worked(cluster))
    cluster.publish([a_convention(budget=budget)])
    run(worked(cluster, forgotten, dies=dies))
    cluster.publish([a_payment(budget=budget)])
    run(worked(cluster))
    until_s = time.monotonic() + SETTLED_S
    while not cluster.is_settled((*EVERYTHING, REFUSALS)) and time.monotonic() < until_s:
        pass  # A commit is answered before its markers are written.
    report = run(verify(cluster.bootstrap, cluster.prefix))
    assert [] == [each.row() for each in report.findings]
    assert 4 == report.counted["outcomes"]["accepted"]
    assert 1 == report.counted["records"][PAYMENT_ORDERS]
