"""A cluster is lost, and comes back from its export: the same records, heads and balances.

What a file may be, and what it may lack: tests/integration/test_backup.py.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from events import topics
from services.ledger.kafka import journal_import
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from tests.builders import NEXT_BUDGET, Json, a_vote
from tests.integration.command import CARRY_OVER
from tests.kafka.cluster import Cluster, Sent, budget_on, partition_for
from tests.kafka.commands import UNREACHABLE, asked, object_of
from tests.kafka.stack import Stack

FIRST, SECOND = CARRY_OVER
PARTITIONS: Final = 4
RECORDS: Final = 14


def sent(cluster: Cluster, file: Path) -> list[Sent]:
    """The lines of a file, each on its budget's partition."""
    return [cluster.sent(line) for line in file.read_bytes().splitlines()]


class Old(NamedTuple):
    """A cluster that worked for two years, and its export."""

    cluster: Cluster
    file: Path
    balances: bytes


@pytest.fixture(scope="module")
def old(module_stack: Stack) -> Old:
    cluster = module_stack
    with cluster.ledger() as worker:
        cluster.write([*sent(cluster, FIRST), Sent(1, b"?", b"{"), Sent(3, b"?", b"}")])
        cluster.wait_for_records(RECORDS - 4)
        cluster.write(sent(cluster, SECOND))
        cluster.wait_for_records(RECORDS)
        assert 0 == worker.stop()
    file = cluster.folder / "journal.jsonl"
    assert RECORDS == object_of(cluster, "journal", "export", file)["written"]
    return Old(cluster, file, balances(cluster))


@pytest.fixture
def new(nowhere: Stack) -> Callable[[int], Stack]:
    """A new cluster, with that many partitions."""
    return nowhere.create_with


def balances(cluster: Cluster) -> bytes:
    return asked(cluster, "balances", "--json").out


def imported(cluster: Cluster, file: Path) -> int:
    return int(object_of(cluster, "journal", "import", file)["written"])


def halfway(patched: pytest.MonkeyPatch) -> None:
    """An import ends before a commit, and leaves its transaction open."""
    commit, left = FencedWriter.commit, iter(range(5))

    async def failing(writer: FencedWriter) -> None:
        if next(left, None) is None:
            raise WriterFailed("the broker went away")
        await commit(writer)

    patched.setattr(journal_import, "BATCH_RECORDS", 2)
    patched.setattr(FencedWriter, "commit", failing)


def at_the_very_end(patched: pytest.MonkeyPatch) -> None:
    """All records are there, and one of two partitions is free already."""
    end, left = journal_import._Home.end, iter(range(1))

    async def failing(home: Any) -> None:
        if next(left, None) is None:
            raise WriterFailed("the broker went away")
        await end(home)

    patched.setattr(journal_import._Home, "end", failing)


def latest_balances(cluster: Cluster) -> dict[bytes, Json]:
    """What readers of the balances know in the end; which records led to it travels along."""
    records = [each for place in cluster.read(topics.BALANCES).values() for each in place]
    assert records, "balances were published"
    return {each.key: json.loads(each.value) for each in records}


def expected(file: Path, count: int) -> dict[int, list[bytes]]:
    """What each partition of a new cluster gets: dead letters stay, where they can."""
    homes: dict[int, list[bytes]] = {number: [] for number in range(count)}
    for line in file.read_bytes().splitlines():
        chain = json.loads(line)["budget"]
        home = int(chain[-1]) if chain.startswith("_dead.") else count
        homes[home if home < count else partition_for(chain, count)].append(line)
    return homes


@pytest.mark.parametrize("partitions", [PARTITIONS, 2])
def test_a_lost_cluster_is_restored_to_the_same_heads_and_goes_on(
    old: Old, new: Callable[[int], Stack], tmp_path: Path, partitions: int
) -> None:
    cluster = new(partitions)
    assert RECORDS == imported(cluster, old.file)
    journal = cluster.read(topics.JOURNAL)
    assert expected(old.file, partitions) == {
        number: [each.value for each in records] for number, records in journal.items()
    }
    assert old.balances == balances(cluster)
    assert latest_balances(old.cluster) == latest_balances(cluster)
    assert {number: {} for number in range(partitions)} == cluster.state()
    with cluster.ledger() as worker:
        worker.wait_for_states(running=partitions)
        assert old.balances == balances(cluster)
        # Senders send again what they do not know to have arrived; a year goes on; nonsense comes.
        cluster.write([*sent(cluster, SECOND)[-1:], Sent(1, b"?", b"{")])
        cluster.publish([a_vote(budget=budget_on(0, partitions))])
        records = cluster.wait_for_records(RECORDS + 3)
        assert 0 == worker.stop()
    last = [record for number in records for record in records[number][len(journal[number]) :]]
    assert [(NEXT_BUDGET, 6, "duplicate"), ("_dead.1", 2, "dead_letter")] == sorted(
        (record["budget"], record["sequence"], record["outcome"])
        for record in last
        if record["outcome"] != "accepted"
    )
    assert [] == [each for place in cluster.read(topics.PAYMENT_ORDERS).values() for each in place]
    result = object_of(cluster, "verify")
    assert RECORDS + 3 == sum(result["counted"]["outcomes"].values())
    assert [RECORDS] == [
        each["count"] for each in result["not_proved"] if each["code"] == "imported"
    ]
    assert "ends" in {each["code"] for each in result["not_proved"]}
    with cluster.ledger() as again:
        again.wait_for_states(running=partitions)
        assert [] == again.logged("state_rebuilt"), "the state is its own now"


@pytest.mark.parametrize(("interrupt", "left"), [(halfway, 8), (at_the_very_end, 0)])
def test_an_import_that_was_interrupted_lets_no_ledger_begin_and_is_finished(
    old: Old,
    new: Callable[[int], Stack],
    tmp_path: Path,
    interrupt: Callable[[pytest.MonkeyPatch], None],
    left: int,
) -> None:
    cluster = new(2)
    # An event waits: a worker that began too early would decide it.
    cluster.publish([a_vote(budget=budget_on(number, 2)) for number in (0, 1)])
    with pytest.MonkeyPatch.context() as patched:
        interrupt(patched)
        assert UNREACHABLE == asked(cluster, "journal", "import", old.file).code
    with cluster.ledger() as worker:
        assert UNREACHABLE == worker.ended()
        assert "ecluse journal import" in worker.messages
        assert cluster.name(topics.LEDGER_STATE) in worker.messages
    assert [left, 0] == [imported(cluster, old.file) for _ in range(2)]
    assert old.balances == balances(cluster)
    assert latest_balances(old.cluster) == latest_balances(cluster)
    assert {0: {}, 1: {}} == cluster.state()
