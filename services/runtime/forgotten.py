"""Ending what the broker forgot to end: as it ended in the partitions where it was not forgotten.

A transaction ends partition by partition, by markers that its coordinator has written to each of
them. Kafka 4.4 takes a partition without a leader for a deleted one, and while a broker comes back
all are without one for a moment: a marker that was due then is never written. Readers of what is
committed stand still there, and the next transaction of the same producer would end this one as
itself, whichever way it had ended (docs/decisions/0015).
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

import structlog
from aiokafka.errors import ClusterAuthorizationFailedError
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.sentences import Sentence
from services.runtime.clients import KAFKA, Clients, Isolation
from services.runtime.errors import ClusterError, place_name
from services.runtime.open_transactions import OpenTransaction
from services.runtime.reader import Reader
from services.runtime.settings import Settings
from services.runtime.writer import FencedWriter, WriterFailed

MARK_HEADER: Final = "ecluse_transaction"
"""The header that tells which transaction wrote a record: no two that were committed bear the same
mark, whoever wrote them. A transaction that only keeps house bears none."""

MARKER_OFFSETS: Final = 2
"""How far before the end the last record of an ended transaction stands: its marker is between."""

FOREIGN = Sentence(
    "depuis l'offset {offset}, une transaction du producteur {producer_id} y reste ouverte, qui "
    "n'est pas le nôtre. Trouvez-la avec kafka-transactions.sh find-hanging, puis terminez-la",
    "since offset {offset} a transaction of producer {producer_id} hangs there, which is not ours. "
    "Find it with kafka-transactions.sh find-hanging, then end it",
)
MIXED = Sentence(
    "des transactions différentes y restent ouvertes ({marks}) : laquelle fut validée ne peut être "
    "établie. Arrêtez les ledgers, et terminez-les avec kafka-transactions.sh find-hanging",
    "different transactions hang there ({marks}): which of them were committed cannot be told. "
    "Stop the ledgers, and end them with kafka-transactions.sh find-hanging",
)

FORBIDDEN = Sentence(
    "une transaction ({outcome}) y reste ouverte depuis l'offset {offset}, et ce processus n'a pas "
    "le droit de la terminer. Donnez-lui le droit ALTER sur le cluster, et relancez-le",
    "a transaction that was {outcome} hangs there since offset {offset}, and this process may not "
    "end it. Grant it ALTER on the cluster, and start it again",
)

Reading = Callable[[Collection[TopicPartition], Isolation], AbstractAsyncContextManager[Reader]]
"""Gives a reader of these partitions, for a while."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


def mark(owner: int, number: int) -> tuple[str, bytes]:
    """The header of a record that a transaction writes: whose it is, and its own number."""
    return MARK_HEADER, b"%d-%d" % (owner, number)


class Whereabouts(NamedTuple):
    """Where a writer may have written."""

    owner: int
    """The partition number whose writer it is; what its marks begin with."""

    places: Collection[TopicPartition]
    """Where it is the only one."""

    shared: Collection[TopicPartition]
    """Where others write too: their transactions come and go, and are theirs to end."""


async def end_forgotten(
    settings: Settings, writer: FencedWriter, where: Whereabouts, clients: Clients = KAFKA
) -> None:
    """End the last transaction of this writer wherever its end was forgotten.

    It was committed if a record of it can be read anywhere; else nobody ever saw it, and it is
    aborted. Killed halfway, the next call finds the same answer.

    Raises:
        ClusterError: what hangs there is not this writer's own last transaction.
        WriterFailed: as writing does; or it cannot be told yet how the transaction ended.
        Unreachable, Fenced: as reading and writing do.
    """
    hanging = await writer.unended([*where.places, *where.shared])
    if not hanging:
        return
    for each in hanging:
        if each.producer_id != writer.producer_id:
            raise ClusterError(place_name(each.place), FOREIGN.render(_facts(each)))
    reading = partial(_reading, settings, clients)
    committed = await _was_committed(reading, where, hanging)
    for each in hanging:
        try:
            await writer.end(each, committed=committed)
        except WriterFailed as error:
            if not isinstance(error.__cause__, ClusterAuthorizationFailedError):
                raise
            facts = _facts(each) | {"outcome": "committed" if committed else "aborted"}
            raise ClusterError(place_name(each.place), FORBIDDEN.render(facts)) from error
        log.warning("transaction_ended", committed=committed, **_facts(each))


async def _was_committed(
    reading: Reading, where: Whereabouts, hanging: Sequence[OpenTransaction]
) -> bool:
    open_in = dict.fromkeys(each.place for each in hanging)
    async with reading(open_in, "read_uncommitted") as reader:
        marks = {await _mark_behind(reader, each, where.owner) for each in hanging} - {None}
    if not marks:
        return False
    if len(marks) > 1:
        said = ", ".join(sorted(str(each) for each in marks))
        raise ClusterError(place_name(hanging[0].place), MIXED.render({"marks": said}))
    wanted = str(marks.pop())
    async with reading(where.places, "read_committed") as reader:
        for place in where.places:
            if place not in open_in and await _last_mark(reader, place) == wanted:
                return True
    shared = [place for place in where.shared if place not in open_in]
    return bool(shared) and await _is_read_among_others(reading, shared, wanted)


async def _is_read_among_others(
    reading: Reading, shared: Collection[TopicPartition], wanted: str
) -> bool:
    """Whether a record of the transaction can be read where it need not be the last."""
    async with reading(shared, "read_uncommitted") as reader:
        found = [(place, await _last_offset(reader, place, wanted)) for place in shared]
    written = {place: offset for place, offset in found if offset is not None}
    if not written:
        return False
    async with reading(written, "read_committed") as reader:
        for place, offset in written.items():
            _, end = await reader.bounds(place)
            if end <= offset:
                # Behind somebody's open transaction nothing is read, until that one ends.
                raise WriterFailed(f"open: cannot tell yet whether {wanted} was committed")
            record = await reader.record_at(place, offset)
            if record is not None and record.offset == offset:
                return True
    return False


async def _last_offset(reader: Reader, place: TopicPartition, wanted: str) -> int | None:
    found: int | None = None
    async with aclosing(reader.to_the_end(place)) as chunks:
        async for records in chunks:
            for record in records:
                if _mark_of(record) == wanted:
                    found = record.offset
    return found


async def _mark_behind(reader: Reader, transaction: OpenTransaction, owner: int) -> str | None:
    """Which transaction hangs there; None where its records do not say: it was never whole."""
    found: str | None = None
    place, first_offset = transaction.place, transaction.first_offset
    async with aclosing(reader.to_the_end(place, first_offset)) as chunks:
        async for records in chunks:
            for record in records:
                said = _mark_of(record)
                # Where others write, theirs stand among ours. A mark of old was a number alone.
                if said is not None and said.partition("-")[0] in {str(owner), said}:
                    found = said
    return found


async def _last_mark(reader: Reader, place: TopicPartition) -> str | None:
    """Which transaction was the last one in a partition, where it was committed."""
    first, end = await reader.bounds(place)
    last = await reader.record_at(place, max(first, end - MARKER_OFFSETS))
    return None if last is None else _mark_of(last)


def _mark_of(record: ConsumerRecord) -> str | None:
    # The last header of that name: a dead letter has the headers of its record before ours.
    for name, value in reversed(record.headers):
        if name == MARK_HEADER:
            return str(value.decode())
    return None


@asynccontextmanager
async def _reading(
    settings: Settings, clients: Clients, places: Collection[TopicPartition], isolation: Isolation
) -> AsyncIterator[Reader]:
    reader = Reader(settings, places, isolation=isolation, clients=clients)
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


def _facts(transaction: OpenTransaction) -> dict[str, object]:
    place = transaction.place
    return {
        "topic": place.topic,
        "partition": place.partition,
        "offset": transaction.first_offset,
        "producer_id": transaction.producer_id,
    }
