"""`ecluse treasury run` on a real broker: orders once, messages sent, Lag that says OK."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from events.lag import Stage, State, read_board
from events.topics import EVENTS, PAYMENT_ORDERS, TREASURY_GROUP
from services.treasury.slips.orders import claim
from services.treasury.store.database import TreasuryStore
from services.treasury.store.outbox import Outgoing
from services.treasury.store.tables import orders, outbox
from tests.builders import a_payment, encoded
from tests.kafka.cluster import STRUCTURED, Sent, budget_on
from tests.kafka.processes import Watcher
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import Treasurer, asked, publish_orders, put_all

PARTITIONS = 2


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'treasury.db'}"


def numbered(count: int, first: int = 0) -> list[tuple[str, str]]:
    """So many orders, in turn on each partition."""
    homes = [budget_on(partition, PARTITIONS) for partition in range(PARTITIONS)]
    return [(homes[n % PARTITIONS], f"C{n}/advance") for n in range(first, first + count)]


def in_tables(url: str) -> list[tuple[str, str]]:
    return sorted(map(tuple, asked(url, select(orders.c.budget, orders.c.payment_order))))


def count(url: str) -> int:
    return int(asked(url, select(func.count()).select_from(orders))[0][0])


def has_taken(url: str, first: int) -> bool:
    return count(url) > first


def stage_of(watch: Watcher) -> Stage | None:
    status, body = watch.get("/lag")
    if status != 200:
        return None
    return next(each for each in read_board(body.encode()).stages if each.stage == "treasury")


def test_it_takes_orders_and_lag_says_that_nothing_is_behind(stack: Stack, url: str) -> None:
    publish_orders(stack, numbered(250))
    with stack.treasury(url) as treasury, stack.watch() as watch:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 250, "all orders")
        assert sorted(numbered(250)) == in_tables(url)

        def is_well() -> bool:
            stage = stage_of(watch)
            return stage is not None and (stage.state, stage.behind) == (State.OK, 0)

        watch.until(is_well, "the treasury is OK, and 0 behind")
        offsets = stack.offsets_of(TREASURY_GROUP)
        assert {(PAYMENT_ORDERS, 0), (PAYMENT_ORDERS, 1)} <= offsets.keys()
        assert 0 == treasury.stop()
    with stack.treasury(url) as again:
        again.until_ready()
        publish_orders(stack, numbered(4, first=250))
        again.until(lambda: count(url) == 254, "what came since")
        name = f'ecluse_treasury_records_taken_total{{topic="{PAYMENT_ORDERS}"}}'
        again.until(lambda: again.metrics().get(name) == 4, "it took only those")


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_killed_again_and_again_it_takes_each_order_once(stack: Stack, url: str) -> None:
    wanted = numbered(2_000)
    with stack.treasury(url) as treasury:
        treasury.until_ready()
        for first in range(0, 2_000, 400):
            publish_orders(stack, wanted[first : first + 400])
            treasury.until(partial(has_taken, url, first), "at work")
            treasury.kill()
            treasury.start_again()
        treasury.until(lambda: count(url) == 2_000, "all orders")
        assert sorted(wanted) == in_tables(url)
        assert [] == treasury.logged("partition_held")


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_two_share_the_orders_and_one_takes_over_from_a_frozen_one(stack: Stack, url: str) -> None:
    wanted = numbered(400)
    with (
        stack.treasury(url, "one") as one,
        stack.treasury(url, "two") as two,
    ):

        def places(treasury: Treasurer) -> set[int]:
            status, body = treasury.get("/partitions")
            return {each["partition"] for each in json.loads(body)} if status == 200 else set()

        one.until(lambda: len(places(one)) == 1 == len(places(two)), "each has its part")
        publish_orders(stack, wanted[:100])
        one.until(lambda: count(url) == 100, "both take")
        with one.frozen():
            two.until(lambda: len(places(two)) == PARTITIONS, "it took over")
            publish_orders(stack, wanted[100:200])
            two.until(lambda: count(url) == 200, "all of them")
        publish_orders(stack, wanted[200:])
        two.until(lambda: count(url) == 400, "whoever has the partitions now")
        assert sorted(wanted) == in_tables(url)


def test_a_partition_that_another_process_took_and_left_is_taken_again(
    stack: Stack, url: str
) -> None:
    """It raised the epoch, and was never assigned: its group was rebalancing."""
    publish_orders(stack, numbered(2))
    with stack.treasury(url, ECLUSE_SESSION_TIMEOUT_S="10") as treasury:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 2, "the first orders")

        async def take_over() -> None:
            store = TreasuryStore(url)
            async with store.transaction() as connection:
                await claim(connection, PAYMENT_ORDERS, 0)
            await store.dispose()

        asyncio.run(take_over())
        publish_orders(stack, numbered(4, first=2))
        assert 0 == treasury.wait_for("partition_lost")["partition"]
        assert 503 == treasury.get("/readyz")[0]
        treasury.until(lambda: count(url) == 6, "after two sessions")
        treasury.until_ready()


def test_before_what_is_no_order_a_partition_is_held_and_the_other_goes_on(
    stack: Stack, url: str
) -> None:
    home = budget_on(0, PARTITIONS)
    publish_orders(stack, numbered(2))
    stack.write([Sent(0, home.encode(), b'{"type": "a stranger\'s"}')], PAYMENT_ORDERS)
    publish_orders(stack, numbered(4, first=2))
    with stack.treasury(url) as treasury, stack.watch() as watch:
        line = treasury.wait_for("partition_held")
        assert ("critical", 0) == (line["level"], line["partition"])
        treasury.until(lambda: count(url) == 4, "the other partition's orders, and one before it")
        assert {name for budget, name in in_tables(url) if budget == home} == {"C0/advance"}
        name = f'ecluse_treasury_held{{partition="0",topic="{PAYMENT_ORDERS}"}}'
        assert 1 == treasury.metrics()[name]

        def is_broken() -> bool:
            stage = stage_of(watch)
            return stage is not None and stage.state == State.BROKEN

        watch.until(is_broken, "Lag says so")


def outgoing(number: int) -> Outgoing:
    budget = budget_on(number % PARTITIONS, PARTITIONS)
    event = a_payment(1, budget=budget, _id=f"paid/{number}", _source="urn:ecluse:treasury")
    return Outgoing(f"paid/{number}", EVENTS, budget, encoded(event))


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_the_outbox_survives_kills_and_sends_each_budgets_messages_in_order(
    stack: Stack, url: str
) -> None:
    sent = "ecluse_treasury_messages_sent_total"
    with stack.treasury(url) as treasury:
        for first in range(0, 3_000, 1_000):
            put_all(url, map(outgoing, range(first, first + 1_000)))
            treasury.until(lambda: (treasury.metrics().get(sent) or 0) > 0, "at work")
            treasury.kill()
            treasury.start_again()
        treasury.until(lambda: unsent(url) == 0, "all sent")
    for partition, records in stack.read(EVENTS).items():
        arrived = list(dict.fromkeys(int(json.loads(each.value)["id"][5:]) for each in records))
        assert list(range(partition, 3_000, PARTITIONS)) == arrived
        assert {STRUCTURED[0]} == {each.headers[0] for each in records}


def unsent(url: str) -> int:
    waits = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
    return int(asked(url, waits)[0][0])
