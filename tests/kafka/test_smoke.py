"""One year through a real broker: the ledger is killed, and each event is journalled once."""

import json
from pathlib import Path

from events import topics
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import a_cluster
from tests.kafka.commands import asked
from tests.kafka.workers import Worker, eventually, wait_for_records


def test_a_year_whose_ledger_is_killed_in_a_transaction_is_the_year_of_a_replay(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    assert 0 == asked(cluster, "publish", EXAMPLE).code
    with Worker(cluster, tmp_path, fault="stubborn_commit") as worker:
        eventually(lambda: not cluster.is_settled([topics.JOURNAL]), "no transaction is open")
        worker.kill()
    replayed = ecluse("replay", EXAMPLE, "--json")
    with Worker(cluster, tmp_path) as again:
        wait_for_records(cluster, json.loads(replayed.out)["events"])
        assert 0 == again.stop()
    eventually(lambda: cluster.is_settled([topics.JOURNAL]), "a transaction stays open")
    assert replayed.out == asked(cluster, "balances", "--json", "--strict").out
    for language in ("fr", "en"):
        tables = asked(cluster, "balances", "--lang", language).out
        assert ecluse("replay", EXAMPLE, "--lang", language).out == tables
    proof = asked(cluster, "verify", "--redecide", "--json")
    assert (0, []) == (proof.code, json.loads(proof.out)["findings"])
