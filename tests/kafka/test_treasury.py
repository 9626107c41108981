"""`ecluse treasury run` on a real broker: orders once, messages sent, Lag that says OK."""

import asyncio
import itertools
import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from events.lag import Stage, State, read_board
from events.topics import EVENTS, PAYMENT_ORDERS, TREASURY_GROUP
from services.treasury.application.slips import Slips
from services.treasury.domain.slips import SlipType
from services.treasury.store.database import TreasuryStore, treasury_address
from services.treasury.store.orders import claim
from services.treasury.store.outbox import Outgoing
from services.treasury.store.tables import free_numbers, orders, outbox, pieces, series, slips
from tests.builders import BUDGET, a_payment, encoded
from tests.kafka import commands
from tests.kafka.cluster import STRUCTURED, Cluster, Sent, budget_on
from tests.kafka.processes import Watcher
from tests.kafka.treasury_process import NOON, Treasurer, asked, publish_orders, put_all
from tests.read_model import databases
from tests.treasury.databases import opened, with_tables
from tests.treasury.orders import a_config, an_order, known

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


def test_it_takes_orders_and_lag_says_that_nothing_is_behind(
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    publish_orders(cluster, numbered(250))
    with Treasurer(cluster, url, tmp_path) as treasury, Watcher(cluster, tmp_path) as watch:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 250, "all orders")
        assert sorted(numbered(250)) == in_tables(url)

        def is_well() -> bool:
            stage = stage_of(watch)
            return stage is not None and (stage.state, stage.behind) == (State.OK, 0)

        watch.until(is_well, "the treasury is OK, and 0 behind")
        offsets = cluster.offsets_of(TREASURY_GROUP)
        assert {(PAYMENT_ORDERS, 0), (PAYMENT_ORDERS, 1)} <= offsets.keys()
        assert 0 == treasury.stop()
    with Treasurer(cluster, url, tmp_path) as again:
        again.until_ready()
        publish_orders(cluster, numbered(4, first=250))
        again.until(lambda: count(url) == 254, "what came since")
        name = f'ecluse_treasury_records_taken_total{{topic="{PAYMENT_ORDERS}"}}'
        again.until(lambda: again.metrics().get(name) == 4, "it took only those")


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_killed_again_and_again_it_takes_each_order_once(
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    wanted = numbered(2_000)
    with Treasurer(cluster, url, tmp_path) as treasury:
        treasury.until_ready()
        for first in range(0, 2_000, 400):
            publish_orders(cluster, wanted[first : first + 400])
            treasury.until(partial(has_taken, url, first), "at work")
            treasury.kill()
            treasury.start_again()
        treasury.until(lambda: count(url) == 2_000, "all orders")
        assert sorted(wanted) == in_tables(url)
        assert [] == treasury.logged("partition_held")


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_two_share_the_orders_and_one_takes_over_from_a_frozen_one(
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    wanted = numbered(400)
    with (
        Treasurer(cluster, url, tmp_path, "one") as one,
        Treasurer(cluster, url, tmp_path, "two") as two,
    ):

        def places(treasury: Treasurer) -> set[int]:
            status, body = treasury.get("/partitions")
            return {each["partition"] for each in json.loads(body)} if status == 200 else set()

        one.until(lambda: len(places(one)) == 1 == len(places(two)), "each has its part")
        publish_orders(cluster, wanted[:100])
        one.until(lambda: count(url) == 100, "both take")
        with one.frozen():
            two.until(lambda: len(places(two)) == PARTITIONS, "it took over")
            publish_orders(cluster, wanted[100:200])
            two.until(lambda: count(url) == 200, "all of them")
        publish_orders(cluster, wanted[200:])
        two.until(lambda: count(url) == 400, "whoever has the partitions now")
        assert sorted(wanted) == in_tables(url)


def test_a_partition_that_another_process_took_and_left_is_taken_again(
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    """It raised the epoch, and was never assigned: its group was rebalancing."""
    publish_orders(cluster, numbered(2))
    with Treasurer(cluster, url, tmp_path) as treasury:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 2, "the first orders")

        async def take_over() -> None:
            store = TreasuryStore(url)
            async with store.transaction() as connection:
                await claim(connection, PAYMENT_ORDERS, 0)
            await store.dispose()

        asyncio.run(take_over())
        publish_orders(cluster, numbered(4, first=2))
        assert 0 == treasury.wait_for("partition_lost")["partition"]
        assert 503 == treasury.get("/readyz")[0]
        treasury.until(lambda: count(url) == 6, "after two sessions")
        treasury.until_ready()


def test_before_what_is_no_order_a_partition_is_held_and_the_other_goes_on(
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    home = budget_on(0, PARTITIONS)
    publish_orders(cluster, numbered(2))
    cluster.write([Sent(0, home.encode(), b'{"type": "a stranger\'s"}')], PAYMENT_ORDERS)
    publish_orders(cluster, numbered(4, first=2))
    with Treasurer(cluster, url, tmp_path) as treasury, Watcher(cluster, tmp_path) as watch:
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
    cluster: Cluster, url: str, tmp_path: Path
) -> None:
    sent = "ecluse_treasury_messages_sent_total"
    with Treasurer(cluster, url, tmp_path) as treasury:
        for first in range(0, 3_000, 1_000):
            put_all(url, map(outgoing, range(first, first + 1_000)))
            treasury.until(lambda: (treasury.metrics().get(sent) or 0) > 0, "at work")
            treasury.kill()
            treasury.start_again()
        treasury.until(lambda: unsent(url) == 0, "all sent")
    for partition, records in cluster.read(EVENTS).items():
        arrived = list(dict.fromkeys(int(json.loads(each.value)["id"][5:]) for each in records))
        assert list(range(partition, 3_000, PARTITIONS)) == arrived
        assert {STRUCTURED[0]} == {each.headers[0] for each in records}


async def _make_slips(read_model: str) -> None:
    async with opened(read_model) as both:
        await known(both, *(an_order(f"C{n}/advance") for n in range(5)))
        minutes = itertools.count()
        made = Slips(
            both.store, both.read_model, a_config(), lambda: NOON + timedelta(minutes=next(minutes))
        )
        for step in ("exported", "cancelled", "left"):
            draft = await made.prepare(BUDGET, SlipType.PAYMENT, "anne", at_most=2)
            assert draft is not None
            await made.issue(draft.slip_id, "anne")
            if step == "exported":
                await made.export(draft.slip_id, "anne")
            if step == "cancelled":
                await made.cancel(draft.slip_id, "anne")


def tables(url: str) -> dict[str, list[Any]]:
    """Slips, their pieces and numbers, and the orders on them; not who has exported them."""
    exported = {slips.c.exported_at, slips.c.exported_by}
    asked_for = {
        "slips": select(*(each for each in slips.c if each not in exported)),
        "pieces": select(pieces),
        "orders": select(orders),
        "series": select(series),
        "free": select(free_numbers),
    }
    return {name: sorted(map(repr, asked(url, question))) for name, question in asked_for.items()}


def unsent(url: str) -> int:
    waits = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
    return int(asked(url, waits)[0][0])


def test_lost_tables_are_made_again_with_the_same_slips_and_numbers(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Two slips, one cancelled, and an order that waits; then the file is of before them."""
    read_model = databases.in_a_file(tmp_path / "read.db")
    url = treasury_address(read_model, None)
    publish_orders(cluster, [(BUDGET, f"C{n}/advance") for n in range(5)])
    with Treasurer(cluster, url, tmp_path) as treasury:
        treasury.until_ready()
        treasury.until(lambda: count(url) == 5, "all orders")
        asyncio.run(_make_slips(read_model))
        before = tables(url)
        treasury.until(lambda: unsent(url) == 0, "all sent")
        treasury.kill()
    for each in tmp_path.glob("treasury.db*"):
        each.unlink()
    with_tables(read_model)
    with Treasurer(cluster, url, tmp_path, "slipless") as treasury:
        assert commands.UNREACHABLE == treasury.ended()
        assert "Run `ecluse treasury restore`" in treasury.messages
    prepare = partial(commands.asked, cluster, "slips", "prepare", ECLUSE_DATABASE_URL=read_model)
    refused = prepare()
    assert commands.WRONG == refused.code
    assert "`ecluse treasury run`" in refused.err
    restoring = {"ECLUSE_TREASURY_URL": url, "ECLUSE_DATABASE_URL": read_model}
    restore = partial(
        commands.asked, cluster, "treasury", "restore", "--json", given=b"", **restoring
    )
    done = restore()
    assert {"orders": 5, "slips": 3, "entries": 0, "events": 0} == json.loads(done.out)
    assert before == tables(url)
    assert commands.DONE == prepare().code
    again = restore()
    assert {"orders": 0, "slips": 0, "entries": 0, "events": 0} == json.loads(again.out)
    assert before == tables(url)
    with Treasurer(cluster, url, tmp_path) as treasury:
        publish_orders(cluster, [(BUDGET, "C5/advance")])
        treasury.until(lambda: count(url) == 6, "it goes on")
