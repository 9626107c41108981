"""`ecluse trace`, `parked` and `whatif` over topics: what a database says, and nothing written."""

import json
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from services.runtime.kafka.topic_catalogue import read_catalogue
from tests.builders import BUDGET, IBAN, NEXT_BUDGET, Json, a_report, a_vote
from tests.integration.command import CARRY_OVER, ecluse, written
from tests.kafka.cluster import Cluster, Sent, partition_for
from tests.kafka.commands import DONE, UNREACHABLE, WRONG, asked, object_of
from tests.kafka.stack import Stack

PARTITIONS: Final = 3
CONVENTION: Final = "CONV-2023-LILLE-AVENIRS"
WAITING: Final = a_report(budget=NEXT_BUDGET, convention="NATATION", _id="too early")
UNREADABLE: Final = b'{"iban":"' + IBAN.encode()


class Stores(NamedTuple):
    """Two years on a broker, and the same in a database."""

    cluster: Cluster
    db: Path


@pytest.fixture(scope="module")
def stores(module_stack: Stack) -> Stores:
    """The second year's events follow when the internal event to it was read.

    What nobody reads, last.
    """
    assert partition_for(BUDGET, PARTITIONS) != partition_for(NEXT_BUDGET, PARTITIONS)
    cluster, folder = module_stack, module_stack.folder
    waiting = written(folder / "waiting.jsonl", WAITING)
    with cluster.ledger() as worker:
        assert DONE == asked(cluster, "publish", CARRY_OVER[0]).code
        cluster.wait_for_records(8)
        assert DONE == asked(cluster, "publish", CARRY_OVER[1], waiting).code
        cluster.write([Sent(0, b"nobody", UNREADABLE)])
        cluster.wait_for_records(14)
        assert 0 == worker.stop()
    db = folder / "ledger.db"
    assert DONE == ecluse("replay", *CARRY_OVER, waiting, "--db", db).code
    return Stores(cluster, db)


def without_places(found: Json) -> Json:
    """The records of a trace without the places where they were read."""
    for row in found["records"]:
        del row["source"]
    return found


@pytest.mark.parametrize("more", [(), ("--budget", NEXT_BUDGET)], ids=["", "2024"])
@pytest.mark.parametrize("ref", [CONVENTION, f"{CONVENTION}/solde", "2023/40"])
def test_a_trace_is_the_same_on_topics(stores: Stores, ref: str, more: tuple[str, ...]) -> None:
    on_topics = object_of(stores.cluster, "trace", ref, *more)
    in_store = json.loads(ecluse("trace", ref, *more, "--db", stores.db, "--json").out)
    assert {BUDGET, NEXT_BUDGET} == {row["budget"] for row in on_topics["records"]}
    assert without_places(in_store) == without_places(on_topics)
    assert UNREACHABLE == asked(stores.cluster, "trace", "nope").code


def test_parked_events_are_listed_from_topics(stores: Stores) -> None:
    (row,) = object_of(stores.cluster, "parked")["parked"]
    assert ("too early", NEXT_BUDGET) == (row["event_id"], row["budget"])
    assert {"kind": "convention", "id": "NATATION"} == row["waits_for"]
    assert [] == object_of(stores.cluster, "parked", "--budget", BUDGET)["parked"]


def test_whatif_says_the_same_on_topics_and_writes_nothing(stores: Stores, tmp_path: Path) -> None:
    events: list[Json | bytes] = [
        a_vote(1_000, budget=NEXT_BUDGET),
        a_report(budget=NEXT_BUDGET, convention=CONVENTION, _id="again"),
        WAITING,
        a_report(_id="too late"),
        b"{",
    ]
    file = written(tmp_path / "events.jsonl", *events)
    written_before = stores.cluster.ends(read_catalogue().topics)
    on_topics = asked(stores.cluster, "whatif", file, "--json")
    assert written_before == stores.cluster.ends(read_catalogue().topics)
    assert (DONE, "") == (on_topics.code, on_topics.err)
    assert ecluse("whatif", file, "--db", stores.db, "--json").out == on_topics.out
    assert {"accepted": 2, "duplicate": 1, "refused": 1, "parked": 0, "dead_letter": 1} == (
        json.loads(on_topics.out)["outcomes"]
    )
    assert WRONG == asked(stores.cluster, "whatif", file, "--strict").code
