"""Dead letters sent again on a broker: each decided once, whoever is killed on the way."""

import asyncio
import json
from collections import Counter
from typing import Final

import pytest

from events import topics
from events.envelope import CORRECTION
from services.api.adapters.kafka import marks_behind
from tests.builders import Json, a_vote, a_vote_and_awards, an_award, encoded
from tests.kafka.cluster import Cluster, Sent, budget_on
from tests.kafka.commands import DONE, UNREACHABLE, WRONG, asked, object_of
from tests.kafka.forked import ECLUSE
from tests.kafka.processes import Process
from tests.kafka.stack import Stack

PARTITIONS: Final = 2
HOME: Final = 1
AWAY: Final = 0
BUDGET: Final = budget_on(HOME, PARTITIONS)
KEY: Final = BUDGET.encode()
WHY: Final = "murmur2 est réglé"
MANY: Final = 3_000
SENDS: Final = ("--yes", "--reason", WHY, "--by", "Awa Diop")


def misplaced(event: Json) -> Sent:
    """An event as a client writes it whose partitioner is another."""
    return Sent(AWAY, KEY, encoded(event))


def redriven(cluster: Cluster) -> list[Json]:
    """The notes in the journal about dead letters that were sent again."""
    rows = [row for rows in cluster.journal().values() for row in rows]
    return [row for row in rows if row["event"] and "reviewed_by" in row["event"]["data"]]


@pytest.mark.timeout(300)
def test_many_dead_letters_are_decided_once_though_the_redrive_is_killed_five_times(
    stack: Stack,
) -> None:
    events = a_vote_and_awards(BUDGET, MANY)
    stack.write(map(misplaced, events))
    with stack.ledger() as worker:
        dead = stack.wait_for_records(len(events))[AWAY]
        assert {"wrong_partition"} == {row["dead_letter"]["reason"] for row in dead}
        before = stack.count(topics.EVENTS)
        command = (ECLUSE, "redrive", "--rate", str(MANY // 4), *SENDS)
        redrive = Process(command, stack.folder, "redrive", stack.environment)
        with redrive:
            for kill in range(1, 6):
                wanted = before + kill * MANY * 3 // 10

                def is_there(wanted: int = wanted) -> bool:
                    return stack.count(topics.EVENTS) >= wanted

                redrive.until(is_there, f"{wanted} offsets written", pause_s=0.02)
                redrive.kill()
                redrive.start_again()
            assert DONE == redrive.ended(120)
        rows = stack.wait_for_records(3 * len(events))[HOME]
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

    end = stack.count(topics.EVENTS)
    again = object_of(stack, "redrive", *SENDS)
    assert {"selected": 0, "more": 0, "becomes": {}, "dead_letters": [], "sent": 0} == again
    named = object_of(stack, "redrive", "_dead.0/1", *SENDS)
    assert (0, {"wrong_partition": {"redriven": 1}}) == (named["sent"], named["becomes"])
    assert end == stack.count(topics.EVENTS), "a second redrive writes nothing"
    traced = object_of(stack, "trace", events[-1]["id"])["records"]
    assert ["accepted", "accepted"] == [row["outcome"] for row in traced]
    listed = object_of(stack, "dead-letters", "list", "--all")
    assert {"wrong_partition": len(events)} == listed["counts"]
    assert {"redriven"} == {row["state"] for row in listed["dead_letters"]}


def test_what_each_would_become_is_said_before_anything_is_sent(stack: Stack) -> None:
    wrong = an_award(1, budget=BUDGET, grant="G2", _id="wrong", _source="urn:lille:erp")
    wrong["data"]["title"] = 7
    stack.write(
        [
            misplaced(a_vote(100, budget=BUDGET)),
            misplaced(an_award(50, budget=BUDGET, grant="G1")),
            misplaced(an_award(90, budget=BUDGET, grant="G3")),
            Sent(HOME, KEY, b"{"),
            Sent(HOME, KEY, encoded(wrong)),
            Sent(HOME, KEY, b" " * (1024 * 1024 + 1)),
        ]
    )
    with stack.ledger() as worker:
        stack.wait_for_records(6)
        end = stack.count(topics.EVENTS)
        found = object_of(stack, "redrive")
        assert {
            "wrong_partition": {"accepted": 2, "refused": 1},
            "bad_json": {"dead_letter": 1},
            "invalid_value": {"dead_letter": 1},
            "too_large": {"not_whole": 1},
        } == found["becomes"]
        assert (None, end) == (found["sent"], stack.count(topics.EVENTS))
        text = asked(stack, "redrive", "--lang", "en").out
        assert b"3 of 6 would be sent again" in text

        of_sender = object_of(stack, "dead-letters", "list", "--source", "urn:lille:erp")
        assert ["wrong"] == [row["event_id"] for row in of_sender["dead_letters"]]
        assert 3 == object_of(stack, "redrive", "--code", "wrong_partition", *SENDS)["sent"]
        rows = stack.wait_for_records(6 + 6)[HOME]
        sent = [row for row in rows if row["event"] and "reviewed_by" not in row["event"]["data"]]
        assert ["accepted", "accepted", "refused"] == [row["outcome"] for row in sent]

        patch = stack.folder / "patch.json"
        patch.write_text('{"data": {"title": "Aide"}}')
        (its_id,) = (row["id"] for row in of_sender["dead_letters"])
        tried = object_of(stack, "redrive", its_id, "--patch", patch)
        assert {"invalid_value": {"accepted": 1}} == tried["becomes"]
        assert 1 == object_of(stack, "redrive", its_id, "--patch", patch, *SENDS)["sent"]
        corrected, note = stack.wait_for_records(6 + 6 + 2)[HOME][-2:]
        assert ("accepted", "wrong") == (corrected["outcome"], corrected["event"]["causationid"])
        reference = {"source": CORRECTION, "id": corrected["event_id"]}
        assert reference == note["event"]["data"]["event"]
        assert 0 == object_of(stack, "redrive", its_id, "--patch", patch, *SENDS)["sent"]
        assert 0 == worker.stop()

    assert object_of(stack, "verify")["proved"]
    left = object_of(stack, "dead-letters", "list")
    assert {"bad_json": 1, "too_large": 1} == left["counts"]
    shown = asked(stack, "dead-letters", "show", left["dead_letters"][0]["id"], "--lang", "fr")
    assert DONE == shown.code
    written = asked(stack, "dead-letters", "export", "-", "--code", "bad_json")
    assert ["ew=="] == [json.loads(line)["value_base64"] for line in written.out.splitlines()]
    assert UNREACHABLE == asked(stack, "redrive", "_dead.0/99").code
    patch.write_text('{"data": {"title": 8}}')
    assert WRONG == asked(stack, "redrive", left["dead_letters"][0]["id"], "--patch", patch).code


def test_what_is_sent_again_and_not_decided_yet_is_not_sent_twice(stack: Stack) -> None:
    stack.write(map(misplaced, a_vote_and_awards(BUDGET, 5)))
    stack.decided(5)
    assert 5 == object_of(stack, "redrive", *SENDS)["sent"]
    end = stack.count(topics.EVENTS)
    again = object_of(stack, "redrive", *SENDS)
    assert (0, {"wrong_partition": {"underway": 5}}) == (again["sent"], again["becomes"])
    assert end == stack.count(topics.EVENTS)
    assert [] == redriven(stack)
    sent = {f"{stack.name(topics.EVENTS)}/{AWAY}/{number}" for number in range(5)}
    assert sent == asyncio.run(marks_behind(stack.settings, HOME, 0)), "as the API asks"


def test_a_quarantined_record_is_decided_once_the_program_is_mended(stack: Stack) -> None:
    stack.publish(a_vote_and_awards(BUDGET, 3))
    with stack.ledger(fault="decide:e1") as worker:
        held = worker.wait_for("partition_held")
        assert 0 == worker.stop()
    stack.quarantine(HOME, held["offset"])
    with stack.ledger() as worker:
        stack.wait_for_records(3)
        tried = object_of(stack, "redrive", "--code", "quarantined")
        assert {"quarantined": {"accepted": 1}} == tried["becomes"]
        assert 1 == object_of(stack, "redrive", "--code", "quarantined", *SENDS)["sent"]
        *_, decided, note = stack.wait_for_records(5)[HOME]
        assert 0 == worker.stop()
    assert ("e1", "accepted") == (decided["event_id"], decided["outcome"])
    assert {"source": decided["event_source"], "id": "e1"} == note["event"]["data"]["event"]
