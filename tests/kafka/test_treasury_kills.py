"""Killed again and again while orders come and slips are made: each order is on one slip."""

import asyncio
import json
import os
import random  # noqa: TID251 # it kills at random: its seed is printed
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Select, func, select

from events.topics import SLIPS
from services.treasury.store.database import treasury_address
from services.treasury.store.tables import free_numbers, orders, outbox, pieces, slips
from tests.builders import BUDGET, NEXT_BUDGET
from tests.kafka.cluster import Cluster
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import asked, publish_orders
from tests.leaks import leaks
from tests.read_model import databases
from tests.treasury.databases import opened, with_tables
from tests.treasury.orders import an_order, known
from tests.waiting import eventually

PARTITIONS = 2
ORDERS = int(os.environ.get("ECLUSE_TEST_ORDERS", "1500"))
KILLS = 5
BUDGETS = (BUDGET, NEXT_BUDGET)
LONGEST_S = 1.5
SLIPS_S = 240.0
HERE = "tests/kafka/test_treasury_kills.py"

ROOT = Path(__file__).resolve().parents[2]
WANTED = [(BUDGETS[n % 2], f"C{n}/advance") for n in range(ORDERS)]


class Maker:
    """The operator's process."""

    def __init__(self, read_model: str, log: Path) -> None:
        self._command = (sys.executable, "-m", "tests.kafka.slip_maker", read_model, *BUDGETS)
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=log, stdout=log)

    def kill(self) -> None:
        assert self._process.poll() is None, self._log.read_text()[-4000:]
        self._process.kill()
        self._process.wait()
        assert [] == leaks(self._log.read_text())


def the_projector_knows_all(read_model: str) -> None:
    async def go() -> None:
        async with opened(read_model) as both:
            for first in range(0, ORDERS, 500):
                some = WANTED[first : first + 500]
                await known(both, *(an_order(name, budget=budget) for budget, name in some))

    asyncio.run(go())


@pytest.fixture(params=databases.BOTH)
def read_model(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the treasury's tables stand beside."""
    if request.param == databases.SQLITE:
        return with_tables(databases.in_a_file(tmp_path / "read.db"))
    server: databases.Server = request.getfixturevalue("postgresql_server")
    return with_tables(server.a_read_model())


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_killed_while_orders_come_and_slips_are_made_each_order_is_on_one_slip(
    read_model: str, stack: Stack
) -> None:
    seed = int(os.environ.get("ECLUSE_FAULT_SEED") or random.SystemRandom().randrange(10**9))
    print(f"run again: ECLUSE_FAULT_SEED={seed} .venv/bin/pytest {HERE}")
    chance, url = random.Random(seed), treasury_address(read_model, None)
    the_projector_knows_all(read_model)
    with stack.treasury(url) as treasury:
        treasury.until_ready()
        maker = Maker(read_model, stack.folder / "maker.log")
        try:
            for some in cut(chance, KILLS + 1):
                publish_orders(stack, some)
                if some[-1] == WANTED[-1]:
                    break
                kills = [treasury.kill, maker.kill]
                for kill in chance.sample(kills, 2):
                    time.sleep(chance.uniform(0, LONGEST_S))
                    kill()
                treasury.start_again()
                maker.start()
            on_none = select(func.count()).select_from(orders).where(orders.c.slip_id.is_(None))
            eventually(
                lambda: figures(url, on_none) == (ORDERS, 0),
                lambda: f"{figures(url, on_none)}",
                SLIPS_S,
            )
            exported = select(func.count()).select_from(slips).where(slips.c.exported_at.is_(None))
            eventually(lambda: asked(url, exported)[0][0] == 0, "all slips left", 60)
            unsent = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
            treasury.until(lambda: asked(url, unsent)[0][0] == 0, "all messages left")
        finally:
            maker.kill()
    check_slips(url)
    check_messages(stack, url)


def cut(chance: random.Random, parts: int) -> list[Sequence[tuple[str, str]]]:
    """The orders in so many parts of any size."""
    ends = sorted(chance.sample(range(1, ORDERS), parts - 1))
    return [WANTED[first:end] for first, end in zip([0, *ends], [*ends, ORDERS], strict=True)]


def figures(url: str, on_none: Select[int]) -> tuple[int, int]:
    """The orders in the tables, and those that are on no slip."""
    total = select(func.count()).select_from(orders)
    return asked(url, total)[0][0], asked(url, on_none)[0][0]


def check_slips(url: str) -> None:
    assert sorted(WANTED) == sorted(
        map(tuple, asked(url, select(orders.c.budget, orders.c.payment_order)))
    )
    on_slips = asked(
        url,
        select(pieces.c.budget, pieces.c.payment_order, pieces.c.number, pieces.c.slip_id).join(
            slips, slips.c.slip_id == pieces.c.slip_id
        ),
    )
    assert sorted(WANTED) == sorted((row.budget, row.payment_order) for row in on_slips)
    stands = asked(url, select(orders.c.budget, orders.c.payment_order, orders.c.slip_id))
    assert sorted(map(tuple, stands)) == sorted(
        (row.budget, row.payment_order, row.slip_id) for row in on_slips
    )
    of_slips = asked(url, select(slips.c.budget, slips.c.number, slips.c.state))
    assert {"issued"} == {row.state for row in of_slips}
    for budget in BUDGETS:
        numbers = sorted(row.number for row in of_slips if row.budget == budget)
        assert list(range(1, len(numbers) + 1)) == numbers
        of_pieces = sorted(row.number for row in on_slips if row.budget == budget)
        assert list(range(1, ORDERS // 2 + 1)) == of_pieces
    assert [] == asked(url, select(free_numbers))


def check_messages(cluster: Cluster, url: str) -> None:
    """Each slip left once by its id; what was sent again is the same."""
    values: dict[str, set[bytes]] = {}
    for records in cluster.read(SLIPS).values():
        for each in records:
            values.setdefault(json.loads(each.value)["id"], set()).add(each.value)
    assert {1} == set(Counter(map(len, values.values())))
    of_slips = [row.slip_id for row in asked(url, select(slips.c.slip_id))]
    assert {f"{slip}/issued" for slip in of_slips} == set(values)
