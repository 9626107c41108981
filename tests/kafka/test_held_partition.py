"""A bug of ours at one record holds its partition, alone, until it is mended or quarantined."""

import json
from collections.abc import Iterator

import pytest

from events import topics
from services.ledger.kafka.topic_records import current_hold
from services.runtime.kafka.reader import Reader
from services.runtime.processing.processor import Hold
from tests.builders import a_vote_and_awards
from tests.kafka.cluster import Cluster, budget_on, outcomes, source_offsets
from tests.kafka.commands import UNREACHABLE, asked, object_of
from tests.kafka.processes import Worker
from tests.kafka.stack import Stack
from tests.waiting import run

PARTITIONS = 2
SICK, SOUND = 0, 1
SICK_BUDGET, SOUND_BUDGET = budget_on(SICK, PARTITIONS), budget_on(SOUND, PARTITIONS)
BAD = 4
"""The offset of the bad record on the sick partition."""


def hold_on(cluster: Cluster, partition: int) -> Hold | None:
    """The hold that stands last in the state topic."""

    async def poll() -> Hold | None:
        place = cluster.place(topics.LEDGER_STATE, partition)
        async with Reader(cluster.settings, [place]) as reader:
            return await current_hold(reader, place)

    return run(poll())


@pytest.fixture
def held(stack: Stack) -> Iterator[Worker]:
    """A worker that holds the sick partition before record 4, in a batch of 7."""
    stack.publish(a_vote_and_awards(SICK_BUDGET, 7) + a_vote_and_awards(SOUND_BUDGET, 2, name="s"))
    with stack.ledger(fault=f"decide:e{BAD}") as worker:
        worker.wait_for("partition_held")
        yield worker


def test_a_bug_at_one_record_holds_its_partition_alone(held: Worker, stack: Stack) -> None:
    name = stack.name(topics.EVENTS)
    where = {"topic": name, "partition": SICK, "offset": BAD, "event_id": f"e{BAD}"}
    assert where.items() <= held.wait_for("partition_held").items()
    assert 2 == len(held.logged("record_failed", offset=BAD))

    page = held.wait_for_states(broken=1, running=1)
    assert where.items() <= page[SICK]["held"].items()
    assert (BAD, None) == (page[SICK]["next_offsets"][name], page[SOUND]["held"])
    assert 200 == held.get("/readyz")[0], "a held partition is no reason to send the worker away"
    hold = hold_on(stack, SICK)
    assert hold is not None
    assert (name, SICK, BAD, f"e{BAD}") == hold[:4]
    assert None is hold_on(stack, SOUND)

    for args in (["tail"], ["tail", "--json"], ["show", SICK_BUDGET, "1"]):
        assert f"(event e{BAD})" in asked(stack, "journal", *args).err
    for partition, offset in ((SOUND, 1), (SICK, BAD + 1), (SICK, BAD - 1), (PARTITIONS, 0)):
        refused = asked(stack, "quarantine", partition, offset, "--reason", "a bug")
        assert (UNREACHABLE, b"") == (refused.code, refused.out)
    # Whoever were fenced by that would stop at its next record.
    stack.publish(a_vote_and_awards(SOUND_BUDGET, 3, 2, "s"))
    journal = stack.wait_for_records(BAD + 5)
    assert list(range(BAD)) == source_offsets(journal[SICK]), "what stands before it is committed"
    assert list(range(5)) == source_offsets(journal[SOUND]), "the other partition goes on"
    assert [] == held.logged("worker_fenced")
    assert 0 == held.stop()


def test_what_is_quarantined_is_a_dead_letter_and_the_next_is_decided(
    held: Worker, stack: Stack
) -> None:
    why = "decide fails on it\udcff " + "x" * 900
    done = object_of(stack, "quarantine", SICK, BAD, "--reason", why, "--by", "Ada")
    kept = {"by": "Ada", "why": why.replace("\udcff", "?")}
    expected = {"topic": stack.name(topics.EVENTS), "partition": SICK, "offset": BAD} | kept
    assert expected.items() <= done.items()
    journal = stack.wait_for_records(7 + 2)
    assert ["accepted"] * 4 + ["dead_letter"] + ["accepted"] * 2 == outcomes(journal[SICK])
    assert kept.items() <= journal[SICK][BAD]["dead_letter"].items()
    [dead_letter] = stack.read(topics.DEAD_LETTERS)[SICK]
    assert a_vote_and_awards(SICK_BUDGET, 7)[BAD] == json.loads(dead_letter.value)

    page = held.wait_for_states(running=2)
    assert None is page[SICK]["held"]
    assert None is hold_on(stack, SICK)
    assert 1 == len(held.logged("partition_held")), "the same process goes on by itself"
    assert "" == asked(stack, "journal", "tail", "--json").err, "nothing stands still any more"
    shown = asked(stack, "journal", "show", f"_dead.{SICK}", 1, COLUMNS="1200").text
    assert 2 == shown.count(kept["why"]), "in the journal's words, and in those of the notice"
    again = asked(stack, "quarantine", SICK, BAD, "--reason", "a bug")
    assert UNREACHABLE == again.code


def test_a_mended_worker_goes_past_the_hold_by_itself(held: Worker, stack: Stack) -> None:
    assert 0 == held.stop()
    assert hold_on(stack, SICK) is not None, "the hold outlives the worker"
    with stack.ledger() as mended:
        assert ["accepted"] * 7 == outcomes(stack.wait_for_records(7 + 2)[SICK])
        mended.wait_for_states(running=2)
        assert None is hold_on(stack, SICK)
        assert [] == mended.logged("record_failed")
