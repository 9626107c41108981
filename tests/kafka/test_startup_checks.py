"""What a worker refuses to work on, and what it makes again.

The same over what a reader brings: tests/unit/ledger/test_topic_state.py.
"""

import json
from pathlib import Path
from typing import Final

import pytest

from events import topics
from services.ledger.application.state_rows import STATE_VERSION
from tests.builders import a_new_account, a_vote_and_awards
from tests.kafka.cluster import (
    Sent,
    budget_on,
    outcomes,
    partition_for,
    source_offsets,
)
from tests.kafka.commands import UNREACHABLE
from tests.kafka.stack import Stack

BUDGET: Final = budget_on(0, 1)
POSITION: Final = b'"position"'


@pytest.fixture
def worked(stack: Stack) -> Stack:
    """Topics on which a worker decided three events, and ended."""
    stack.publish(a_vote_and_awards(BUDGET, 3))
    stack.decided(3)
    return stack


def assert_stops(stack: Stack, topic: str, *reasons: str) -> None:
    """A worker ends with 3, and its log names the topic and the reasons."""
    with stack.ledger() as worker:
        assert UNREACHABLE == worker.ended()
        logged = worker.logged("worker_cannot_go_on")[0]["error"]
        assert [] == [each for each in (stack.name(topic), *reasons) if each not in logged]


# ---------------------------------------------------------------- the journal
def test_a_journal_shorter_than_the_state_says_stops_it(worked: Stack) -> None:
    """All of it is gone; then, what is there being right, only its last record."""
    records = worked.read(topics.JOURNAL)[0]
    worked.recreate(topics.JOURNAL)
    for left in (0, 2):
        kept = [Sent(0, each.key, each.value, each.headers) for each in records[:left]]
        worked.write(kept, topics.JOURNAL)
        assert_stops(worked, topics.JOURNAL, f"ends at offset {left}")


def test_another_journal_of_the_same_length_stops_it(worked: Stack) -> None:
    records = worked.read(topics.JOURNAL)[0]
    worked.recreate(topics.JOURNAL)
    # The same records in another order: each is whole, and the last one is not what it was.
    again = [Sent(0, each.key, each.value, each.headers) for each in reversed(records)]
    worked.write(again, topics.JOURNAL)
    assert_stops(worked, topics.JOURNAL, "another journal")


def test_a_lost_journal_beside_a_state_without_position_stops_it(worked: Stack) -> None:
    worked.recreate(topics.JOURNAL)
    worked.write([Sent(0, POSITION, None, ())], topics.LEDGER_STATE)
    assert_stops(worked, topics.JOURNAL, "ends at offset 0")


# ---------------------------------------------------------------- the source
def test_an_input_topic_made_again_with_the_same_records_stops_it(worked: Stack) -> None:
    """The very same events were written at another time."""
    worked.recreate(topics.EVENTS)
    worked.publish(a_vote_and_awards(BUDGET, 3))
    assert_stops(worked, topics.EVENTS, "re-created")


def test_an_input_topic_made_again_under_a_running_worker_stops_it(stack: Stack) -> None:
    stack.publish(a_vote_and_awards(BUDGET, 3))
    with stack.ledger() as worker:
        stack.wait_for_records(3)
        stack.recreate(topics.EVENTS)
        assert UNREACHABLE == worker.ended()
        assert stack.name(topics.EVENTS) in worker.messages


def test_records_that_are_gone_unread_stop_it_until_they_are_given_up(worked: Stack) -> None:
    worked.publish(a_vote_and_awards(BUDGET, 5, 3))
    worked.lose(topics.EVENTS, 0, 5)
    name = worked.name(topics.EVENTS)
    assert_stops(worked, topics.EVENTS, f"ecluse ledger --accept-lost {name}/0/5")
    with worked.ledger("a", "--accept-lost", f"{name}/0/4") as worker:
        assert UNREACHABLE == worker.ended(), "what is given up is named exactly"
    with worked.ledger("a", "--accept-lost", f"{name}/0/5") as worker:
        journal = worked.wait_for_records(6)[0]
        assert [0, 1, 2, 5, 6, 7] == source_offsets(journal)
        assert ["accepted"] * 6 == outcomes(journal)
        lost = worker.wait_for("records_given_up")
        assert (name, 0, 5, 3) == (lost["topic"], lost["partition"], lost["first"], lost["was"])
        assert 0 == worker.stop()
    with worked.ledger("a", "--accept-lost", f"{name}/0/5") as again:
        again.wait_for_states(running=1)
        assert [] == again.logged("records_given_up"), "the second time nothing is lost"


# ---------------------------------------------------------------- the number of partitions
def test_rule_37_more_partitions_stop_it(worked: Stack) -> None:
    worked.widen(2)
    assert_stops(worked, topics.LEDGER_STATE, "for 1 partitions, there are 2")


def test_more_partitions_beside_a_lost_state_stop_it(worked: Stack) -> None:
    """The journal alone tells: its budgets belong elsewhere now."""
    count = next(each for each in range(2, 9) if partition_for(BUDGET, each) != 0)
    worked.widen(count)
    worked.recreate(topics.LEDGER_STATE, partitions=count)
    assert_stops(worked, topics.JOURNAL, BUDGET, f"of {count}")


# ---------------------------------------------------------------- limits, versions, strangers


def test_a_state_written_by_a_newer_version_stops_it_and_is_kept(worked: Stack) -> None:
    """Nothing in it but its versions is where it was."""
    position = json.dumps({"versions": [99, 99], "read": [["a", 1]], "sources": 3}).encode()
    worked.write([Sent(0, POSITION, position, ())], topics.LEDGER_STATE)
    assert_stops(worked, topics.LEDGER_STATE, "newer Écluse")
    assert position == worked.state()[0][POSITION], "it is left as it was"


def test_an_open_transaction_of_another_producer_stops_it(worked: Stack) -> None:
    with worked.left_open(topics.LEDGER_STATE):
        assert_stops(worked, topics.LEDGER_STATE, "hangs there, which is not ours")


def test_where_no_broker_answers_it_stops(tmp_path: Path) -> None:
    absent = Stack("127.0.0.1:9", "", 1, tmp_path)
    assert_stops(absent, absent.bootstrap)


# ---------------------------------------------------------------- what is made again
def test_a_state_row_that_nobody_can_read_is_made_again(worked: Stack) -> None:
    before = worked.state()[0]
    key = next(key for key in before if b'"line"' in key)
    worked.write([Sent(0, key, b"{", ())], topics.LEDGER_STATE)
    with worked.ledger() as again:
        again.wait_for("state_rebuilt", partition=0)
        again.wait_for_states(running=1)
        assert before[key] == worked.state()[0][key]


def test_a_state_of_an_earlier_version_is_made_again_from_the_journal(worked: Stack) -> None:
    """Of its shape nothing is read but the versions, and how much the journal must hold."""
    before = worked.state()[0]
    position = json.loads(before[POSITION])
    position["versions"][0] = STATE_VERSION - 1
    line = next(key for key in before if b'"line"' in key)
    earlier = {POSITION: json.dumps(position).encode(), line: b"\x80"}
    worked.write([Sent(0, key, value, ()) for key, value in earlier.items()], topics.LEDGER_STATE)
    with worked.ledger() as worker:
        why = f"it has the shape of version {STATE_VERSION - 1}"
        assert why == worker.wait_for("state_rebuilt")["why"]
        worker.wait_for_states(running=1)
        worked.publish([a_new_account(budget=BUDGET)])
        worked.wait_for_records(4)
        assert 0 == worker.stop()
    after = worked.state()[0]
    assert STATE_VERSION == json.loads(after[POSITION])["versions"][0]
    assert before[line] == after[line]
    with worked.ledger() as again:
        again.wait_for_states(running=1)
        assert [] == again.logged("state_rebuilt")
