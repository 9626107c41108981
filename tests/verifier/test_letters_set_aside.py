"""A letter to the next year that an operator set aside: written all the same, and sent again."""

from collections.abc import Sequence

from events.topics import LETTERS
from services.verifier.kafka_records import TopicRecord
from tests.builders import Json, a_closing, a_convention, a_vote, an_award, an_instalment
from tests.verifier.world import Told, World

DOCUMENTS = [("activity_report", 2022)]


class Quarantining(World):
    """A world in which the first letter stops its partition, and is set aside."""

    done = False

    def _decide(self, partition: int, records: Sequence[TopicRecord]) -> None:
        if self.done or not records or records[0].topic != LETTERS:
            super()._decide(partition, records)
            return
        self.done = True
        [each] = records
        self.set_aside(each, "Ève", "it stops the partition")


def closed() -> list[Json]:
    waits = an_instalment(documents=DOCUMENTS)
    return [a_vote(), an_award(), a_convention(instalments=[waits]), a_closing("all")]


def test_a_letter_that_was_set_aside_was_written() -> None:
    world = Quarantining().tell(closed(), batch=1)
    assert [] == world.findings()
    assert 1 == len(world[LETTERS])


def test_it_may_be_sent_again_once() -> None:
    world = Quarantining().tell(closed(), batch=1)
    letter = world[LETTERS][-1]
    again = Told(letter.value, letter.key, letter.headers, letter.partition, LETTERS)
    assert [] == world.tell([again]).findings()
    assert ["message_twice"] == world.tell([again]).codes()


def test_one_that_says_something_else_is_found() -> None:
    world = Quarantining().tell(closed(), batch=1)
    where = next(place for place, rows in world.topics.items() if place[0] == LETTERS and rows)
    other = world.topics[where][0]
    value = (other.value or b"").replace(b"100000", b"100001")
    forged = other._replace(value=value)
    world = World()
    world.tell(closed()[:-1], batch=1)
    world.topics[where].append(forged)
    world.set_aside(forged, "Ève", "forged")
    assert ["message_unexpected"] == world.codes()
