"""The tables of a watch, fed record by record.

They are made of what was read alone: a watch that starts, or is assigned other partitions, reads
those from the beginning. A record that comes again is recognised by its offset, and changes
nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from events.journal import Record as JournalRecord
from events.journal import read_record, try_read_record
from events.topics import BALANCES, DEAD_LETTERS, JOURNAL, PAYMENT_ORDERS, REFUSALS, Place
from services.due.deadlines import Deadlines
from services.runtime.ops.clock import Clock
from services.watch.tables.balances import Fault, LiveBalances, Reconciliation
from services.watch.tables.budget_balance import Difference
from services.watch.tables.latencies import Latencies, Step, UnansweredOrders
from services.watch.tables.outcomes import (
    DeadLetterCounts,
    OutcomeCounts,
    RefusalCounts,
    event_s_of,
)
from services.watch.tables.partitions import ReadOnce, ReadProgress, only
from services.watch.tables.waiting_times import (
    FetchedRange,
    FetchQueue,
    OrderTimes,
    event_time_s,
)
from services.watch.tables.watermarks import InputWatermarks, Watermarks

IMPORTED: Final = "ecluse_imported"
"""The header of a journal record that was decided on another cluster."""

LIVE_S: Final = 3.0
"""The lag up to which a partition is read live: two reconciliations and some. Records of others
were visible before the watch read them, so nobody knows how long publishing took."""


class Record(NamedTuple):
    """A record of a topic, as far as a table needs it."""

    number: int
    """The number of its partition."""
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]
    recorded_s: float
    """Kafka's timestamp, in seconds since 1970."""


class Tables:
    """All tables, and their progress."""

    def __init__(self, clock: Clock) -> None:
        self.live: Final = LiveBalances()
        self.reconciliation: Final = Reconciliation(self.live)
        self.outcomes: Final = OutcomeCounts()
        self.latencies: Final = Latencies()
        self.deadlines: Final = Deadlines()
        self.order_times: Final = OrderTimes()
        self.refusals: Final = RefusalCounts()
        self.dead_letters: Final = DeadLetterCounts()
        self.input_watermark: Final = InputWatermarks()
        self.watermark: Final = Watermarks()
        self.reconciled_s: float | None = None
        """Time of the last reconciliation, in seconds since 1970."""
        self._fetched = FetchQueue()
        self._unanswered = UnansweredOrders()
        self._clock = clock
        self._live_from_s: dict[int, float] = {}
        """The moment since which a partition of the journal is read live."""
        self._by_topic: Final[dict[str, ReadOnce[Any]]] = {
            PAYMENT_ORDERS: self.order_times,
            REFUSALS: self.refusals,
            DEAD_LETTERS: self.dead_letters,
        }
        """The tables that count the records of a topic of their own."""

    def next_offset(self, place: Place) -> int:
        """The offset behind the last processed record of a partition; 0 without any."""
        table = self._by_topic.get(place.topic)
        return self.live.next_offset(place) if table is None else table.next_offset(place.partition)

    def keep_only(self, places: Iterable[Place]) -> None:
        """Drop the partitions that others read from now on."""
        kept = list(places)
        self.live.keep_only(kept)
        self.reconciliation.keep_only(kept)
        self.watermark.keep_only(kept)
        self._fetched.keep_only(kept)
        numbers = {each.partition for each in kept if each.topic == JOURNAL}
        self.outcomes.keep_only(numbers)
        self._unanswered.keep_only(numbers)
        self.deadlines.keep_only(numbers)
        self.input_watermark.keep_only(numbers)
        self._live_from_s = only(numbers, self._live_from_s)
        for topic, counted in self._by_topic.items():
            counted.keep_only({each.partition for each in kept if each.topic == topic})

    def reconcile(self, reached: Mapping[Place, ReadProgress], asked_s: float) -> list[Difference]:
        """The overdue differences, by offsets that were asked for after `asked_s`.

        Raises:
            Shrunk: as `Reconciliation.is_answer`.
        """
        if not self.reconciliation.is_answer(reached):
            return []
        found = self.reconciliation.reconcile(reached)
        self.input_watermark.note_reconciliation(reached, asked_s)
        self.watermark.note_reconciliation(reached, asked_s)
        self.reconciled_s = now_s = self._clock()
        for place in reached:
            if place.topic != JOURNAL:
                continue
            until_s = self.watermark.find_watermark_s(place)
            if until_s is not None and now_s - until_s <= LIVE_S:
                self._live_from_s.setdefault(place.partition, now_s)
            else:
                self._live_from_s.pop(place.partition, None)
        return found

    def note_fetched(self, place: Place, first: int, last: int, value: bytes | None) -> None:
        """Take note of fetched records, `first` to `last`; `value` is that of the first."""
        self._fetched.add(place, FetchedRange(first, last, value), self.next_offset(place))

    def oldest_s(self, place: Place, committed: int) -> float | None:
        """The event time of the first record from `committed` on, in seconds since 1970.

        None where it is unknown: of processed records only payment orders are known.
        """
        if place.topic == PAYMENT_ORDERS:
            found = self.order_times.oldest_s(place.partition, committed)
            if found is not None:
                return found
        value = self._fetched.first(place, committed, self.next_offset(place))
        if place.topic != JOURNAL:
            return event_time_s(value)
        record = try_read_record(value)
        return None if record is None else event_s_of(record)

    # ------------------------------------------------------------ record by record
    def read(self, topic: str, record: Record) -> Sequence[Difference | Fault]:
        """Process one record of a topic that the watch reads; the differences found by it."""
        number, offset, key, value, headers, recorded_s = record
        if topic == JOURNAL:
            return self._journal(record)
        if topic == BALANCES:
            return self.live.publish(number, offset, key, value)
        if topic == PAYMENT_ORDERS:
            self.order_times.add(number, offset, value)
        elif topic == REFUSALS:
            self.refusals.add(number, offset, value, recorded_s)
        else:
            assert topic == DEAD_LETTERS, topic
            self.dead_letters.add(number, offset, headers, recorded_s)
        return ()

    def _journal(self, record: Record) -> Sequence[Difference | Fault]:
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
        """Take the time until it was read here, and until the treasury answered."""
        now_s, recorded_s = self._clock(), record.recorded_s
        for waited_s in self._unanswered.take_answered(record.number, decoded):
            self.latencies.observe(Step.TREASURY, waited_s, recorded_s, now_s)
        live_from_s = self._live_from_s.get(record.number)
        if live_from_s is not None and recorded_s >= live_from_s:
            self.latencies.observe(Step.PUBLISHED, now_s - recorded_s, now_s, now_s)
