"""What a worker refuses to work on: it ends with 3, and says which, and what to do."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from events import topics
from services.ledger.domain.journal import read_record
from tests.builders import Json, a_vote, an_award
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, Sent, budget_on, partition_for
from tests.kafka.workers import Worker, outcomes, wait_for_records

UNREACHABLE: Final = 3
BUDGET: Final = budget_on(0, 1)


def story(first: int, behind: int) -> list[Json]:
    """Events e0, e1 …: the first one is the vote."""
    events = []
    for number in range(first, behind):
        event = an_award(10, budget=BUDGET, grant=f"G{number}") if number else a_vote(budget=BUDGET)
        events.append(event | {"id": f"e{number}"})
    return events


@pytest.fixture
def cluster(broker: Broker, prefix: str) -> Cluster:
    """Topics of one partition, not yet worked on."""
    cluster = Cluster(broker.bootstrap, prefix, 1)
    cluster.create()
    return cluster


@pytest.fixture
def worked(cluster: Cluster, tmp_path: Path) -> Cluster:
    """Topics on which a worker decided three events, and ended."""
    cluster.publish(story(0, 3))
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, 3)
        assert 0 == worker.stop()
    return cluster


def assert_stops(
    cluster: Cluster, folder: Path, topic: str, *, fr: tuple[str, ...], en: tuple[str, ...]
) -> None:
    """A worker ends with 3: in French to people, in English in its log, with the topic's name."""
    name = topic if topic not in vars(topics).values() else cluster.name(topic)
    with Worker(cluster, folder, ECLUSE_LANG="fr") as worker:
        assert UNREACHABLE == worker.ended()
        logged = worker.wait_for("worker_cannot_go_on")["error"]
        for part in (name, *fr):
            assert part in worker.words
        for part in (name, *en):
            assert part in logged


# ---------------------------------------------------------------- the journal
def test_a_journal_shorter_than_the_state_says(worked: Cluster, tmp_path: Path) -> None:
    """All of it is gone; then, what is there being right, only its last record."""
    records = worked.read(topics.JOURNAL)[0]
    assert 3 == len(records)
    worked.recreate(topics.JOURNAL)
    for left in (0, 2):
        kept = [Sent(0, each.key, each.value, each.headers) for each in records[:left]]
        worked.write(kept, topics.JOURNAL)
        assert_stops(
            worked,
            tmp_path,
            topics.JOURNAL,
            fr=(f"finit à l'offset {left}", "jusqu'à 3", "restaurez-le depuis une sauvegarde"),
            en=(f"ends at offset {left}", "written up to 3", "restore it from a backup"),
        )


def test_another_journal_of_the_same_length(worked: Cluster, tmp_path: Path) -> None:
    records = worked.read(topics.JOURNAL)[0]
    worked.recreate(topics.JOURNAL)
    # The same records in another order: each is whole, and the last one is not what it was.
    again = [Sent(0, each.key, each.value, each.headers) for each in reversed(records)]
    worked.write(again, topics.JOURNAL)
    assert_stops(
        worked,
        tmp_path,
        topics.JOURNAL,
        fr=("à l'offset 2", "un autre journal", "Restaurez celui d'avant"),
        en=("at offset 2", "another journal", "Restore the former one"),
    )


def test_a_lost_journal_beside_a_state_without_position(worked: Cluster, tmp_path: Path) -> None:
    worked.recreate(topics.JOURNAL)
    worked.write([Sent(0, b'"position"', None, ())], topics.LEDGER_STATE)
    assert_stops(
        worked,
        tmp_path,
        topics.JOURNAL,
        fr=("finit à l'offset 0", "restaurez-le"),
        en=("ends at offset 0", "restore it"),
    )


# ---------------------------------------------------------------- the source
def test_a_source_made_again_with_fewer_records(worked: Cluster, tmp_path: Path) -> None:
    worked.recreate(topics.EVENTS)
    worked.publish(story(0, 2))
    assert_stops(
        worked,
        tmp_path,
        topics.EVENTS,
        fr=("finit à 2", "lu jusqu'à 3", "ce n'est plus le même topic", "Restaurez"),
        en=("ends at 2", "read up to 3", "another topic", "Restore"),
    )


@pytest.mark.parametrize(
    "again", [story(3, 6), story(0, 3), story(0, 9)], ids=["others", "the same", "more"]
)
def test_a_source_made_again_with_as_many_records(
    worked: Cluster, tmp_path: Path, again: list[Json]
) -> None:
    """Even the very same events were written at another time."""
    worked.recreate(topics.EVENTS)
    worked.publish(again)
    assert_stops(
        worked,
        tmp_path,
        topics.EVENTS,
        fr=("à l'offset 2", "le topic a été recréé", "Restaurez celui qui a été lu"),
        en=("at offset 2", "re-created", "Restore the one that was read"),
    )


def test_a_source_made_again_under_a_running_worker(cluster: Cluster, tmp_path: Path) -> None:
    cluster.publish(story(0, 3))
    with Worker(cluster, tmp_path, ECLUSE_LANG="fr") as worker:
        wait_for_records(cluster, 3)
        cluster.recreate(topics.EVENTS)
        assert UNREACHABLE == worker.ended()
        assert "Restaurez" in worker.words
        assert cluster.name(topics.EVENTS) in worker.words


def test_records_that_are_gone_unread_stop_it_until_they_are_given_up(
    worked: Cluster, tmp_path: Path
) -> None:
    worked.publish(story(3, 8))
    worked.lose(topics.EVENTS, 0, 5)
    name = worked.name(topics.EVENTS)
    said = f"ecluse ledger --accept-lost {name}/0/5"
    assert_stops(
        worked,
        tmp_path,
        topics.EVENTS,
        fr=("3 à 5 n'y sont plus", "Restaurez le topic", said),
        en=("3 to 5 are gone", "Restore the topic", said),
    )
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{name}/0/5") as worker:
        journal = wait_for_records(worked, 6)[0]
        assert [0, 1, 2, 5, 6, 7] == [record["source"]["offset"] for record in journal]
        assert ["accepted"] * 6 == outcomes(journal)
        lost = worker.wait_for("records_given_up")
        assert (name, 0, 5, 3) == (lost["topic"], lost["partition"], lost["first"], lost["was"])
        assert 0 == worker.stop()
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{name}/0/5") as again:
        again.wait_for_states(running=1)
        assert [] == again.said("records_given_up"), "the second time nothing is lost"


def test_what_is_given_up_is_named_exactly(worked: Cluster, tmp_path: Path) -> None:
    worked.publish(story(3, 8))
    worked.lose(topics.EVENTS, 0, 5)
    with Worker(worked, tmp_path, "a", "--accept-lost", f"{worked.name(topics.EVENTS)}/0/4") as one:
        assert UNREACHABLE == one.ended()


# ---------------------------------------------------------------- the number of partitions
def test_rule_37_topics_that_were_given_more_partitions(worked: Cluster, tmp_path: Path) -> None:
    worked.widen(2)
    assert_stops(
        worked,
        tmp_path,
        topics.LEDGER_STATE,
        fr=("pour 1 partitions, il y en a 2", "Recréez les topics avec 1 partitions"),
        en=("for 1 partitions, there are 2", "Create the topics again with 1 partitions"),
    )


def test_one_topic_with_another_number_of_partitions(worked: Cluster, tmp_path: Path) -> None:
    worked.recreate(topics.EVENTS, partitions=3)
    assert_stops(
        worked,
        tmp_path,
        topics.EVENTS,
        fr=("3 partitions au lieu de 1", "supprimez-le, puis `ecluse topics apply`"),
        en=("3 partitions instead of 1", "delete it and run `ecluse topics apply`"),
    )


def test_more_partitions_and_a_lost_state(worked: Cluster, tmp_path: Path) -> None:
    """The journal alone tells: its budgets belong elsewhere now."""
    count = next(each for each in range(2, 9) if partition_for(BUDGET, each) != 0)
    worked.widen(count)
    worked.recreate(topics.LEDGER_STATE, partitions=count)
    assert_stops(
        worked,
        tmp_path,
        topics.JOURNAL,
        fr=(BUDGET, f"de {count}", "le nombre de partitions a changé", "Recréez les topics"),
        en=(BUDGET, f"of {count}", "number of partitions was changed", "Create the topics again"),
    )


# ---------------------------------------------------------------- limits, versions, strangers
@pytest.mark.parametrize(
    ("topic", "setting", "wrong"),
    [
        (topics.EVENTS, "max.message.bytes", "1048588"),
        (topics.JOURNAL, "max.message.bytes", "1048588"),
        (topics.JOURNAL, "retention.ms", "604800000"),
        (topics.LEDGER_STATE, "cleanup.policy", "delete"),
    ],
)
def test_a_topic_with_wrong_limits(
    cluster: Cluster, tmp_path: Path, topic: str, setting: str, wrong: str
) -> None:
    cluster.alter(topic, {setting: wrong})
    assert_stops(
        cluster,
        tmp_path,
        topic,
        fr=(f"{setting} vaut {wrong} au lieu de", "`ecluse topics apply` le rétablit"),
        en=(f"{setting} is {wrong} instead of", "`ecluse topics apply` mends it"),
    )


def test_a_missing_topic(cluster: Cluster, tmp_path: Path) -> None:
    cluster.delete(topics.REFUSALS)
    assert_stops(
        cluster,
        tmp_path,
        topics.REFUSALS,
        fr=("ce topic manque", "`ecluse topics apply` le crée"),
        en=("this topic is missing", "`ecluse topics apply` creates it"),
    )


def newer_state(position: Json) -> Json:
    return position | {"versions": [position["versions"][0] + 1, position["versions"][1]]}


def newer_rules(position: Json) -> Json:
    return position | {"versions": [position["versions"][0], position["versions"][1] + 1]}


def of_another_shape(position: Json) -> Json:
    """What a newer version may write: nothing in it but its versions is where it was."""
    return {"versions": [99, 99], "read": [["a", 1]], "sources": 3}


@pytest.mark.parametrize("change", [newer_state, newer_rules, of_another_shape])
def test_a_state_written_by_a_newer_version(
    worked: Cluster, tmp_path: Path, change: Callable[[Json], Json]
) -> None:
    rows = worked.state()[0]
    position = json.dumps(change(json.loads(rows[b'"position"']))).encode()
    worked.write([Sent(0, b'"position"', position, ())], topics.LEDGER_STATE)
    assert_stops(
        worked,
        tmp_path,
        topics.LEDGER_STATE,
        fr=("version plus récente", "mettez Écluse à jour"),
        en=("newer Écluse", "upgrade it"),
    )
    assert position == worked.state()[0][b'"position"'], "it is left as it was"


def test_a_journal_written_by_newer_rules_beside_a_lost_state(
    worked: Cluster, tmp_path: Path
) -> None:
    records = [read_record(each.value) for each in worked.read(topics.JOURNAL)[0]]
    worked.recreate(topics.LEDGER_STATE)
    last = replace(records[-1], sequence=4, previous_hash=records[-1].hash)
    last.rules_version += 1
    worked.write([Sent(0, BUDGET.encode(), last.seal(), ())], topics.JOURNAL)
    assert_stops(
        worked,
        tmp_path,
        topics.JOURNAL,
        fr=("version plus récente", "mettez Écluse à jour"),
        en=("newer Écluse", "upgrade it"),
    )
    assert {0: {}} == worked.state()


def test_another_producers_open_transaction(worked: Cluster, tmp_path: Path) -> None:
    with worked.left_open(topics.LEDGER_STATE):
        assert_stops(
            worked,
            tmp_path,
            topics.LEDGER_STATE,
            fr=("reste ouverte, qui n'est pas le nôtre", "kafka-transactions.sh find-hanging"),
            en=("hangs there, which is not ours", "kafka-transactions.sh find-hanging"),
        )


def test_no_broker_at_all(broker: Broker, tmp_path: Path) -> None:
    nowhere = Cluster("127.0.0.1:9", "none.", 1)
    assert_stops(
        nowhere,
        tmp_path,
        "127.0.0.1:9",
        fr=("pas de Kafka à cette adresse", "Vérifiez ECLUSE_BOOTSTRAP_SERVERS"),
        en=("no Kafka at this address", "Check ECLUSE_BOOTSTRAP_SERVERS"),
    )
