"""`ecluse doctor` on the ledger's partitions: what keeps each from going on is named."""

import json
from typing import Final

import pytest

from events.topics import EVENTS, LEDGER_STATE
from services.ledger.kafka.topic_records import HOLD_KEY, IMPORT_KEY, POSITION_KEY, encode_hold
from services.runtime.processing.processor import Hold
from tests.builders import Json, a_vote_and_awards
from tests.kafka.cluster import Cluster, Sent, budget_on
from tests.kafka.examined import examined
from tests.kafka.stack import Stack

PARTITIONS: Final = 10


@pytest.fixture
def worked(stack: Stack) -> Cluster:
    """Topics on which a worker decided three events on each partition, and ended."""
    for number in range(PARTITIONS):
        stack.publish(a_vote_and_awards(budget_on(number, PARTITIONS), 3))
    stack.decided(3 * PARTITIONS)
    return stack


def altered(state: dict[int, dict[bytes, bytes]], number: int, **new: object) -> Sent:
    """The checkpoint of a partition, with other members than it was written with."""
    position: Json = json.loads(state[number][POSITION_KEY])
    return Sent(number, POSITION_KEY, json.dumps(position | new).encode(), ())


def test_what_keeps_each_partition_from_going_on_is_named(worked: Cluster) -> None:
    state = worked.state()
    events = worked.name(EVENTS)
    checkpoint = json.loads(state[7][POSITION_KEY])
    stranger = checkpoint["sources"][events] | {"last_sha256": "0" * 64}
    worked.write(
        [
            altered(state, 1, journal_next=99),
            altered(state, 2, journal_head="0" * 64),
            altered(state, 3, versions=[99, 99]),
            Sent(4, HOLD_KEY, encode_hold(Hold(events, 4, 3, "e3", "a bug")), ()),
            Sent(5, IMPORT_KEY, b"{}", ()),
            altered(state, 7, sources={events: stranger}),
            altered(state, 8, partitions=12),
            Sent(9, POSITION_KEY, None, ()),
        ],
        LEDGER_STATE,
    )
    worked.publish(a_vote_and_awards(budget_on(6, PARTITIONS), 6, 3))
    worked.lose(EVENTS, 6, 5)
    planted = {
        1: "but was written up to 99",
        2: "another record than the one that the state knows",
        3: "newer Écluse",
        4: "ecluse quarantine 4 3",
        5: "an import of the journal is under way",
        6: f"ecluse ledger --accept-lost {events}/6/5",
        7: "the topic was re-created",
        8: "for 12 partitions, there are 10",
    }
    found = examined(worked, "--role", "ledger", "--before-start")
    assert [("partition", f"partition {number}") for number in planted] == found.troubles
    # What the ledger mends by itself needs nobody.
    for number, text in (planted | {9: "makes the state again"}).items():
        assert text in found.text("partition", f"partition {number}"), number
