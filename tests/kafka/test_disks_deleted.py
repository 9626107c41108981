"""The cluster's disks are deleted: it is restored from the export and copies of topics.

docs/for-operators.md, "Back-up and restore", does the same step by step.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from events import topics
from services.treasury.store.tables import accounting_entries, pieces, slips
from tests.integration.command import EXAMPLE
from tests.kafka.brokers import Broker, a_broker, chosen_provider
from tests.kafka.cluster import Cluster, Sent, a_cluster
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.finance_office import FinanceOffice
from tests.kafka.processes import Projector, Worker
from tests.kafka.treasury_process import Treasurer, lose_tables
from tests.kafka.treasury_process import asked as asked_of_tables
from tests.waiting import eventually

PARTITIONS: Final = 2
EVENTS: Final = EXAMPLE.read_bytes().splitlines()
TO_THE_CONVENTION, REPORTS = EVENTS[:4], EVENTS[6:8]
ADVANCE, BALANCE = (f"CONV-2023-LILLE-AVENIRS/{name}" for name in ("avance", "solde"))
COPIED: Final = (topics.PAYMENT_ORDERS, topics.SLIPS, topics.ACCOUNTING_ENTRIES)
"""What the treasury's tables are made again of; the journal is in its export."""


@contextmanager
def at_work(office: FinanceOffice, folder: Path, database: str) -> Iterator[None]:
    """Ledger, projector and treasury, which are stopped in order."""
    cluster = office.cluster
    with ExitStack() as running:
        each = [
            running.enter_context(Worker(cluster, folder)),
            running.enter_context(Projector(cluster, database, folder)),
            running.enter_context(Treasurer(cluster, office.url, folder, **office.environment)),
        ]
        yield
        eventually(lambda: agrees(office), "the books agree")
        assert [0, 0, 0] == [process.stop() for process in each]


def agrees(office: FinanceOffice) -> bool:
    """True once all entries are made and have left."""
    said = asked(office.cluster, "reconcile", "--json", given=b"", **office.environment)
    found = json.loads(said.out) if said.code == DONE else None
    return {"differences": [], "not_booked": []} == found and not office.unsent()


def balances(cluster: Cluster) -> bytes:
    """Heads, lines and conventions, as the journal has them."""
    return asked(cluster, "balances", "--json").out


def copies(cluster: Cluster) -> dict[str, list[Sent]]:
    """What is committed in topics, record by record, as a copy keeps it."""
    return {
        name: [
            Sent(number, each.key, each.value, each.headers)
            for number, records in places.items()
            for each in records
        ]
        for name, places in cluster.read_all(COPIED).items()
    }


def in_tables(url: str) -> list[list[Any]]:
    """Slips with their files, their pieces, and the entries."""
    numbers = (slips.c.slip_id, slips.c.number, slips.c.file, slips.c.file_sha256)
    asked_for: tuple[Any, ...] = (
        select(*numbers).order_by(slips.c.slip_id),
        select(pieces).order_by(*pieces.primary_key),
        select(accounting_entries).order_by(*accounting_entries.primary_key),
    )
    return [list(asked_of_tables(url, each)) for each in asked_for]


@pytest.mark.timeout(240)
def test_a_cluster_whose_disks_were_deleted_is_restored_with_the_same_heads_and_its_seal(
    broker: Broker, prefix: str, tmp_path: Path, sqlite_url: str
) -> None:
    disks, key, public, seal, journal = (
        tmp_path / name for name in ("disks", "key.pem", "public.pem", "seal.json", "journal.jsonl")
    )
    with a_broker(chosen_provider(), disks) as lost_broker:
        lost = a_cluster(lost_broker, prefix, PARTITIONS)
        office = FinanceOffice(lost, sqlite_url, tmp_path)
        with at_work(office, tmp_path, sqlite_url):
            office.publish(*TO_THE_CONVENTION)
            first = office.send(ADVANCE)
        public.write_bytes(asked(lost, "seal", "--new-key", key).out)
        assert DONE == asked(lost, "seal", "--key", key, "-o", seal).code
        exported = object_of(lost, "journal", "export", journal)
        before, kept, made = balances(lost), copies(lost), in_tables(office.url)
    shutil.rmtree(disks, ignore_errors=True)
    lose_tables(office.url)
    assert all(kept.values())

    new = a_cluster(broker, prefix, PARTITIONS)
    office.cluster = new
    imported = object_of(new, "journal", "import", journal)
    assert exported["heads"] == imported["heads"]
    for topic, records in kept.items():
        new.write(records, topic)
    assert before == balances(new)
    assert DONE == asked(new, "verify", "--seal", seal, "--public-key", public).code
    rebuilt = asked(new, "projector", "--rebuild", "--json", given=b"", **office.environment)
    assert {"records": exported["records"]} == json.loads(rebuilt.out)
    restored = office.object_of("treasury", "restore")
    assert {"orders": 1, "slips": 1, "entries": len(made[2])} == restored
    assert made == in_tables(office.url)

    with at_work(office, tmp_path, sqlite_url):
        office.publish(*TO_THE_CONVENTION[-1:], *REPORTS)
        second = office.send(BALANCE)
    assert [first.number + 1, {2: BALANCE}] == [second.number, second.pieces]
    assert DONE == asked(new, "verify", "--seal", seal, "--public-key", public).code
    result = object_of(new, "verify")
    assert [] == result["findings"]
    assert {"accepted": 6, "duplicate": 1}.items() <= result["counted"]["outcomes"].items()
