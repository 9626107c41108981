"""Whatever a fault could leave behind, the comparison with an undisturbed ledger finds it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.topics import EVENTS, INPUT_TOPICS, JOURNAL, LEDGER_STATE
from services.ledger.kafka.partition import LedgerProcessor
from services.ledger.kafka.topic_records import (
    POSITION_KEY,
    decode_checkpoint,
    encode_checkpoint,
)
from services.runtime.ops.watchdog import Progress
from tests.builders import a_convention, a_vote, an_award
from tests.kafka.cluster import Cluster, Sent, budget_on
from tests.kafka.faults.undisturbed import compare, differences
from tests.kafka.stack import Stack
from tests.waiting import run

PARTITIONS: Final = 2
HOME: Final = 1
"""The partition of everything that happens here; nothing ever comes to the other one."""

VOTE, REPEAT, DEAD, PARKED, AWARD, RESUMED = range(6)
"""What the journal holds, in its order."""

Records = list[ConsumerRecord]
Edit = Callable[[Records], Any]


async def _handled(cluster: Cluster) -> None:
    work = LedgerProcessor(cluster.settings, HOME, PARTITIONS, Progress())
    try:
        next_offsets = await work.open()
        input_topic = cluster.place(EVENTS, HOME)
        async for records in work.reader.to_the_end(input_topic, next_offsets[input_topic.topic]):
            for record in records:
                work.handle(record)
        await work.commit()
    finally:
        await work.close()


@pytest.fixture(scope="module")
def cluster(module_stack: Stack) -> Stack:
    """A vote and its repeat, what nobody can read, and a convention that waits for its award."""
    budget = budget_on(HOME, PARTITIONS)
    vote = a_vote(budget=budget)
    module_stack.publish([vote, vote])
    module_stack.write([Sent(HOME, b"nobody", b"{", ())])
    module_stack.publish([a_convention(budget=budget), an_award(budget=budget)])
    run(_handled(module_stack))
    module_stack.wait_until_settled(JOURNAL, LEDGER_STATE)
    return module_stack


@pytest.fixture(scope="module")
def records(cluster: Cluster) -> dict[str, dict[int, Records]]:
    """What stands in the topics, read once."""
    return cluster.read_all((*INPUT_TOPICS, JOURNAL, LEDGER_STATE))


def found_in(
    cluster: Cluster,
    records: dict[str, dict[int, Records]],
    topic: str = JOURNAL,
    edit: Edit = list,
) -> list[str]:
    """What is found where a topic of that partition was edited."""
    left = {
        name: {number: [*some] for number, some in places.items()}
        for name, places in records.items()
    }
    edit(left[topic][HOME])

    async def read(place: TopicPartition) -> Records:
        return left[place.topic.removeprefix(cluster.prefix)][place.partition]

    async def end(place: TopicPartition) -> int:
        return len(await read(place))  # Whoever wrote to these input topics wrote no marker.

    return asyncio.run(compare(read, cluster.prefix, PARTITIONS, end))


def _again(at: int) -> Edit:
    """A record that stands there twice."""
    return lambda records: records.append(replace(records[at], offset=records[-1].offset + 1))


def _with(at: int, **facts: Any) -> Edit:
    def edit(records: Records) -> None:
        records[at] = replace(records[at], **facts)

    return edit


def _row(**facts: Any) -> Edit:
    """A row of the state that is another than it was."""

    def edit(records: Records) -> None:
        at = next(at for at, each in enumerate(records) if each.value is not None)
        _with(at, **facts)(records)

    return edit


def _swapped(one: int, other: int) -> Edit:
    def edit(records: Records) -> None:
        records[one], records[other] = records[other], records[one]

    return edit


def _position(**facts: Any) -> Edit:
    """Another position than the last one."""

    def edit(records: Records) -> None:
        at = max(at for at, each in enumerate(records) if each.key == POSITION_KEY)
        checkpoint = replace(decode_checkpoint(records[at].value), **facts)
        records[at] = replace(records[at], value=encode_checkpoint(checkpoint))

    return edit


def _moved(by: int) -> Edit:
    """A position that forgets the last record of an input topic, or one that nobody wrote."""

    def edit(records: Records) -> None:
        sources = decode_checkpoint(records[-1].value).sources.items()
        moved = {
            topic: replace(at, next_offset=max(0, at.next_offset + by)) for topic, at in sources
        }
        _position(sources=moved)(records)

    return edit


def test_what_an_undisturbed_ledger_left_is_as_it_should_be(
    cluster: Cluster, records: dict[str, dict[int, Records]]
) -> None:
    assert [] == run(differences(cluster.bootstrap, cluster.prefix, PARTITIONS))
    assert [] == found_in(cluster, records)


@pytest.mark.parametrize(
    ("topic", "edit", "texts"),
    [
        (JOURNAL, lambda records: records.pop(RESUMED), "what was woken is missing at its end"),
        (JOURNAL, lambda records: records.pop(PARKED), "something else"),
        (JOURNAL, lambda records: records.pop(VOTE), "something else"),
        (JOURNAL, _again(VOTE), "is not what comes next"),
        (JOURNAL, _again(RESUMED), "what stands before it wakes nobody"),
        (JOURNAL, _swapped(REPEAT, DEAD), "behind"),
        (JOURNAL, _with(AWARD, key=b"another"), "something else"),
        (EVENTS, _again(0), "not journalled"),
        (EVENTS, lambda records: records.pop(), "its source is gone"),
        (EVENTS, _with(0, value=b"{"), "something else"),
        (LEDGER_STATE, _row(value=None), "rows differ"),
        (LEDGER_STATE, _row(value=b"{}"), "rows differ"),
        (LEDGER_STATE, _row(key=b'["another","line","x"]'), "rows differ"),
        (LEDGER_STATE, list.clear, "no position"),
        (LEDGER_STATE, _position(journal_next=1), "it says that the journal ends at 1"),
        (LEDGER_STATE, _position(journal_head="0"), "it says that the journal ends at"),
        (LEDGER_STATE, _moved(-1), "is read to"),
        (LEDGER_STATE, _moved(1), "is read to"),
    ],
)
def test_what_a_fault_could_leave_behind_is_found(
    cluster: Cluster,
    records: dict[str, dict[int, Records]],
    topic: str,
    edit: Edit,
    texts: str,
) -> None:
    found = found_in(cluster, records, topic, edit)
    assert any(texts in each for each in found), found
