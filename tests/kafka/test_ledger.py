"""The ledger on a real broker: the same year as a replay's, each record once, whatever restarts."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from events import topics
from tests.builders import Json, a_vote_and_awards
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster, budget_on, partition_for
from tests.kafka.workers import Worker, eventually, outcomes, wait_for_records

MANY: Final = 2_500
OUT: Final = (
    topics.JOURNAL,
    topics.COMMITMENT_ENTRIES,
    topics.PAYMENT_ORDERS,
    topics.BALANCES,
    topics.REFUSALS,
    topics.DEAD_LETTERS,
)


def example() -> list[Json]:
    return [json.loads(line) for line in EXAMPLE.read_bytes().splitlines()]


def published(cluster: Cluster) -> dict[str, dict[int, list[bytes]]]:
    """The values of everything that the ledger writes to others."""
    return {
        name: {number: [record.value for record in records] for number, records in found.items()}
        for name, found in cluster.read_all(OUT).items()
    }


def data_of(values: Iterable[bytes]) -> list[Json]:
    return [json.loads(value)["data"] for value in values]


@pytest.fixture(scope="module")
def replayed() -> dict[str, Any]:
    """What a replay says of the example."""
    done: dict[str, Any] = json.loads(ecluse("replay", EXAMPLE, "--json").out)
    return done


def test_the_example_is_what_a_replay_says_it_is(
    broker: Broker, prefix: str, tmp_path: Path, replayed: dict[str, Any]
) -> None:
    cluster = a_cluster(broker, prefix, 4)
    events = example()
    budget = events[0]["data"]["budget"]
    home = partition_for(budget, 4)
    cluster.publish(events)
    with Worker(cluster, tmp_path) as worker:
        journal = wait_for_records(cluster, len(events))
        eventually(lambda: cluster.hints().get(home) == len(events), "no hint for lag tools")
        assert 0 == worker.stop()
    assert replayed["heads"] == {budget: journal[home][-1]["hash"]}
    assert ["accepted"] * len(events) == outcomes(journal[home])
    place = cluster.name(topics.EVENTS)
    wanted = [{"topic": place, "partition": home, "offset": each} for each in range(len(events))]
    assert wanted == [record["source"] for record in journal[home]]
    assert events == [record["event"] for record in journal[home]]

    found = {name: by_number[home] for name, by_number in published(cluster).items()}
    orders = data_of(found[topics.PAYMENT_ORDERS])
    issued = {"payment_order", "budget", "convention", "instalment", "amount_cents", "due_on"}
    assert [{name: row[name] for name in issued} for row in replayed["payment_orders"]] == [
        {name: order[name] for name in issued} for order in orders
    ]
    entries = data_of(found[topics.COMMITMENT_ENTRIES])
    assert [row["entry_id"] for row in replayed["commitment_entries"]] == [
        entry["entry_id"] for entry in entries
    ]
    balances = {json.dumps(data["balance"]) for data in data_of(found[topics.BALANCES])}
    rows = [*replayed["lines"], *replayed["conventions"]]
    assert set() == {json.dumps(row) for row in rows} - balances
    assert [] == found[topics.REFUSALS] + found[topics.DEAD_LETTERS]


def test_a_restarted_worker_processes_nothing_twice(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    budgets = [budget_on(number, 2) for number in range(2)]
    cluster.publish([event for budget in budgets for event in a_vote_and_awards(budget, 5)])
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 10)
        assert 0 == worker.stop()
    before = published(cluster)
    with Worker(cluster, tmp_path) as again:
        again.wait_for_states(running=2)
        page = again.partitions()
        assert [5, 5] == [
            page[each]["next_offsets"][cluster.name(topics.EVENTS)] for each in (0, 1)
        ]
        time.sleep(0.5)
        assert before == published(cluster)
        cluster.publish([event for budget in budgets for event in a_vote_and_awards(budget, 2, 5)])
        journal = wait_for_records(cluster, 14)
        metrics = again.metrics()
        assert 4.0 == metrics['ecluse_ledger_records_total{outcome="accepted"}']
        assert 1.0 == metrics['ecluse_partition_state{partition="1",state="running"}']
        assert 0 == again.stop()
    for records in journal.values():
        assert list(range(1, 8)) == [record["sequence"] for record in records]
        chain = [record["hash"] for record in records]
        assert ["0" * 64, *chain[:-1]] == [record["previous_hash"] for record in records]


def test_both_input_topics_are_read_and_remembered(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 1)
    first, second, third = a_vote_and_awards(budget_on(0, 1), 3)
    cluster.publish([first])
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 1)
        cluster.publish([second], topics.INTERNAL_EVENTS)
        wait_for_records(cluster, 2)
        assert 0 == worker.stop()
    cluster.publish([third], topics.INTERNAL_EVENTS)
    with Worker(cluster, tmp_path) as again:
        journal = wait_for_records(cluster, 3)[0]
        assert 0 == again.stop()
    events, internal_events = cluster.name(topics.EVENTS), cluster.name(topics.INTERNAL_EVENTS)
    places = [(events, 0), (internal_events, 0), (internal_events, 1)]
    assert places == [(r["source"]["topic"], r["source"]["offset"]) for r in journal]
    assert ["accepted"] * 3 == outcomes(journal)


def test_a_state_topic_that_was_lost_is_made_again_from_the_journal(
    broker: Broker, prefix: str, tmp_path: Path, replayed: dict[str, Any]
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    events = example()
    home = partition_for(events[0]["data"]["budget"], 2)
    cluster.publish(events[:7])
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 7)
        assert 0 == worker.stop()
    before = cluster.state()
    cluster.recreate(topics.LEDGER_STATE)
    with Worker(cluster, tmp_path) as again:
        again.wait_for_states(running=2)
        assert {home} == {line["partition"] for line in again.logged("state_rebuilt")}
        after = cluster.state()
        rows, position = dict(before[home]), json.loads(before[home][b'"position"'])
        again_rows, again_position = dict(after[home]), json.loads(after[home][b'"position"'])
        del rows[b'"position"'], again_rows[b'"position"']
        assert rows == again_rows
        # The time of the last record is known to nobody but the state that was lost.
        for source in position["sources"].values():
            source["last_timestamp_ms"] = None
        assert {**position, "sources": None} == {**again_position, "sources": None}
        read = {name: at for name, at in again_position["sources"].items() if at["next_offset"]}
        assert read == {name: at for name, at in position["sources"].items() if at["next_offset"]}
        cluster.publish(events[7:])
        journal = wait_for_records(cluster, len(events))
        assert replayed["heads"] == {events[0]["data"]["budget"]: journal[home][-1]["hash"]}
        assert 0 == again.stop()
    with Worker(cluster, tmp_path) as third:
        third.wait_for_states(running=2)
        assert [] == third.logged("state_rebuilt"), "what was made again is not made once more"


def test_a_state_row_that_nobody_can_read_is_made_again(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 1)
    budget = budget_on(0, 1)
    cluster.publish(a_vote_and_awards(budget, 5))
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 5)
        worker.kill()
    before = cluster.state()[0]
    key = next(key for key in before if b'"line"' in key)
    cluster.write([cluster.sent_to(0, key, b"{")], topics.LEDGER_STATE)
    with Worker(cluster, tmp_path) as again:
        again.wait_for("state_rebuilt", partition=0)
        again.wait_for_states(running=1)
        assert before[key] == cluster.state()[0][key]


def test_sigterm_finishes_the_transaction_that_runs(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    histories = [a_vote_and_awards(budget_on(number, 2), MANY) for number in range(2)]
    cluster.publish([event for history in histories for event in history])
    with Worker(cluster, tmp_path, fault="slow_commit:0.4") as worker:
        eventually(lambda: cluster.count(topics.JOURNAL), "nothing in the journal")
        assert 0 == worker.stop()
        assert worker.logged("worker_stopped")
        assert [] == worker.logged("task_cancelled")
    journal, state = cluster.journal(), cluster.state()
    assert 0 < sum(map(len, journal.values())) < 2 * MANY, "it was stopped in the midst of it"
    name = cluster.name(topics.EVENTS)
    for number, records in journal.items():
        if records:
            position = json.loads(state[number][b'"position"'])
            assert len(records) == position["sources"][name]["next_offset"]
    assert cluster.is_settled([topics.JOURNAL, topics.LEDGER_STATE])
    with Worker(cluster, tmp_path) as again:
        journal = wait_for_records(cluster, 2 * MANY)
        for records in journal.values():
            assert list(range(MANY)) == [record["source"]["offset"] for record in records]
        assert 0 == again.stop()
