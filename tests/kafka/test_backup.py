"""A cluster is lost, and comes back from its export: the same records, heads and balances.

What a file may be, and what it may lack: tests/integration/test_backup.py.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from events import topics
from services.ledger.kafka import journal_import
from services.ledger.kafka.state_topic import POSITION_KEY, read_key
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from tests.builders import BUDGET, NEXT_BUDGET, Json, a_vote
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, Sent, a_cluster, budget_on, partition_for
from tests.kafka.commands import UNREACHABLE, asked, object_of
from tests.kafka.processes import Worker
from tests.kept_state import Rows, one_by_one

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
def old(module_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Old:
    cluster, folder = module_cluster, tmp_path_factory.mktemp("old")
    with Worker(cluster, folder) as worker:
        cluster.write([*sent(cluster, FIRST), Sent(1, b"?", b"{"), Sent(3, b"?", b"}")])
        cluster.wait_for_records(RECORDS - 4)
        cluster.write(sent(cluster, SECOND))
        cluster.wait_for_records(RECORDS)
        assert 0 == worker.stop()
    file = folder / "journal.jsonl"
    assert RECORDS == object_of(cluster, "journal", "export", file)["written"]
    return Old(cluster, file, balances(cluster))


@pytest.fixture
def new(broker: Broker, prefix: str) -> Callable[[int], Cluster]:
    """A new cluster, with that many partitions."""
    return partial(a_cluster, broker, prefix)


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


def test_an_export_is_what_the_tail_of_the_journal_shows_and_goes_on_where_it_was_cut(
    old: Old, tmp_path: Path
) -> None:
    whole = old.file.read_bytes()
    shown = asked(old.cluster, "journal", "tail", "-n", 99, "--json").out
    assert sorted(shown.splitlines()) == sorted(whole.splitlines())
    assert whole == asked(old.cluster, "journal", "export", "-").out
    file, cut = tmp_path / "cut.jsonl", whole[: len(whole) // 2]
    file.write_bytes(cut)
    again = object_of(old.cluster, "journal", "export", file)
    assert (whole, RECORDS - cut.count(b"\n")) == (file.read_bytes(), again["written"])
    one = asked(old.cluster, "journal", "export", "-", "--budget", NEXT_BUDGET).out
    assert {NEXT_BUDGET} == {json.loads(line)["budget"] for line in one.splitlines()}


@pytest.mark.parametrize("partitions", [PARTITIONS, 2])
def test_a_lost_cluster_is_restored_to_the_same_heads_and_goes_on(
    old: Old, new: Callable[[int], Cluster], tmp_path: Path, partitions: int
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
    with Worker(cluster, tmp_path) as worker:
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
    with Worker(cluster, tmp_path) as again:
        again.wait_for_states(running=partitions)
        assert [] == again.logged("state_rebuilt"), "the state is its own now"


@pytest.mark.parametrize(("interrupt", "left"), [(halfway, 8), (at_the_very_end, 0)])
def test_an_import_that_was_interrupted_lets_no_ledger_begin_and_is_finished(
    old: Old,
    new: Callable[[int], Cluster],
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
    with Worker(cluster, tmp_path) as worker:
        assert UNREACHABLE == worker.ended()
        assert "ecluse journal import" in worker.messages
        assert cluster.name(topics.LEDGER_STATE) in worker.messages
    assert [left, 0] == [imported(cluster, old.file) for _ in range(2)]
    assert old.balances == balances(cluster)
    assert latest_balances(old.cluster) == latest_balances(cluster)
    assert {0: {}, 1: {}} == cluster.state()


def test_an_internal_event_that_was_lost_with_the_cluster_is_written_again(
    old: Old, new: Callable[[int], Cluster], tmp_path: Path
) -> None:
    """The year was closed, and the next one not opened yet."""
    cluster, file = new(2), tmp_path / "2023.jsonl"
    asked(old.cluster, "journal", "export", file, "--budget", BUDGET)
    imported(cluster, file)
    internal_events, before = (
        sorted(each.value for place in kept.read(topics.INTERNAL_EVENTS).values() for each in place)
        for kept in (cluster, old.cluster)
    )
    assert before == internal_events
    with Worker(cluster, tmp_path):
        cluster.wait_for_records(8)
    replayed = json.loads(ecluse("replay", FIRST, "--json").out)
    assert replayed["heads"] == json.loads(balances(cluster))["heads"]


def test_another_journal_is_left_alone(
    old: Old, new: Callable[[int], Cluster], tmp_path: Path
) -> None:
    cluster, other, db = new(2), tmp_path / "other.jsonl", tmp_path / "x.db"
    ecluse("replay", EXAMPLE, "--db", db)
    ecluse("journal", "export", other, "--db", db)
    imported(cluster, other)
    before = cluster.count(topics.LEDGER_STATE)
    assert UNREACHABLE == asked(cluster, "journal", "import", old.file).code
    cluster.write([Sent(1 - partition_for(BUDGET, 2), b"?", b"")], topics.JOURNAL)
    assert UNREACHABLE == asked(cluster, "journal", "import", other).code, "it is damaged now"
    assert before == cluster.count(topics.LEDGER_STATE), "nobody was fenced, nothing was written"


def remembered(cluster: Cluster) -> Rows:
    """The events that the state remembers."""
    rows = cluster.state()[0].items()
    keyed = ((read_key(key), value) for key, value in rows if key != POSITION_KEY)
    return one_by_one(each for each in keyed if each[0].kind == "remembered")


def test_the_state_is_made_again_when_that_is_asked_for(
    new: Callable[[int], Cluster], tmp_path: Path
) -> None:
    """A row that was changed behind its back, and that no restore would notice."""
    cluster = new(1)
    cluster.write(sent(cluster, FIRST))
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(8)
        assert 0 == worker.stop()
    rows, before = cluster.state()[0], remembered(cluster)
    key = next(each for each in rows if json.loads(each)[1:2] == ["remembered"])
    another_digest = rows[key][:-1] + bytes([rows[key][-1] ^ 1])
    cluster.write([Sent(0, key, another_digest, ())], topics.LEDGER_STATE)
    assert before != remembered(cluster)
    with Worker(cluster, tmp_path) as worker:
        worker.wait_for_states(running=1)
        assert [] == worker.logged("state_rebuilt")
        assert 0 == worker.stop()
    with Worker(cluster, tmp_path, "a", "--rebuild") as worker:
        assert "it was asked for" == worker.wait_for("state_rebuilt")["why"]
        assert 8 == worker.wait_for("state_being_rebuilt")["records"]
        cluster.write(sent(cluster, SECOND))
        cluster.wait_for_records(12)
        assert before.items() <= remembered(cluster).items()
        assert 0 == worker.stop()
    both = json.loads(ecluse("replay", FIRST, SECOND, "--json").out)
    assert both == json.loads(balances(cluster))
