"""`ecluse treasury run` in a group that moves while its database is away."""

from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from events.topics import PAYMENT_ORDERS, REFUSALS, TREASURY_GROUP
from tests.kafka.cluster import Cluster
from tests.kafka.commands import UNREACHABLE
from tests.kafka.stack import Stack
from tests.kafka.test_treasury import count, in_tables, numbered
from tests.kafka.treasury_process import publish_orders
from tests.read_model.databases import Server
from tests.waiting import run

PARTITIONS: Final = 2


async def come_and_go(cluster: Cluster) -> None:
    """Be a member of the treasury's group for a moment: its partitions move twice."""
    member = AIOKafkaConsumer(
        *map(cluster.name, (PAYMENT_ORDERS, REFUSALS)),
        bootstrap_servers=cluster.bootstrap,
        group_id=cluster.settings.group(TREASURY_GROUP),
        partition_assignment_strategy=(RangePartitionAssignor,),
        enable_auto_commit=False,
        session_timeout_ms=30_000,
        heartbeat_interval_ms=500,
    )
    await member.start()
    assert member.assignment()
    await member.stop()


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_partitions_that_move_while_the_database_is_away_are_taken_once_it_is_back(
    stack: Stack, postgresql_server: Server
) -> None:
    url = postgresql_server.a_database()
    publish_orders(stack, numbered(4))
    with stack.treasury(url) as treasury:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 4, "the first orders")
        postgresql_server.crash()
        try:
            run(come_and_go(stack))
            treasury.wait_for("claim_postponed")
            assert 503 == treasury.get("/readyz")[0]
            publish_orders(stack, numbered(4, first=4))
        finally:
            postgresql_server.start_again()
        treasury.until(lambda: count(url) == 8, "all orders")
        treasury.until_ready()
        assert sorted(numbered(8)) == in_tables(url)
        assert [] == treasury.logged("partition_held")


def test_a_database_that_is_away_at_the_start_is_waited_for(stack: Stack) -> None:
    absent = "postgresql://127.0.0.1:1/ecluse"
    with stack.treasury(absent, ECLUSE_GIVE_UP_S="2") as treasury:
        assert UNREACHABLE == treasury.ended()
        assert 1 == treasury.text.count("database_unavailable")
        assert "ECLUSE_DATABASE_URL" in treasury.messages


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_a_database_that_stays_away_ends_the_process(
    stack: Stack, postgresql_server: Server
) -> None:
    url = postgresql_server.a_database()
    with stack.treasury(url, ECLUSE_GIVE_UP_S="10") as treasury:
        treasury.until_ready()
        postgresql_server.crash()
        try:
            run(come_and_go(stack))
            assert UNREACHABLE == treasury.ended()
        finally:
            postgresql_server.start_again()
        assert treasury.logged("claim_postponed"), "it has tried for a while"
