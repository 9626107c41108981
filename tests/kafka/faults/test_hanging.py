"""A transaction that the broker forgot to end in some partitions is ended as the others were."""

import asyncio

import pytest
from aiokafka.errors import ClusterAuthorizationFailedError

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    JOURNAL,
    LEDGER_STATE,
    PAYMENT_ORDERS,
    REFUSALS,
)
from services.runtime.kafka import writer as writers
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError
from services.verifier.verify import verify
from tests.builders import a_convention, a_payment, a_vote, an_award
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.faults.forgetting import Died, Forgetting, worked
from tests.kafka.stack import Stack
from tests.waiting import run

EVERYTHING = (JOURNAL, COMMITMENT_ENTRIES, PAYMENT_ORDERS, BALANCES, LEDGER_STATE)

SHORT_S = 10.0
"""The time-out of a transaction where the wait for its end is itself the test."""


pytestmark = pytest.mark.usefixtures("forgetful")


def prepared(cluster: Cluster) -> str:
    """A budget with an award; what comes next is the convention, with its first order."""
    budget = budget_on(0, 1)
    cluster.publish([a_vote(budget=budget), an_award(budget=budget)])
    run(worked(cluster))
    cluster.publish([a_convention(budget=budget)])
    return budget


def assert_each_order_once(cluster: Cluster) -> None:
    """And everything else as it must be: what the verifier says."""
    cluster.wait_until_settled(*EVERYTHING, REFUSALS)
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
def test_an_order_of_a_hanging_transaction_is_published_once(
    stack: Stack, hanging: tuple[str, ...], dies: bool
) -> None:
    budget = prepared(stack)
    run(worked(stack, hanging, dies=dies))
    stack.publish([a_payment(budget=budget)])
    run(worked(stack))
    assert_each_order_once(stack)


@pytest.mark.parametrize("dies", [False, True], ids=["committed", "aborted"])
def test_a_worker_killed_while_it_completes_a_transaction_leaves_the_same_outcome(
    stack: Stack, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = prepared(stack)
    run(worked(stack, (JOURNAL, PAYMENT_ORDERS, LEDGER_STATE), dies=dies))
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
    run(worked(stack))
    assert [not dies] == ended
    monkeypatch.undo()
    stack.publish([a_payment(budget=budget)])
    run(worked(stack))
    assert_each_order_once(stack)


def test_a_writer_begins_nothing_behind_its_hanging_transaction(stack: Stack) -> None:
    budget = prepared(stack)

    async def go() -> None:
        ledger = Forgetting(stack, SHORT_S)
        try:
            await ledger.open()
            await ledger.commit((PAYMENT_ORDERS,))
            await asyncio.to_thread(stack.publish, [a_payment(budget=budget)])
            with pytest.raises(WriterFailed, match=r"begin: .*payment-orders"):
                await ledger.commit()
        finally:
            await ledger.close()

    run(go())
    run(worked(stack))
    assert_each_order_once(stack)


def test_a_worker_that_may_not_complete_it_names_the_missing_right(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(stack)
    run(worked(stack, (PAYMENT_ORDERS,)))

    async def forbidden(*_: object, **__: object) -> None:
        raise ClusterAuthorizationFailedError

    monkeypatch.setattr(writers, "end_transaction", forbidden)
    with pytest.raises(ClusterError, match=r"payment-orders.* committed .*CLUSTER_ACTION on the"):
        run(worked(stack))
