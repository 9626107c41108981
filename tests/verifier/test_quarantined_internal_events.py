"""An internal event to the next year that an operator set aside.

Written all the same, and sent again.
"""

from collections.abc import Sequence

from events.topics import INTERNAL_EVENTS
from services.verifier.kafka_records import TopicRecord
from tests.builders import Json, a_closing, a_convention, a_vote, an_award, an_instalment
from tests.verifier.memory_cluster import MemoryCluster, Sent

DOCUMENTS = [("activity_report", 2022)]


class Quarantining(MemoryCluster):
    """A world in which the first internal event stops its partition, and is set aside."""

    done = False

    def _decide(self, partition: int, records: Sequence[TopicRecord]) -> None:
        if self.done or not records or records[0].topic != INTERNAL_EVENTS:
            super()._decide(partition, records)
            return
        self.done = True
        [each] = records
        self.quarantined(each, "Ève", "it stops the partition")


def closed() -> list[Json]:
    waits = an_instalment(documents=DOCUMENTS)
    return [a_vote(), an_award(), a_convention(instalments=[waits]), a_closing("all")]


def test_an_internal_event_that_was_set_aside_was_written() -> None:
    cluster = Quarantining().tell(closed(), batch=1)
    assert [] == cluster.findings()
    assert 1 == len(cluster[INTERNAL_EVENTS])


def test_it_may_be_sent_again_once() -> None:
    cluster = Quarantining().tell(closed(), batch=1)
    internal_event = cluster[INTERNAL_EVENTS][-1]
    again = Sent(
        internal_event.value,
        internal_event.key,
        internal_event.headers,
        internal_event.partition,
        INTERNAL_EVENTS,
    )
    assert [] == cluster.tell([again]).findings()
    assert ["message_twice"] == cluster.tell([again]).codes()


def test_one_that_says_something_else_is_found() -> None:
    cluster = Quarantining().tell(closed(), batch=1)
    where = next(
        place for place, rows in cluster.topics.items() if place[0] == INTERNAL_EVENTS and rows
    )
    other = cluster.topics[where][0]
    value = (other.value or b"").replace(b"100000", b"100001")
    forged = other._replace(value=value)
    cluster = MemoryCluster()
    cluster.tell(closed()[:-1], batch=1)
    cluster.topics[where].append(forged)
    cluster.quarantined(forged, "Ève", "forged")
    assert ["message_unexpected"] == cluster.codes()
