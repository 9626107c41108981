"""What the workers' words tell: how long their stages take, and whether outcomes are missing. Pure.

A word is said every second or so, and tells of the last record of its transactions. One figure is
taken of each word that tells of another record than the one before it: a sample of all records,
taken evenly over the time in which anything is done. The first word that is heard of a partition
may be of any age, and only begins the count.
"""

from collections.abc import Mapping
from typing import Final

from events.topics import EVENTS
from services.runtime.processing.offset_metadata import Status
from services.watch.lag.model import Consumer, Look, Place
from services.watch.latencies import Latencies, Step
from services.watch.stages import LEDGER_STAGE, PROJECTOR_STAGE

ARRIVALS: Final[Mapping[str, Step]] = {EVENTS: Step.BROKER}
"""At which input topic the way to Kafka is told.

Deadline events bear the time of what they are about.
"""

HANDLINGS: Final[Mapping[str, Step]] = {
    LEDGER_STAGE: Step.DECIDED,
    PROJECTOR_STAGE: Step.PROJECTED,
}


class Heard:
    """The last word of each partition of each group."""

    def __init__(self, latencies: Latencies) -> None:
        self._latencies = latencies
        self._words: dict[Consumer, dict[Place, Status | None]] = {}

    def hear(self, consumer: Consumer, looks: Mapping[Place, Look], now_s: float) -> None:
        """Take note of the words that a look at one group has found."""
        before = self._words.get(consumer, {})
        for place, look in looks.items():
            last = before.get(place)
            if look.word is not None and last is not None and _is_new(look.word, last):
                self._time(consumer.stage, place.topic, look.word, now_s)
        self._words[consumer] = {place: look.word for place, look in looks.items()}

    def gap(self, consumer: Consumer) -> int | None:
        """How many records a group has taken of which it told no outcome.

        None where one is silent.
        """
        words = self._words.get(consumer)
        if not words:
            return None
        gap = 0
        for word in words.values():
            if word is None or word.outcomes is None:
                return None
            gap += word.taken - word.outcomes
        return gap

    def _time(self, stage: str, topic: str, word: Status, now_s: float) -> None:
        told = ((ARRIVALS.get(topic), word.arrival_s), (HANDLINGS.get(stage), word.handling_s))
        for step, took_s in told:
            if step is not None and took_s is not None:
                self._latencies.observe(step, took_s, word.at_s, now_s)


def _is_new(word: Status, last: Status) -> bool:
    """Whether a word tells of a record of which the last one did not."""
    return word.taken > 0 and word.taken != last.taken
