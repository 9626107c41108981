"""Dead letters sent again on a broker: each decided once, whoever is killed on the way."""

import json
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from events import topics
from events.envelope import CORRECTION
from tests.builders import Json, a_review, a_vote, a_vote_and_awards, an_award, encoded
from tests.kafka.cluster import Cluster, Sent, budget_on
from tests.kafka.commands import DONE, UNREACHABLE, WRONG, asked, object_of
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process, Worker

PARTITIONS: Final = 2
HOME: Final = 1
AWAY: Final = 0
BUDGET: Final = budget_on(HOME, PARTITIONS)
KEY: Final = BUDGET.encode()
WHY: Final = "murmur2 est réglé"
SENDS: Final = ("--yes", "--reason", WHY, "--by", "Awa Diop")


def misplaced(event: Json) -> Sent:
    """An event as a client writes it whose partitioner is another."""
    return Sent(AWAY, KEY, encoded(event))


def redriven(cluster: Cluster) -> list[Json]:
    """The notes in the journal about dead letters that were sent again."""
    rows = [row for rows in cluster.journal().values() for row in rows]
    return [row for row in rows if row["event"] and "reviewed_by" in row["event"]["data"]]


@pytest.mark.timeout(300)
def test_ten_thousand_dead_letters_are_decided_once_though_the_redrive_is_killed_five_times(
    cluster: Cluster, tmp_path: Path
) -> None:
    events = a_vote_and_awards(BUDGET, 10_000)
    cluster.write(map(misplaced, events))
    with Worker(cluster, tmp_path) as worker:
        dead = cluster.wait_for_records(len(events))[AWAY]
        assert {"wrong_partition"} == {row["dead_letter"]["reason"] for row in dead}
        before = cluster.count(topics.EVENTS)
        command = (ECLUSE, "redrive", "--rate", "2500", *SENDS)
        redrive = Process(command, tmp_path, "redrive", cluster.environment)
        with redrive:
            for kill in range(1, 6):
                wanted = before + kill * 3_000

                def is_there(wanted: int = wanted) -> bool:
                    return cluster.count(topics.EVENTS) >= wanted

                redrive.until(is_there, f"{wanted} offsets written", pause_s=0.02)
                redrive.kill()
                redrive.start_again()
            assert DONE == redrive.ended(120)
        rows = cluster.wait_for_records(3 * len(events))[HOME]
        assert 0 == worker.stop()
    notes = [row for row in rows if "reviewed_by" in row["event"]["data"]]
    decided = [row for row in rows if "reviewed_by" not in row["event"]["data"]]
    assert Counter(accepted=2 * len(events)) == Counter(row["outcome"] for row in rows)
    assert [each["id"] for each in events] == [row["event_id"] for row in decided], "in their order"
    about = {row["event"]["data"]["sequence"]: row["event"]["data"] for row in notes}
    assert sorted(about) == [row["sequence"] for row in dead]
    assert {("Awa Diop", WHY, "_dead.0")} == {
        (each["reviewed_by"], each["comment"], each["chain"]) for each in about.values()
    }

    end = cluster.count(topics.EVENTS)
    again = object_of(cluster, "redrive", *SENDS)
    assert {"selected": 0, "more": 0, "becomes": {}, "dead_letters": [], "sent": 0} == again
    named = object_of(cluster, "redrive", "_dead.0/1", *SENDS)
    assert (0, {"wrong_partition": {"redriven": 1}}) == (named["sent"], named["becomes"])
    assert end == cluster.count(topics.EVENTS), "a second redrive writes nothing"
    traced = object_of(cluster, "trace", events[-1]["id"])["records"]
    assert ["accepted", "accepted"] == [row["outcome"] for row in traced]
    listed = object_of(cluster, "dead-letters", "list", "--all")
    assert {"wrong_partition": len(events)} == listed["counts"]
    assert {"redriven"} == {row["state"] for row in listed["dead_letters"]}


def test_what_each_would_become_is_said_before_anything_is_sent(
    cluster: Cluster, tmp_path: Path
) -> None:
    wrong = an_award(1, budget=BUDGET, grant="G2", _id="wrong", _source="urn:lille:erp")
    wrong["data"]["title"] = 7
    cluster.write(
        [
            misplaced(a_vote(100, budget=BUDGET)),
            misplaced(an_award(50, budget=BUDGET, grant="G1")),
            misplaced(an_award(90, budget=BUDGET, grant="G3")),
            Sent(HOME, KEY, b"{"),
            Sent(HOME, KEY, encoded(wrong)),
            Sent(HOME, KEY, b" " * (1024 * 1024 + 1)),
        ]
    )
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(6)
        end = cluster.count(topics.EVENTS)
        found = object_of(cluster, "redrive")
        assert {
            "wrong_partition": {"accepted": 2, "refused": 1},
            "bad_json": {"dead_letter": 1},
            "invalid_value": {"dead_letter": 1},
            "too_large": {"not_whole": 1},
        } == found["becomes"]
        assert (None, end) == (found["sent"], cluster.count(topics.EVENTS))
        text = asked(cluster, "redrive", "--lang", "en").out
        assert b"3 of 6 would be sent again" in text

        of_sender = object_of(cluster, "dead-letters", "list", "--source", "urn:lille:erp")
        assert ["wrong"] == [row["event_id"] for row in of_sender["dead_letters"]]
        assert 3 == object_of(cluster, "redrive", "--code", "wrong_partition", *SENDS)["sent"]
        rows = cluster.wait_for_records(6 + 6)[HOME]
        sent = [row for row in rows if row["event"] and "reviewed_by" not in row["event"]["data"]]
        assert ["accepted", "accepted", "refused"] == [row["outcome"] for row in sent]

        patch = tmp_path / "patch.json"
        patch.write_text('{"data": {"title": "Aide"}}')
        (its_id,) = (row["id"] for row in of_sender["dead_letters"])
        tried = object_of(cluster, "redrive", its_id, "--patch", patch)
        assert {"invalid_value": {"accepted": 1}} == tried["becomes"]
        assert 1 == object_of(cluster, "redrive", its_id, "--patch", patch, *SENDS)["sent"]
        corrected, note = cluster.wait_for_records(6 + 6 + 2)[HOME][-2:]
        assert ("accepted", "wrong") == (corrected["outcome"], corrected["event"]["causationid"])
        reference = {"source": CORRECTION, "id": corrected["event_id"]}
        assert reference == note["event"]["data"]["event"]
        assert 0 == object_of(cluster, "redrive", its_id, "--patch", patch, *SENDS)["sent"]
        assert 0 == worker.stop()

    assert object_of(cluster, "verify")["proved"]
    left = object_of(cluster, "dead-letters", "list")
    assert {"bad_json": 1, "too_large": 1} == left["counts"]
    shown = asked(cluster, "dead-letters", "show", left["dead_letters"][0]["id"], "--lang", "fr")
    assert DONE == shown.code
    written = asked(cluster, "dead-letters", "export", "-", "--code", "bad_json")
    assert ["ew=="] == [json.loads(line)["value_base64"] for line in written.out.splitlines()]
    assert UNREACHABLE == asked(cluster, "redrive", "_dead.0/99").code
    patch.write_text('{"data": {"title": 8}}')
    assert WRONG == asked(cluster, "redrive", left["dead_letters"][0]["id"], "--patch", patch).code


def test_nothing_is_corrected_that_was_decided_or_can_be_sent_as_it_is(
    cluster: Cluster, tmp_path: Path
) -> None:
    mended = an_award(50, budget=BUDGET, grant="G1", _id="wrong")
    wrong = mended | {"data": mended["data"] | {"title": 7}}
    cluster.write(
        [
            Sent(HOME, KEY, b"{"),
            Sent(HOME, KEY, encoded(wrong)),
            misplaced(a_vote(100, budget=BUDGET, _id="away")),
            Sent(HOME, KEY, encoded(a_vote(100, budget=BUDGET))),
            Sent(HOME, KEY, encoded(mended)),
        ]
    )
    title, whole = tmp_path / "title.json", tmp_path / "whole.json"
    title.write_text('{"data": {"title": "Aide"}}')
    whole.write_bytes(encoded(an_award(10, budget=BUDGET, grant="G2")))
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(5)
        by_its_sender = object_of(cluster, "redrive", "_dead.1/2", "--patch", title, *SENDS)
        assert (0, {"invalid_value": {"decided": 1}}) == (
            by_its_sender["sent"],
            by_its_sender["becomes"],
        )
        assert WRONG == asked(cluster, "redrive", "_dead.0/1", "--patch", title, *SENDS).code
        sent = object_of(cluster, "redrive", "_dead.1/1", "--patch", whole, *SENDS)
        (row,) = sent["dead_letters"]
        assert (1, None, CORRECTION) == (
            sent["sent"],
            row["event_id"],
            row["correction"]["source"],
        )
        cluster.wait_for_records(5 + 2)
        assert 0 == worker.stop()
    repeated = asked(cluster, "redrive", "_dead.1/1", "--patch", whole, *SENDS)
    assert DONE == repeated.code, "it has no event to show"


def test_what_is_sent_again_and_not_decided_yet_is_not_sent_twice(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.write(map(misplaced, a_vote_and_awards(BUDGET, 5)))
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(5)
        assert 0 == worker.stop()
    assert 5 == object_of(cluster, "redrive", *SENDS)["sent"]
    end = cluster.count(topics.EVENTS)
    again = object_of(cluster, "redrive", *SENDS)
    assert (0, {"wrong_partition": {"underway": 5}}) == (again["sent"], again["becomes"])
    assert end == cluster.count(topics.EVENTS)
    assert [] == redriven(cluster)


def test_a_review_that_lies_keeps_nobody_from_sending_a_dead_letter_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    never_sent = {"source": "urn:lille:erp", "id": "never-sent"}
    lie = a_review(1, budget=BUDGET, chain="_dead.0", event=never_sent)
    cluster.write([misplaced(a_vote(100, budget=BUDGET)), Sent(HOME, KEY, encoded(lie))])
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(2)
        assert 0 == object_of(cluster, "redrive", "_dead.0/1", *SENDS)["sent"]
        assert 1 == object_of(cluster, "redrive", "_dead.0/1", "--again", *SENDS)["sent"]
        _, decided, _ = cluster.wait_for_records(4)[HOME]
        assert 0 == worker.stop()
    assert "accepted" == decided["outcome"]
    assert 2 == asked(cluster, "redrive", "--again").code


def test_a_quarantined_record_is_decided_once_the_program_is_mended(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.publish(a_vote_and_awards(BUDGET, 3))
    with Worker(cluster, tmp_path, fault="decide:e1") as worker:
        held = worker.wait_for("partition_held")
        assert 0 == worker.stop()
    cluster.quarantine(HOME, held["offset"])
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(3)
        tried = object_of(cluster, "redrive", "--code", "quarantined")
        assert {"quarantined": {"accepted": 1}} == tried["becomes"]
        assert 1 == object_of(cluster, "redrive", "--code", "quarantined", *SENDS)["sent"]
        *_, decided, note = cluster.wait_for_records(5)[HOME]
        assert 0 == worker.stop()
    assert ("e1", "accepted") == (decided["event_id"], decided["outcome"])
    assert {"source": decided["event_source"], "id": "e1"} == note["event"]["data"]["event"]
