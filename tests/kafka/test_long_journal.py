"""`ecluse journal` where the journal is longer than what is read at once."""

import json
from typing import Final

import pytest

from events import topics
from services.ledger.kafka.journal_topic import FIRST_WINDOW
from tests.kafka.cluster import Cluster, Sent, budget_on
from tests.kafka.commands import UNREACHABLE, asked, record, sequences
from tests.kafka.stack import Stack
from tests.waiting import run

PARTITIONS: Final = 2
RARE, COMMON = (budget_on(0, PARTITIONS), budget_on(1, PARTITIONS))
LONG: Final = 9 * FIRST_WINDOW
"""The first, the second and a piece of the third look back from its end."""


def notice(offset: int) -> bytes:
    """What senders read of a record that nobody could."""
    result = {"fr": f"illisible {offset}", "en": f"unreadable {offset}"}
    data = {"topic": "events", "partition": 0, "offset": offset, "message": result}
    return json.dumps({"type": "ecluse.event.unreadable.v1", "data": data}).encode()


@pytest.fixture(scope="module")
def long(module_stack: Stack) -> Cluster:
    """On partition 0 a budget with records at both ends and between, among dead letters.

    Markers of transactions, and one that was aborted, take offsets too.
    """
    cluster = module_stack
    journal, notices = [], []
    counts = {RARE: 0, "_dead.0": 0}
    for offset in range(LONG):
        chain = RARE if offset in {0, LONG // 2, LONG - 1} else "_dead.0"
        counts[chain] += 1
        journal.append(Sent(0, chain.encode(), record(chain, counts[chain], offset)))
        notices.append(Sent(0, chain.encode(), notice(offset) if chain == "_dead.0" else b"{}"))
    cluster.write(journal[: LONG // 2], topics.JOURNAL, transaction="sender")
    with cluster.left_open(topics.JOURNAL):
        pass  # It is aborted: nobody sees its record, whose offset is taken.
    cluster.write(journal[LONG // 2 : -1], topics.JOURNAL, transaction="sender")
    cluster.write(journal[-1:], topics.JOURNAL, transaction="sender")
    cluster.write(notices, topics.REFUSALS)
    cluster.write([Sent(1, COMMON.encode(), record(COMMON, 1, 0))], topics.JOURNAL)
    return cluster


def test_the_end_of_a_long_journal_is_found_however_far_back(long: Cluster) -> None:
    dead = LONG - 3
    for count in (FIRST_WINDOW, 5 * FIRST_WINDOW + 1, LONG):
        result = asked(long, "journal", "tail", "--budget", "_dead.0", "-n", count, "--json")
        first = max(dead - count, 0) + 1
        assert [("_dead.0", number) for number in range(first, dead + 1)] == sequences(result)
    for count in (1, 4):
        result = asked(long, "journal", "tail", "--budget", RARE, "-n", count, "--json")
        assert [(RARE, number) for number in (1, 2, 3)[-count:]] == sequences(result)
    result = asked(long, "journal", "tail", "-n", 3, "--json")
    assert [("_dead.0", dead), (RARE, 3), (COMMON, 1)] == sequences(result)


def test_one_record_of_a_long_journal_is_found_wherever_it_stands(long: Cluster) -> None:
    for chain, sequence in ((RARE, 1), (RARE, 2), (RARE, 3), ("_dead.0", 1), ("_dead.0", LONG - 3)):
        shown = asked(long, "journal", "show", chain, sequence, "--json")
        assert [(chain, sequence)] == sequences(shown)
    assert UNREACHABLE == asked(long, "journal", "show", RARE, 4).code
    # A notice from the beginning of a long topic, and one from its end.
    for sequence, offset in ((1, 1), (LONG - 3, LONG - 2)):
        shown = asked(long, "journal", "show", "_dead.0", sequence)
        assert f"unreadable {offset}" in shown.text


def test_clocks_that_differ_do_not_reverse_a_partition(stack: Stack) -> None:
    """A worker whose clock was late took the partition over."""
    written = ((RARE, 1, 5_000), (RARE, 2, 1_000), (COMMON, 1, 3_000), (COMMON, 2, 6_000))

    async def write() -> None:
        async with stack.producer() as producer:
            for chain, sequence, time_ms in written:
                value, key, home = record(chain, sequence, 0), chain.encode(), int(chain == COMMON)
                topic = stack.name(topics.JOURNAL)
                await producer.send_and_wait(topic, value, key, home, timestamp_ms=time_ms)

    run(write())
    result = asked(stack, "journal", "tail", "--json")
    assert [(COMMON, 1), (RARE, 1), (RARE, 2), (COMMON, 2)] == sequences(result)
