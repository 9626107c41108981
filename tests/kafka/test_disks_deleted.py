"""The cluster's disks are deleted, the treasury's tables with them, and all is restored.

Command by command as docs/for-operators.md says, "Back-up" and "Restore".
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy import select

from services.treasury.store.tables import accounting_entries, pieces, slips
from tests.integration.command import EXAMPLE
from tests.kafka.brokers import a_broker, chosen_provider
from tests.kafka.cluster import Cluster
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.finance_office import FinanceOffice
from tests.kafka.operators_shell import Shell, commands_of
from tests.kafka.stack import Stack
from tests.kafka.treasury_process import asked as asked_of_tables
from tests.kafka.treasury_process import lose_tables
from tests.read_model.databases import Server
from tests.waiting import eventually

PARTITIONS: Final = 2
EVENTS: Final = EXAMPLE.read_bytes().splitlines()
TO_THE_CONVENTION, REPORTS = EVENTS[:4], EVENTS[6:8]
ADVANCE, BALANCE = (f"CONV-2023-LILLE-AVENIRS/{name}" for name in ("avance", "solde"))


@contextmanager
def at_work(office: FinanceOffice, stack: Stack, database: str) -> Iterator[None]:
    """Ledger, projector and treasury, which are stopped in order."""
    with ExitStack() as running:
        each = [
            running.enter_context(stack.ledger()),
            running.enter_context(stack.projector(database)),
            running.enter_context(stack.treasury(office.url, **office.environment)),
        ]
        yield
        eventually(lambda: agrees(office), "the books agree")
        assert [0, 0, 0] == [process.stop() for process in each]


def agrees(office: FinanceOffice) -> bool:
    """True once all entries are made and have left."""
    said = asked(office.cluster, "reconcile", "--json", given=b"", **office.environment)
    found = json.loads(said.out) if said.code == DONE else None
    if found is None or office.unsent():
        return False
    return ([], []) == (found["differences"], found["not_booked"])


def waits(office: FinanceOffice) -> bool:
    """True once an order waits for a slip."""
    return bool(office.object_of("slips", "waiting")["waiting"])


def in_tables(url: str) -> list[list[Any]]:
    """Slips with their files, their pieces, and the entries."""
    numbers = (slips.c.slip_id, slips.c.number, slips.c.file, slips.c.file_sha256)
    asked_for: tuple[Any, ...] = (
        select(*numbers).order_by(slips.c.slip_id),
        select(pieces).order_by(*pieces.primary_key),
        select(accounting_entries).order_by(*accounting_entries.primary_key),
    )
    return [list(asked_of_tables(url, each)) for each in asked_for]


def balances(cluster: Cluster) -> bytes:
    """Heads, lines and conventions, as the journal has them."""
    return asked(cluster, "balances", "--json").out


@pytest.mark.timeout(240)
def test_a_cluster_whose_disks_were_deleted_comes_back_with_the_same_heads_and_its_seal(
    nowhere: Stack, prefix: str, postgresql_server: Server, postgresql_url: str
) -> None:
    tmp_path = nowhere.folder
    shell = Shell(tmp_path, postgresql_url, postgresql_server.programs)
    disks, key, public, seal = (
        tmp_path / name for name in ("disks", "key.pem", "public.pem", "seal.json")
    )
    export, verify, dump = commands_of("Back-up")
    with a_broker(chosen_provider(), disks) as lost_broker:
        lost = Stack(lost_broker.bootstrap, prefix, PARTITIONS, tmp_path)
        lost.create()
        office = FinanceOffice(lost, postgresql_url, tmp_path)
        run = partial(shell.run, settings=lost.environment, partitions=PARTITIONS)
        with at_work(office, lost, postgresql_url):
            office.publish(*TO_THE_CONVENTION)
            eventually(lambda: waits(office), "no order waits")
            first = office.send(ADVANCE)
            eventually(lambda: agrees(office), "the books agree")
            run(dump)  # It knows neither the second order nor its slip.
            made = in_tables(office.url)
            office.publish(*REPORTS)
            second = office.send(BALANCE)
        for command in (export, verify):
            run(command)
        public.write_bytes(asked(lost, "seal", "--new-key", key).out)
        assert DONE == asked(lost, "seal", "--key", key, "-o", seal).code
        before = balances(lost)
    shutil.rmtree(disks, ignore_errors=True)
    lose_tables(office.url)

    new = nowhere
    office.cluster = new
    for command in commands_of("Restore"):
        print(shell.run(command, new.environment, partitions=PARTITIONS))
    assert before == balances(new)
    assert made == in_tables(office.url)
    with at_work(office, new, postgresql_url):
        office.publish(TO_THE_CONVENTION[-1])
        again = office.send(BALANCE)
        for command in commands_of("Look first"):
            shell.run(command, new.environment, partitions=PARTITIONS)
    assert (first.number + 1, {first.number + 1: BALANCE}) == (second.number, second.pieces)
    assert (second.number, second.pieces) == (again.number, again.pieces)
    assert DONE == asked(new, "verify", "--seal", seal, "--public-key", public).code
    result = object_of(new, "verify")
    assert [] == result["findings"]
    assert {"accepted": 6, "duplicate": 1}.items() <= result["counted"]["outcomes"].items()
