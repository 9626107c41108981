"""What a worker refuses to work on, and what it makes again.

The same over what a reader brings: tests/unit/ledger/test_topic_state.py.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from events import topics
from services.ledger.application.state_rows import STATE_VERSION
from services.ledger.domain.journal import read_record
from tests.builders import BUDGET as GOLDEN_BUDGET
from tests.builders import Json, a_new_account, a_vote_and_awards
from tests.golden.record import HERE as GOLDEN
from tests.kafka.cluster import (
    Cluster,
    Sent,
    budget_on,
    outcomes,
    partition_for,
    source_offsets,
)
from tests.kafka.commands import UNREACHABLE, object_of
from tests.kafka.processes import Worker

BUDGET: Final = budget_on(0, 1)
POSITION: Final = b'"position"'


@pytest.fixture
def worked(cluster: Cluster, tmp_path: Path) -> Cluster:
    """Topics on which a worker decided three events, and ended."""
    cluster.publish(a_vote_and_awards(BUDGET, 3))
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(3)
        assert 0 == worker.stop()
    return cluster


def assert_stops(cluster: Cluster, folder: Path, topic: str, *reasons: str) -> None:
    """A worker ends with 3, and its log names the topic and the reasons."""
    with Worker(cluster, folder) as worker:
        assert UNREACHABLE == worker.ended()
        logged = worker.logged("worker_cannot_go_on")[0]["error"]
        assert [] == [each for each in (cluster.name(topic), *reasons) if each not in logged]


# ---------------------------------------------------------------- the journal
def test_a_journal_shorter_than_the_state_says_stops_it(worked: Cluster, tmp_path: Path) -> None:
    """All of it is gone; then, what is there being right, only its last record."""
    records = worked.read(topics.JOURNAL)[0]
    worked.recreate(topics.JOURNAL)
    for left in (0, 2):
        kept = [Sent(0, each.key, each.value, each.headers) for each in records[:left]]
        worked.write(kept, topics.JOURNAL)
        assert_stops(worked, tmp_path, topics.JOURNAL, f"ends at offset {left}")


def test_another_journal_of_the_same_length_stops_it(worked: Cluster, tmp_path: Path) -> None:
    records = worked.read(topics.JOURNAL)[0]
    worked.recreate(topics.JOURNAL)
    # The same records in another order: each is whole, and the last one is not what it was.
    again = [Sent(0, each.key, each.value, each.headers) for each in reversed(records)]
    worked.write(again, topics.JOURNAL)
    assert_stops(worked, tmp_path, topics.JOURNAL, "another journal")


def test_a_lost_journal_beside_a_state_without_position_stops_it(
    worked: Cluster, tmp_path: Path
) -> None:
    worked.recreate(topics.JOURNAL)
    worked.write([Sent(0, POSITION, None, ())], topics.LEDGER_STATE)
    assert_stops(worked, tmp_path, topics.JOURNAL, "ends at offset 0")


# ---------------------------------------------------------------- the source
def test_an_input_topic_made_again_with_the_same_records_stops_it(
    worked: Cluster, tmp_path: Path
) -> None:
    """The very same events were written at another time."""
    worked.recreate(topics.EVENTS)
    worked.publish(a_vote_and_awards(BUDGET, 3))
    assert_stops(worked, tmp_path, topics.EVENTS, "re-created")


def test_an_input_topic_made_again_under_a_running_worker_stops_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.publish(a_vote_and_awards(BUDGET, 3))
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(3)
        cluster.recreate(topics.EVENTS)
        assert UNREACHABLE == worker.ended()
        assert cluster.name(topics.EVENTS) in worker.messages


def test_records_that_are_gone_unread_stop_it_until_they_are_given_up(
    worked: Cluster, tmp_path: Path
) -> None:
    worked.publish(a_vote_and_awards(BUDGET, 5, 3))
    worked.lose(topics.EVENTS, 0, 5)
    name = worked.name(topics.EVENTS)
    assert_stops(worked, tmp_path, topics.EVENTS, f"ecluse ledger --accept-lost {name}/0/5")
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{name}/0/4") as worker:
        assert UNREACHABLE == worker.ended(), "what is given up is named exactly"
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{name}/0/5") as worker:
        journal = worked.wait_for_records(6)[0]
        assert [0, 1, 2, 5, 6, 7] == source_offsets(journal)
        assert ["accepted"] * 6 == outcomes(journal)
        lost = worker.wait_for("records_given_up")
        assert (name, 0, 5, 3) == (lost["topic"], lost["partition"], lost["first"], lost["was"])
        assert 0 == worker.stop()
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{name}/0/5") as again:
        again.wait_for_states(running=1)
        assert [] == again.logged("records_given_up"), "the second time nothing is lost"


# ---------------------------------------------------------------- the number of partitions
def test_rule_37_more_partitions_stop_it(worked: Cluster, tmp_path: Path) -> None:
    worked.widen(2)
    assert_stops(worked, tmp_path, topics.LEDGER_STATE, "for 1 partitions, there are 2")


def test_more_partitions_beside_a_lost_state_stop_it(worked: Cluster, tmp_path: Path) -> None:
    """The journal alone tells: its budgets belong elsewhere now."""
    count = next(each for each in range(2, 9) if partition_for(BUDGET, each) != 0)
    worked.widen(count)
    worked.recreate(topics.LEDGER_STATE, partitions=count)
    assert_stops(worked, tmp_path, topics.JOURNAL, BUDGET, f"of {count}")


# ---------------------------------------------------------------- limits, versions, strangers
def test_a_topic_with_a_wrong_limit_stops_it(cluster: Cluster, tmp_path: Path) -> None:
    cluster.alter(topics.JOURNAL, retention_ms="604800000")
    assert_stops(cluster, tmp_path, topics.JOURNAL, "retention.ms is 604800000")


def newer_state(position: Json) -> Json:
    return position | {"versions": [position["versions"][0] + 1, position["versions"][1]]}


def newer_rules(position: Json) -> Json:
    return position | {"versions": [position["versions"][0], position["versions"][1] + 1]}


def of_another_shape(position: Json) -> Json:
    """What a newer version may write: nothing in it but its versions is where it was."""
    return {"versions": [99, 99], "read": [["a", 1]], "sources": 3}


@pytest.mark.parametrize("change", [newer_state, newer_rules, of_another_shape])
def test_a_state_written_by_a_newer_version_stops_it_and_is_kept(
    worked: Cluster, tmp_path: Path, change: Callable[[Json], Json]
) -> None:
    position = json.dumps(change(json.loads(worked.state()[0][POSITION]))).encode()
    worked.write([Sent(0, POSITION, position, ())], topics.LEDGER_STATE)
    assert_stops(worked, tmp_path, topics.LEDGER_STATE, "newer Écluse")
    assert position == worked.state()[0][POSITION], "it is left as it was"


def test_a_journal_written_by_newer_rules_stops_it_beside_a_lost_state(
    worked: Cluster, tmp_path: Path
) -> None:
    records = [read_record(each.value) for each in worked.read(topics.JOURNAL)[0]]
    worked.recreate(topics.LEDGER_STATE)
    last = replace(records[-1], sequence=4, previous_hash=records[-1].hash)
    last.rules_version += 1
    worked.write([Sent(0, BUDGET.encode(), last.seal(), ())], topics.JOURNAL)
    assert_stops(worked, tmp_path, topics.JOURNAL, "newer Écluse")
    assert {0: {}} == worked.state()


def test_an_open_transaction_of_another_producer_stops_it(worked: Cluster, tmp_path: Path) -> None:
    with worked.left_open(topics.LEDGER_STATE):
        assert_stops(worked, tmp_path, topics.LEDGER_STATE, "hangs there, which is not ours")


def test_where_no_broker_answers_it_stops(tmp_path: Path) -> None:
    absent = Cluster("127.0.0.1:9", "", 1)
    assert_stops(absent, tmp_path, absent.bootstrap)


# ---------------------------------------------------------------- what is made again
def test_a_state_row_that_nobody_can_read_is_made_again(worked: Cluster, tmp_path: Path) -> None:
    before = worked.state()[0]
    key = next(key for key in before if b'"line"' in key)
    worked.write([Sent(0, key, b"{", ())], topics.LEDGER_STATE)
    with Worker(worked, tmp_path) as again:
        again.wait_for("state_rebuilt", partition=0)
        again.wait_for_states(running=1)
        assert before[key] == worked.state()[0][key]


def as_left_by(version: int, cluster: Cluster) -> dict[str, list[Sent]]:
    """What stood on each topic (tests/golden/state-1, -4, -5, -6); all of it was one transaction.

    Its topics had no prefix: a record's source, which no hash covers, gets the one of this test.
    """
    here, there = (b'"topic":"%b' % name for name in (b"ecluse.", cluster.name("ecluse.").encode()))
    names = (topics.EVENTS, topics.JOURNAL, topics.LEDGER_STATE)
    found: dict[str, list[Sent]] = {name: [] for name in names}
    file = GOLDEN / f"state-{version}" / "hard-year-2023.topics.jsonl"
    for row in map(json.loads, file.read_bytes().splitlines()):
        value = bytes.fromhex(row["value_hex"]) if "value_hex" in row else row["value"]
        value = value.encode() if isinstance(value, str) else value
        if row["topic"] == topics.JOURNAL:
            value = value.replace(here, there)
        headers = [(name, text.encode()) for name, text in row["headers"]]
        assert len(found[row["topic"]]) == row["offset"]
        found[row["topic"]].append(Sent(0, row["key"].encode(), value, headers))
    return found


@pytest.mark.parametrize("version", [1, 4, 5, 6])
def test_a_state_of_an_earlier_version_is_made_again_from_the_journal(
    version: int, cluster: Cluster, tmp_path: Path
) -> None:
    left = as_left_by(version, cluster)
    for topic, records in left.items():
        cluster.write(records, topic)
    with Worker(cluster, tmp_path) as worker:
        assert f"it has the shape of version {version}" == worker.wait_for("state_rebuilt")["why"]
        worker.wait_for_states(running=1)
        result = object_of(cluster, "balances")
        expected = json.loads((GOLDEN / "hard-year-2023.summary.json").read_bytes())
        for dead_letter in (*result["dead_letters"], *expected["dead_letters"]):
            del dead_letter["position"]
        assert expected == result
        cluster.publish([a_new_account(budget=GOLDEN_BUDGET)])
        cluster.wait_for_records(len(left[topics.JOURNAL]) + 1)
        assert 0 == worker.stop()
    assert STATE_VERSION == json.loads(cluster.state()[0][POSITION])["versions"][0]
    with Worker(cluster, tmp_path) as again:
        again.wait_for_states(running=1)
        assert [] == again.logged("state_rebuilt")
