"""One year through a real broker: the ledger is killed, its state is lost, each event is once."""

import json
from pathlib import Path

from events import topics
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.cluster import Cluster
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.processes import Worker
from tests.waiting import eventually

PARTITIONS = 2


def test_a_year_whose_ledger_is_killed_in_a_transaction_is_the_year_of_a_replay(
    cluster: Cluster, tmp_path: Path
) -> None:
    assert DONE == asked(cluster, "publish", EXAMPLE).code
    with Worker(cluster, tmp_path, fault="stubborn_commit") as worker:
        eventually(lambda: not cluster.is_settled([topics.JOURNAL]), "no transaction is open")
        worker.kill()
    replayed = ecluse("replay", EXAMPLE, "--json")
    with Worker(cluster, tmp_path) as again:
        cluster.wait_for_records(json.loads(replayed.out)["events"])
        assert 0 == again.stop()
    cluster.wait_until_settled(topics.JOURNAL)
    assert replayed.out == asked(cluster, "balances", "--json", "--strict").out
    for language in ("fr", "en"):
        tables = asked(cluster, "balances", "--lang", language).out
        assert ecluse("replay", EXAMPLE, "--lang", language).out == tables
    assert [] == object_of(cluster, "verify", "--redecide")["findings"]

    before = cluster.state()
    cluster.recreate(topics.LEDGER_STATE)
    with Worker(cluster, tmp_path) as third:
        third.wait_for_states(running=PARTITIONS)
        assert third.logged("state_rebuilt")
        assert 0 == third.stop()
    assert [each.keys() for each in before.values()] == [
        each.keys() for each in cluster.state().values()
    ]
    assert replayed.out == asked(cluster, "balances", "--json", "--strict").out
