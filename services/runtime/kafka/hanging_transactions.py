"""Ending what the broker forgot to end: as it ended in the partitions where it was not forgotten.

A transaction ends partition by partition, by markers that its coordinator has written to each of
them. Kafka 4.4 takes a partition without a leader for a deleted one, and while a broker comes back
all are without one for a moment: a marker that was due then is never written. Readers of what is
committed stand still there, and the next transaction of the same producer would end this one as
itself, whichever way it had ended (docs/decisions/0015).
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

import structlog
from aiokafka.errors import ClusterAuthorizationFailedError
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.sentences import Sentence
from services.runtime.kafka.clients import KAFKA, Clients, Isolation
from services.runtime.kafka.open_transactions import OpenTransaction
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.writer import FencedWriter, WriterFailed
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.progress import Progress
from services.runtime.ops.settings import Settings

MARK_HEADER: Final = "ecluse_transaction"
"""The header that tells which transaction wrote a record: no two that were committed bear the same
mark, whoever wrote them. A transaction that only keeps house bears none."""

CLOCK_MS: Final = 3_600_000
"""How far the clocks may be apart by which one transaction's records were written."""

FOREIGN = Sentence(
    "depuis l'offset {offset}, une transaction du producteur {producer_id} y reste ouverte, qui "
    "n'est pas le nôtre. Trouvez-la avec kafka-transactions.sh find-hanging, puis terminez-la",
    "since offset {offset} a transaction of producer {producer_id} hangs there, which is not ours. "
    "Find it with kafka-transactions.sh find-hanging, then end it",
)
MIXED = Sentence(
    "des transactions différentes y restent ouvertes ({marks}) : laquelle fut validée ne peut être "
    "établie. Arrêtez les processus qui y écrivent, puis terminez ces transactions avec "
    "kafka-transactions.sh find-hanging",
    "different transactions hang there ({marks}): which of them were committed cannot be told. "
    "Stop the processes that write there, then end these transactions with "
    "kafka-transactions.sh find-hanging",
)

FORBIDDEN = Sentence(
    "une transaction ({outcome}) y reste ouverte depuis l'offset {offset}, et ce processus n'a pas "
    "le droit de la terminer. Donnez-lui le droit ALTER sur le cluster, et relancez-le",
    "a transaction that was {outcome} hangs there since offset {offset}, and this process may not "
    "end it. Give it ALTER on the cluster, and start it again",
)

Reading = Callable[[Collection[TopicPartition], Isolation], Reader]
"""Makes a reader of these partitions."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


def mark(owner: int, number: int) -> tuple[str, bytes]:
    """The header of a record that a transaction writes: whose it is, and its own number."""
    return MARK_HEADER, b"%d-%d" % (owner, number)


class WriteTargets(NamedTuple):
    """Where a writer may have written."""

    owner: int
    """The partition number whose writer it is; what its marks begin with."""

    witness: TopicPartition
    """Where every transaction that bears a mark has a record, and which it alone writes."""

    places: Collection[TopicPartition]
    """Where it is the only one, the witness among them."""

    shared: Collection[TopicPartition]
    """Where others write too: their transactions come and go, and are theirs to end."""


async def complete_hanging_transactions(
    settings: Settings,
    writer: FencedWriter,
    where: WriteTargets,
    progress: Progress | None = None,
    clients: Clients = KAFKA,
) -> None:
    """End the last transaction of this writer wherever its end was forgotten.

    Where the witness did not forget its end, it says how that was. Else it was committed if a
    record of it can be read anywhere; if not, nobody ever saw it, and it is aborted. Killed
    halfway, the next call finds the same answer.

    Raises:
        ClusterError: what hangs there is not this writer's own last transaction.
        WriterFailed: as writing does; or it cannot be told yet how the transaction ended.
        Unreachable, Fenced: as reading and writing do.
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
        said = ", ".join(sorted(marks))
        raise ClusterError(place_name(hanging[0].place), MIXED.render({"marks": said}))
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
    reading: Reading, shared: Collection[TopicPartition], wanted: str, since_ms: int
) -> bool:
    """Whether a record of the transaction can be read where it need not be the last."""
    async with reading(shared, "read_uncommitted") as reader:
        found = [(place, await _last_offset(reader, place, wanted, since_ms)) for place in shared]
    written = {place: offset for place, offset in found if offset is not None}
    if not written:
        return False
    blocked = ""
    async with reading(written, "read_committed") as reader:
        for place, offset in written.items():
            _, end = await reader.bounds(place)
            if end > offset:
                record = await reader.record_at(place, offset)
                return record is not None and record.offset == offset
            # Behind somebody's open transaction nothing is read, until that one ends.
            blocked = f"{place_name(place)}/{offset} behind one that is open since {end}"
    raise WriterFailed(f"open: cannot tell yet whether {wanted} was committed, at {blocked}")


async def _last_offset(
    reader: Reader, place: TopicPartition, wanted: str, since_ms: int
) -> int | None:
    found: int | None = None
    start = await reader.offset_at(place, since_ms)
    if start is None:
        return None
    async with aclosing(reader.to_the_end(place, start)) as chunks:
        async for records in chunks:
            for record in records:
                if _mark_of(record) == wanted:
                    found = record.offset
    return found


async def _last_behind(
    reader: Reader, transaction: OpenTransaction, owner: int
) -> ConsumerRecord | None:
    """The last marked record of what hangs there; None where none is: it was never whole."""
    found: ConsumerRecord | None = None
    place, first_offset = transaction.place, transaction.first_offset
    async with aclosing(reader.to_the_end(place, first_offset)) as chunks:
        async for records in chunks:
            for record in records:
                said = _mark_of(record)
                # Where others write, theirs stand among ours. A mark of old was a number alone.
                if said is not None and (said.startswith(f"{owner}-") or said.isdecimal()):
                    found = record
    return found


async def _last_mark(reader: Reader, place: TopicPartition) -> str | None:
    """Which transaction was the last one in a partition, where it was committed."""
    last = await reader.last(place)
    return None if last is None else _mark_of(last)


def _mark_of(record: ConsumerRecord) -> str | None:
    # The last header of that name: a dead letter has the headers of its record before ours.
    for name, value in reversed(record.headers):
        if name == MARK_HEADER:
            # In a shared place a stranger may have written anything, a header without a value too.
            return str((value or b"").decode(errors="replace"))
    return None


def facts_of(transaction: OpenTransaction) -> dict[str, object]:
    """What an open transaction is, for people and logs."""
    place = transaction.place
    return {
        "topic": place.topic,
        "partition": place.partition,
        "offset": transaction.first_offset,
        "producer_id": transaction.producer_id,
    }
