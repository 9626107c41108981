"""`ecluse trace`, `parked` and `whatif` over topics: what a database says, and nothing written."""

import json
import os
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from events import topics
from services.runtime.kafka.topic_catalogue import read_catalogue
from tests.builders import BUDGET, IBAN, NEXT_BUDGET, Json, a_report, a_vote
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse, written
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, Sent, a_cluster, partition_for
from tests.kafka.commands import asked, record
from tests.kafka.workers import Worker, wait_for_records

PARTITIONS: Final = 3
CONVENTION: Final = "CONV-2023-LILLE-AVENIRS"
WAITING: Final = a_report(budget=NEXT_BUDGET, convention="NATATION", _id="too early")
UNREADABLE: Final = b'{"iban":"' + IBAN.encode()


class Stores(NamedTuple):
    """Two years on a broker, and the same in a database."""

    cluster: Cluster
    db: Path


@pytest.fixture(scope="module")
def stores(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """The second year's events follow when the internal event to it was read.

    What nobody reads, last.
    """
    assert partition_for(BUDGET, PARTITIONS) != partition_for(NEXT_BUDGET, PARTITIONS)
    cluster = a_cluster(broker, f"answers-{os.getpid()}.", PARTITIONS)
    folder = tmp_path_factory.mktemp("answers")
    waiting = written(folder / "waiting.jsonl", WAITING)
    with Worker(cluster, folder) as worker:
        assert 0 == asked(cluster, "publish", CARRY_OVER[0]).code
        wait_for_records(cluster, 8)
        assert 0 == asked(cluster, "publish", CARRY_OVER[1], waiting).code
        cluster.write([Sent(0, b"nobody", UNREADABLE)])
        wait_for_records(cluster, 14)
        assert 0 == worker.stop()
    db = folder / "ledger.db"
    assert 0 == ecluse("replay", *CARRY_OVER, waiting, "--db", db).code
    return Stores(cluster, db)


def without_places(found: Json) -> Json:
    """The records of a trace without the places where they were read."""
    for row in found["records"]:
        del row["source"]
    return found


def ends(cluster: Cluster) -> dict[str, int]:
    """How far each topic reaches, markers of transactions included."""
    return {name: cluster.count(name) for name in read_catalogue().topics}


@pytest.mark.parametrize(
    "more", [(), ("--budget", BUDGET), ("--budget", NEXT_BUDGET)], ids=["", "2023", "2024"]
)
@pytest.mark.parametrize("ref", [CONVENTION, f"{CONVENTION}/balance", "2023/40"])
def test_a_trace_is_the_same_on_topics(stores: Stores, ref: str, more: tuple[str, ...]) -> None:
    on_topics = asked(stores.cluster, "trace", ref, *more, "--json")
    in_store = ecluse("trace", ref, *more, "--db", stores.db, "--json")
    assert (0, "") == (on_topics.code, on_topics.err)
    assert without_places(json.loads(in_store.out)) == without_places(json.loads(on_topics.out))
    assert {BUDGET, NEXT_BUDGET} == {
        row["budget"] for row in json.loads(on_topics.out)["records"]
    }, "it goes on on another partition"


def test_an_unknown_reference_exits_3(stores: Stores) -> None:
    result = asked(stores.cluster, "trace", "nope")
    assert (3, b"", True) == (
        result.code,
        result.out,
        "nope: the journal knows no event" in result.err,
    )


def test_who_waits_on_topics(stores: Stores) -> None:
    (row,) = json.loads(asked(stores.cluster, "parked", "--json").out)["parked"]
    assert ("too early", NEXT_BUDGET) == (row["event_id"], row["budget"])
    assert {"kind": "convention", "id": "NATATION"} == row["waits_for"]
    assert "No event is parked.\n" == asked(stores.cluster, "parked", "--budget", BUDGET).text


def test_what_would_happen_is_the_same_and_nothing_is_written(
    stores: Stores, tmp_path: Path
) -> None:
    events: list[Json | bytes] = [
        a_vote(1_000, budget=NEXT_BUDGET),
        a_report(budget=NEXT_BUDGET, convention=CONVENTION, _id="again"),
        WAITING,
        a_report(_id="too late"),
        b"{",
    ]
    file = written(tmp_path / "events.jsonl", *events)
    written_before = ends(stores.cluster)
    on_topics = asked(stores.cluster, "whatif", file, "--json")
    assert written_before == ends(stores.cluster)
    assert (0, "") == (on_topics.code, on_topics.err)
    assert ecluse("whatif", file, "--db", stores.db, "--json").out == on_topics.out
    found = json.loads(on_topics.out)
    assert {"accepted": 2, "duplicate": 1, "refused": 1, "parked": 0, "dead_letter": 1} == (
        found["outcomes"]
    )
    ((before, after),) = [(row["before"], row["after"]) for row in found["lines"]]
    assert {"appropriated_cents": 1_000, "available_cents": 1_000} == {
        name: cents - before[name] for name, cents in after.items() if cents != before[name]
    }
    assert 1 == asked(stores.cluster, "whatif", file, "--strict").code


def test_a_missing_record_and_a_missing_topic_are_named(broker: Broker, prefix: str) -> None:
    cluster = Cluster(broker.bootstrap, prefix, 1)
    commands = (("trace", "C"), ("parked",), ("whatif", EXAMPLE))
    missing = asked(cluster, *commands[0])
    assert (3, True) == (
        missing.code,
        "this topic is missing: `ecluse topics apply`" in missing.err,
    )
    cluster.create()
    empty = json.loads(asked(cluster, "whatif", EXAMPLE, "--json").out)
    assert 10 == empty["outcomes"]["accepted"], "an empty journal will do"
    cluster.write([Sent(0, BUDGET.encode(), record(BUDGET, 2, 0))], topics.JOURNAL)
    for command in commands[1:]:
        result = asked(cluster, *command)
        assert (3, b"") == (result.code, result.out)
        assert f"Stopped: journal {BUDGET}/2: it does not follow record 0" in result.err
    damaged = asked(cluster, *commands[0])
    assert (3, b"", True) == (damaged.code, damaged.out, f"journal {BUDGET}/2: " in damaged.err)


def test_a_record_that_cannot_be_read_is_named(broker: Broker, prefix: str) -> None:
    cluster = a_cluster(broker, prefix, 1)
    cluster.write([Sent(0, BUDGET.encode(), b"{")], topics.JOURNAL)
    for command in (("trace", "C"), ("parked",), ("whatif", CARRY_OVER[0])):
        result = asked(cluster, *command)
        assert (3, b"") == (result.code, result.out)
        assert f"Stopped: {cluster.name(topics.JOURNAL)}/0/0: " in result.err
