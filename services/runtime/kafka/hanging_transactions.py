"""Completes hanging transactions with their outcome in the partitions where they did end.

A transaction's coordinator writes an end marker to each partition. Kafka 4.4 takes a partition
without a leader for a deleted one, and while a broker restarts all are without one for a moment: a
marker that is due then is never written. Consumers of committed records stop there, and the next
transaction of the same producer would end this one with its own outcome (docs/decisions/0008).
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

import structlog
from aiokafka.errors import ClusterAuthorizationFailedError
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from services.runtime.kafka.clients import KAFKA, Clients, Isolation
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import Progress

MARK_HEADER: Final = "ecluse_transaction"
"""The header that names the transaction of a record: no two committed transactions have the same
mark. Transactions that write state alone have none."""

CLOCK_MS: Final = 3_600_000
"""The clock difference allowed between the records of one transaction."""

FOREIGN = _(
    "since offset {offset} a transaction of producer {producer_id} hangs there, which is not ours. "
    "Find it with kafka-transactions.sh find-hanging, then end it"
)
MIXED = _(
    "different transactions hang there ({marks}): which of them were committed is not known. "
    "Stop the processes that write there, then end these transactions with "
    "kafka-transactions.sh find-hanging"
)

FORBIDDEN = _(
    "a transaction that was {outcome} hangs there since offset {offset}, and this process may not "
    "end it. Give it CLUSTER_ACTION on the cluster, and start it again"
)

Reading = Callable[[Collection[TopicPartition], Isolation], Reader]
"""Makes a reader of these partitions."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


def mark(owner: int, number: int) -> tuple[str, bytes]:
    """The header of a transaction's records: its writer and its own number."""
    return MARK_HEADER, b"%d-%d" % (owner, number)


class WriteTargets(NamedTuple):
    """The partitions to which a writer may have written."""

    owner: int
    """The partition number of the writer, which its marks begin with."""

    witness: TopicPartition
    """The partition, written by it alone, in which every marked transaction has a record."""

    places: Collection[TopicPartition]
    """The partitions that it alone writes, the witness among them."""

    shared: Collection[TopicPartition]
    """The partitions that others write too: their transactions are theirs to end."""


async def complete_hanging_transactions(
    settings: Settings,
    writer: FencedWriter,
    where: WriteTargets,
    progress: Progress | None = None,
    clients: Clients = KAFKA,
) -> None:
    """Complete the last transaction of this writer in the partitions where it hangs.

    Its outcome is the one in the witness, if it ended there. Else it was committed if a record of
    it can be read anywhere; if not, nobody ever saw it, and it is aborted. Killed halfway, the
    next call finds the same outcome.

    Raises:
        ClusterError: a hanging transaction is not this writer's own last one.
        WriterFailed: as writing does; or the outcome cannot be determined yet.
        Unreachable, FencedError: as reading and writing do.
    """
    hanging = await writer.hanging([*where.places, *where.shared])
    if not hanging:
        return
    for each in hanging:
        if each.producer_id != writer.producer_id:
            raise ClusterError(place_name(each.place), FOREIGN.render(facts_of(each)))

    def reading(places: Collection[TopicPartition], isolation: Isolation) -> Reader:
        return Reader(settings, places, progress, isolation=isolation, clients=clients)

    committed = await _was_committed(reading, where, hanging)
    for each in hanging:
        try:
            await writer.end(each, committed=committed)
        except WriterFailed as error:
            if not isinstance(error.__cause__, ClusterAuthorizationFailedError):
                raise
            facts = facts_of(each) | {"outcome": "committed" if committed else "aborted"}
            raise ClusterError(place_name(each.place), FORBIDDEN.render(facts)) from error
        log.warning("hanging_transaction_completed", committed=committed, **facts_of(each))


async def _was_committed(
    reading: Reading, where: WriteTargets, hanging: Sequence[OpenTransaction]
) -> bool:
    open_in = dict.fromkeys(each.place for each in hanging)
    async with reading(open_in, "read_uncommitted") as reader:
        last = [await _last_behind(reader, each, where.owner) for each in hanging]
    marked = [record for record in last if record is not None]
    marks = {str(_mark_of(record)) for record in marked}
    if not marks:
        return False
    if len(marks) > 1:
        found_mark = ", ".join(sorted(marks))
        raise ClusterError(place_name(hanging[0].place), MIXED.render({"marks": found_mark}))
    wanted = marks.pop()
    async with reading(where.places, "read_committed") as reader:
        if where.witness not in open_in:
            return await _last_mark(reader, where.witness) == wanted
        for place in where.places:
            if place not in open_in and await _last_mark(reader, place) == wanted:
                return True
    shared = [place for place in where.shared if place not in open_in]
    since_ms = min(record.timestamp for record in marked) - CLOCK_MS
    return bool(shared) and await _is_read_among_others(reading, shared, wanted, since_ms)


async def _is_read_among_others(
    reading: Reading, shared: Collection[TopicPartition], transaction: str, since_ms: int
) -> bool:
    """Return whether a record of the transaction can be read, the last one or not."""
    async with reading(shared, "read_uncommitted") as reader:
        found = [
            (place, await _last_offset(reader, place, transaction, since_ms)) for place in shared
        ]
    written = {place: offset for place, offset in found if offset is not None}
    if not written:
        return False
    blocked = ""
    async with reading(written, "read_committed") as reader:
        for place, offset in written.items():
            _unused, end = await reader.bounds(place)
            if end > offset:
                record = await reader.record_at(place, offset)
                return record is not None and record.offset == offset
            # Behind another writer's open transaction nothing can be read until that one ends.
            blocked = f"{place_name(place)}/{offset} behind one that is open since {end}"
    raise WriterFailed(f"open: cannot tell yet whether {transaction} was committed, at {blocked}")


async def _last_offset(
    reader: Reader, place: TopicPartition, transaction: str, since_ms: int
) -> int | None:
    found: int | None = None
    start = await reader.offset_at(place, since_ms)
    if start is None:
        return None
    async with aclosing(reader.to_the_end(place, start)) as chunks:
        async for records in chunks:
            for record in records:
                if _mark_of(record) == transaction:
                    found = record.offset
    return found


async def _last_behind(
    reader: Reader, transaction: OpenTransaction, owner: int
) -> ConsumerRecord | None:
    """The last marked record of a hanging transaction; None where it was never complete."""
    found: ConsumerRecord | None = None
    place, first_offset = transaction.place, transaction.first_offset
    async with aclosing(reader.to_the_end(place, first_offset)) as chunks:
        async for records in chunks:
            for record in records:
                found_mark = _mark_of(record)
                # Other writers' records stand between ours. Marks used to be a number alone.
                if found_mark is not None and (
                    found_mark.startswith(f"{owner}-") or found_mark.isdecimal()
                ):
                    found = record
    return found


async def _last_mark(reader: Reader, place: TopicPartition) -> str | None:
    """The mark of a partition's last committed record."""
    last = await reader.last(place)
    return None if last is None else _mark_of(last)


def _mark_of(record: ConsumerRecord) -> str | None:
    # The last header of that name: a dead letter has the headers of its record before ours.
    for name, value in reversed(record.headers):
        if name == MARK_HEADER:
            # In a shared partition others may write anything, a header without a value too.
            return str((value or b"").decode(errors="replace"))
    return None


def facts_of(transaction: OpenTransaction) -> dict[str, object]:
    """The facts of an open transaction, for messages and logs."""
    place = transaction.place
    return {
        "topic": place.topic,
        "partition": place.partition,
        "offset": transaction.first_offset,
        "producer_id": transaction.producer_id,
    }
