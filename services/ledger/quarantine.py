"""Setting one record aside, unread: what gets a held partition past a bug of ours."""

from aiokafka.structs import TopicPartition

from events.sentences import Sentence
from events.topics import EVENTS, LEDGER_STATE
from services.ledger.kafka import standing_before
from services.ledger.partition import LedgerWork
from services.runtime.clients import KAFKA, Clients
from services.runtime.errors import ClusterError
from services.runtime.progress import Progress
from services.runtime.reader import Reader
from services.runtime.settings import Settings
from services.runtime.topics import partition_count
from services.runtime.work import Hold

NOT_HELD = Sentence(
    "cette partition n'est pas arrêtée : rien n'est à mettre de côté",
    "this partition is not held: there is nothing to set aside",
)
NO_SUCH_PARTITION = Sentence(
    "il n'y a que les partitions 0 à {last}. `ecluse journal tail` nomme celle qui est arrêtée",
    "there are only the partitions 0 to {last}. `ecluse journal tail` names the one that is held",
)
HELD_ELSEWHERE = Sentence(
    "la partition est arrêtée devant {topic}, offset {offset} : nommez celui-là",
    "the partition is held before {topic}, offset {offset}: name that one",
)
GONE = Sentence(
    "l'enregistrement {offset} n'y est plus : rien ne peut être mis de côté",
    "record {offset} is gone from there: nothing can be set aside",
)


async def quarantine(settings: Settings, partition: int, offset: int, by: str, why: str) -> Hold:
    """Write the record before which a partition is held as a dead letter `quarantined`.

    This takes the partition's own transactional id for a moment, so no second writer ever writes
    to its topics; the worker that holds the partition sees that it was moved, and opens it again.

    Raises:
        ClusterError: the partition is not held before that record.
        WriterFailed: the broker failed; nothing was written, and it can be tried again.
    """
    count = await partition_count(settings, LEDGER_STATE)
    if partition >= count:  # aiokafka would wait for a partition that is not there.
        where = f"{settings.topic(EVENTS)}/{partition}"
        raise ClusterError(where, NO_SUCH_PARTITION.render({"last": count - 1}))
    return await set_aside(settings, (partition, count), offset, (by, why))


async def set_aside(
    settings: Settings,
    partition_of: tuple[int, int],
    offset: int,
    by_why: tuple[str, str],
    clients: Clients = KAFKA,
) -> Hold:
    """The same where it is known how many partitions there are: `(partition, count)`.

    Raises:
        ClusterError, WriterFailed: as `quarantine` does.
    """
    (partition, count), (by, why) = partition_of, by_why
    hold = await _hold_at(settings, partition, offset, clients)
    work = LedgerWork(settings, partition, count, Progress(), clients=clients)
    try:
        next_offset = (await work.open())[hold.topic]
        # What is read next may stand behind a gap, such as a marker of its sender's transaction.
        record = await work.reader.record_at(TopicPartition(hold.topic, partition), next_offset)
        if record is None or record.offset != offset:
            raise ClusterError(f"{hold.topic}/{partition}", GONE.render({"offset": offset}))
        work.set_aside(record, by, why)
        await work.commit()
        return hold
    finally:
        await work.close()


async def _hold_at(settings: Settings, partition: int, offset: int, clients: Clients) -> Hold:
    """The hold before that record: looked for first, for to open means to fence who is at work."""
    state = TopicPartition(settings.topic(LEDGER_STATE), partition)
    reader = Reader(settings, [state], clients=clients)
    await reader.start()
    try:
        hold = await standing_before(reader, state)
    finally:
        await reader.stop()
    where = f"partition {partition}"
    if hold is None:
        raise ClusterError(where, NOT_HELD)
    if offset != hold.offset:
        raise ClusterError(where, HELD_ELSEWHERE.render(hold._asdict()))
    return hold
