"""A worker finds the state topic as an earlier release left it: tests/golden/state-1."""

import json
from pathlib import Path
from typing import Final

import pytest

from events import topics
from services.ledger.application.state_rows import STATE_VERSION
from tests.builders import BUDGET, Json, a_new_account
from tests.golden.record import HERE as GOLDEN
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, Sent, a_cluster
from tests.kafka.commands import asked
from tests.kafka.workers import Worker, wait_for_records

RECORDS: Final = 49
KEPT: Final = (topics.EVENTS, topics.JOURNAL, topics.LEDGER_STATE)


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    return a_cluster(broker, prefix, 1)


def recorded(cluster: Cluster) -> dict[str, list[Sent]]:
    """What stood on each topic; the offsets are the same, since it was one transaction.

    Its topics had no prefix: a record's source, which no hash covers, gets the one of this test.
    """
    here, there = (b'"topic":"%b' % name for name in (b"ecluse.", cluster.name("ecluse.").encode()))
    found: dict[str, list[Sent]] = {name: [] for name in KEPT}
    file = GOLDEN / "state-1" / "hard-year-2023.topics.jsonl"
    for row in map(json.loads, file.read_bytes().splitlines()):
        value = bytes.fromhex(row["value_hex"]) if "value_hex" in row else _encoded(row)
        headers = [(name, text.encode()) for name, text in row["headers"]]
        assert len(found[row["topic"]]) == row["offset"]
        if row["topic"] == topics.JOURNAL:
            value = (value or b"").replace(here, there)
        found[row["topic"]].append(Sent(0, row["key"].encode(), value, headers))
    return found


def _encoded(row: Json) -> bytes | None:
    value: str | None = row["value"]
    return None if value is None else value.encode()


def test_a_state_of_version_1_is_made_again_from_the_journal(
    cluster: Cluster, tmp_path: Path
) -> None:
    for topic, records in recorded(cluster).items():
        cluster.write(records, topic)
    with Worker(cluster, tmp_path) as worker:
        assert "it has the shape of version 1" == worker.wait_for("state_rebuilt")["why"]
        worker.wait_for_states(running=1)
        result = json.loads(asked(cluster, "balances", "--json").out)
        expected = json.loads((GOLDEN / "hard-year-2023.summary.json").read_bytes())
        for dead_letter in (*result["dead_letters"], *expected["dead_letters"]):
            del dead_letter["position"]
        assert expected == result
        cluster.publish([a_new_account(budget=BUDGET)])
        wait_for_records(cluster, RECORDS + 1)
        assert 0 == worker.stop()
    assert STATE_VERSION == json.loads(cluster.state()[0][b'"position"'])["versions"][0]
    with Worker(cluster, tmp_path) as again:
        again.wait_for_states(running=1)
        assert [] == again.logged("state_rebuilt")


def test_beside_a_journal_that_lost_its_end_an_old_state_is_not_thrown_away(
    cluster: Cluster, tmp_path: Path
) -> None:
    kept = recorded(cluster)
    kept[topics.JOURNAL].pop()
    for topic, records in kept.items():
        cluster.write(records, topic)
    with Worker(cluster, tmp_path) as worker:
        assert 3 == worker.ended()
        assert "ends at offset 48, but was written up to 49" in worker.text
    assert kept[topics.LEDGER_STATE][-1].value == cluster.state()[0][b'"position"']
