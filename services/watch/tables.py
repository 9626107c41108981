"""All tables of a watch, fed record by record. No I/O.

Everything in them is made of what was read: who starts, or is given other partitions, reads those
from the beginning. A record that comes again is known by its place, and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from events.journal import Record as JournalRecord
from events.journal import read_record, try_read_record
from events.topics import DEAD_LETTERS, JOURNAL, PAYMENT_ORDERS, REFUSALS
from services.due.deadlines import Deadlines
from services.runtime.ops.clock import Clock
from services.watch.balances import Fault, LiveBalances, Partition
from services.watch.budget_balance import Difference
from services.watch.fetch_queue import Coming, Waiting
from services.watch.input_watermark import Settled
from services.watch.latencies import Issued, Latencies, Step
from services.watch.order_times import OrderTimes, event_s_of
from services.watch.outcomes import Outcomes, event_time_s
from services.watch.reconciliation import Reached, Rounds
from services.watch.rejections import DeadLetters, Refusals
from services.watch.watermark import ReadUpTo

IMPORTED: Final = "ecluse_imported"
"""The header of a journal record that was decided on another cluster."""

AS_IT_COMES_S: Final = 3.0
"""Who has read all that was there so long ago reads what comes as it comes: two rounds and some. Of
the others it is not known how long records took to be visible: they were, and waited here."""


class Record(NamedTuple):
    """A record of a topic, as far as a table cares."""

    number: int
    """Of its partition."""
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]
    recorded_s: float
    """Kafka's timestamp, in seconds since 1970."""


class Tables:
    """What a watch has read, and how far."""

    def __init__(self, clock: Clock) -> None:
        self.live: Final = LiveBalances()
        self.rounds: Final = Rounds(self.live)
        self.outcomes: Final = Outcomes()
        self.latencies: Final = Latencies()
        self.deadlines: Final = Deadlines()
        self.order_times: Final = OrderTimes()
        self.refusals: Final = Refusals()
        self.dead_letters: Final = DeadLetters()
        self.settled: Final = Settled()
        self.read_up_to: Final = ReadUpTo()
        self.turned_s: float | None = None
        """When the last round was turned, in seconds since 1970."""
        self._next_of: dict[str, Callable[[int], int]] = {
            PAYMENT_ORDERS: self.order_times.next_offset,
            REFUSALS: self.refusals.next_offset,
            DEAD_LETTERS: self.dead_letters.next_offset,
        }
        self._coming = Coming()
        self._issued = Issued()
        self._clock = clock
        self._live_from_s: dict[int, float] = {}
        """From when on what is written to a partition of the journal is seen as it comes."""

    def next_offset(self, place: Partition) -> int:
        """The offset behind the last record of a partition that was worked on; 0 without any."""
        told_by = self._next_of.get(place.topic)
        return self.live.next_offset(place) if told_by is None else told_by(place.number)

    def keep_only(self, places: Iterable[Partition]) -> None:
        """Forget what others read from now on."""
        kept = list(places)
        self.live.keep_only(kept)
        self.rounds.keep_only(kept)
        self.read_up_to.keep_only(kept)
        self._coming.keep_only(kept)
        numbers = {
            topic: {each.number for each in kept if each.topic == topic}
            for topic in (JOURNAL, PAYMENT_ORDERS, REFUSALS, DEAD_LETTERS)
        }
        self.outcomes.keep_only(numbers[JOURNAL])
        self._issued.keep_only(numbers[JOURNAL])
        self.deadlines.keep_only(numbers[JOURNAL])
        self.settled.keep_only(numbers[JOURNAL])
        self._live_from_s = {
            number: at_s for number, at_s in self._live_from_s.items() if number in numbers[JOURNAL]
        }
        self.order_times.keep_only(numbers[PAYMENT_ORDERS])
        self.refusals.keep_only(numbers[REFUSALS])
        self.dead_letters.keep_only(numbers[DEAD_LETTERS])

    def turn(self, reached: Mapping[Partition, Reached], asked_s: float) -> list[Difference]:
        """One round, in which all was asked after `asked_s`: see services.watch.reconciliation."""
        found = self.rounds.turn(reached)
        self.settled.turned(reached, asked_s)
        self.read_up_to.turned(reached, asked_s)
        self.turned_s = now_s = self._clock()
        for place in reached:
            if place.topic != JOURNAL:
                continue
            until_s = self.read_up_to.until_s(place)
            if until_s is not None and now_s - until_s <= AS_IT_COMES_S:
                self._live_from_s.setdefault(place.number, now_s)
            else:
                self._live_from_s.pop(place.number, None)
        return found

    def fetched(self, place: Partition, first: int, last: int, value: bytes | None) -> None:
        """Records from offset `first` to `last` wait for their agent; `value` is the first's."""
        self._coming.add(place, Waiting(first, last, value), self.next_offset(place))

    def oldest_s(self, place: Partition, committed: int) -> float | None:
        """The event time of the first record from `committed` on, in seconds since 1970.

        None where it is not known: only payment orders are known when they are done here.
        """
        if place.topic == PAYMENT_ORDERS:
            found = self.order_times.oldest_s(place.number, committed)
            if found is not None:
                return found
        value = self._coming.first(place, committed, self.next_offset(place))
        if place.topic != JOURNAL:
            return event_s_of(value)
        record = try_read_record(value)
        return None if record is None else event_time_s(record)

    # ------------------------------------------------------------ record by record
    def journal(self, record: Record) -> Sequence[Difference | Fault]:
        """One record of the journal: what comes to light by it."""
        number, offset, key, value, headers, _ = record
        decoded, why = None, ""
        try:
            decoded = read_record(value or b"")
        except msgspec.MsgspecError as error:
            why = str(error)
        found = self.live.add(number, offset, key, decoded, why)
        imported = any(name == IMPORTED for name, _ in headers)
        is_new = self.outcomes.add(number, offset, decoded, imported=imported)
        if is_new and decoded is not None and not imported:
            self._time(record, decoded)
        self.deadlines.add(number, offset, decoded)
        return (found,) if isinstance(found, Fault) else found

    def _time(self, record: Record, decoded: JournalRecord) -> None:
        """How long it took to come here, and the treasury to answer."""
        now_s, recorded_s = self._clock(), record.recorded_s
        for waited_s in self._issued.answered_by(record.number, decoded):
            self.latencies.observe(Step.TREASURY, waited_s, recorded_s, now_s)
        live_from_s = self._live_from_s.get(record.number)
        if live_from_s is not None and recorded_s >= live_from_s:
            self.latencies.observe(Step.PUBLISHED, now_s - recorded_s, now_s, now_s)

    def balance(self, record: Record) -> Sequence[Difference]:
        """One published balance: what comes to light by it."""
        return self.live.publish(record.number, record.offset, record.key, record.value)

    def payment_order(self, record: Record) -> tuple[()]:
        """One payment order for the treasury."""
        self.order_times.add(record.number, record.offset, record.value)
        return ()

    def refusal(self, record: Record) -> tuple[()]:
        """One answer to the sender of an event that was not accepted."""
        self.refusals.add(record.number, record.offset, record.value, record.recorded_s)
        return ()

    def dead_letter(self, record: Record) -> tuple[()]:
        """One record that could not be read."""
        self.dead_letters.add(record.number, record.offset, record.headers, record.recorded_s)
        return ()


Read = Callable[[Tables, Record], Sequence[Difference | Fault]]
"""What reads a record, and says what came to light by it."""
